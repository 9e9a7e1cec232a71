"""Training scenes: drawn by seed, kept on disk, drawn again only if they are not there."""

import json
import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from glacier_core.errors import StorageError
from glacier_core.simulation.regional import regional_terrain
from glacier_core.simulation.training_scenes import (
    FIRST_TERRAIN,
    PROCEDURAL_TERRAINS,
    SCENE_SIZE,
    Split,
    TerrainSources,
    draw_training_pair,
    draw_training_scene,
    load_sources,
)
from glacier_core.simulation.world import World
from glacier_core.training.training_scene import TrainingScene

__all__ = ["SceneBatch", "TrainingScene", "keep_scenes", "note_terrain"]

TERRAIN = "terrain.json"
WORKERS = min(2, os.cpu_count() or 1)


@dataclass(frozen=True)
class SceneBatch:
    """Scenes of one purpose: which seeds of which side of the split.

    Attributes
    ----------
    purpose : str
        Names the files.
    split : {"training", "held-out"}
    first, count : int
        Seeds within the split.
    pairs : bool
        Whether each is one ground under two suns and instruments: two files.
    size : int
        Rows and columns.
    """

    purpose: str
    split: Split
    first: int
    count: int
    pairs: bool = False
    size: int = SCENE_SIZE

    def files(self, folder: Path) -> list[tuple[Path, ...]]:
        """Return the file, or pair of files, of each scene in turn."""
        ends = ("-a", "-b") if self.pairs else ("",)
        seeds = range(self.first, self.first + self.count)
        return [
            tuple(folder / f"{self.purpose}-{seed:05d}{end}.npz" for end in ends) for seed in seeds
        ]


def keep_scenes(
    batch: SceneBatch,
    folder: Path,
    samples: Path | None,
    progress: Callable[[str], None],
    *,
    procedural: int | None = None,
) -> list[tuple[Path, ...]]:
    """Draw those scenes of a batch that are not in the folder yet, and return all their files.

    Parameters
    ----------
    batch : SceneBatch
    folder : Path
        Scenes, and the terrain they were cut from in ``terrain``.
    samples : Path, optional
        Folder of real terrain; without it all ground is procedural.
    progress : callable
        Is given a line now and then.
    procedural : int, optional
        How many procedural terrains to cut from; default as `load_sources`.
    """
    files = batch.files(folder)
    missing = [
        seed
        for seed, paths in enumerate(files, batch.first)
        if not all(path.exists() for path in paths)
    ]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        _draw_all(batch, folder, samples, progress, missing, procedural)
    return files


def _draw_all(
    batch: SceneBatch,
    folder: Path,
    samples: Path | None,
    progress: Callable[[str], None],
    seeds: list[int],
    procedural: int | None,
) -> None:
    count = PROCEDURAL_TERRAINS[batch.split] if procedural is None else procedural
    first = FIRST_TERRAIN[batch.split]
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads half-way
    with ProcessPoolExecutor(min(WORKERS, len(seeds)), context) as pool:
        made = pool.map(partial(_make_terrain, folder / "terrain"), range(first, first + count))
        progress(f"{len(list(made))} procedural terrains are there for {batch.split} scenes.")
        draw = partial(_draw_one, batch, folder, samples, count)
        for done, _ in enumerate(pool.map(draw, seeds), 1):
            if done % 50 == 0 or done == len(seeds):
                progress(f"Drawn {done} of {len(seeds)} {batch.purpose} scenes.")


def _make_terrain(folder: Path, seed: int) -> None:
    regional_terrain(seed, folder)


@lru_cache(maxsize=1)
def _sources(split: Split, terrain: Path, samples: Path | None, count: int) -> TerrainSources:
    """Keep prepared terrain from scene to scene within a process: it is costly."""
    return load_sources(split, terrain, samples, procedural=count)


def _draw_one(batch: SceneBatch, folder: Path, samples: Path | None, count: int, seed: int) -> None:
    sources = _sources(batch.split, folder / "terrain", samples, count)
    (paths,) = replace(batch, first=seed, count=1).files(folder)
    worlds: tuple[World, ...]
    if batch.pairs:
        worlds = draw_training_pair(seed, sources, batch.split, size=batch.size)
    else:
        worlds = (draw_training_scene(seed, sources, batch.split, size=batch.size),)
    for world, path in zip(worlds, paths, strict=True):
        TrainingScene.of_world(world).save(path)


def note_terrain(folder: Path, real_terrain: bool, tell: Callable[[str], None]) -> None:
    """Say which terrain there is, and never mix scenes drawn with and without real terrain."""
    if not real_terrain:
        tell("The recipe asks for no real terrain: all ground is procedural.")
    facts = {"real_terrain": real_terrain}
    note = folder / TERRAIN
    if note.exists() and json.loads(note.read_text(encoding="utf-8")) != facts:
        raise StorageError(
            f"The scenes in {folder} were drawn {'without' if real_terrain else 'with'} real "
            "terrain, by another recipe. Choose another folder."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(facts), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"The folder {folder} cannot be written: {error}.") from error
