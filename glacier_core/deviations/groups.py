"""Glaciers that a map and an expert divide differently: groups of outlines that belong together.

The rule: a predicted and an expert outline belong together when they overlap by more than a
stated share of the smaller of the two. A group is whatever hangs together by such pairs (the
connected components of their graph), so that a glacier that the map splits in three, or three
that it merges into one, are compared as a whole.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.area import area_deviation
from glacier_core.deviations.definitions import DEFINITIONS, Definition
from glacier_core.deviations.experts import MOST_OVERLAP
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import equal_area_km2

_OWN = "own definition"


def group_glaciers(
    predicted: gpd.GeoDataFrame,
    expert: gpd.GeoDataFrame,
    *,
    min_share: float = MOST_OVERLAP,
    near: BaseGeometry | None = None,
) -> pd.DataFrame:
    """Match predicted and expert glaciers, several to several where need be.

    Parameters
    ----------
    predicted, expert : geopandas.GeoDataFrame
        In the schema of ``outlines.schema`` and one projected coordinate system; either may be
        without a row.
    min_share : float
        Share of the smaller outline, 0 to 1, above which an overlap ties two glaciers. The
        default is what is no slip of the pen between two experts' outlines either.
    near : shapely geometry, optional
        Only predicted ice in it enters the area deviation: where an expert outlined only some
        glaciers of an icefield, the mapped ice goes on far beyond them. All ice by default.

    Returns
    -------
    pandas.DataFrame
        One row a group, columns of :data:`GROUP_DEFINITIONS` but ``simulated``; those with
        expert glaciers first, in their order, then predicted glaciers that are extra.

    Raises
    ------
    OutlineError
        When the share is not between 0 and 1 or the coordinate systems differ.
    """
    if not 0 <= min_share < 1:
        raise OutlineError(
            f"The least overlap is {min_share}; it must be a share of the smaller outline, 0 to 1."
        )
    if predicted.crs != expert.crs:
        raise OutlineError(
            "Predicted and expert outlines are in different coordinate systems; bring one into "
            "that of the other: expert.to_crs(predicted.crs)."
        )
    held = predicted.geometry if near is None else predicted.geometry.intersection(near)
    whole_km2, near_km2 = equal_area_km2(predicted.geometry), equal_area_km2(held)
    expert_km2 = equal_area_km2(expert.geometry)
    rows = [
        _row(ours, theirs, predicted, expert)
        | _areas(near_km2[ours], whole_km2[ours], expert_km2[theirs])
        for ours, theirs in _groups(predicted, expert, min_share)
    ]
    names = [name for name in GROUP_DEFINITIONS if name not in ("group", "simulated")]
    table = pd.DataFrame(rows, columns=names)
    table.insert(0, "group", np.arange(1, len(table) + 1))
    return table


def kind_of_group(predicted: int, expert: int) -> str:
    """Name how many predicted glaciers stand against how many expert glaciers."""
    if not predicted:
        return "missed"
    if not expert:
        return "extra"
    if predicted == expert == 1:
        return "one to one"
    if expert == 1:
        return "split"
    return "merged" if predicted == 1 else "many to many"


def _groups(
    predicted: gpd.GeoDataFrame, expert: gpd.GeoDataFrame, min_share: float
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows of predicted and expert glaciers of every group, ordered by their first expert."""
    ours, theirs = _ties(predicted.geometry.to_numpy(), expert.geometry.to_numpy(), min_share)
    experts, count = len(expert), len(expert) + len(predicted)
    # Expert glaciers come first in the graph, and components are numbered as they are met.
    graph = coo_array((np.ones(len(ours)), (theirs, experts + ours)), shape=(count, count))
    groups, group = connected_components(graph, directed=False) if count else (0, np.empty(0))
    return [
        (np.flatnonzero(group[experts:] == number), np.flatnonzero(group[:experts] == number))
        for number in range(groups)
    ]


def _ties(
    ours: NDArray[np.object_], theirs: NDArray[np.object_], min_share: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    one, other = shapely.STRtree(theirs).query(ours, predicate="intersects")
    shared = shapely.area(shapely.intersection(ours[one], theirs[other]))
    smaller = np.minimum(shapely.area(ours[one]), shapely.area(theirs[other]))
    tied = (shared > min_share * smaller) & (shared > 0)
    return one[tied], other[tied]


def _row(
    ours: NDArray[np.int64],
    theirs: NDArray[np.int64],
    predicted: gpd.GeoDataFrame,
    expert: gpd.GeoDataFrame,
) -> dict[str, object]:
    return {
        "kind": kind_of_group(len(ours), len(theirs)),
        "expert_ids": ", ".join(expert["glacier_id"].iloc[theirs]),
        "predicted_ids": ", ".join(predicted["glacier_id"].iloc[ours]),
        "expert_glaciers": len(theirs),
        "predicted_glaciers": len(ours),
    }


def _areas(
    near_km2: NDArray[np.float64], whole_km2: NDArray[np.float64], expert_km2: NDArray[np.float64]
) -> dict[str, object]:
    near, whole, expert = (float(areas.sum()) for areas in (near_km2, whole_km2, expert_km2))
    return {
        "expert_area_km2": expert,
        "predicted_area_km2": near,
        "predicted_beyond_km2": max(0.0, whole - near),
        "area_deviation_percent": area_deviation(near, expert),
    }


GROUP_DEFINITIONS: dict[str, Definition] = {
    "group": Definition("Group", "", "", _OWN, "Number of the group."),
    "kind": Definition(
        "Kind",
        "",
        f"connected components of: overlap > {100 * MOST_OVERLAP:.0f} % of the smaller outline",
        _OWN,
        "One to one; split (several predicted glaciers for one of the expert's); merged (one for "
        "several); many to many; missed (the map has none); extra (the expert has none).",
    ),
    "expert_ids": Definition(
        "Expert glaciers", "", "", "the expert's outlines", "Ids of the group's expert outlines."
    ),
    "predicted_ids": Definition(
        "Predicted glaciers", "", "", "the map's outlines", "Ids of the group's mapped outlines."
    ),
    "expert_glaciers": Definition(
        "Number of expert glaciers", "", "", _OWN, "How many expert outlines the group holds."
    ),
    "predicted_glaciers": Definition(
        "Number of predicted glaciers", "", "", _OWN, "How many mapped outlines the group holds."
    ),
    "expert_area_km2": DEFINITIONS["expert_area_km2"],
    "predicted_area_km2": Definition(
        "Predicted area of the group",
        "km²",
        "area of the group's mapped outlines within the buffer of any expert outline, in an "
        "equal-area projection (ESRI:54034)",
        _OWN,
        "How much ice the network mapped for these glaciers together.",
    ),
    "predicted_beyond_km2": Definition(
        "Going on beyond the buffer",
        "km²",
        "area of the group's mapped outlines farther than the buffer from every expert outline",
        _OWN,
        "Mapped ice that hangs together with the group but may be glaciers nobody outlined. It is "
        "no part of the predicted area.",
    ),
    "area_deviation_percent": DEFINITIONS["area_deviation_percent"],
    "simulated": DEFINITIONS["simulated"],
}
"""Every column of the table of groups, by its name."""
