"""Real ground for training: elevation models and outlines, fetched like every sample."""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from glacier_core.settings import settings
from glacier_core.sources.fetching import RemoteFiles, fetch_files

_REGISTRY: Final = Path(__file__).with_name("terrain.json")


def terrain_files() -> tuple[RemoteFiles, ...]:
    """Return the registry: every set of files, with its home and its licence."""
    return TypeAdapter(tuple[RemoteFiles, ...]).validate_json(_REGISTRY.read_bytes())


def fetch_terrain() -> Path:
    """Bring all real ground here, about 12 MB.

    Returns
    -------
    Path
        Folder with one folder a set, each file with the SHA-256 of the registry.

    Raises
    ------
    SourceError
        When a file cannot be fetched, or is not the one expected.
    StorageError
        When the disk refuses.
    """
    for wanted in terrain_files():
        fetch_files(wanted)
    return settings().data_dir / "samples"
