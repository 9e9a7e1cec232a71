"""Training scenes: drawn by seed, kept on disk, drawn again only if they are not there."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import StorageError
from glacier_core.simulation.training_scenes import (
    FIRST_TERRAIN_SEED,
    PROCEDURAL_TERRAINS,
    SCENE_SIZE,
    Split,
    TerrainSources,
    cached_terrain,
    draw_training_pair,
    draw_training_scene,
    load_sources,
)
from glacier_core.simulation.world import World

WORKERS = min(2, os.cpu_count() or 1)

# Reflectance needs no more than the 11 bits of float16; elevation does, as steps of 2 m would be
# larger than the roughness that tells debris from rock.
ARRAYS = {
    "optical": np.float16,
    "elevation": np.float32,
    "slope": np.float16,
    "glacier": np.bool_,
    "surface": np.uint8,
    "weight": np.float16,
    "shadow": np.bool_,
}


@dataclass(frozen=True)
class TrainingScene:
    """A simulated scene as plain arrays; NaN is missing.

    Attributes
    ----------
    optical : ndarray of float32, (6, rows, columns)
        Reflectance of blue, green, red, NIR, SWIR1, SWIR2.
    elevation, slope : ndarray of float32, (rows, columns)
        m and degrees, as a separate survey would give them.
    glacier : ndarray of bool
        The truth.
    surface : ndarray of uint8
        `SurfaceClass` of what is seen.
    weight : ndarray of float32
        How much the truth of a pixel counts; 0 where it is unknown or nothing is seen.
    shadow : ndarray of bool
        Whether the pixel lies in shadow.
    procedural : bool
        Whether the ground was made up rather than surveyed.
    """

    optical: NDArray[np.float32]
    elevation: NDArray[np.float32]
    slope: NDArray[np.float32]
    glacier: NDArray[np.bool_]
    surface: NDArray[np.uint8]
    weight: NDArray[np.float32]
    shadow: NDArray[np.bool_]
    procedural: bool = True

    def map(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        """Return the scene with every array changed alike."""
        changed = {name: change(getattr(self, name)) for name in ARRAYS}
        return type(self)(**changed, procedural=self.procedural)

    @classmethod
    def of_world(cls, world: World) -> Self:
        """Take what training needs out of a simulated world."""
        unseen = ~world.valid
        return cls(
            optical=np.where(unseen, np.float32(np.nan), world.optical),
            elevation=world.elevation,
            slope=world.slope,
            glacier=world.glacier,
            surface=world.surface,
            weight=np.where(unseen, np.float32(0.0), world.weight),
            shadow=world.shadow,
            procedural=world.procedural,
        )

    def save(self, path: Path) -> None:
        """Write all arrays to one NumPy archive; it is there whole or not at all.

        Raises
        ------
        StorageError
            If the disk refuses.
        """
        arrays = {name: getattr(self, name).astype(kind) for name, kind in ARRAYS.items()}
        beside = path.with_name(f"{path.name}.{os.getpid()}.part")
        try:
            with beside.open("wb") as stream:
                np.savez(stream, procedural=np.array(self.procedural), **arrays)
            beside.replace(path)
        except OSError as error:
            raise StorageError(
                f"The training scene {path} cannot be written: {error}. Free some space or choose "
                "another folder; training goes on from where it stopped when called again."
            ) from error

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
            procedural = bool(archive["procedural"])
        for name in ("optical", "elevation", "slope", "weight"):
            arrays[name] = arrays[name].astype(np.float32)
        return cls(**arrays, procedural=procedural)


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
    first = FIRST_TERRAIN_SEED[batch.split]
    context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads half-way
    with ProcessPoolExecutor(min(WORKERS, len(seeds)), context) as pool:
        made = pool.map(partial(_make_terrain, folder / "terrain"), range(first, first + count))
        progress(f"{len(list(made))} procedural terrains are there for {batch.split} scenes.")
        draw = partial(_draw_one, batch, folder, samples, count)
        for done, _ in enumerate(pool.map(draw, seeds), 1):
            if done % 50 == 0 or done == len(seeds):
                progress(f"Drawn {done} of {len(seeds)} {batch.purpose} scenes.")


def _make_terrain(folder: Path, seed: int) -> None:
    cached_terrain(folder, seed)


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
