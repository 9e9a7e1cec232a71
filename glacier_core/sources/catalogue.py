"""Every scene there is, by its id."""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock

from glacier_core.errors import SceneError, StorageError
from glacier_core.scene import Scene
from glacier_core.sources.folders import (
    bring_back_scenes,
    is_scene_folder,
    keep_scene,
    read_attributes,
    read_scene,
    scene_folder,
)
from glacier_core.sources.samples import Sample, open_sample, samples
from glacier_core.sources.simulated import (
    DEMONSTRATIONS,
    open_demonstration,
    simulation_version,
)
from glacier_core.sources.tile_datasets import find_tile, tile_datasets
from glacier_core.sources.tile_scene import open_tile_scene, tile_title, tile_version

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")

Kind = Literal["sample", "simulated", "kept", "tile"]


@dataclass(frozen=True)
class SceneSummary:
    """What a list of scenes tells of one.

    Attributes
    ----------
    id, title : str
    kind : {"sample", "simulated", "kept", "tile"}
        A real sample, a demonstration, a scene of one's own kept under its id, or a tile of a
        dataset that was added (:func:`glacier_core.sources.tile_datasets.add_dataset`).
    simulated : bool
    offline : bool
        Whether it can be opened without a network.
    """

    id: str
    title: str
    kind: Kind
    simulated: bool
    offline: bool


def open_scene(source: str | Path) -> Scene:
    """Open a scene by its id, or from a scene folder.

    Parameters
    ----------
    source : str or Path
        An id of :func:`list_scenes` (a sample is fetched and a demonstration simulated on first
        use, then kept), or a folder that ``write_scene`` wrote.

    Returns
    -------
    Scene

    Raises
    ------
    SceneError
        When there is no such scene; the message lists those there are.
    SourceError
        When a sample cannot be fetched.
    StorageError
        When the disk refuses, or a kept scene is damaged and cannot be made again.
    """
    if isinstance(source, str) and _ID.fullmatch(source):
        bring_back_scenes()
        if source in samples():
            return _opened(source, open_sample, samples()[source].version())
        if source in DEMONSTRATIONS:
            return _opened(source, open_demonstration, simulation_version())
        if tile := find_tile(source):
            return _opened(source, lambda _: open_tile_scene(*tile), tile_version(*tile))
        if is_scene_folder(scene_folder(source)):
            return read_scene(scene_folder(source))
    if _is_folder(source):
        return read_scene(source)
    known = ", ".join(summary.id for summary in list_scenes() if summary.kind != "tile")
    raise SceneError(
        f"There is no scene {str(source)[:80]!r}. Known are {known}; or name a folder."
    )


def list_scenes() -> list[SceneSummary]:
    """Return every scene that can be opened by its id: samples, demonstrations, kept, tiles."""
    bring_back_scenes()
    real = [
        SceneSummary(name, sample.title, "sample", False, _is_here(name, sample))
        for name, sample in samples().items()
    ]
    simulated = [
        SceneSummary(name, title, "simulated", True, True) for name, title in DEMONSTRATIONS.items()
    ]
    tiles = _tiles()
    return [*real, *simulated, *_kept({tile.id for tile in tiles}), *tiles]


def _is_folder(source: str | Path) -> bool:
    try:
        return str(source) != "" and Path(source).is_dir()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _tiles() -> list[SceneSummary]:
    return [
        SceneSummary(
            tile.scene,
            tile_title(dataset, tile),
            "tile",
            dataset.simulated,
            dataset.path.is_file() or is_scene_folder(scene_folder(tile.scene)),
        )
        for dataset in tile_datasets()
        for tile in dataset.tiles
    ]


def _kept(tiles: set[str]) -> list[SceneSummary]:
    summaries = []
    for folder in sorted(scene_folder("any").parent.glob("[!.]*")):
        if folder.name in {*samples(), *DEMONSTRATIONS, *tiles}:
            continue
        try:
            attributes = read_attributes(folder)
        except (SceneError, StorageError):
            continue
        summaries.append(
            SceneSummary(folder.name, attributes.title, "kept", attributes.simulated, True)
        )
    return summaries


def _is_here(scene_id: str, sample: Sample) -> bool:
    return sample.is_here() or is_scene_folder(scene_folder(scene_id))


def _opened(scene_id: str, make: Callable[[str], Scene], version: str) -> Scene:
    """Read a kept scene; make and keep it where it is not there yet, outdated or damaged."""
    folder = scene_folder(scene_id)
    stamp = folder.with_name(f".{scene_id}.version")
    with _disk_troubles(folder.parent), _only_one(folder):
        if is_scene_folder(folder) and stamp.is_file() and stamp.read_text() == version:
            try:
                return read_scene(folder)
            except (SceneError, StorageError):
                _put_aside(folder)
        keep_scene(make(scene_id))
        stamp.write_text(version)
        return read_scene(folder)


def _only_one(folder: Path) -> FileLock:
    """Return a lock that lets one thread of one process at a time make a scene."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(folder.with_name(f".{folder.name}.lock"))


@contextmanager
def _disk_troubles(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise StorageError(
            f"Scenes cannot be kept in {folder}: {problem}. Check its rights and the free space, "
            "or choose another data folder with GLACIER_DATA_DIR."
        ) from problem


def _put_aside(folder: Path) -> None:
    """Move a damaged scene out of the way, where somebody can still look at it; one at most."""
    aside = folder.with_name(f".damaged-{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.rename(aside)
