"""The table that glaciers are looked up in: one row a glacier, no outlines."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from glacier_core.inventories.names import search_keys
from glacier_core.inventories.regions import regions

CRS: Final = "EPSG:4326"

TEXTS: Final = (
    "glacier_id",
    "name",
    "rgi7_id",
    "rgi6_id",
    "rgi6_others",
    "glims_id",
    "complex_id",
    "region",
    "region_name",
    "country",
    "date",
    "inventory",
    "exactness",
    "search_keys",
)
"""Columns of text, empty where unknown.

``glacier_id``: the id in the inventory the row is from; ``rgi6_id``: of the RGI 6 outline it
overlaps most, ``rgi6_others``: of further ones, apart by spaces; ``complex_id``: of the RGI 7
complex it is part of; ``region``: ``01`` to ``19``; ``date``: of the outline; ``exactness``: how
the rectangle was found; ``search_keys``: what its names are found under, apart by ``|``."""

NUMBERS: Final = ("latitude", "longitude", "west", "south", "east", "north", "area_km2")
"""Degrees, WGS 84, of a point on the glacier and of the rectangle around it (``west`` is greater
than ``east`` where it crosses the antimeridian), and the inventory's area; NaN where unknown."""

COLUMNS: Final = (*TEXTS, *NUMBERS, "geometry")
"""``geometry`` is the rectangle; two parts where it crosses the antimeridian."""

Bounds = NDArray[np.float64]
"""(rows, 4): west, south, east, north in degrees."""


def index_table(
    texts: Mapping[str, Sequence[str]], centres: NDArray[np.float64], bounds: Bounds, area: Any
) -> gpd.GeoDataFrame:
    """Put what is known of glaciers into the one table.

    Parameters
    ----------
    texts : mapping of str to sequence of str
        Some of :data:`TEXTS`; the region's name and the search keys are filled in.
    centres : ndarray of float64, (rows, 2)
        Longitude and latitude; the middle of the rectangle stands in where it is not finite or
        outside of the rectangle.
    bounds : ndarray of float64, (rows, 4)
        West, south, east, north in degrees; west greater than east over the antimeridian.
    area : array_like, (rows,)
        Square kilometres; NaN where unknown.

    Returns
    -------
    geopandas.GeoDataFrame
        With the columns of :data:`COLUMNS`, EPSG:4326.
    """
    rows = len(bounds)
    table = pd.DataFrame({column: texts.get(column, [""] * rows) for column in TEXTS}, dtype="str")
    table["region_name"] = [region_name(number) for number in table["region"]]
    if "search_keys" not in texts:
        table["search_keys"] = ["|".join(search_keys(name)) for name in table["name"]]
    middles = _centres(centres, bounds)
    for column, values in zip(
        NUMBERS, (middles[:, 1], middles[:, 0], *bounds.T, np.asarray(area)), strict=True
    ):
        table[column] = np.asarray(values, dtype=np.float64)
    return gpd.GeoDataFrame(table, geometry=rectangles(bounds), crs=CRS)[list(COLUMNS)]


def region_name(number: str) -> str:
    """Return the name of a region, empty where there is none of this number."""
    known = regions().get(number)
    return known.name if known else ""


def rectangles(bounds: Bounds) -> NDArray[np.object_]:
    """Return rectangles as polygons, of two parts where they cross the antimeridian."""
    west, south, east, north = bounds.T
    drawn = np.asarray(shapely.box(west, south, east, north), dtype=object)
    for row in np.flatnonzero(west > east):
        drawn[row] = shapely.MultiPolygon(
            [
                shapely.box(west[row], south[row], 180, north[row]),
                shapely.box(-180, south[row], east[row], north[row]),
            ]
        )
    return drawn


def _centres(centres: NDArray[np.float64], bounds: Bounds) -> NDArray[np.float64]:
    west, south, east, north = bounds.T
    width = (east - west) % 360
    inside = (
        np.isfinite(centres).all(axis=1)
        & ((centres[:, 0] - west) % 360 <= width)
        & (centres[:, 1] >= south)
        & (centres[:, 1] <= north)
    )
    middle = np.stack([(west + width / 2 + 180) % 360 - 180, (south + north) / 2], axis=1)
    return np.where(inside[:, None], centres, middle)
