"""Map tiles, drawn from the GeoTIFFs of scenes, maps and comparisons."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rio_tiler.io import Reader

from glacier_core.disk import FileState, file_state
from glacier_core.errors import SourceError, StorageError
from glacier_core.memory import Memory
from glacier_core.pieces import Pieces, Shelf
from glacier_core.settings import settings
from glacier_core.viewing import files, palettes, rendering, warping
from glacier_core.viewing.agreement import agreement_file
from glacier_core.viewing.layers import (
    FINEST_CODES,
    FINEST_IMAGERY,
    MAX_ZOOM,
    TILE_SIZE,
    drawing_version,
)
from glacier_core.viewing.warping import Address, TileWindow, read_window

SCENE_LAYERS: Final = ("natural", "swir", "ndsi", "hillshade", "slope")
MAP_LAYERS: Final = files.MAP_RASTERS

KEPT_FROM: Final = 2_000_000
"""Pixels of a raster from which its tiles are kept on disk: there are more of them than are drawn
ahead of a reader, and each is made of more than stays unpacked."""

_Drawing = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@dataclass(frozen=True)
class Picture:
    """A raster as one of the layers of a map draws it, tile by tile.

    Made by :func:`scene_picture`, :func:`map_picture` and :func:`agreement_picture`.
    """

    path: Path
    layer: str

    def tile(self, tile: Address) -> bytes:
        """Return a tile as PNG, or as JPEG where imagery or terrain fills it.

        Parameters
        ----------
        tile : (int, int, int)
            Zoom, column and row in web Mercator, tiles of 512 pixels.

        Raises
        ------
        SourceError
            When there is no such tile, or the raster is there no more.
        StorageError
            When the file cannot be read.
        """
        zoom, column, row = tile
        if not (0 <= zoom <= MAX_ZOOM and 0 <= column < 2**zoom and 0 <= row < 2**zoom):
            raise SourceError(f"There is no tile {zoom}/{column}/{row}.")
        # A file that changed has another key, so no old tile is ever returned.
        try:
            key = (self.path, file_state(self.path), self.layer, tile)
        except OSError as error:  # it left the cache at this moment
            raise SourceError(
                f"There is no {self.path.name} any more. Open the page again."
            ) from error
        return _tiles().get(key, lambda: self._kept(tile))

    def keep(self, tile: Address) -> bool:
        """Draw a tile and keep it on disk, unless it is; return whether the disk took it.

        Errors as of :meth:`tile`.
        """
        pieces = self._pieces()
        return _name(tile) in pieces or pieces.put(_name(tile), self._drawn(tile))

    def is_large(self) -> bool:
        """Return whether its tiles are kept on disk."""
        dataset = warping.opened(self.path)
        return bool(dataset.width * dataset.height >= KEPT_FROM)

    def relatives(self) -> list["Picture"]:
        """Return the pictures that are looked at together with this one, itself first."""
        if self.layer in SCENE_LAYERS:
            others = [
                Picture(self.path.with_name(f"{_raster(name)}.tif"), name) for name in SCENE_LAYERS
            ]
        elif self.layer == "value":
            others = [Picture(self.path.with_name(f"{name}.tif"), "value") for name in MAP_LAYERS]
        else:
            others = []
        return [self, *(other for other in others if other != self)]

    def all_tiles(self) -> Iterator[Address]:
        """Give all tiles that show something of it, from coarse to as fine as its pixels."""
        dataset = warping.opened(self.path)
        for zoom in range(MAX_ZOOM + 1):
            shown = [tile for tile in warping.tiles_of(dataset, zoom) if self._shows(tile)]
            if not shown:
                return
            yield from shown

    def around(self, tile: Address) -> Iterator[Address]:
        """Give the tiles that are next to be asked for: beside it, closer up, farther away.

        Only where there is something to draw, and none finer than the raster.
        """
        zoom, column, row = tile
        closer = [(zoom + 1, 2 * column + x, 2 * row + y) for y in (0, 1) for x in (0, 1)]
        beside = [(zoom, column + x, row + y) for y in (-1, 0, 1) for x in (-1, 0, 1) if x or y]
        for address in [*beside, *closer, (zoom - 1, column // 2, row // 2)]:
            if address[0] < 0 or min(address[1:]) < 0 or max(address[1:]) >= 2 ** address[0]:
                continue
            if self._shows(address):
                yield address

    def _shows(self, tile: Address) -> bool:
        """Return whether a tile shows something, and nothing finer than the raster."""
        dataset = warping.opened(self.path)
        window = warping.tile_window(dataset, tile)
        finest = FINEST_CODES if self.layer in _EXACT else FINEST_IMAGERY
        return window is not None and warping.shrinking(dataset, window) > finest / 2

    def _pieces(self) -> Pieces:
        version = f"{file_state(self.path)} {self.layer} {drawing_version()}"
        return kept_tiles().pieces(str(self.path), version)

    def _kept(self, tile: Address) -> bytes:
        """Return a tile as it is kept on disk; draw it where it is not, and keep it then."""
        try:
            pieces = self._pieces() if self.is_large() and self._shows(tile) else None
        except (OSError, rasterio.errors.RasterioError):
            pieces = None  # drawing it tells what is wrong
        kept = None if pieces is None else pieces.get(_name(tile))
        if kept is not None:
            return kept
        drawn = self._drawn(tile)
        if pieces is not None:
            pieces.put(_name(tile), drawn)
        return drawn

    def _drawn(self, tile: Address) -> bytes:
        try:
            dataset = warping.opened(self.path)
            window = warping.tile_window(dataset, tile)
            if window is None:
                return empty_tile()
            picture, mask = _PAINTERS[self.layer](dataset, window)
        except rasterio.errors.RasterioError as error:
            warping.forget(self.path)
            raise StorageError(f"{self.path.name} cannot be read; it seems damaged.") from error
        return _encoded(picture, mask, window, exact=self.layer in _EXACT)


def scene_picture(scene_id: str, layer: str) -> Picture:
    """Return a picture of a scene, transparent outside of it.

    Parameters
    ----------
    scene_id : str
    layer : {"natural", "swir", "ndsi", "hillshade", "slope"}

    Raises
    ------
    SourceError
        When there is no such scene or layer.
    """
    if layer not in SCENE_LAYERS:
        raise SourceError(f"A scene has no layer called {layer[:40]!r}.")
    return Picture(files.scene_raster(scene_id, _raster(layer)), layer)


def map_picture(map_key: str, layer: str) -> Picture:
    """Return the data-carrying picture of ``probability`` or ``confidence``.

    Red holds ``round(255 * value)``, alpha is 0 where nothing was mapped. Errors as of
    :func:`scene_picture`.
    """
    return Picture(files.map_raster(map_key, layer), "value")


def agreement_picture(comparison_key: str) -> Picture:
    """Return where network and expert agree; errors as of :func:`scene_picture`."""
    return Picture(agreement_file(comparison_key), "agreement")


def kept_tiles() -> Shelf:
    """Return where tiles of large rasters are kept on disk, named after all they depend on."""
    return Shelf(settings().data_dir / "tiles", settings().kept_tiles_megabytes * 1_000_000)


def _raster(layer: str) -> str:
    """Return the name of the raster that a layer of a scene shows."""
    return {"hillshade": "elevation", "slope": "slope"}.get(layer, "optical")


def _name(tile: Address) -> str:
    return "-".join(map(str, tile))


@lru_cache(maxsize=1)
def _tiles() -> Memory:
    return Memory(settings().tile_cache_megabytes * 1_000_000)


@lru_cache(maxsize=1)
def empty_tile() -> bytes:
    """Return a transparent tile."""
    nothing = np.zeros((TILE_SIZE, TILE_SIZE), dtype=np.uint8)
    return rendering.png(np.stack([nothing] * 3), nothing)


def _encoded(
    picture: NDArray[np.uint8], mask: NDArray[np.uint8], window: TileWindow, *, exact: bool
) -> bytes:
    """Lay what was painted into an otherwise transparent tile."""
    tile = np.zeros((4, TILE_SIZE, TILE_SIZE), dtype=np.uint8)
    place = (slice(window.top, window.bottom), slice(window.left, window.right))
    tile[:3, *place] = picture
    tile[3, *place] = mask
    if exact or (tile[3] < 255).any():
        return rendering.png(tile[:3], tile[3])
    # Made in a tenth of the time, and a fifth of the bytes.
    return rendering.jpeg(tile[:3])


def _paint_composite(name: str) -> Callable[[Any, TileWindow], _Drawing]:
    def paint(dataset: Any, window: TileWindow) -> _Drawing:
        values, mask = read_window(dataset, window, indexes=rendering.band_numbers(name))
        path = Path(dataset.name)
        limits = _limits(path, file_state(path), name)
        return rendering.composite_picture(values, limits), mask

    return paint


@lru_cache(maxsize=64)
def _limits(path: Path, state: FileState, composite: str) -> tuple[float, float]:  # noqa: ARG001
    """Return one stretch for the whole scene, so that neighbouring tiles match."""
    with Reader(None, dataset=warping.opened(path)) as reader:
        image = reader.preview(
            max_size=512, indexes=rendering.band_numbers(composite), unscale=True
        )
    return rendering.stretch_limits(np.ma.filled(image.array.astype(np.float32), np.nan))


def _paint_ndsi(dataset: Any, window: TileWindow) -> _Drawing:
    values, mask = read_window(dataset, window, indexes=rendering.band_numbers("ndsi"))
    index = rendering.ndsi(values[0], values[1])
    return rendering.ramp_picture(index, palettes.NDSI), np.where(np.isfinite(index), mask, 0)


def _paint_hillshade(dataset: Any, window: TileWindow) -> _Drawing:
    values, mask = read_window(dataset, window, closer=Resampling.cubic, margin=1)
    ground = window.side_m * window.shrink_ratio()
    return rendering.hillshade(values[0], ground), mask[1:-1, 1:-1]


def _paint_slope(dataset: Any, window: TileWindow) -> _Drawing:
    values, mask = read_window(dataset, window)
    return rendering.ramp_picture(values[0], palettes.SLOPE), mask


def _paint_value(dataset: Any, window: TileWindow) -> _Drawing:
    values, mask = read_window(dataset, window, closer=Resampling.nearest)
    return rendering.value_picture(values[0]), mask


def _paint_agreement(dataset: Any, window: TileWindow) -> _Drawing:
    values, _ = read_window(dataset, window, closer=Resampling.nearest, farther=Resampling.mode)
    return rendering.agreement_picture(np.nan_to_num(values[0]).astype(np.uint8))


_PAINTERS: Final[dict[str, Callable[[Any, TileWindow], _Drawing]]] = {
    "natural": _paint_composite("natural"),
    "swir": _paint_composite("swir"),
    "ndsi": _paint_ndsi,
    "hillshade": _paint_hillshade,
    "slope": _paint_slope,
    "value": _paint_value,
    "agreement": _paint_agreement,
}

_EXACT: Final = ("value", "agreement")
"""Pictures whose colours are codes: a JPEG would smear them."""
