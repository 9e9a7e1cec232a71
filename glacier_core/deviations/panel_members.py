"""Who drew what: outlines told apart by expert, and the same glacier found in all of them.

The rule of telling apart: where no two outlines lie on top of each other, one expert drew them
all. Otherwise it is by analyst; where that leaves one analyst with two outlines of the same ice,
by source and date; then by all three.

The rule of finding: outlines of two experts are of one glacier where they have the same id and
touch. (A number that ``read_outlines`` adds to an id that comes twice is no part of it.) An
outline whose id the other expert does not use there is of the glacier with which it shares the
largest area, where that is at least half of the smaller of the two outlines. What one expert
divides and another does not is one glacier of all its parts.
"""

import re
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from glacier_core.deviations.experts import check_schema, check_valid, overlapping_pairs
from glacier_core.errors import OutlineError

SAME_ICE = 0.5
"""Share of the smaller of two outlines above which they are of one glacier."""

TELLING = (("analyst",), ("source", "date"), ("analyst", "source", "date"))
"""Columns that may tell experts apart, in the order in which they are tried."""

NAMELESS = "expert without a name"
_REPEAT = re.compile(r"-\d+$")


def holds_several_experts(outlines: gpd.GeoDataFrame) -> bool:
    """Return whether outlines lie on top of each other, as those of several experts do.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``.

    Raises
    ------
    OutlineError
        When an outline crosses itself.
    """
    check_valid(outlines)
    return len(outlines) > 1 and len(overlapping_pairs(outlines)[0]) > 0


def split_experts(outlines: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    """Tell the outlines of several experts apart; see the module for the rule.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``.

    Returns
    -------
    dict of str to geopandas.GeoDataFrame
        Outlines by the name of the expert, in the order in which they come.

    Raises
    ------
    OutlineError
        When there is no outline, one crosses itself, or one expert drew the same ice twice.
    """
    check_schema(outlines)
    check_valid(outlines)
    table = outlines.reset_index(drop=True)
    first, second = overlapping_pairs(table)
    if not len(first):
        return {_name_of_one(table): table}
    for columns in TELLING:
        names = table[list(columns)].apply(_joined, axis=1)
        apart = names.to_numpy()
        if (apart[first] != apart[second]).all():
            return {
                str(name): table[names == name].reset_index(drop=True) for name in names.unique()
            }
    twice = np.flatnonzero(apart[first] == apart[second])
    one, other = table["glacier_id"][first[twice[0]]], table["glacier_id"][second[twice[0]]]
    raise OutlineError(
        f"Outlines of one expert ({apart[first[twice[0]]]}) lie on top of each other ({one} and "
        f"{other}; {len(twice)} such pairs). Give every expert a name in the column 'analyst', "
        "or every date one in 'date', and keep one outline a glacier of each."
    )


def _joined(parts: "pd.Series[str]") -> str:
    return ", ".join(filter(None, parts)) or NAMELESS


def _name_of_one(table: gpd.GeoDataFrame) -> str:
    """Name one who drew everything: the analyst, else the source."""
    for column in ("analyst", "source"):
        named = sorted(set(table[column]) - {""})
        if named:
            return ", ".join(named[:3]) + (" and others" if len(named) > 3 else "")
    return NAMELESS


def match_experts(experts: Mapping[str, gpd.GeoDataFrame], crs: object) -> gpd.GeoDataFrame:
    """Find the same glaciers among the outlines of several experts; see the module for the rule.

    Parameters
    ----------
    experts : mapping of str to geopandas.GeoDataFrame
        As of :func:`split_experts`.
    crs : anything pyproj understands
        Coordinate system of the result.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a glacier and expert who drew it, glacier by glacier: ``glacier_id`` (that of
        most experts), ``name``, ``date``, ``source``, ``expert`` and ``geometry``.
    """
    rows = pd.concat(
        [frame.to_crs(crs).assign(expert=name) for name, frame in experts.items()],
        ignore_index=True,
    )
    rows["stem"] = _stems(rows["glacier_id"])
    rows["group"] = _groups(rows)
    drawn = rows.groupby(["group", "expert"], sort=False, as_index=False).agg(
        {"name": "first", "date": "first", "source": "first", "geometry": list}
    )
    geometry = [shapely.union_all(parts) for parts in drawn["geometry"]]
    by_group = rows.groupby("group")
    drawn["glacier_id"] = drawn["group"].map(_unique(by_group["stem"].agg(_most_common)))
    drawn["name"] = drawn["group"].map(by_group["name"].agg(_first_told))
    order = drawn.sort_values("group", kind="stable").index
    found = gpd.GeoDataFrame(drawn.drop(columns="geometry"), geometry=geometry, crs=rows.crs)
    columns = ["glacier_id", "name", "date", "source", "expert", "geometry"]
    return found.loc[order, columns].reset_index(drop=True)


def _stems(ids: "pd.Series[str]") -> "pd.Series[str]":
    """Take the number off an id that came twice in one file."""
    known = set(ids)
    return ids.map(lambda text: stem if (stem := _REPEAT.sub("", text)) in known else text)


def _groups(rows: gpd.GeoDataFrame) -> NDArray[np.int32]:
    """Return the number of the glacier of every row, in the order in which glaciers come."""
    pairs = _touching(rows)
    shared = pairs["area"] > 0
    named = pairs[pairs["same_id"] & shared]
    known = pd.MultiIndex.from_frame(named[["one", "expert"]])
    asking = pd.MultiIndex.from_frame(pairs[["one", "expert"]])
    nameless = pairs[~asking.isin(known) & (pairs["share"] >= SAME_ICE)]
    largest = nameless.loc[nameless.groupby(["one", "expert"])["area"].idxmax()]
    bound = pd.concat([named, largest])
    ends = (bound["one"].to_numpy(), bound["other"].to_numpy())
    graph = coo_array((np.ones(len(bound)), ends), shape=(len(rows), len(rows)))
    groups: NDArray[np.int32] = connected_components(graph, directed=False)[1]
    return groups


def _touching(rows: gpd.GeoDataFrame) -> pd.DataFrame:
    """List pairs of outlines of different experts that touch, either way round."""
    geometries, expert = rows.geometry.to_numpy(), rows["expert"].to_numpy()
    one, other = shapely.STRtree(geometries).query(geometries, predicate="intersects")
    apart = expert[one] != expert[other]
    one, other = one[apart], other[apart]
    area = shapely.area(shapely.intersection(geometries[one], geometries[other]))
    smaller = np.minimum(shapely.area(geometries[one]), shapely.area(geometries[other]))
    stem = rows["stem"].to_numpy()
    return pd.DataFrame(
        {
            "one": one,
            "other": other,
            "expert": expert[other],
            "area": area,
            "share": area / smaller,
            "same_id": stem[one] == stem[other],
        }
    )


def _most_common(ids: "pd.Series[str]") -> str:
    return str(ids.value_counts(sort=True).index[0])


def _first_told(names: "pd.Series[str]") -> str:
    told = names[names != ""]
    return str(told.iloc[0]) if len(told) else ""


def _unique(ids: "pd.Series[str]") -> "pd.Series[str]":
    """Add numbers to the ids of glaciers that experts gave to different ice."""
    repeat = ids.groupby(ids).cumcount()
    numbered = ids + "-" + (repeat + 1).astype(str)
    return ids.where(repeat == 0, numbered)
