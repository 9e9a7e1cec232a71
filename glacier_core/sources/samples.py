"""Real samples, fetched once from their public homes with pinned hashes.

A new sample is one entry in ``samples.json``.
"""

import hashlib
import shutil
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

import geopandas as gpd
import pooch
import requests
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from glacier_core.errors import SourceError, StorageError
from glacier_core.outlines.reading import read_outlines
from glacier_core.scene import BANDS, Reflectance, Scene
from glacier_core.settings import settings
from glacier_core.sources.files import scene_from_files

_REGISTRY: Final = Path(__file__).with_name("samples.json")
RETRIES: Final = 2
"""How often a failed download is tried again, with pauses of a second and two."""


Role = Literal[
    "blue", "green", "red", "nir", "swir1", "swir2", "elevation", "slope", "outlines", "part"
]


class SampleFile(BaseModel):
    """One file of a sample: what it is for, its name, and the SHA-256 of its bytes.

    The role ``part`` belongs to files that another one needs beside it (of a Shapefile, say).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role
    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Glacier(BaseModel):
    """What the outline file itself does not tell, where it holds one glacier."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    glacier_id: str
    name: str
    source: str


class Sample(BaseModel):
    """One entry of the registry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    acquired: date
    sensor: str
    reflectance: Reflectance
    crs: str | None = None
    scale: float | None = None
    offset: float | None = None
    outlines_complete: bool
    glacier: Glacier | None = None
    source: str
    licence: str
    notes: tuple[str, ...]
    home: str
    mirror: str
    files: tuple[SampleFile, ...]

    def version(self) -> str:
        """Return a digest of the whole entry: another one makes another scene."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def is_here(self) -> bool:
        """Return whether the scene can be made without a network."""
        folder = settings().samples_mirror or settings().data_dir / "samples"
        return all((folder / self.mirror / file.name).is_file() for file in self.files)

    def name_of(self, role: str) -> str | None:
        """Return the name of the file with a role, or None."""
        return next((file.name for file in self.files if file.role == role), None)


@lru_cache(maxsize=1)
def samples() -> dict[str, Sample]:
    """Return the registry: every known sample by its id."""
    return TypeAdapter(dict[str, Sample]).validate_json(_REGISTRY.read_bytes())


def open_sample(sample_id: str) -> Scene:
    """Make the scene of a sample, fetching its files where they are not here yet.

    Parameters
    ----------
    sample_id : str
        One of the keys of :func:`samples`.

    Returns
    -------
    Scene

    Raises
    ------
    SourceError
        When a file cannot be fetched or is not the one expected.
    """
    sample = samples()[sample_id]
    folder = fetch_sample_files(sample)
    slope = sample.name_of("slope")
    return scene_from_files(
        [folder / str(sample.name_of(band)) for band in BANDS],
        folder / str(sample.name_of("elevation")),
        folder / slope if slope else None,
        scale=sample.scale,
        offset=sample.offset,
        reflectance=sample.reflectance,
        crs=sample.crs,
        outlines=_outlines(sample, folder),
        id=sample_id,
        title=sample.title,
        acquired=sample.acquired,
        sensor=sample.sensor,
        source=sample.source,
        licence=sample.licence,
        outlines_complete=sample.outlines_complete,
        notes=sample.notes,
    )


def fetch_sample_files(sample: Sample) -> Path:
    """Bring every file of a sample here, from the mirror folder where one is set, else from home.

    Parameters
    ----------
    sample : Sample

    Returns
    -------
    Path
        Folder that holds the files, each with the SHA-256 of the registry.

    Raises
    ------
    SourceError
        When a file cannot be fetched, or is not the one expected; nothing wrong is kept.
    StorageError
        When the disk refuses.
    """
    folder = settings().data_dir / "samples" / sample.mirror
    mirror = settings().samples_mirror
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in sample.files:
            if mirror is None:
                _download(sample.home, file, folder)
            else:
                _copy(mirror / sample.mirror / file.name, file, folder / file.name)
    except OSError as problem:
        raise StorageError(
            f"The sample could not be kept in {folder}: {problem}. "
            "Check the free space and the rights of that folder."
        ) from problem
    return folder


def _download(home: str, file: SampleFile, folder: Path) -> None:
    """Fetch one file; pooch writes it beside, checks its hash and only then gives it its name."""
    store = pooch.create(
        path=folder,
        base_url=f"{home}/",
        registry={file.name: f"sha256:{file.sha256}"},
        retry_if_failed=RETRIES,
    )
    ask = pooch.HTTPDownloader(timeout=settings().download_timeout)
    try:
        store.fetch(file.name, downloader=ask)
    except requests.RequestException as problem:
        raise SourceError(
            f"{file.name} could not be fetched from {home} ({type(problem).__name__}). Check the "
            "network and try again; or put the file into a folder of your own and set "
            "GLACIER_SAMPLES_MIRROR. Simulated scenes need no network."
        ) from problem
    except ValueError as problem:
        raise SourceError(
            f"{file.name} arrived from {home}, but it is not the file expected (its SHA-256 is "
            "another): the transfer broke off, or the file was changed there. Nothing was kept; "
            "try again later."
        ) from problem


def _copy(origin: Path, file: SampleFile, target: Path) -> None:
    if target.is_file() and _sha256(target) == file.sha256:
        return
    if not origin.is_file():
        raise SourceError(
            f"{file.name} is not in the mirror folder {origin.parent} (GLACIER_SAMPLES_MIRROR). "
            "Put it there, or unset the variable to fetch it from its public home."
        )
    beside = target.with_name(f".{uuid4().hex}")
    try:
        shutil.copyfile(origin, beside)
        if _sha256(beside) != file.sha256:
            raise SourceError(
                f"{origin} is not the file expected: its SHA-256 is another. Fetch it again."
            )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _outlines(sample: Sample, folder: Path) -> gpd.GeoDataFrame | None:
    name = sample.name_of("outlines")
    if name is None:
        return None
    frame = read_outlines(folder / name)
    return frame if sample.glacier is None else frame.assign(**sample.glacier.model_dump())
