"""The one schema of outlines, whatever file they came from."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = ("glacier_id", "name", "source", "analyst", "date", "area_km2", "geometry")
"""Columns of every table of outlines.

``glacier_id`` (text, unique), ``name``, ``source`` and ``analyst`` (text, empty where unknown),
``date`` (ISO date or year as text, empty where unknown), ``area_km2`` (in an equal-area
projection), ``geometry`` (valid polygons or multipolygons, any coordinate system).
"""

EQUAL_AREA = "ESRI:54034"
"""World cylindrical equal area on WGS 84, in metres: true areas everywhere on Earth."""


def to_schema(
    geometries: Sequence[Any],
    crs: Any,
    *,
    glacier_id: Sequence[str],
    name: Sequence[str] | str = "",
    source: Sequence[str] | str = "",
    analyst: Sequence[str] | str = "",
    date: Sequence[str] | str = "",
) -> gpd.GeoDataFrame:
    """Put geometries and what is known of them into the one schema.

    Parameters
    ----------
    geometries : sequence of shapely geometries
        Valid polygons or multipolygons.
    crs : anything pyproj understands
    glacier_id : sequence of str
        One unique id a geometry.
    name, source, analyst, date : str or sequence of str
        One for all, or one a geometry.

    Returns
    -------
    geopandas.GeoDataFrame
        With exactly the columns of :data:`COLUMNS`.
    """
    geometry = gpd.GeoSeries(list(geometries), crs=crs)
    table = pd.DataFrame({"glacier_id": pd.Series(list(glacier_id), dtype="str")})
    for column, values in (
        ("name", name),
        ("source", source),
        ("analyst", analyst),
        ("date", date),
    ):
        table[column] = values if isinstance(values, str) else list(values)
        table[column] = table[column].astype("str")
    table["area_km2"] = equal_area_km2(geometry)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=crs)[list(COLUMNS)]


def empty_outlines(crs: Any) -> gpd.GeoDataFrame:
    """Return a table of outlines without a row, in the schema."""
    return to_schema([], crs, glacier_id=[])


def equal_area_km2(geometry: gpd.GeoSeries) -> NDArray[np.float64]:
    """Return areas in square kilometres, measured in :data:`EQUAL_AREA`.

    Parameters
    ----------
    geometry : geopandas.GeoSeries
        Polygons in any coordinate system.
    """
    if len(geometry) == 0:
        return np.zeros(0)
    return np.asarray(geometry.to_crs(EQUAL_AREA).area, dtype=np.float64) / 1e6
