"""Real samples, fetched once from their public homes with pinned hashes.

A new sample is one entry in ``samples.json``.
"""

import hashlib
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, TypeAdapter

from glacier_core.outlines.reading import read_outlines
from glacier_core.scene import BANDS, Reflectance, Scene
from glacier_core.sources.fetching import RemoteFile, RemoteFiles, fetch_files
from glacier_core.sources.files import scene_from_files

_REGISTRY: Final = Path(__file__).with_name("samples.json")
Role = Literal[
    "blue",
    "green",
    "red",
    "nir",
    "swir1",
    "swir2",
    "elevation",
    "slope",
    "outlines",
    "shadow",
    "part",
]


class SampleFile(RemoteFile):
    """One file of a sample and what it is for.

    The role ``part`` belongs to files that another one needs beside it (of a Shapefile, say).
    """

    role: Role


class Glacier(BaseModel):
    """What the outline file itself does not tell, where it holds one glacier."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    glacier_id: str
    name: str
    source: str


class Sample(RemoteFiles):
    """One entry of the registry."""

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
    notes: tuple[str, ...]
    files: tuple[SampleFile, ...]

    def version(self) -> str:
        """Return a digest of the whole entry: another one makes another scene."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

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
    folder = fetch_files(sample)
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


def sample_shadow(sample_id: str) -> NDArray[np.bool_] | None:
    """Return where a sample's own mask tells cast shadow, on the grid of its scene.

    Parameters
    ----------
    sample_id : str
        One of the keys of :func:`samples`.

    Returns
    -------
    ndarray of bool, (rows, columns), or None
        None if the sample came without a mask. Cells without data are not in shadow.

    Raises
    ------
    SourceError
        When a file cannot be fetched or is not the one expected.
    """
    sample = samples()[sample_id]
    name = sample.name_of("shadow")
    if name is None:
        return None
    with rasterio.open(fetch_files(sample) / name) as dataset:
        lit = dataset.read(1, masked=True).filled(1)
    return np.asarray(lit == 0)


def _outlines(sample: Sample, folder: Path) -> gpd.GeoDataFrame | None:
    name = sample.name_of("outlines")
    if name is None:
        return None
    frame = read_outlines(folder / name)
    return frame if sample.glacier is None else frame.assign(**sample.glacier.model_dump())
