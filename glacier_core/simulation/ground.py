"""The ground of one scene: heights, glaciers, and the shapes that snow and water follow."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid


class SurfaceClass(IntEnum):
    """What a pixel shows."""

    ROCK = 0
    FORELAND = 1
    VEGETATION = 2
    WATER = 3
    SEASONAL_SNOW = 4
    ICE = 5
    FIRN = 6
    SNOW = 7
    DEBRIS = 8
    POND = 9
    ICEBERG = 10
    CLOUD = 11
    NO_DATA = 12
    SCREE = 13
    CREVASSED_ICE = 14
    PERENNIAL_SNOW = 15
    CLOUD_SHADOW = 16


@dataclass(frozen=True)
class Layer:
    """One material and the share (0 to 1) of each pixel that it covers."""

    surface: SurfaceClass
    material: str
    share: Grid


@dataclass(frozen=True)
class Ground:
    """Square grid of ground, rows from north to south.

    Attributes
    ----------
    elevation : ndarray of float32, (rows, columns)
        Metres, finite everywhere.
    labels : ndarray of int32
        Glacier number from 1, 0 off the ice.
    relative_height : ndarray of float32
        Height within each glacier's own range, 0 to 1.
    known : ndarray of bool
        Where the source has data.
    resolution : float
        Cell size, m.
    complete : bool
        Whether every glacier is labelled.
    lakes : ndarray of bool, optional
        Where level water is known to stand; None where nothing is known of lakes.
    """

    elevation: Grid
    labels: NDArray[np.int32]
    relative_height: Grid
    known: NDArray[np.bool_]
    resolution: float
    complete: bool
    lakes: NDArray[np.bool_] | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.elevation.shape
        return rows, columns

    @cached_property
    def glacier(self) -> NDArray[np.bool_]:
        """Where there is a glacier."""
        return np.asarray(self.labels > 0)

    @cached_property
    def smooth(self) -> Grid:
        """Elevation without what is smaller than about 100 m."""
        return np.asarray(ndimage.gaussian_filter(self.elevation, 50.0 / self.resolution))

    @cached_property
    def slope(self) -> Grid:
        """Tangent of the slope of the smooth ground."""
        down, right = np.gradient(self.smooth, self.resolution)
        return np.asarray(np.hypot(down, right), dtype=np.float32)

    @cached_property
    def shade(self) -> Grid:
        """Tangent of the rise towards the south: positive where the ground faces north."""
        return np.asarray(np.gradient(self.smooth, self.resolution, axis=0), dtype=np.float32)

    @cached_property
    def hollowness(self) -> Grid:
        """Metres below the mean of the surroundings (about 300 m)."""
        wide = ndimage.gaussian_filter(self.smooth, 300.0 / self.resolution)
        return np.asarray(wide - self.smooth)

    @cached_property
    def distance_to_ice(self) -> Grid:
        """Metres to the nearest glacier cell; the size of the grid where there is none."""
        if not self.glacier.any():
            return np.full(self.shape, max(self.shape) * self.resolution, dtype=np.float32)
        distance = ndimage.distance_transform_edt(~self.glacier)
        return np.asarray(distance * self.resolution, dtype=np.float32)

    @cached_property
    def distance_to_margin(self) -> Grid:
        """Metres from glacier cells to the nearest ice-free cell; 0 off the ice."""
        distance = ndimage.distance_transform_edt(self.glacier)
        return np.asarray(distance * self.resolution, dtype=np.float32)
