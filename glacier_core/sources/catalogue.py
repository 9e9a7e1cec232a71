"""Every scene there is, by its id."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from filelock import FileLock

from glacier_core.errors import SceneError, StorageError
from glacier_core.scene import Scene
from glacier_core.settings import settings
from glacier_core.sources.folders import (
    is_scene_folder,
    keep_scene,
    read_attributes,
    read_scene,
    scene_folder,
)
from glacier_core.sources.samples import open_sample, samples
from glacier_core.sources.simulated import DEMONSTRATIONS, open_demonstration

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")

Kind = Literal["sample", "simulated", "kept"]


@dataclass(frozen=True)
class SceneSummary:
    """What a list of scenes tells of one.

    Attributes
    ----------
    id, title : str
    kind : {"sample", "simulated", "kept"}
        A real sample, a demonstration, or a scene of one's own kept under its id.
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
        if source in samples():
            return _opened(source, open_sample)
        if source in DEMONSTRATIONS:
            return _opened(source, open_demonstration)
        if is_scene_folder(scene_folder(source)):
            return read_scene(scene_folder(source))
    if Path(source).is_dir():
        return read_scene(source)
    known = ", ".join(summary.id for summary in list_scenes())
    raise SceneError(f"There is no scene {str(source)!r}. Known are {known}; or name a folder.")


def list_scenes() -> list[SceneSummary]:
    """Return every scene that can be opened by its id: samples, demonstrations, kept ones."""
    real = [
        SceneSummary(name, sample.title, "sample", False, _is_here(name))
        for name, sample in samples().items()
    ]
    simulated = [
        SceneSummary(name, title, "simulated", True, True) for name, title in DEMONSTRATIONS.items()
    ]
    return [*real, *simulated, *_kept()]


def _kept() -> list[SceneSummary]:
    summaries = []
    for folder in sorted(scene_folder("any").parent.glob("[!.]*")):
        if folder.name in samples() or folder.name in DEMONSTRATIONS:
            continue
        try:
            attributes = read_attributes(folder)
        except (SceneError, StorageError):
            continue
        summaries.append(
            SceneSummary(folder.name, attributes.title, "kept", attributes.simulated, True)
        )
    return summaries


def _is_here(sample_id: str) -> bool:
    return settings().samples_mirror is not None or is_scene_folder(scene_folder(sample_id))


def _opened(scene_id: str, make: Callable[[str], Scene]) -> Scene:
    """Read a kept scene; make and keep it where it is not there yet, or damaged."""
    folder = scene_folder(scene_id)
    _create(folder.parent)
    with FileLock(folder.with_name(f".{scene_id}.lock")):
        if is_scene_folder(folder):
            try:
                return read_scene(folder)
            except (SceneError, StorageError):
                _put_aside(folder)
        keep_scene(make(scene_id))
        return read_scene(folder)


def _create(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(
            f"The data folder {folder} cannot be made: {problem}. "
            "Choose another one with GLACIER_DATA_DIR."
        ) from problem


def _put_aside(folder: Path) -> None:
    """Move a damaged scene out of the way, where somebody can still look at it."""
    aside = folder.with_name(f".damaged-{folder.name}-{os.getpid()}")
    folder.rename(aside)
