"""The table of a comparison: every expert glacier, and by how much the map differs from it."""

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.area import area_deviation
from glacier_core.deviations.boundaries import Rings
from glacier_core.deviations.distance import DistanceDeviation, distance_deviation, measure
from glacier_core.deviations.experts import PlacedExperts
from glacier_core.deviations.ground import to_degrees
from glacier_core.deviations.margins import Margins
from glacier_core.deviations.matching import Match
from glacier_core.outlines.schema import equal_area_km2

MEASURES = ("polis", "mean", "median", "p95", "hausdorff", "signed_mean")
"""Distances of the table; each becomes a column that ends in ``_m``."""


def glacier_table(
    experts: PlacedExperts,
    matches: list[Match],
    parts: list[BaseGeometry],
    margins: list[Margins],
    rings: Rings,
) -> pd.DataFrame:
    """Return areas and distances, one row an expert glacier.

    Parameters
    ----------
    experts : PlacedExperts
    matches : list of Match
    parts : list of shapely geometry
        Mapped part of each expert outline.
    margins : list of Margins
        One each an expert glacier, in their order.
    rings : {"all", "external"}
    """
    table = _areas_table(experts, matches, parts)
    distances = [_distances(one, rings) for one in margins]
    for name in MEASURES:
        table[f"{name}_m"] = [getattr(distance, name) for distance in distances]
    places = [
        to_degrees(*distance.largest_at, one.projection)
        for distance, one in zip(distances, margins, strict=True)
    ]
    table["largest_deviation_lon"] = [float(longitude) for longitude, _ in places]
    table["largest_deviation_lat"] = [float(latitude) for _, latitude in places]
    table["boundary_left_out_percent"] = [distance.left_out_percent for distance in distances]
    return table


def total_deviations(table: pd.DataFrame, elsewhere_km2: float) -> dict[str, float]:
    """Return the compared glaciers together, and the mapped ice that belongs to none of them.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`glacier_table` returns it.
    elsewhere_km2 : float
    """
    expert, predicted, continuing, whole = (
        float(table[column].sum())
        for column in (
            "expert_area_km2",
            "predicted_area_km2",
            "continuing_area_km2",
            "outline_area_km2",
        )
    )
    return {
        "glaciers": len(table),
        "expert_area_km2": expert,
        "predicted_area_km2": predicted,
        "area_deviation_percent": area_deviation(predicted, expert),
        "continuing_area_km2": continuing,
        "area_deviation_without_continuing_percent": area_deviation(predicted - continuing, expert),
        "outline_area_km2": whole,
        "unmapped_percent": max(0.0, 100 * (1 - expert / whole)),
        "predicted_elsewhere_km2": elsewhere_km2,
    }


def _areas_table(
    experts: PlacedExperts, matches: list[Match], parts: list[BaseGeometry]
) -> pd.DataFrame:
    outlines = experts.outlines
    whole_km2 = equal_area_km2(outlines.geometry)
    expert_km2 = _areas(parts, outlines.crs)
    predicted_km2 = _areas([match.predicted for match in matches], outlines.crs)
    continuing_km2 = _areas([match.continuing for match in matches], outlines.crs)
    return pd.DataFrame(
        {
            "glacier_id": outlines["glacier_id"],
            "name": outlines["name"],
            "expert_date": outlines["date"],
            "expert_area_km2": expert_km2,
            "predicted_area_km2": predicted_km2,
            "area_deviation_percent": _deviations(predicted_km2, expert_km2),
            "continuing_area_km2": continuing_km2,
            "area_deviation_without_continuing_percent": _deviations(
                predicted_km2 - continuing_km2, expert_km2
            ),
            "outline_area_km2": whole_km2,
            "unmapped_percent": np.clip(100 * (1 - expert_km2 / whole_km2), 0, 100),
            "cut_by_scene": experts.cut_by_scene,
        }
    )


def _distances(margins: Margins, rings: Rings) -> DistanceDeviation:
    if margins.expert.is_empty or margins.predicted.is_empty:
        return distance_deviation(margins.predicted, margins.expert, rings=rings)
    return measure(margins.face(rings))


def _areas(geometries: Iterable[BaseGeometry], crs: Any) -> NDArray[np.float64]:
    return equal_area_km2(gpd.GeoSeries(list(geometries), crs=crs))


def _deviations(predicted: Iterable[float], expert: Iterable[float]) -> list[float]:
    pairs = zip(predicted, expert, strict=True)
    return [area_deviation(float(ours), float(theirs)) for ours, theirs in pairs]
