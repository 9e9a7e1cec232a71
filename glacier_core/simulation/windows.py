"""Windows of ground cut from a terrain source, turned, mirrored and resampled."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.divides import relative_height
from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.ground import Ground
from glacier_core.simulation.terrain import TerrainSource

RESOLUTIONS = (20.0, 36.0)  # m, of most windows
FINE_RESOLUTIONS = (10.0, 20.0)  # m
FINE_SHARE = 0.25
RELIEF = (0.8, 1.25)  # times the height of procedural ground
REAL_RELIEF = (0.8, 1.40)  # coarse elevation models have lost the steepness of real walls
KNOWN_SHARE = 0.70  # of a window that the source should cover
CENTRE_TRIES = 12
MARGIN_SHARE = 0.6  # of windows around a piece of margin, where there is more to tell apart


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

    @cached_property
    def margin_cells(self) -> NDArray[np.int_]:
        """Rows and columns of the glacier cells next to ice-free ground, (2, cells)."""
        margin = (self.inside > 0.0) & (self.inside < 2.0) & self.known
        return np.asarray(np.nonzero(margin)) if margin.any() else self.ice_cells


def draw_resolution(generator: np.random.Generator) -> float:
    """Draw a cell size: Landsat's for most windows, Sentinel-2's for the rest."""
    fine = generator.random() < FINE_SHARE
    return float(generator.uniform(*(FINE_RESOLUTIONS if fine else RESOLUTIONS)))


def cut_window(
    terrain: PreparedTerrain,
    generator: np.random.Generator,
    size: int,
    resolution: float | None = None,
) -> Ground:
    """Cut a turned, mirrored, stretched window around a random piece of ice or of its margin.

    Relief is scaled a little, and where the source is coarse, roughness is added off the ice.

    Parameters
    ----------
    terrain : PreparedTerrain
    generator : numpy.random.Generator
    size : int
        Rows and columns.
    resolution : float, optional
        Cell size, m; drawn by `draw_resolution` when not given.
    """
    resolution = draw_resolution(generator) if resolution is None else resolution
    coordinates = _turned_coordinates(terrain, generator, size, resolution)
    relief = float(generator.uniform(*(RELIEF if terrain.source.procedural else REAL_RELIEF)))
    return _sample_ground(terrain, generator, coordinates, resolution, relief)


def cut_north_up(
    terrain: PreparedTerrain,
    generator: np.random.Generator,
    centre: tuple[float, float],
    size: int,
    resolution: float,
) -> Ground:
    """Cut a window as the source lies, around one of its rows and columns.

    The window moves inside where it would stick out. Heights count from the lowest of the window.
    """
    scale = resolution / terrain.source.resolution
    half = scale * (size - 1) / 2.0
    steps = scale * (np.arange(size) - (size - 1) / 2.0)
    limits = [max(length - 1 - half, half) for length in terrain.source.elevation.shape]
    row, column = (
        float(np.clip(at, half, limit)) for at, limit in zip(centre, limits, strict=True)
    )
    coordinates = np.stack(np.meshgrid(row + steps, column + steps, indexing="ij"))
    return _sample_ground(terrain, generator, coordinates, resolution, 1.0)


def _sample_ground(
    terrain: PreparedTerrain,
    generator: np.random.Generator,
    coordinates: NDArray[np.float64],
    resolution: float,
    relief: float,
) -> Ground:
    elevation = _sample(terrain.elevation_spline, coordinates, order=3)
    known = _sample(terrain.known.astype(np.float32), coordinates, order=1, outside=0.0) > 0.99
    glacier = (_sample(terrain.inside, coordinates, order=1) > 0.0) & known
    labels = _sample(terrain.nearest_label, coordinates, order=0).astype(np.int32)
    elevation = (elevation - elevation.min()) * relief
    elevation = elevation + _roughness(terrain, generator, glacier, resolution)
    lakes = None
    if terrain.source.lakes is not None:
        wet = _sample(terrain.source.lakes.astype(np.float32), coordinates, order=1) > 0.5
        lakes = wet & ~glacier
        elevation = _levelled(elevation, lakes)
    return Ground(
        elevation=elevation.astype(np.float32),
        labels=np.where(glacier, labels, 0).astype(np.int32),
        relative_height=_sample(terrain.relative_height, coordinates, order=1),
        known=known,
        resolution=resolution,
        complete=terrain.source.complete,
        lakes=lakes,
    )


def _levelled(elevation: Grid, lakes: NDArray[np.bool_]) -> Grid:
    """Give every lake one height."""
    parts, count = ndimage.label(lakes)
    heights = ndimage.median(elevation, parts, np.arange(count + 1))
    return np.where(lakes, np.asarray(heights, dtype=np.float32)[parts], elevation)


def _turned_coordinates(
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
    cells = terrain.margin_cells if generator.random() < MARGIN_SHARE else terrain.ice_cells
    for _ in range(CENTRE_TRIES):
        pick = int(generator.integers(cells.shape[1]))
        offset = generator.uniform(-0.3, 0.3, 2) * size * scale
        centre = cells[:, pick] + offset
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
    values: NDArray[np.float32] | NDArray[np.int32],
    coordinates: NDArray[np.float64],
    *,
    order: Literal[0, 1, 3],
    outside: float | None = None,
) -> Grid:
    sampled = ndimage.map_coordinates(
        values,
        coordinates,
        order=order,
        mode="nearest" if outside is None else "constant",
        cval=outside or 0.0,
        prefilter=False,
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
