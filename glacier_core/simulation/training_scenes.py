"""Scenes to train and test networks on: windows of real and procedural ground, simulated."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from glacier_core.simulation.ground import Ground
from glacier_core.simulation.regional import (
    draw_regional_surface,
    draw_season,
    regional_sun,
    regional_terrain,
)
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.terrain_sources import real_terrain
from glacier_core.simulation.windows import PreparedTerrain, cut_window
from glacier_core.simulation.world import World, WorldStyle, image_pair, simulate_world

Split = Literal["training", "held-out"]

log = logging.getLogger(__name__)

SCENE_SIZE = 320  # px
HELD_OUT_SCENES = 64
PROCEDURAL_TERRAINS = {"training": 132, "held-out": 33}
FIRST_TERRAIN = {"training": 11_000, "held-out": 550_000}  # numbers of `regional_terrain`
FIRST_SCENE_SEED = {"training": 0, "held-out": 10_000_000}
REGIONAL_SUN_SHARE = 0.5  # of scenes; the others are lit from anywhere a summer sun may stand


@dataclass(frozen=True)
class TerrainSources:
    """All terrain of one side of the split."""

    real: tuple[PreparedTerrain, ...]
    procedural: tuple[PreparedTerrain, ...]


def load_sources(
    split: Split, cache: Path, samples: Path | None, *, procedural: int | None = None
) -> TerrainSources:
    """Gather the terrain of one side of the split.

    Parameters
    ----------
    split : {"training", "held-out"}
    cache : Path
        Folder in which procedural terrain is kept once made (1 to 2 s each).
    samples : Path, optional
        Folder of samples with real terrain; without it only procedural terrain is used.
    procedural : int, optional
        How many procedural terrains; default 12 a region for training, 3 held out.
    """
    real: tuple[PreparedTerrain, ...] = ()
    if samples is None:
        log.warning("No samples folder: %s scenes use procedural terrain only.", split)
    else:
        pairs = real_terrain(samples, held_out=split == "held-out")
        real = tuple(PreparedTerrain(source, weight) for source, weight in pairs)
    count = PROCEDURAL_TERRAINS[split] if procedural is None else procedural
    first = FIRST_TERRAIN[split]
    made = (regional_terrain(number, cache) for number in range(first, first + count))
    return TerrainSources(real, tuple(PreparedTerrain(source) for source in made))


def draw_training_scene(
    seed: int, sources: TerrainSources, split: Split, *, size: int = SCENE_SIZE
) -> World:
    """One scene of a split.

    Parameters
    ----------
    seed : int
        Number of the scene within its split, from 0.
    sources : TerrainSources
        Of the same split.
    split : {"training", "held-out"}
    size : int
        Rows and columns.

    Returns
    -------
    World
        10 to 36 m resolution; half of them on real ground where there is any.
    """
    number = FIRST_SCENE_SEED[split] + seed
    terrain, ground, style = _draw_ground(number, sources, size)
    return simulate_world(
        ground,
        number,
        style=style,
        held_out=split == "held-out",
        source=terrain.source.name,
        procedural=terrain.source.procedural,
        region=terrain.source.region,
    )


def draw_training_pair(
    seed: int, sources: TerrainSources, split: Split, *, size: int = SCENE_SIZE
) -> tuple[World, World]:
    """One ground under two suns and instruments, for checks that need no labels."""
    number = FIRST_SCENE_SEED[split] + seed
    terrain, ground, style = _draw_ground(number, sources, size)
    return image_pair(
        ground,
        number,
        style=WorldStyle(surface=style.surface),
        held_out=split == "held-out",
        source=terrain.source.name,
        procedural=terrain.source.procedural,
        region=terrain.source.region,
    )


def _draw_ground(
    number: int, sources: TerrainSources, size: int
) -> tuple[PreparedTerrain, Ground, WorldStyle]:
    """Ground, and the surface and often the sun that its region has."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([number, 9])))
    terrain = _draw_terrain(generator, sources)
    ground = cut_window(terrain, generator, size)
    region = REGIONS[terrain.source.region]
    surface = draw_regional_surface(generator, region)
    sun = regional_sun(generator, region, draw_season(generator, region))
    seasonal = generator.random() < REGIONAL_SUN_SHARE
    return terrain, ground, WorldStyle(surface=surface, sun=sun if seasonal else None)


def _draw_terrain(generator: np.random.Generator, sources: TerrainSources) -> PreparedTerrain:
    real = (generator.random() < 0.5 and sources.real) or not sources.procedural
    terrains = sources.real if real else sources.procedural
    odds = np.array([terrain.weight for terrain in terrains], dtype=np.float64)
    drawn = generator.random() * odds.sum()
    return terrains[int(np.searchsorted(np.cumsum(odds)[:-1], drawn, side="right"))]
