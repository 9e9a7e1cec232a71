"""A map beside the outlines of several experts, and those beside each other."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.consensus import consensus_of
from glacier_core.deviations.definitions import Definition
from glacier_core.deviations.experts import far_away, label_experts, scene_frame
from glacier_core.deviations.matching import Match, make_zones, match_glaciers
from glacier_core.deviations.panel_definitions import PANEL_DEFINITIONS
from glacier_core.deviations.panel_measures import PanelMeasures, Place, mean_known, measure_panel
from glacier_core.deviations.panel_members import (
    holds_several_experts,
    match_experts,
    split_experts,
)
from glacier_core.deviations.verdict import LEVEL, judge, panel_sentence
from glacier_core.errors import OutlineError
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.provenance import record

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

__all__ = ["PanelComparison", "compare_panel", "holds_several_experts", "split_experts"]

MODEL = "model"
"""What the table of members calls the map."""


@dataclass(frozen=True, eq=False)
class PanelComparison:
    """By how much a map and several experts differ from each other.

    Attributes
    ----------
    glaciers : pandas.DataFrame
        One row a glacier; every column is in ``definitions``.
    members : pandas.DataFrame
        One row a glacier and expert who outlined it, and one for the model: its area, and how
        far it lies from the consensus of the (other) experts.
    experts : tuple of str
        Names of all experts.
    consensus : geopandas.GeoDataFrame
        What they agree on by majority, in the schema of ``outlines.schema`` and the coordinate
        system of the scene.
    sentence : str
        Whether the model lies within the experts' spread, in plain words.
    level : float
        Share of further experts whom the verdict calls within.
    outside_scene : tuple of str
        Ids of the glaciers that lie outside the scene and are not compared.
    simulated : bool
        Whether the scene was simulated rather than observed.
    provenance : dict
        What was compared, by which software.
    definitions : dict of str to Definition
        Meaning, unit, formula and source of every number.
    """

    glaciers: pd.DataFrame
    members: pd.DataFrame
    experts: tuple[str, ...]
    consensus: gpd.GeoDataFrame
    sentence: str
    level: float
    outside_scene: tuple[str, ...]
    simulated: bool
    provenance: dict[str, Any]
    definitions: dict[str, Definition] = field(default_factory=lambda: dict(PANEL_DEFINITIONS))


def compare_panel(
    result: "GlacierMap",
    outlines: gpd.GeoDataFrame,
    *,
    buffer_m: float = 300.0,
    level: float = LEVEL,
) -> PanelComparison:
    """Hold a map against the outlines of several experts, and those against each other.

    Mapped ice belongs to the glacier that the experts' outlines hold it in, otherwise to the
    nearest one within the buffer. An expert who did not outline a glacier has no say about it.

    Parameters
    ----------
    result : GlacierMap
    outlines : geopandas.GeoDataFrame
        Of all experts in one table, in the schema of ``outlines.schema``. Experts are told apart,
        and their glaciers matched, as ``deviations.panel_members`` says.
    buffer_m : float
        Metres; see ``deviations.matching``.
    level : float
        Share of further experts of the same kind who are to lie within the spread.

    Returns
    -------
    PanelComparison
        With one expert, or two, it is judged by published bands, and says so.

    Raises
    ------
    OutlineError
        When there is no outline, none lies in the scene, one expert drew the same ice twice, or
        the buffer or the level is no sensible number.
    """
    _check(buffer_m, level)
    drawn = match_experts(split_experts(outlines), result.crs)
    drawn, outside = _in_scene(drawn, result)
    ids = list(drawn["glacier_id"].unique())
    consensus = consensus_of(drawn, result.transform, result.shape)
    matches = _matches(drawn, ids, consensus, result, buffer_m)
    measured = _measure(drawn, ids, consensus, matches, result)
    glaciers = _glacier_table(drawn, measured, level).assign(simulated=result.simulated)
    return PanelComparison(
        glaciers=glaciers,
        members=_member_table(drawn, measured).assign(simulated=result.simulated),
        experts=tuple(drawn["expert"].unique()),
        consensus=consensus,
        sentence=panel_sentence(glaciers, level=level),
        level=level,
        outside_scene=outside,
        simulated=result.simulated,
        provenance=record(
            "comparison with several experts",
            simulated=result.simulated,
            buffer_m=buffer_m,
            level=level,
            experts=list(drawn["expert"].unique()),
            outlines=len(outlines),
            outside_scene=list(outside),
            map=dict(result.provenance),
        ),
    )


def _check(buffer_m: float, level: float) -> None:
    if not 0 <= buffer_m < np.inf:
        raise OutlineError(f"The buffer is {buffer_m} m; it must be 0 or more metres.")
    if not 0 < level < 1:
        raise OutlineError(f"The level is {level}; it must lie between 0 and 1, 0.95 say.")


def _in_scene(
    drawn: gpd.GeoDataFrame, result: "GlacierMap"
) -> tuple[gpd.GeoDataFrame, tuple[str, ...]]:
    frame = scene_frame(result.transform, result.shape)
    reaching = set(drawn.loc[drawn.intersects(frame), "glacier_id"])
    if not reaching:
        raise OutlineError(far_away(drawn, frame))
    there = drawn["glacier_id"].isin(reaching)
    outside = tuple(drawn.loc[~there, "glacier_id"].unique())
    return drawn[there].reset_index(drop=True), outside


def _matches(
    drawn: gpd.GeoDataFrame,
    ids: list[str],
    consensus: gpd.GeoDataFrame,
    result: "GlacierMap",
    buffer_m: float,
) -> list[Match]:
    """Return the mapped ice of every glacier: where most experts see it, else where any does."""
    anywhere = drawn.dissolve("glacier_id", sort=False).loc[ids].reset_index()
    labels = label_experts(anywhere, result.transform, result.shape)
    agreed = label_experts(consensus, result.transform, result.shape)
    number = np.array([0, *(ids.index(glacier) + 1 for glacier in consensus["glacier_id"])])
    inside = np.where(agreed > 0, number[agreed], labels).astype(np.int32)
    zones = make_zones(inside, buffer_m, result.resolution)
    ice = rasterize(result.outlines(), result.transform, result.shape, result.crs)
    mapped = ~result.unmapped.to_numpy()
    return list(match_glaciers(ice, mapped, zones, result.transform, len(ids)))


def _measure(
    drawn: gpd.GeoDataFrame,
    ids: list[str],
    consensus: gpd.GeoDataFrame,
    matches: list[Match],
    result: "GlacierMap",
) -> dict[str, PanelMeasures]:
    frame = scene_frame(result.transform, result.shape)
    agreed = dict(zip(consensus["glacier_id"], consensus.geometry, strict=True))
    found = {}
    for glacier, match in zip(ids, matches, strict=True):
        place = Place(result.transform, result.shape, result.crs, frame, match)
        rows = drawn[drawn["glacier_id"] == glacier]
        rest = consensus.geometry[consensus["glacier_id"] != glacier].to_numpy()
        middle = agreed.get(glacier, shapely.MultiPolygon())
        found[glacier] = measure_panel(
            place,
            list(rows.geometry),
            [_neighbours(drawn, row) for row in rows.index],
            middle,
            _touching(middle, rest),
        )
    return found


def _neighbours(drawn: gpd.GeoDataFrame, row: int) -> BaseGeometry:
    """Return what the same expert drew of the glaciers that touch this one."""
    same = drawn["expert"] == drawn["expert"][row]
    same &= drawn["glacier_id"] != drawn["glacier_id"][row]
    return _touching(drawn.geometry[row], drawn.geometry[same].to_numpy())


def _touching(outline: BaseGeometry, others: NDArray[np.object_]) -> BaseGeometry:
    near = others[shapely.dwithin(outline, others, 1.0)] if len(others) else others
    return shapely.union_all(near)


def _glacier_table(
    drawn: gpd.GeoDataFrame, measured: dict[str, PanelMeasures], level: float
) -> pd.DataFrame:
    names = drawn.drop_duplicates("glacier_id").set_index("glacier_id")["name"]
    rows = [
        {"glacier_id": glacier, "name": names[glacier]} | _row(found, level)
        for glacier, found in measured.items()
    ]
    return pd.DataFrame(rows).astype({"within_spread": "boolean"})


def _row(found: PanelMeasures, level: float) -> dict[str, Any]:
    areas, apart = found.expert_km2, found.to_all_others_m
    known = len(areas) > 1 and areas.any()
    verdict = judge(found.predicted_km2, areas, apart[-1], apart[:-1], level=level)
    nan = float("nan")
    return {
        "experts": len(areas),
        "expert_area_min_km2": areas.min(),
        "expert_area_mean_km2": areas.mean(),
        "expert_area_max_km2": areas.max(),
        "spread_percent": 100 * np.ptp(areas) / areas.mean() if known else nan,
        "pairwise_distance_m": found.between_experts_m,
        "fleiss_kappa": found.kappa,
        "leave_one_out_area_percent": mean_known(np.abs(found.leave_one_out_percent)),
        "leave_one_out_distance_m": mean_known(found.leave_one_out_m),
        "predicted_area_km2": found.predicted_km2,
        "continuing_area_km2": found.continuing_km2,
        "consensus_area_km2": found.consensus_km2,
        "consensus_area_deviation_percent": found.deviation_percent,
        "consensus_distance_m": found.consensus_m,
        "distance_to_experts_m": apart[-1],
        "area_probability": verdict.area_probability,
        "distance_probability": verdict.distance_probability,
        "probability": verdict.probability,
        "within_spread": pd.NA if verdict.within is None else verdict.within,
        "judged_by": verdict.judged_by,
    }


def _member_table(drawn: gpd.GeoDataFrame, measured: dict[str, PanelMeasures]) -> pd.DataFrame:
    tables = []
    for glacier, found in measured.items():
        rows = drawn[drawn["glacier_id"] == glacier]
        tables.append(
            pd.DataFrame(
                {
                    "glacier_id": glacier,
                    "name": rows["name"].iloc[0],
                    "expert": [*rows["expert"], MODEL],
                    "model": [False] * len(rows) + [True],
                    "area_km2": [*found.expert_km2, found.predicted_km2],
                    "leave_one_out_area_percent": [
                        *found.leave_one_out_percent,
                        found.deviation_percent,
                    ],
                    "leave_one_out_distance_m": [*found.leave_one_out_m, found.consensus_m],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
