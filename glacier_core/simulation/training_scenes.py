"""Scenes to train and test networks on: windows of real and procedural ground, simulated."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.divides import relative_height
from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.ground import Ground
from glacier_core.simulation.terrain import TerrainSource, procedural_terrain
from glacier_core.simulation.terrain_sources import real_terrain
from glacier_core.simulation.world import World, image_pair, simulate_world

Split = Literal["training", "held-out"]

log = logging.getLogger(__name__)

SCENE_SIZE = 320  # px
RESOLUTIONS = (20.0, 36.0)  # m
HELD_OUT_SCENES = 64
PROCEDURAL_TERRAINS = {"training": 60, "held-out": 12}
FIRST_TERRAIN_SEED = {"training": 1_000, "held-out": 500_000}
FIRST_SCENE_SEED = {"training": 0, "held-out": 10_000_000}
KNOWN_SHARE = 0.70  # of a window that the source must cover
CENTRE_TRIES = 12


@dataclass(frozen=True)
class PreparedTerrain:
    """A terrain source ready for being cut into turned windows."""

    source: TerrainSource
    weight: int = 1

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Where the elevation is known."""
        return np.isfinite(self.source.elevation)

    @cached_property
    def elevation_spline(self) -> Grid:
        """Cubic spline coefficients of the elevation, unknown cells filled from the nearest."""
        elevation = self.source.elevation
        if not self.known.all():
            nearest = ndimage.distance_transform_edt(
                ~self.known, return_distances=False, return_indices=True
            )
            elevation = elevation[tuple(nearest)]
        return np.asarray(ndimage.spline_filter(elevation, order=3, output=np.float32))

    @cached_property
    def inside(self) -> Grid:
        """Cells from the glacier margin, positive inside: its zero line is a smooth outline."""
        glacier = self.source.labels > 0
        within = ndimage.distance_transform_edt(glacier)
        without = ndimage.distance_transform_edt(~glacier)
        return np.asarray(np.where(glacier, within - 0.5, 0.5 - without), dtype=np.float32)

    @cached_property
    def nearest_label(self) -> NDArray[np.int32]:
        """Label of the nearest glacier."""
        labels = self.source.labels
        nearest = ndimage.distance_transform_edt(
            labels == 0, return_distances=False, return_indices=True
        )
        return np.asarray(labels[tuple(nearest)], dtype=np.int32)

    @cached_property
    def relative_height(self) -> Grid:
        """Height within each glacier's range, continued outwards from the nearest glacier."""
        nearest = ndimage.distance_transform_edt(
            self.source.labels == 0, return_distances=False, return_indices=True
        )
        height = relative_height(self.source.elevation, self.source.labels)
        return np.asarray(height[tuple(nearest)], dtype=np.float32)

    @cached_property
    def ice_cells(self) -> NDArray[np.int_]:
        """Rows and columns of all glacier cells, (2, cells)."""
        return np.asarray(np.nonzero(self.source.labels > 0))


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
        How many procedural terrains; default 60 for training, 12 held out.
    """
    real: tuple[PreparedTerrain, ...] = ()
    if samples is None:
        log.warning("No samples folder: %s scenes use procedural terrain only.", split)
    else:
        pairs = real_terrain(samples, held_out=split == "held-out")
        real = tuple(PreparedTerrain(source, weight) for source, weight in pairs)
    count = PROCEDURAL_TERRAINS[split] if procedural is None else procedural
    first = FIRST_TERRAIN_SEED[split]
    made = (cached_terrain(cache, seed) for seed in range(first, first + count))
    return TerrainSources(real, tuple(PreparedTerrain(source) for source in made))


def cached_terrain(cache: Path, seed: int) -> TerrainSource:
    """Procedural terrain of a seed, from the folder if it is there."""
    path = cache / f"terrain-{seed}.npz"
    if path.exists():
        with np.load(path) as stored:
            return TerrainSource(
                name=f"procedural-{seed}",
                elevation=stored["elevation"],
                labels=stored["labels"],
                resolution=float(stored["resolution"]),
                complete=True,
                procedural=True,
            )
    terrain = procedural_terrain(seed)
    cache.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        elevation=terrain.elevation,
        labels=terrain.labels,
        resolution=terrain.resolution,
    )
    part.replace(path)
    return terrain


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
        20 to 36 m resolution; half of them on real ground where there is any.
    """
    number = FIRST_SCENE_SEED[split] + seed
    terrain, ground = _draw_ground(number, sources, size)
    return simulate_world(
        ground,
        number,
        held_out=split == "held-out",
        source=terrain.source.name,
        procedural=terrain.source.procedural,
    )


def draw_training_pair(
    seed: int, sources: TerrainSources, split: Split, *, size: int = SCENE_SIZE
) -> tuple[World, World]:
    """One ground under two suns and instruments, for checks that need no labels."""
    number = FIRST_SCENE_SEED[split] + seed
    _, ground = _draw_ground(number, sources, size)
    return image_pair(ground, number, held_out=split == "held-out")


def _draw_ground(
    number: int, sources: TerrainSources, size: int
) -> tuple[PreparedTerrain, Ground]:
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([number, 9])))
    terrain = _draw_terrain(generator, sources)
    return terrain, cut_window(terrain, generator, size)


def _draw_terrain(generator: np.random.Generator, sources: TerrainSources) -> PreparedTerrain:
    real = generator.random() < 0.5 and sources.real or not sources.procedural
    terrains = sources.real if real else sources.procedural
    odds = np.array([terrain.weight for terrain in terrains], dtype=np.float64)
    drawn = generator.random() * odds.sum()
    return terrains[int(np.searchsorted(np.cumsum(odds)[:-1], drawn, side="right"))]


def cut_window(terrain: PreparedTerrain, generator: np.random.Generator, size: int) -> Ground:
    """A turned, mirrored, stretched window around a random piece of ice.

    Relief is scaled by 0.8 to 1.25; where the source is coarse, roughness is added off the ice.
    """
    resolution = float(generator.uniform(*RESOLUTIONS))
    coordinates = _coordinates(terrain, generator, size, resolution)
    elevation = _sample(terrain.elevation_spline, coordinates, order=3)
    known = _sample(terrain.known.astype(np.float32), coordinates, order=1, outside=0.0) > 0.99
    glacier = (_sample(terrain.inside, coordinates, order=1) > 0.0) & known
    labels = _sample(terrain.nearest_label, coordinates, order=0).astype(np.int32)
    elevation = (elevation - elevation.min()) * generator.uniform(0.8, 1.25)
    elevation = elevation + _roughness(terrain, generator, glacier, resolution)
    return Ground(
        elevation=elevation.astype(np.float32),
        labels=np.where(glacier, labels, 0).astype(np.int32),
        relative_height=_sample(terrain.relative_height, coordinates, order=1),
        known=known,
        resolution=resolution,
        complete=terrain.source.complete,
    )


def _coordinates(
    terrain: PreparedTerrain, generator: np.random.Generator, size: int, resolution: float
) -> NDArray[np.float64]:
    """Source rows and columns of every cell of a window mostly inside the source."""
    angle = float(generator.uniform(0.0, 2.0 * np.pi))
    mirror = -1.0 if generator.random() < 0.5 else 1.0
    scale = resolution / terrain.source.resolution
    down, right = np.mgrid[:size, :size] - (size - 1) / 2.0
    rows = scale * (np.cos(angle) * down - np.sin(angle) * mirror * right)
    columns = scale * (np.sin(angle) * down + np.cos(angle) * mirror * right)
    best, most = np.zeros((2, size, size)), -1.0
    for _ in range(CENTRE_TRIES):
        pick = int(generator.integers(terrain.ice_cells.shape[1]))
        offset = generator.uniform(-0.3, 0.3, 2) * size * scale
        centre = terrain.ice_cells[:, pick] + offset
        here = np.stack([rows + centre[0], columns + centre[1]])
        share = _share_known(terrain, here)
        if share > most:
            best, most = here, share
        if most >= KNOWN_SHARE:
            break
    return best


def _share_known(terrain: PreparedTerrain, coordinates: NDArray[np.float64]) -> float:
    coarse = coordinates[:, ::8, ::8]
    return float(_sample(terrain.known.astype(np.float32), coarse, order=0, outside=0.0).mean())


def _sample(
    values: NDArray[np.generic],
    coordinates: NDArray[np.float64],
    *,
    order: int,
    outside: float | None = None,
) -> Grid:
    mode = "nearest" if outside is None else "constant"
    sampled = ndimage.map_coordinates(
        values, coordinates, order=order, mode=mode, cval=outside or 0.0, prefilter=False
    )
    return np.asarray(sampled, dtype=np.float32)


def _roughness(
    terrain: PreparedTerrain,
    generator: np.random.Generator,
    glacier: NDArray[np.bool_],
    resolution: float,
) -> Grid:
    """Relief smaller than the cells of the source can show, off the ice."""
    coarseness = max(terrain.source.resolution / resolution, 1.0)
    height = min(2.0 * coarseness, 10.0) * float(generator.uniform(0.5, 1.2))
    shape = (glacier.shape[0], glacier.shape[1])
    field = fractal_field(generator, shape, exponent=1.5, longest=6.0 * coarseness)
    off_ice = ndimage.gaussian_filter((~glacier).astype(np.float32), 1.0)
    return np.asarray(height * field * off_ice, dtype=np.float32)


def store_scenes(worlds: Iterable[World], path: Path) -> int:
    """Keep scenes of one size in one file, images as float16, and return how many.

    Arrays: optical (n, 6, rows, columns), elevation and slope float16/float32, glacier, shadow,
    valid bool, surface uint8, weight uint8, procedural bool (n,), reflectance and source (n,).
    """
    kept = list(worlds)
    np.savez_compressed(
        path,
        optical=np.stack([world.optical for world in kept]).astype(np.float16),
        elevation=np.stack([world.elevation for world in kept]),
        slope=np.stack([world.slope for world in kept]).astype(np.float16),
        glacier=np.stack([world.glacier for world in kept]),
        shadow=np.stack([world.shadow for world in kept]),
        surface=np.stack([world.surface for world in kept]),
        weight=np.stack([world.weight for world in kept]).astype(np.uint8),
        valid=np.stack([world.valid for world in kept]),
        procedural=np.array([world.procedural for world in kept]),
        reflectance=np.array([world.reflectance for world in kept]),
        source=np.array([world.source for world in kept]),
        resolution=np.array([world.resolution for world in kept], dtype=np.float32),
        snow=np.array([world.style.snow for world in kept]),
    )
    return len(kept)
