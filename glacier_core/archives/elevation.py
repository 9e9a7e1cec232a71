"""Elevation and slope of any place on Earth, from the Copernicus elevation model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.elevation_tiles import (
    GLO30,
    GLO90,
    Posts,
    Product,
    Span,
    Tile,
    TileReader,
    heights_between,
)
from glacier_core.archives.transfers import Tally
from glacier_core.errors import JobCancelled
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.scene import FloatArray
from glacier_core.slope import horn_slope

LICENCE: Final = (
    "Copernicus DEM: produced using Copernicus WorldDEM-30 © DLR e.V. 2010-2014 and © Airbus "
    "Defence and Space GmbH 2014-2018 provided under COPERNICUS by the European Union and ESA; "
    "all rights reserved"
)
"""The notice that the licence of the model asks for."""

_BLOCK_PIXELS: Final = 400_000
"""Pixels that are worked on at once; it bounds memory."""

_HALO: Final = 1
"""Pixels around a part that the slope of its border needs (Horn: 3 by 3)."""


@dataclass(frozen=True, eq=False)
class Terrain:
    """Elevation and slope on a grid.

    Attributes
    ----------
    elevation : ndarray of float32, (rows, columns)
        Metres above the EGM2008 geoid; NaN for no data.
    slope : ndarray of float32, (rows, columns)
        Degrees, by Horn's method; at the border it looks one pixel beyond the grid.
    notes : tuple of str
        What a reader of any number made from it must know.
    facts : mapping of str to str
        What provenance keeps.
    """

    elevation: FloatArray
    slope: FloatArray
    notes: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)


def read_elevation(
    grid: AreaGrid, *, report: Report = unreported, cancelled: IsCancelled = never
) -> Terrain:
    """Read elevation onto a grid, and derive the slope.

    Heights are interpolated bilinearly between the posts of GLO-30. Where that has no tile but
    GLO-90 does, a country holds it back, and GLO-90 is taken; where neither has one, it is the
    sea, which is 0.

    Parameters
    ----------
    grid : AreaGrid
    report, cancelled : optional
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Terrain

    Raises
    ------
    SourceError
        When tiles cannot be had, or are not what they should be.
    JobCancelled
        When somebody stopped it.
    """
    reader = TileReader(cancelled)
    places = _Places(grid)
    posts: dict[Tile, Posts | None] = {}
    spans = _spans(places)
    tally = Tally("Reading elevation", len(spans), report)
    for tile, span in spans.items():
        posts[tile] = reader.posts_around(tile, span, tally.of(tile.corner))
        tally.finished(tile.corner, 1.0)
    elevation = np.empty(grid.shape, dtype=np.float32)
    slope = np.empty(grid.shape, dtype=np.float32)
    for rows in places.blocks():
        if cancelled():
            raise JobCancelled("The transfer was stopped before all of it was here.")
        wide = _heights(posts, *places.around(rows))
        inner = (slice(_HALO, -_HALO), slice(_HALO, -_HALO))
        elevation[rows] = wide[inner]
        slope[rows] = horn_slope(wide, grid.resolution)[inner]
    return Terrain(elevation, slope, _notes(spans, reader.used), _facts(spans, reader.used))


class _Places:
    """Longitude and latitude of the pixels of a grid, part by part."""

    def __init__(self, grid: AreaGrid) -> None:
        self._grid = grid
        self._to_degrees = Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True)

    def blocks(self) -> Iterator[slice]:
        """Yield the rows of one part after the other."""
        rows, columns = self._grid.shape
        step = max(1, _BLOCK_PIXELS // columns)
        return (slice(top, min(top + step, rows)) for top in range(0, rows, step))

    def around(self, rows: slice) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return longitudes, -180 to 180, and latitudes of some rows and a halo around them."""
        right = np.arange(-_HALO, self._grid.shape[1] + _HALO)
        down = np.arange(rows.start - _HALO, rows.stop + _HALO)
        columns: Any = right[None, :] + 0.0 * down[:, None] + 0.5
        lines: Any = down[:, None] + 0.0 * right[None, :] + 0.5
        x, y = self._grid.transform @ (columns, lines)
        longitudes, latitudes = self._to_degrees.transform(x, y)
        longitudes = (longitudes + 180) % 360 - 180
        return np.where(longitudes >= 180, -180.0, longitudes), np.asarray(latitudes)


def _spans(places: _Places) -> dict[Tile, Span]:
    """Return every tile that a grid lies on, and the part of it."""
    found: dict[Tile, Span] = {}
    for rows in places.blocks():
        longitudes, latitudes = places.around(rows)
        numbers = _tile_numbers(longitudes, latitudes)
        for number in np.unique(numbers):
            here = numbers == number
            lon, lat = longitudes[here], latitudes[here]
            span = Span(lat.min(), lat.max(), lon.min(), lon.max())
            tile = _tile(int(number))
            found[tile] = _joined(found[tile], span) if tile in found else span
    return dict(sorted(found.items()))


def _tile_numbers(
    longitudes: NDArray[np.float64], latitudes: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Return the number of the tile of each place; posts begin at its northern and western edge."""
    south = np.maximum(np.ceil(latitudes) - 1, -90)
    numbers: NDArray[np.int64] = ((south + 90) * 360 + np.floor(longitudes) + 180).astype(np.int64)
    return numbers


def _tile(number: int) -> Tile:
    return Tile(number // 360 - 90, number % 360 - 180)


def _joined(one: Span, other: Span) -> Span:
    return Span(
        min(one.south, other.south),
        max(one.north, other.north),
        min(one.west, other.west),
        max(one.east, other.east),
    )


def _heights(
    posts: Mapping[Tile, Posts | None],
    longitudes: NDArray[np.float64],
    latitudes: NDArray[np.float64],
) -> FloatArray:
    heights = np.zeros(latitudes.shape, dtype=np.float32)
    numbers = _tile_numbers(longitudes, latitudes)
    for number in np.unique(numbers):
        known = posts[_tile(int(number))]
        if known is not None:
            here = numbers == number
            heights[here] = heights_between(known, latitudes[here], longitudes[here])
    return heights


def _corners(
    spans: Mapping[Tile, Span], used: Mapping[Tile, Product | None], product: Product | None
) -> str:
    """Return the tiles of a product that the grid itself lies on, as people write them."""
    return ", ".join(tile.corner for tile in spans if used[tile] == product)


def _notes(spans: Mapping[Tile, Span], used: Mapping[Tile, Product | None]) -> tuple[str, ...]:
    notes = []
    if any(used[tile] is not None for tile in spans):
        notes.append(
            "The elevation is a surface model of 2010 to 2015 (Copernicus DEM), in metres above "
            "the EGM2008 geoid: glaciers have changed since."
        )
    if coarse := _corners(spans, used, GLO90):
        notes.append(
            f"A country holds back the 30 m elevation of {coarse}: the 90 m one (GLO-90) stands in "
            "for it, so slopes are smoother there."
        )
    if sea := _corners(spans, used, None):
        notes.append(f"There is no elevation of {sea}, for that is open sea: taken as 0 m.")
    return tuple(notes)


def _facts(spans: Mapping[Tile, Span], used: Mapping[Tile, Product | None]) -> dict[str, str]:
    named = {
        "elevation from Copernicus DEM GLO-30": _corners(spans, used, GLO30),
        "elevation from Copernicus DEM GLO-90": _corners(spans, used, GLO90),
        "elevation of the sea, 0 m": _corners(spans, used, None),
    }
    return {name: tiles for name, tiles in named.items() if tiles} | {
        "vertical datum": "EGM2008 geoid (EPSG:3855)",
        "elevation resampling": "bilinear",
        "slope": "Horn (1981), degrees, one pixel beyond the border",
    }
