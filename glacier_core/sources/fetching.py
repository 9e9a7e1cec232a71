"""Files from public homes, or from a folder that stands in for them, with pinned hashes."""

import shutil
from pathlib import Path
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from glacier_core.disk import file_sha256
from glacier_core.errors import SourceError, StorageError
from glacier_core.network.downloads import download
from glacier_core.settings import settings


class RemoteFile(BaseModel):
    """One file: its name, where it lies at home if not under its name, its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")
    path: str | None = None
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class RemoteFiles(BaseModel):
    """Files that belong together.

    Attributes
    ----------
    home : str
        Public address of their folder, pinned to one version.
    mirror : str
        Name of their folder in a mirror, and here.
    licence : str
    files : tuple of RemoteFile
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: str
    mirror: str
    licence: str
    files: tuple[RemoteFile, ...]

    def is_here(self) -> bool:
        """Return whether the files can be had without a network."""
        folder = settings().samples_mirror or settings().data_dir / "samples"
        return all((folder / self.mirror / file.name).is_file() for file in self.files)


def fetch_files(wanted: RemoteFiles) -> Path:
    """Bring files here, from the mirror folder where one is set, else from their home.

    Parameters
    ----------
    wanted : RemoteFiles

    Returns
    -------
    Path
        Folder that holds the files, each with the SHA-256 asked for.

    Raises
    ------
    SourceError
        When a file cannot be fetched, or is not the one expected; nothing wrong is kept.
    StorageError
        When the disk refuses.
    """
    folder = settings().data_dir / "samples" / wanted.mirror
    mirror = settings().samples_mirror
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in wanted.files:
            if mirror is None:
                _download(wanted.home, file, folder)
            else:
                _copy(mirror / wanted.mirror / file.name, file, folder / file.name)
    except OSError as problem:
        raise StorageError(
            f"The sample could not be kept in {folder}: {problem}. "
            "Check the free space and the rights of that folder."
        ) from problem
    return folder


def _download(home: str, file: RemoteFile, folder: Path) -> None:
    """Fetch one file; it gets its name when it is whole and has the hash expected."""
    try:
        download(f"{home}/{file.path or file.name}", folder / file.name, sha256=file.sha256)
    except SourceError as problem:
        raise SourceError(
            f"{file.name} could not be fetched. {problem} Or put the file into a folder of your "
            "own and set GLACIER_SAMPLES_MIRROR."
        ) from problem


def _copy(origin: Path, file: RemoteFile, target: Path) -> None:
    if target.is_file() and file_sha256(target) == file.sha256:
        return
    if not origin.is_file():
        raise SourceError(
            f"{file.name} is not in the mirror folder {origin.parent} (GLACIER_SAMPLES_MIRROR). "
            "Put it there, or unset the variable to fetch it from its public home."
        )
    beside = target.with_name(f".{uuid4().hex}")
    try:
        shutil.copyfile(origin, beside)
        if file_sha256(beside) != file.sha256:
            raise SourceError(
                f"{origin} is not the file expected: its SHA-256 is another. Fetch it again."
            )
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
