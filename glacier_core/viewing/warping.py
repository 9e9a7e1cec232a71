"""Parts of a raster warped to web Mercator, as tiles need them.

GDAL's handles do not stand being shared between threads, so each thread has its own, and keeps the
last few open: what was unpacked for a tile is there for its neighbours. Only GeoTIFF is ever read,
whatever a file's name says.
"""

import threading
from dataclasses import dataclass
from functools import lru_cache
from math import cosh, floor, pi
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from cachetools import LRUCache
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_bounds
from rasterio.warp import reproject, transform_bounds
from rio_tiler.io import Reader

from glacier_core.disk import FileState, file_state
from glacier_core.viewing.layers import EQUATOR_M, TILE_SIZE

Address = tuple[int, int, int]
"""Zoom, column and row of a tile."""

KEPT_OPEN: Final = 6
"""Rasters and overviews that each thread keeps open."""

_MERCATOR: Final = CRS.from_epsg(3857)
_FEW_PIXELS: Final = 32
"""Pixels of a window's shorter side below which GDAL may leave some of them out."""


class _Handles(LRUCache[tuple[Path, FileState, int], Any]):
    """Open rasters, closed when others take their place."""

    def popitem(self) -> tuple[Any, Any]:
        key, dataset = super().popitem()
        dataset.close()
        return key, dataset


class _OfThread(threading.local):
    def __init__(self) -> None:
        self.handles = _Handles(KEPT_OPEN)


_of_thread = _OfThread()


def opened(path: Path, overview: int = -1) -> Any:
    """Return an open GeoTIFF, or one of its overviews, for this thread, which must not close it.

    A file that has changed is opened anew.
    """
    handles, key = _of_thread.handles, (path, file_state(path), overview)
    if key not in handles:
        options = {} if overview < 0 else {"overview_level": overview}
        handles[key] = rasterio.open(path, driver="GTiff", **options)
    return handles[key]


def forget(path: Path) -> None:
    """Close what this thread has open of a file."""
    for key in [key for key in _of_thread.handles if key[0] == path]:
        _of_thread.handles.pop(key).close()


@dataclass(frozen=True)
class TileWindow:
    """The part of a tile that a raster reaches, in pixels of the tile.

    Only this part is ever warped: a tile of half the Earth would otherwise be warped at the
    resolution of the raster.
    """

    tile: Address
    left: int
    top: int
    right: int
    bottom: int

    @property
    def side_m(self) -> float:
        """Side of a pixel in metres of web Mercator."""
        return EQUATOR_M / (TILE_SIZE * 2.0 ** self.tile[0])

    def bounds(self, margin: int = 0) -> tuple[float, float, float, float]:
        """Return west, south, east and north in web Mercator, with a margin of pixels."""
        _, column, row = self.tile
        west, north = column * TILE_SIZE + self.left - margin, row * TILE_SIZE + self.top - margin
        east = column * TILE_SIZE + self.right + margin
        south = row * TILE_SIZE + self.bottom + margin
        half = EQUATOR_M / 2
        return (
            west * self.side_m - half,
            half - south * self.side_m,
            east * self.side_m - half,
            half - north * self.side_m,
        )

    def shrink_ratio(self) -> float:
        """Metres on the ground a metre of web Mercator, in the middle of the window."""
        _, south, _, north = self.bounds()
        return 1 / cosh((south + north) / 2 * 2 * pi / EQUATOR_M)


def tile_window(dataset: Any, tile: Address) -> TileWindow | None:
    """Return the part of a tile that a raster reaches, None where it reaches none of it."""
    west, south, east, north = _mercator_bounds(dataset)
    if not np.isfinite([west, south, east, north]).all():
        return None
    _, column, row = tile
    whole = TileWindow(tile, 0, 0, TILE_SIZE, TILE_SIZE)
    half = EQUATOR_M / 2
    left, right = (floor((x + half) / whole.side_m) - column * TILE_SIZE for x in (west, east))
    top, bottom = (floor((half - y) / whole.side_m) - row * TILE_SIZE for y in (north, south))
    left, right = max(left, 0), min(right + 1, TILE_SIZE)
    top, bottom = max(top, 0), min(bottom + 1, TILE_SIZE)
    return TileWindow(tile, left, top, right, bottom) if left < right and top < bottom else None


def tiles_of(dataset: Any, zoom: int) -> list[Address]:
    """Return the tiles of a zoom that a raster reaches, row by row; none if it reaches none."""
    west, south, east, north = _mercator_bounds(dataset)
    if not np.isfinite([west, south, east, north]).all():
        return []
    side, half, last = EQUATOR_M / 2**zoom, EQUATOR_M / 2, 2**zoom - 1
    columns, rows = (
        range(max(floor(first / side), 0), min(floor(after / side), last) + 1)
        for first, after in ((west + half, east + half), (half - north, half - south))
    )
    return [(zoom, column, row) for row in rows for column in columns]


def read_window(
    dataset: Any,
    window: TileWindow,
    *,
    indexes: tuple[int, ...] = (1,),
    closer: Resampling = Resampling.bilinear,
    farther: Resampling = Resampling.average,
    margin: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the values of a window, NaN where there are none, and its mask (0 or 255).

    ``closer`` is how pixels are enlarged and warped, ``farther`` how many become one.
    """
    width = window.right - window.left + 2 * margin
    height = window.bottom - window.top + 2 * margin
    if min(width, height) < _FEW_PIXELS:
        return _masked(
            _read_few(dataset, window.bounds(margin), (height, width), indexes, closer, farther)
        )
    values = np.full((len(indexes), height, width), np.nan, dtype=np.float32)
    shrunk = shrinking(dataset, window)
    source = _overview(dataset, shrunk)
    # Not through a WarpedVRT: it warps all six bands of a file to give three of them, and from the
    # full resolution where an overview would do.
    reproject(
        rasterio.band(source, list(indexes)),
        values,
        dst_transform=from_bounds(*window.bounds(margin), width, height),
        dst_crs=_MERCATOR,
        src_nodata=np.nan if source.nodata is None else source.nodata,
        dst_nodata=np.nan,
        resampling=farther if shrunk > 1 else closer,
    )
    return _masked(values)


def _masked(values: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    return values, np.where(np.isfinite(values).all(axis=0), 255, 0).astype(np.uint8)


def _read_few(
    dataset: Any,
    bounds: tuple[float, float, float, float],
    shape: tuple[int, int],
    indexes: tuple[int, ...],
    closer: Resampling,
    farther: Resampling,
) -> NDArray[np.float32]:
    """Return the values of a few pixels, by rio-tiler, which warps first and then shrinks.

    Where a whole raster becomes a pixel or two, GDAL warps nothing into them.
    """
    with Reader(None, dataset=dataset) as reader:
        image = reader.part(
            bounds,
            dst_crs=_MERCATOR,
            bounds_crs=_MERCATOR,
            height=shape[0],
            width=shape[1],
            indexes=indexes,
            resampling_method=farther.name,
            reproject_method=closer.name,
            unscale=True,
        )
    return np.asarray(np.ma.filled(image.array.astype(np.float32), np.nan))


def shrinking(dataset: Any, window: TileWindow) -> float:
    """Return how many pixels of a raster become one of a window, along a side."""
    west, _, east, _ = _mercator_bounds(dataset)
    return float(window.side_m * dataset.width / (east - west))


def _mercator_bounds(dataset: Any) -> tuple[float, float, float, float]:
    path = Path(dataset.name)
    return _bounds_of(path, file_state(path))


@lru_cache(maxsize=256)
def _bounds_of(path: Path, state: FileState) -> tuple[float, float, float, float]:  # noqa: ARG001
    dataset = opened(path)
    west, south, east, north = transform_bounds(dataset.crs, _MERCATOR, *dataset.bounds)
    return west, south, east, north


def _overview(dataset: Any, shrunk: float) -> Any:
    """Return the coarsest overview of a raster that is still as fine as needed, or the raster."""
    fine_enough = [factor for factor in dataset.overviews(1) if factor <= shrunk]
    if not fine_enough:
        return dataset
    return opened(Path(dataset.name), overview=len(fine_enough) - 1)
