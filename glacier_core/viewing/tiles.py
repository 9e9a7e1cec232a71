"""Map tiles, drawn by rio-tiler from the GeoTIFFs of scenes, maps and comparisons.

A file is opened for each tile and closed again: GDAL's handles do not stand being shared
between threads. Only GeoTIFF is ever read, whatever a file's name says.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from math import cosh, floor, pi
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.warp import transform_bounds
from rio_tiler.io import Reader

from glacier_core.disk import FileState, file_state
from glacier_core.errors import SourceError, StorageError
from glacier_core.memory import Memory
from glacier_core.settings import settings
from glacier_core.viewing import files, palettes, rendering
from glacier_core.viewing.agreement import agreement_file
from glacier_core.viewing.layers import EQUATOR_M, MAX_ZOOM, TILE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

SCENE_LAYERS: Final = ("natural", "swir", "ndsi", "hillshade", "slope")
MAP_LAYERS: Final = files.MAP_RASTERS

Address = tuple[int, int, int]
"""Zoom, column and row of a tile."""

_MERCATOR: Final = CRS.from_epsg(3857)
_Drawing = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def scene_tile(scene_id: str, layer: str, tile: Address) -> bytes:
    """Return a tile of a scene as PNG, transparent outside of it.

    Parameters
    ----------
    scene_id : str
    layer : {"natural", "swir", "ndsi", "hillshade", "slope"}
    tile : (int, int, int)
        Zoom, column and row in web Mercator, tiles of 512 pixels.

    Raises
    ------
    SourceError
        When there is no such scene, layer or tile.
    StorageError
        When the file cannot be read.
    """
    if layer not in SCENE_LAYERS:
        raise SourceError(f"A scene has no layer called {layer[:40]!r}.")
    raster = {"hillshade": "elevation", "slope": "slope"}.get(layer, "optical")
    return _draw(files.scene_raster(scene_id, raster), layer, tile)


def map_tile(map_key: str, layer: str, tile: Address) -> bytes:
    """Return a data-carrying tile of ``probability`` or ``confidence`` as PNG.

    Red holds ``round(255 * value)``, alpha is 0 where nothing was mapped. Errors as of
    :func:`scene_tile`.
    """
    return _draw(files.map_raster(map_key, layer), "value", tile)


def agreement_tile(comparison_key: str, tile: Address) -> bytes:
    """Return a tile of where network and expert agree; errors as of :func:`scene_tile`."""
    return _draw(agreement_file(comparison_key), "agreement", tile)


def _draw(path: Path, layer: str, tile: Address) -> bytes:
    zoom, column, row = tile
    if not (0 <= zoom <= MAX_ZOOM and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
        raise SourceError(f"There is no tile {zoom}/{column}/{row}.")
    # A file that changed has another key, so no old tile is ever returned.
    try:
        key = (path, file_state(path), layer, tile)
    except OSError as error:  # it left the cache at this moment
        raise SourceError(f"There is no {path.name} any more. Open the page again.") from error
    return _tiles().get(key, lambda: _drawn(path, layer, tile))


@lru_cache(maxsize=1)
def _tiles() -> Memory:
    return Memory(settings().tile_cache_megabytes * 1_000_000)


def _drawn(path: Path, layer: str, tile: Address) -> bytes:
    try:
        with opened(path) as reader:
            window = _window(reader, tile)
            if window is None:
                return empty_tile()
            picture, mask = _PAINTERS[layer](reader, window)
    except rasterio.errors.RasterioError as error:
        raise StorageError(f"{path.name} cannot be read; it seems damaged.") from error
    return _png(picture, mask, window)


@lru_cache(maxsize=1)
def empty_tile() -> bytes:
    """Return a transparent tile."""
    nothing = np.zeros((TILE_SIZE, TILE_SIZE), dtype=np.uint8)
    return rendering.png(np.stack([nothing] * 3), nothing)


def _png(picture: NDArray[np.uint8], mask: NDArray[np.uint8], window: "_Window") -> bytes:
    """Lay what was painted into an otherwise transparent tile."""
    tile = np.zeros((4, TILE_SIZE, TILE_SIZE), dtype=np.uint8)
    place = (slice(window.top, window.bottom), slice(window.left, window.right))
    tile[:3, *place] = picture
    tile[3, *place] = mask
    return rendering.png(tile[:3], tile[3])


@contextmanager
def opened(path: Path) -> "Iterator[Any]":
    """Open a GeoTIFF as a rio-tiler reader, and close it."""
    with rasterio.open(path, driver="GTiff") as dataset, Reader(None, dataset=dataset) as reader:
        yield reader


@dataclass(frozen=True)
class _Window:
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


def _window(reader: Any, tile: Address) -> _Window | None:
    """Return the part of a tile that a raster reaches, None where it reaches none of it."""
    west, south, east, north = transform_bounds(reader.crs, "EPSG:3857", *reader.bounds)
    if not np.isfinite([west, south, east, north]).all():
        return None
    _, column, row = tile
    whole = _Window(tile, 0, 0, TILE_SIZE, TILE_SIZE)
    half = EQUATOR_M / 2
    left, right = (floor((x + half) / whole.side_m) - column * TILE_SIZE for x in (west, east))
    top, bottom = (floor((half - y) / whole.side_m) - row * TILE_SIZE for y in (north, south))
    left, right = max(left, 0), min(right + 1, TILE_SIZE)
    top, bottom = max(top, 0), min(bottom + 1, TILE_SIZE)
    return _Window(tile, left, top, right, bottom) if left < right and top < bottom else None


def _read(
    reader: Any,
    window: _Window,
    *,
    indexes: tuple[int, ...] = (1,),
    closer: str = "bilinear",
    farther: str = "average",
    margin: int = 0,
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """Return the values of a window, NaN where there are none, and its mask (0 or 255).

    ``closer`` is how pixels are enlarged and warped, ``farther`` how many become one.
    """
    image = reader.part(
        window.bounds(margin),
        dst_crs=_MERCATOR,
        bounds_crs=_MERCATOR,
        width=window.right - window.left + 2 * margin,
        height=window.bottom - window.top + 2 * margin,
        indexes=indexes,
        resampling_method=farther,
        reproject_method=closer,
        unscale=True,
    )
    values = np.ma.filled(image.array.astype(np.float32), np.nan)
    mask = np.where(np.isfinite(values).all(axis=0), 255, 0).astype(np.uint8)
    return values, mask


def _paint_composite(name: str) -> Callable[[Any, _Window], _Drawing]:
    def paint(reader: Any, window: _Window) -> _Drawing:
        values, mask = _read(reader, window, indexes=rendering.band_numbers(name))
        path = Path(reader.dataset.name)
        limits = _limits(path, file_state(path), name)
        return rendering.composite_picture(values, limits), mask

    return paint


@lru_cache(maxsize=64)
def _limits(path: Path, state: FileState, composite: str) -> tuple[float, float]:  # noqa: ARG001
    """Return one stretch for the whole scene, so that neighbouring tiles match."""
    with opened(path) as reader:
        image = reader.preview(
            max_size=512, indexes=rendering.band_numbers(composite), unscale=True
        )
    return rendering.stretch_limits(np.ma.filled(image.array.astype(np.float32), np.nan))


def _paint_ndsi(reader: Any, window: _Window) -> _Drawing:
    values, mask = _read(reader, window, indexes=rendering.band_numbers("ndsi"))
    index = rendering.ndsi(values[0], values[1])
    return rendering.ramp_picture(index, palettes.NDSI), np.where(np.isfinite(index), mask, 0)


def _paint_hillshade(reader: Any, window: _Window) -> _Drawing:
    values, mask = _read(reader, window, closer="cubic", margin=1)
    ground = window.side_m * window.shrink_ratio()
    return rendering.hillshade(values[0], ground), mask[1:-1, 1:-1]


def _paint_slope(reader: Any, window: _Window) -> _Drawing:
    values, mask = _read(reader, window)
    return rendering.ramp_picture(values[0], palettes.SLOPE), mask


def _paint_value(reader: Any, window: _Window) -> _Drawing:
    values, mask = _read(reader, window, closer="nearest")
    return rendering.value_picture(values[0]), mask


def _paint_agreement(reader: Any, window: _Window) -> _Drawing:
    values, _ = _read(reader, window, closer="nearest", farther="mode")
    return rendering.agreement_picture(np.nan_to_num(values[0]).astype(np.uint8))


_PAINTERS: Final[dict[str, Callable[[Any, _Window], _Drawing]]] = {
    "natural": _paint_composite("natural"),
    "swir": _paint_composite("swir"),
    "ndsi": _paint_ndsi,
    "hillshade": _paint_hillshade,
    "slope": _paint_slope,
    "value": _paint_value,
    "agreement": _paint_agreement,
}
