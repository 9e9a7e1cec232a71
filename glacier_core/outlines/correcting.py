"""Outlines corrected by hand: ice added, ice cut away, margins drawn anew.

Edits are applied one after the other to the outlines as they were, so that leaving out the
last edit undoes it, and the corrected outlines can be made again from their parent.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError
from glacier_core.outlines.edits import Edit, projected
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.reshaping import find_crossing, reshape
from glacier_core.outlines.schema import COLUMNS, equal_area_km2

GRID_M: Final = 1e-3
"""Corners of changed outlines are rounded to this, in metres, so that no slivers arise."""

LEAST_CHANGE_M2: Final = 1.0
"""An edit that changes less area than this changes nothing, in square metres."""

NEW: Final = "added"
"""Ids of outlines drawn where there was none are this and a running number."""


def apply_edits(
    outlines: gpd.GeoDataFrame, edits: Sequence[Edit], *, frame: BaseGeometry | None = None
) -> gpd.GeoDataFrame:
    """Return outlines with edits applied in their order.

    ``add`` joins the drawn area to the outlines it meets, which become one under the id of the
    largest; where it meets none, it becomes a new outline; where it names an outline, only this
    one grows, and its neighbours keep what is theirs. ``cut`` takes the drawn area away, and
    drops outlines of which nothing is left. ``reshape`` replaces the stretch of boundary between
    the line's first and last crossing; neighbours keep what is theirs.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the schema of ``outlines.schema`` and a metric coordinate system.
    edits : sequence of Edit
    frame : shapely Polygon, optional
        The scene, in the same system; what is drawn beyond it counts for nothing.

    Returns
    -------
    geopandas.GeoDataFrame
        The schema and a column ``edits``, how many of them changed the outline. Every geometry
        is valid, outlines that no edit met are as they were, areas are measured anew.

    Raises
    ------
    OutlineError
        When the coordinate system is not metric, or an edit lies outside the scene, changes
        nothing, leaves no ice at all, names an outline that is not there, or draws a margin
        that does not cross an outline twice.
    """
    if outlines.crs is None or not outlines.crs.is_projected:
        raise OutlineError(
            "Outlines are corrected in a metric coordinate system; take them there first: "
            "outlines.to_crs(outlines.estimate_utm_crs())."
        )
    table = outlines[list(COLUMNS)].reset_index(drop=True).assign(edits=0)
    for edit in edits:
        drawn = _rounded(projected(edit, outlines.crs))
        _check_frame(drawn, frame)
        table = _APPLY[edit.kind](table, drawn, edit.glacier_id, frame)
    return table.assign(area_km2=equal_area_km2(table.geometry))


def _rounded(drawn: BaseGeometry) -> BaseGeometry:
    """Round the corners of an area, so that what is drawn along an outline shares its corners."""
    if isinstance(drawn, shapely.LineString):
        return drawn
    rounded: BaseGeometry = shapely.set_precision(drawn, GRID_M)
    return rounded


def _check_frame(drawn: BaseGeometry, frame: BaseGeometry | None) -> None:
    if frame is None:
        return
    inside = shapely.intersection(drawn, frame)
    if (inside.length if isinstance(drawn, shapely.LineString) else inside.area) == 0:
        raise OutlineError("The drawing lies outside the scene. Draw where there is imagery.")


def _within(area: BaseGeometry, frame: BaseGeometry | None) -> BaseGeometry:
    return area if frame is None else shapely.intersection(area, frame)


def _add(
    table: gpd.GeoDataFrame, area: BaseGeometry, glacier_id: str, frame: BaseGeometry | None
) -> gpd.GeoDataFrame:
    area = _within(area, frame)
    met = _met(table, area)
    taken = shapely.union_all(table.geometry.array[met])
    missed = shapely.difference(area, taken, grid_size=GRID_M)
    if missed.area < LEAST_CHANGE_M2:
        raise OutlineError(
            "The whole area lies inside the outline already, so adding it changes nothing. "
            "Draw beyond the margin."
        )
    if glacier_id:
        row = _row(table, glacier_id)
        return _replaced(table, {row: _joined([table.geometry[row], missed])})
    if not met.size:
        return _appended(table, _joined([area]))
    largest = met[np.argmax(shapely.area(table.geometry.array[met]))]
    emptied = {int(row): shapely.Polygon() for row in met}
    joined = _joined([*table.geometry.array[met], area])
    return _without_empty(_replaced(table, emptied | {int(largest): joined}))


def _cut(
    table: gpd.GeoDataFrame, area: BaseGeometry, glacier_id: str, frame: BaseGeometry | None
) -> gpd.GeoDataFrame:
    area = _within(area, frame)
    rows = [_row(table, glacier_id)] if glacier_id else _met(table, area)
    left = {
        int(row): polygons_only([shapely.difference(table.geometry[row], area, grid_size=GRID_M)])[
            0
        ]
        for row in rows
    }
    gone = {
        row: rest
        for row, rest in left.items()
        if table.geometry[row].area - rest.area >= LEAST_CHANGE_M2
    }
    if not gone:
        raise OutlineError(
            "The area meets no outline, so cutting it changes nothing. Draw across the margin or "
            "inside an outline."
        )
    if all(rest.is_empty for rest in gone.values()) and len(gone) == len(table):
        raise OutlineError(
            "This cut would leave no outline at all, so it was not made. Cut less, or reshape "
            "the margin."
        )
    return _without_empty(_replaced(table, gone))


def _reshape(
    table: gpd.GeoDataFrame, line: shapely.LineString, glacier_id: str, frame: BaseGeometry | None
) -> gpd.GeoDataFrame:
    rows = [_row(table, glacier_id)] if glacier_id else _met(table, line)
    crossings = {int(row): find_crossing(table.geometry[row], line) for row in rows}
    found = {row: crossing for row, crossing in crossings.items() if crossing is not None}
    if not found:
        raise OutlineError(
            "The line does not cross an outline twice. Begin on one side of the margin, cross "
            "it, and cross it again to come back."
        )
    row, crossing = max(found.items(), key=lambda one: one[1].length)
    before = table.geometry[row]
    redrawn = _within(reshape(before, line, crossing), frame)
    neighbours = [other for other in _met(table, redrawn) if other != row]
    taken = shapely.union_all(table.geometry.array[neighbours])
    after = polygons_only([shapely.difference(redrawn, taken, grid_size=GRID_M)])[0]
    if shapely.symmetric_difference(before, after).area < LEAST_CHANGE_M2:
        raise OutlineError("The line follows the margin as it is, so it changes nothing.")
    return _replaced(table, {row: after})


_Apply = Callable[[gpd.GeoDataFrame, Any, str, BaseGeometry | None], gpd.GeoDataFrame]
_APPLY: Final[dict[str, _Apply]] = {"add": _add, "cut": _cut, "reshape": _reshape}


def _met(table: gpd.GeoDataFrame, drawn: BaseGeometry) -> NDArray[np.int64]:
    """Return the numbers of the rows that a drawing touches, ascending, rounding aside."""
    return np.sort(table.sindex.query(drawn, predicate="dwithin", distance=GRID_M))


def _row(table: gpd.GeoDataFrame, glacier_id: str) -> int:
    rows = np.flatnonzero(table["glacier_id"] == glacier_id)
    if not rows.size:
        raise OutlineError(
            f"There is no outline {glacier_id!r} to correct; it may have been joined to another "
            "or cut away."
        )
    return int(rows[0])


def _joined(geometries: Sequence[BaseGeometry]) -> BaseGeometry:
    united: BaseGeometry = polygons_only([shapely.union_all(geometries, grid_size=GRID_M)])[0]
    return united


def _replaced(table: gpd.GeoDataFrame, changed: dict[int, BaseGeometry]) -> gpd.GeoDataFrame:
    geometries, edits = table.geometry.to_numpy().copy(), table["edits"].to_numpy().copy()
    for row, geometry in changed.items():
        geometries[row] = geometry
        edits[row] += 1
    return table.assign(edits=edits).set_geometry(gpd.GeoSeries(geometries, crs=table.crs))


def _without_empty(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table[~table.geometry.is_empty].reset_index(drop=True)


def _appended(table: gpd.GeoDataFrame, geometry: BaseGeometry) -> gpd.GeoDataFrame:
    known, number = set(table["glacier_id"]), 1
    while f"{NEW}-{number:04d}" in known:
        number += 1
    texts = {name: _same(table[name]) for name in ("source", "analyst", "date")}
    row = {"glacier_id": f"{NEW}-{number:04d}", "name": "", "area_km2": 0.0, "edits": 1} | texts
    fresh = gpd.GeoDataFrame([row], geometry=[geometry], crs=table.crs)[list(table.columns)]
    if table.empty:
        return fresh
    joined: gpd.GeoDataFrame = pd.concat([table, fresh], ignore_index=True)
    return joined


def _same(texts: pd.Series) -> str:
    """Return what all rows say, empty where they say different things or nothing."""
    said = set(texts)
    return str(said.pop()) if len(said) == 1 else ""
