"""Tiles of the Copernicus elevation model: which there are, and the heights in them."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window
from scipy import ndimage

from glacier_core.errors import SourceError
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.services import service
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.scene import FloatArray

_NAME: Final = re.compile(r"Copernicus_DSM_COG_\d\d_[NS]\d\d_00_[EW]\d{3}_00_DEM")
_LONGEST_LIST: Final = 16_000_000
"""Bytes; the lists of 2021 have 26,475 lines of 41."""

_MOST_POSTS: Final = 36_000
"""Rows or columns of a tile; GLO-30 has 3600."""

HEIGHTS: Final = (-500.0, 9000.0)
"""Metres between which the surface of the Earth lies; anything else is no data."""


@dataclass(frozen=True)
class Product:
    """One of the two public elevation models.

    Attributes
    ----------
    title : str
        As people write it.
    service : str
        Name of its bucket among the services.
    arc : int
        Distance of its rows in tenths of an arc second, as the names of its tiles tell.
    """

    title: str
    service: str
    arc: int


GLO30: Final = Product("GLO-30", "copernicus-dem-30m", 10)
GLO90: Final = Product("GLO-90", "copernicus-dem-90m", 30)


@dataclass(frozen=True, order=True)
class Tile:
    """One degree by one degree, named by its south-western corner.

    Attributes
    ----------
    south : int
        -90 to 89.
    west : int
        -180 to 179.
    """

    south: int
    west: int

    @property
    def corner(self) -> str:
        """Its corner as people write it: ``N46E008``."""
        return f"{self._latitude}{self._longitude}"

    def name(self, product: Product) -> str:
        """Return its name in the bucket of a product."""
        return f"Copernicus_DSM_COG_{product.arc}_{self._latitude}_00_{self._longitude}_00_DEM"

    def address(self, product: Product) -> str:
        """Return where its file lies."""
        name = self.name(product)
        return f"{service(product.service)}/{name}/{name}.tif"

    def to_the(self, south: int = 0, east: int = 0) -> "Tile":
        """Return the tile so many to the south and east, around the Earth."""
        return Tile(self.south - south, (self.west + east + 180) % 360 - 180)

    @property
    def _latitude(self) -> str:
        return f"{'S' if self.south < 0 else 'N'}{abs(self.south):02d}"

    @property
    def _longitude(self) -> str:
        return f"{'W' if self.west < 0 else 'E'}{abs(self.west):03d}"


def product_of(tile: Tile) -> Product | None:
    """Return the finest product that has a tile, None where it is open sea.

    GLO-30 leaves out the sea and countries that hold it back; GLO-90 leaves out the sea only.

    Raises
    ------
    SourceError
        When the lists of tiles cannot be had.
    """
    for product in (GLO30, GLO90):
        if tile.name(product) in _listed(service(product.service)):
            return product
    return None


@dataclass(frozen=True, eq=False)
class Posts:
    """Heights at points of a regular grid in degrees.

    Attributes
    ----------
    heights : ndarray of float32, (rows, columns)
        Metres above EGM2008; NaN for no data.
    north, west : float
        Latitude and longitude of the first point.
    down, right : float
        Degrees between two rows and two columns.
    """

    heights: FloatArray
    north: float
    west: float
    down: float
    right: float

    @property
    def latitudes(self) -> NDArray[np.float64]:
        """Of the rows, falling."""
        return self.north - self.down * np.arange(self.heights.shape[0], dtype=np.float64)

    @property
    def longitudes(self) -> NDArray[np.float64]:
        """Of the columns, rising."""
        return self.west + self.right * np.arange(self.heights.shape[1], dtype=np.float64)


@dataclass(frozen=True)
class Span:
    """Part of a tile, in degrees."""

    south: float
    north: float
    west: float
    east: float


class TileReader:
    """Reads parts of tiles, each from the finest product that has it.

    Attributes
    ----------
    used : dict of Tile to Product or None
        The tiles asked for so far, and the product each came from; None for the sea.
    """

    def __init__(self, cancelled: IsCancelled = never) -> None:
        self.used: dict[Tile, Product | None] = {}
        self._cancelled = cancelled

    def posts_around(self, tile: Tile, span: Span, report: Report = unreported) -> Posts | None:
        """Return the posts of a tile around a part of it; None for the sea.

        Where the part reaches them, the first column and row of the tiles to the east and south
        come with its own, so that heights can be interpolated right up to its edges.

        Raises
        ------
        SourceError
            When a tile that is listed cannot be had, or is not what it should be.
        JobCancelled
        """
        product = self._product(tile)
        if product is None:
            return None
        with self._opened(tile, product, report) as raster:
            own = _read(raster, span)
            south = _rows(raster, span).stop > raster.height
            east = _columns(raster, span).stop > raster.width
        if east:
            own = self._with_column(own, tile)
        return self._with_row(own, tile) if south else own

    def _with_column(self, own: Posts, tile: Tile) -> Posts:
        """Put the first column of the tile to the east to a tile's own."""
        longitude = own.west + own.right * own.heights.shape[1]
        beside = self._heights_at(tile.to_the(east=1), own.latitudes, np.array(longitude))
        return replace(own, heights=np.column_stack([own.heights, beside]))

    def _with_row(self, own: Posts, tile: Tile) -> Posts:
        """Put the first row of the tile to the south to a tile's own; the pole has none."""
        latitude = np.array(own.north - own.down * own.heights.shape[0])
        if tile.south == -90:
            return replace(own, heights=np.vstack([own.heights, own.heights[-1]]))
        below = self._heights_at(tile.to_the(south=1), latitude, own.longitudes)
        beyond = own.longitudes >= tile.west + 1 - own.right / 2
        if beyond.any():
            corner = tile.to_the(south=1, east=1)
            below[beyond] = self._heights_at(corner, latitude, own.longitudes[beyond])
        return replace(own, heights=np.vstack([own.heights, below]))

    def _heights_at(
        self, tile: Tile, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
    ) -> FloatArray:
        """Return heights between a tile's own posts; those of its edge beyond them."""
        product = self._product(tile)
        latitudes, longitudes = np.broadcast_arrays(latitudes, _turned(longitudes, tile.west))
        if product is None:
            return np.zeros(latitudes.shape, dtype=np.float32)
        span = Span(latitudes.min(), latitudes.max(), longitudes.min(), longitudes.max())
        with self._opened(tile, product) as raster:
            return heights_between(_read(raster, span), latitudes, longitudes)

    def _product(self, tile: Tile) -> Product | None:
        if tile not in self.used:
            self.used[tile] = product_of(tile)
        return self.used[tile]

    @contextmanager
    def _opened(
        self, tile: Tile, product: Product, report: Report = unreported
    ) -> Iterator[DatasetReader]:
        address = tile.address(product)
        with open_remote_raster(address, report=report, cancelled=self._cancelled) as raster:
            _check(raster, tile, address)
            yield raster


def heights_between(
    posts: Posts, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
) -> FloatArray:
    """Return heights at places among posts, bilinear; the nearest beyond the outermost.

    Parameters
    ----------
    posts : Posts
    latitudes, longitudes : ndarray
        Degrees, of one shape.

    Returns
    -------
    ndarray of float32
        Metres; NaN where one of the four posts around a place has no data.
    """
    rows = (posts.north - latitudes) / posts.down
    columns = (_turned(longitudes, posts.west) - posts.west) / posts.right
    return ndimage.map_coordinates(
        posts.heights, [rows, columns], output=np.float32, order=1, mode="nearest"
    )


def _turned(longitudes: NDArray[np.float64], west: float) -> NDArray[np.float64]:
    """Return longitudes on the same turn around the Earth as a tile that begins at `west`."""
    turned: NDArray[np.float64] = longitudes - 360 * np.round((longitudes - west - 0.5) / 360)
    return turned


@lru_cache(maxsize=4)
def _listed(bucket: str) -> frozenset[str]:
    """Return the names of all tiles of a bucket."""
    address = f"{bucket}/tileList.txt"
    text = get_bytes(address, most_bytes=_LONGEST_LIST).decode("utf-8", "replace")
    names = frozenset(line.strip().rstrip("/") for line in text.splitlines() if line.strip())
    if not names or not all(map(_NAME.fullmatch, names)):
        raise SourceError(
            f"The list of elevation tiles at {address} is not one: sea and missing tiles could not "
            "be told apart. Try again later; a log-in page of the network would do so too."
        )
    return names


def _rows(raster: DatasetReader, span: Span) -> slice:
    """Return the rows around a span; one beyond the last is that of the tile to the south."""
    north, down = raster.transform.f + raster.transform.e / 2, -raster.transform.e
    return _around((north - span.north) / down, (north - span.south) / down, raster.height)


def _columns(raster: DatasetReader, span: Span) -> slice:
    """Return the columns around a span; one beyond the last is that of the tile to the east."""
    west, right = raster.transform.c + raster.transform.a / 2, raster.transform.a
    return _around((span.west - west) / right, (span.east - west) / right, raster.width)


def _around(first: float, last: float, size: int) -> slice:
    return slice(min(max(math.floor(first), 0), size - 1), min(math.floor(last) + 2, size + 1))


def _read(raster: DatasetReader, span: Span) -> Posts:
    """Return a tile's own posts around a span."""
    rows, columns = _rows(raster, span), _columns(raster, span)
    height = min(rows.stop, raster.height) - rows.start
    width = min(columns.stop, raster.width) - columns.start
    band = raster.read(1, window=Window(columns.start, rows.start, width, height), masked=True)
    heights = band.astype(np.float32).filled(np.nan)
    lowest, highest = HEIGHTS
    heights[~((heights >= lowest) & (heights <= highest))] = np.nan
    west, north = raster.transform @ (columns.start + 0.5, rows.start + 0.5)
    return Posts(heights, north, west, -raster.transform.e, raster.transform.a)


def _check(raster: DatasetReader, tile: Tile, address: str) -> None:
    """Refuse a file that is not the tile it should be, before any of its pixels is read."""
    grid = raster.transform
    west, north = grid @ (0.5, 0.5)
    fits = (
        raster.crs is not None
        and raster.crs.is_geographic
        and grid.b == grid.d == 0 < grid.a
        and grid.e < 0
        and abs(west - tile.west) <= grid.a
        and abs(north - tile.south - 1) <= -grid.e
        and max(raster.shape) <= _MOST_POSTS
        and np.allclose([grid.a * raster.width, -grid.e * raster.height], 1, rtol=1e-3)
    )
    if not fits:
        raise SourceError(
            f"The file at {address} is not the elevation tile {tile.corner}: it lies elsewhere, or "
            "is of another size. Nothing of it was used; try again later."
        )
