"""Rows of the glacier index, read from the files of an inventory piece by piece."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from numpy.typing import NDArray
from pyproj import CRS

from glacier_core.errors import OutlineError
from glacier_core.inventories.identifiers import identifier_in
from glacier_core.inventories.index_table import Bounds, index_table
from glacier_core.inventories.names import tidy_name
from glacier_core.inventories.packages import ROWS_AT_ONCE, pieces_of, text_encoding
from glacier_core.inventories.regions import regions_of
from glacier_core.outlines.attributes import iso_date, plain_column

_NAMES: Final = {
    "glacier_id": ("rgiid", "glacid", "glimsid"),
    "glims_id": ("glimsid", "glacid"),
    "name": ("glacname", "name"),
    "date": ("srcdate", "bgndate"),
    "region": ("o1region", "gtngo1reg"),
    "longitude": ("cenlon",),
    "latitude": ("cenlat",),
    "area_km2": ("areakm2", "dbarea"),
    "line_type": ("linetype",),
}
"""Attributes of RGI 7.0, RGI 5 to 6.2 and GLIMS, lower case without underscores, the first wins.
The ``area`` of GLIMS is in square metres in some submissions: ``db_area`` is not."""


def rows_of(path: Path, *, name: str) -> Iterator[gpd.GeoDataFrame]:
    """Read the glaciers of one file, some ten thousand at a time.

    Parameters
    ----------
    path : Path
        Anything GDAL reads as vector by this suffix: ``.shp``, ``.gpkg``, ``.fgb``, ``.geojson``.
    name : str
        What people call the file, for messages.

    Yields
    ------
    geopandas.GeoDataFrame
        In the columns of :data:`glacier_core.inventories.index_table.COLUMNS`. Rocks, lakes and
        debris that GLIMS keeps as polygons are left out.

    Raises
    ------
    OutlineError
        When it has no ids of an inventory, or is not in longitude and latitude.
    """
    info = pyogrio.read_info(path)
    if info["crs"] is None or not _geographic(info["crs"]):
        raise OutlineError(
            f"{name} is not in longitude and latitude, as RGI and GLIMS files are. "
            "Convert it first: ogr2ogr -t_srs EPSG:4326 OUT IN."
        )
    if not {plain_column(field) for field in info["fields"]} & set(_NAMES["glacier_id"]):
        raise OutlineError(
            f"{name} has no ids of glaciers (rgi_id, RGIId or glac_id), so it is no inventory "
            "that can be looked up in. Take a regional file of RGI 6, RGI 7 or GLIMS."
        )
    encoding = text_encoding(path)
    for start in pieces_of(path):
        piece = _piece(path, start, encoding)
        if len(piece):
            yield piece


def _geographic(crs: str) -> bool:
    return bool(CRS.from_user_input(crs).is_geographic)


def _piece(path: Path, start: int, encoding: str | None) -> gpd.GeoDataFrame:
    table = pyogrio.read_dataframe(
        path,
        read_geometry=False,
        encoding=encoding,
        skip_features=start,
        max_features=ROWS_AT_ONCE,
        fid_as_index=True,
    )
    numbers, bounds = pyogrio.read_bounds(path, skip_features=start, max_features=ROWS_AT_ONCE)
    known = pd.DataFrame(np.asarray(bounds).T, index=numbers)
    known = known.dropna()
    table = table.loc[table.index.isin(known.index)]
    found = _across(path, table.index, known.loc[table.index].to_numpy(dtype=np.float64))
    rows = _rows(table, found)[_glacier_lines(table)]
    # GLIMS has several outlines of a glacier: the newest stands for it.
    rows = rows.sort_values("date").drop_duplicates("glacier_id", keep="last").sort_index()
    return gpd.GeoDataFrame(rows.reset_index(drop=True))


def _across(path: Path, numbers: Any, bounds: Bounds) -> Bounds:
    """Measure anew what seems to span the world: it is cut in two by the antimeridian."""
    bounds = bounds.copy()
    for row in np.flatnonzero(bounds[:, 2] - bounds[:, 0] > 180):
        shape = pyogrio.read_dataframe(path, fids=[int(numbers[row])], columns=[]).geometry.iloc[0]
        west, _, east, _ = shapely.bounds(shapely.get_parts(shape)).T
        eastern = west >= 0
        bounds[row, 0], bounds[row, 2] = west[eastern].min(), east[~eastern].max()
    return bounds


def _rows(table: pd.DataFrame, bounds: Bounds) -> gpd.GeoDataFrame:
    texts = {column: _texts(table, column) for column in ("glacier_id", "glims_id", "name")}
    texts["name"] = [tidy_name(name) for name in texts["name"]]
    texts["date"] = [iso_date(date) for date in _texts(table, "date")]
    for kind in ("rgi7_id", "rgi6_id"):
        texts[kind] = [_of_kind(text, kind) for text in texts["glacier_id"]]
    texts["inventory"] = [_inventory(text) for text in texts["glacier_id"]]
    texts["exactness"] = ["rectangle around the outline"] * len(table)
    centres = np.stack([_numbers(table, "longitude"), _numbers(table, "latitude")], axis=1)
    rows = index_table(
        {**texts, "region": _regions(table, bounds)}, centres, bounds, _numbers(table, "area_km2")
    )
    return rows.set_axis(table.index)


def _column(table: pd.DataFrame, ours: str) -> pd.Series | None:
    known = {plain_column(column): column for column in reversed(list(table.columns))}
    found = next((name for name in _NAMES[ours] if name in known), None)
    if found is None and ours == "area_km2" and "rgiid" in known:
        found = "area" if "area" in known else None
    return None if found is None else table[known[found]]


def _texts(table: pd.DataFrame, ours: str) -> list[str]:
    values = _column(table, ours)
    if values is None:
        return [""] * len(table)
    return ["" if pd.isna(value) else str(value).strip() for value in values]


def _numbers(table: pd.DataFrame, ours: str) -> NDArray[np.float64]:
    values = _column(table, ours)
    if values is None:
        return np.full(len(table), np.nan)
    return pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)


def _regions(table: pd.DataFrame, bounds: Bounds) -> list[str]:
    numbers = _numbers(table, "region")
    if np.isfinite(numbers).all() and (numbers > 0).all():
        return [f"{int(number):02d}" for number in numbers]
    return [_region_at(box) for box in bounds]


def _region_at(box: NDArray[np.float64]) -> str:
    found = regions_of(shapely.Point((box[0] + box[2]) / 2, (box[1] + box[3]) / 2))
    return found[0].number if found else ""


def _glacier_lines(table: pd.DataFrame) -> NDArray[np.bool_]:
    values = _column(table, "line_type")
    if values is None or not (values == "glac_bound").any():
        return np.ones(len(table), dtype=bool)
    return np.asarray(values == "glac_bound")


def _of_kind(text: str, kind: str) -> str:
    found = identifier_in(text)
    return found.text if found and found.kind == kind else ""


def _inventory(text: str) -> str:
    found = identifier_in(text)
    if found is None:
        return "RGI 5" if text.startswith("RGI50-") else ""
    return {"rgi7_id": "RGI 7.0", "rgi6_id": "RGI 6", "glims_id": "GLIMS"}.get(found.kind, "")
