"""The parts of a tile that are scored apart: debris, shadow, small glaciers, snow, water.

Each is scored only where the tile knows of it: simulated tiles carry the surface of every pixel,
the authors' tiles at most bright and dark ice. What a tile does not know has no figure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from scipy import ndimage

from glacier_core.benchmark.table import ALL
from glacier_core.simulation.ground import SurfaceClass

if TYPE_CHECKING:
    from glacier_core.sources.tiles import Tile

BoolArray = NDArray[np.bool_]
Numbers = NDArray[np.integer]

UNLABELLED: Final = "all, unlabelled as background"
DEBRIS: Final = "debris-covered ice"
SHADOW: Final = "shadow"
SNOW: Final = "snow off the glaciers"
WATER: Final = "open water"
SMALL: Final = "glaciers below 1 km²"
CALVING: Final = "glaciers that end in water"

METRICS: Final = {
    ALL: ("IoU", "accuracy", "precision", "recall", "F1"),
    UNLABELLED: ("IoU", "accuracy", "precision", "recall", "F1"),
    DEBRIS: ("recall",),
    SHADOW: ("IoU", "recall"),
    SNOW: ("called glacier",),
    WATER: ("called glacier",),
    SMALL: ("IoU", "recall"),
    CALVING: ("IoU", "recall"),
}
"""Which metrics say something in each stratum."""

SMALL_KM2: Final = 1.0
BUFFER_M: Final = 300.0
"""Background within this distance of a glacier is scored with it, as in the comparisons."""

_DEBRIS = (SurfaceClass.DEBRIS, SurfaceClass.POND)
_SNOW = (SurfaceClass.SEASONAL_SNOW, SurfaceClass.PERENNIAL_SNOW)
_OPEN_WATER = (SurfaceClass.WATER, SurfaceClass.ICEBERG)
_TOUCHING = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Domain:
    """Pixels of a tile that are scored together.

    Attributes
    ----------
    stratum : str
        A key of `METRICS`.
    pixels : ndarray of bool, (rows, columns)
    glaciers : int or None
        How many glaciers they are of; None where pixels are counted.
    """

    stratum: str
    pixels: BoolArray
    glaciers: int | None = None


def domains(tile: "Tile") -> Iterator[Domain]:
    """Yield every part of a tile that can be scored.

    Pixels of the label (0, 0) are unlabelled: left out everywhere, except in `UNLABELLED`, where
    they count as background, which is what the authors' evaluation does.
    """
    scored = tile.valid & tile.labelled
    yield Domain(ALL, scored)
    yield Domain(UNLABELLED, tile.valid)
    if tile.shadow is not None:
        yield Domain(SHADOW, scored & tile.shadow)
    if tile.surface is not None:
        yield from _surfaces(tile.surface, scored, tile.glacier)
    elif tile.debris is not None:
        yield Domain(DEBRIS, scored & tile.glacier & tile.debris)
    yield from _glaciers(tile, scored)


def pixel_size(tile: "Tile") -> tuple[float, float]:
    """Height and width in metres of the pixel in the centre of a tile, on the WGS 84 ellipsoid."""
    west, south, east, north = tile.bounds
    longitude, latitude = (west + east) / 2, (south + north) / 2
    geod = Geod(ellps="WGS84")
    rows, columns = tile.glacier.shape
    height = geod.line_length([longitude, longitude], [south, north]) / rows
    width = geod.line_length([west, longitude, east], [latitude] * 3) / columns
    return float(height), float(width)


def _surfaces(
    surface: NDArray[np.uint8], scored: BoolArray, glacier: BoolArray
) -> Iterator[Domain]:
    off_glacier = scored & ~glacier
    yield Domain(DEBRIS, scored & glacier & np.isin(surface, _DEBRIS))
    yield Domain(SNOW, off_glacier & np.isin(surface, _SNOW))
    yield Domain(WATER, off_glacier & np.isin(surface, _OPEN_WATER))


def _glaciers(tile: "Tile", scored: BoolArray) -> Iterator[Domain]:
    """Glaciers are connected ice, by sides or corners; what the tile cuts has no known size."""
    numbers, count = ndimage.label(tile.glacier & tile.labelled, _TOUCHING)
    size = pixel_size(tile)
    small = _small(numbers, count, size)
    yield _zone(SMALL, small, numbers, size, scored)
    if tile.surface is not None:
        shore = ndimage.binary_dilation(np.isin(tile.surface, _OPEN_WATER), _TOUCHING)
        touched = np.bincount(numbers[shore], minlength=count + 1) > 0
        touched[0] = False
        yield _zone(CALVING, touched, numbers, size, scored)


def _small(numbers: Numbers, count: int, size: tuple[float, float]) -> BoolArray:
    km2 = np.bincount(numbers.ravel(), minlength=count + 1) * (size[0] * size[1] / 1e6)
    rim = np.concatenate([numbers[0], numbers[-1], numbers[:, 0], numbers[:, -1]])
    small: BoolArray = km2 < SMALL_KM2
    small[rim] = False
    small[0] = False
    return small


def _zone(
    stratum: str,
    chosen: BoolArray,
    numbers: Numbers,
    size: tuple[float, float],
    scored: BoolArray,
) -> Domain:
    """Return some glaciers with the background around that is nearer to them than to others."""
    if not chosen.any():
        return Domain(stratum, np.zeros_like(scored), 0)
    away, nearest = ndimage.distance_transform_edt(numbers == 0, sampling=size, return_indices=True)
    pixels = chosen[numbers[tuple(nearest)]] & (away <= BUFFER_M) & scored
    return Domain(stratum, pixels, int(chosen.sum()))
