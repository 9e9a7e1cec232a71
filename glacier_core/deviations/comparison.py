"""A map beside an expert's outlines: glacier by glacier, and pixel by pixel."""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.boundaries import Rings, check_rings
from glacier_core.deviations.definitions import DEFINITIONS, Definition
from glacier_core.deviations.drawn import match_drawn
from glacier_core.deviations.experts import PlacedExperts, place_experts, scene_frame
from glacier_core.deviations.glacier_table import glacier_table, total_deviations
from glacier_core.deviations.groups import group_glaciers
from glacier_core.deviations.margins import Margins, ground_margins, mapped_parts
from glacier_core.deviations.matching import Match, Zones, make_zones, match_glaciers, polygons
from glacier_core.deviations.pixels import PixelScores, score_pixels
from glacier_core.deviations.profile import boundary_profile
from glacier_core.errors import OutlineError
from glacier_core.inference.corrected import CorrectedMap
from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.outlines.schema import to_schema
from glacier_core.provenance import record

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

BoolArray = NDArray[np.bool_]

NEITHER, BOTH, ONLY_PREDICTED, ONLY_EXPERT, UNMAPPED = 0, 1, 2, 3, 255
"""Codes of the agreement layer."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """By how much a map and an expert's outlines differ.

    Attributes
    ----------
    glaciers : pandas.DataFrame
        One row an expert glacier in the scene; every column is in ``definitions``.
    pixels : pandas.DataFrame
        Pixel scores, one row a domain (its index): the whole scene, and the surroundings of
        the expert outlines.
    total : dict
        The compared glaciers together: ``glaciers``, areas, ``area_deviation_percent``, and the
        mapped ice that belongs to none of them.
    predicted : geopandas.GeoDataFrame
        The mapped ice of each glacier, in the schema of ``outlines.schema`` and the coordinate
        system of the scene; a glacier without any has an empty geometry.
    expert : geopandas.GeoDataFrame
        The compared outlines, whole, in the coordinate system of the scene.
    agreement : xarray.DataArray
        (y, x) uint8: 0 neither, 1 both, 2 only predicted, 3 only expert, 255 unmapped.
    buffer_m : float
        How far from its outline ice may lie and still belong to a glacier, in metres.
    rings : {"all", "external"}
        Whether nunataks are boundaries in the distances.
    margins : tuple of Margins
        The two outlines of each glacier as they were measured.
    mapped : geopandas.GeoDataFrame
        All outlines of the map, as it draws them.
    compared : geopandas.GeoDataFrame
        The expert outlines again, cut to what lies in the scene and could be mapped.
    surroundings : shapely geometry
        The expert outlines with their buffer, along pixel edges.
    outside_scene : tuple of str
        Ids of the expert outlines that lie outside the scene and are not compared.
    simulated : bool
        Whether the scene was simulated rather than observed.
    provenance : dict
        What was compared, by which software.
    definitions : dict of str to Definition
        Meaning, unit, formula and source of every number.
    """

    glaciers: pd.DataFrame
    pixels: pd.DataFrame
    total: dict[str, float]
    predicted: gpd.GeoDataFrame
    expert: gpd.GeoDataFrame
    agreement: xr.DataArray
    buffer_m: float
    rings: Rings
    margins: tuple[Margins, ...] = field(repr=False)
    mapped: gpd.GeoDataFrame = field(repr=False)
    compared: gpd.GeoDataFrame = field(repr=False)
    surroundings: BaseGeometry = field(repr=False)
    outside_scene: tuple[str, ...]
    simulated: bool
    provenance: dict[str, Any]
    definitions: dict[str, Definition] = field(default_factory=lambda: dict(DEFINITIONS))

    @cached_property
    def profile(self) -> pd.DataFrame:
        """The predicted boundaries piece by piece; columns of ``PROFILE_DEFINITIONS``."""
        return self._along("predicted")

    @cached_property
    def expert_profile(self) -> pd.DataFrame:
        """The expert's boundaries piece by piece; columns of ``PROFILE_DEFINITIONS``."""
        return self._along("expert")

    @cached_property
    def groups(self) -> pd.DataFrame:
        """Glaciers that map and expert divide differently; columns of ``GROUP_DEFINITIONS``."""
        table = group_glaciers(self.mapped, self.compared, near=self.surroundings)
        return table.assign(simulated=self.simulated)

    def _along(self, whose: Literal["predicted", "expert"]) -> pd.DataFrame:
        parts = [
            boundary_profile(
                one.face(self.rings), one.projection, glacier_id=one.glacier_id, along=whose
            )
            for one in self.margins
        ]
        return pd.concat(parts, ignore_index=True).assign(simulated=self.simulated)


def compare(
    result: "GlacierMap",
    expert: gpd.GeoDataFrame,
    *,
    buffer_m: float = 300.0,
    rings: Rings = "all",
) -> Comparison:
    """Compare a map with an expert's outlines.

    Areas and distances are those of the map's outlines as drawn (``result.outlines()``, without
    the smallest pieces); pixel scores are those of every mapped pixel. Mapped ice belongs to the
    expert glacier it lies in, otherwise to the nearest one within the buffer. What could not be
    mapped counts neither as glacier nor as no glacier, and its share is told.

    Parameters
    ----------
    result : GlacierMap
    expert : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, any coordinate system; valid polygons.
    buffer_m : float
        Metres; see ``deviations.matching``.
    rings : {"all", "external"}
        Whether distances are between all boundaries, or only external ones, without those of
        nunataks. Areas always leave nunataks out.

    Returns
    -------
    Comparison

    Raises
    ------
    OutlineError
        When there is no outline, none lies in the scene, outlines lie on top of each other,
        the buffer is negative, or the rings are neither.
    """
    check_rings(rings)
    if not 0 <= buffer_m < np.inf:
        raise OutlineError(f"The buffer is {buffer_m} m; it must be 0 or more metres.")
    glacier = result.data["glacier"].to_numpy()
    mapped = ~result.data["unmapped"].to_numpy()
    transform, crs = result.transform, result.crs
    experts = place_experts(expert, transform, glacier.shape, crs)
    zones = make_zones(experts.labels, buffer_m, abs(transform.a))
    outlines = result.outlines()
    drawn = rasterize(outlines, transform, glacier.shape, crs)
    matches = list(match_glaciers(drawn, mapped, zones, transform, len(experts.outlines)))
    if isinstance(result, CorrectedMap):
        matches = match_drawn(matches, result.corrected, mapped, zones, transform)
    frame = scene_frame(transform, glacier.shape)
    parts = mapped_parts(experts, matches, frame)
    margins = ground_margins(experts, matches, parts, frame, abs(transform.a))
    table = glacier_table(experts, matches, parts, margins, rings)
    scores = _scores_by_glacier(glacier, mapped, zones, len(table))
    table["iou"] = [score.iou for score in scores]
    table["mean_confidence"] = _mean_confidence(result, drawn, mapped, zones, len(table))
    table["simulated"] = result.simulated
    elsewhere = polygonize(drawn & (zones.nearest == 0), transform, crs, min_area_km2=0)
    return Comparison(
        glaciers=table,
        pixels=_pixel_table(glacier, mapped, zones, buffer_m),
        total=total_deviations(table, float(elsewhere["area_km2"].sum())),
        predicted=_predicted_outlines(experts, matches, result),
        expert=experts.outlines,
        agreement=_agreement(result, glacier, experts.labels > 0, mapped),
        buffer_m=buffer_m,
        rings=rings,
        margins=tuple(margins),
        mapped=outlines,
        compared=experts.outlines.set_geometry(parts),
        surroundings=polygons(zones.nearest > 0, transform),
        outside_scene=experts.outside,
        simulated=result.simulated,
        provenance=record(
            "comparison",
            simulated=result.simulated,
            buffer_m=buffer_m,
            rings=rings,
            expert=_facts(expert, experts),
            map=dict(result.provenance),
        ),
    )


def _scores_by_glacier(
    glacier: BoolArray, mapped: BoolArray, zones: Zones, count: int
) -> list[PixelScores]:
    """Score the zone of every glacier, all in one pass over the pixels."""
    held = zones.nearest > 0
    expert = (zones.inside > 0)[held]
    kind = np.where(mapped[held], 2 * glacier[held] + expert, 4)
    counts = np.bincount(5 * zones.nearest[held] + kind, minlength=5 * (count + 1))
    return [
        PixelScores(
            true_positives=int(both),
            false_positives=int(ours),
            false_negatives=int(theirs),
            true_negatives=int(neither),
            unmapped=int(unmapped),
        )
        for neither, theirs, ours, both, unmapped in counts.reshape(-1, 5)[1:]
    ]


def _mean_confidence(
    result: "GlacierMap", drawn: BoolArray, mapped: BoolArray, zones: Zones, count: int
) -> NDArray[np.float64]:
    confidence = result.data["confidence"].to_numpy()
    counted = mapped & ((zones.inside > 0) | drawn) & ~np.isnan(confidence)
    numbers = zones.nearest[counted]
    pixels = np.bincount(numbers, minlength=count + 1)[1:]
    sums = np.bincount(numbers, weights=confidence[counted], minlength=count + 1)[1:]
    means = np.full(count, np.nan)
    np.divide(sums, pixels, out=means, where=pixels > 0)
    return means


def _pixel_table(
    glacier: BoolArray, mapped: BoolArray, zones: Zones, buffer_m: float
) -> pd.DataFrame:
    expert = zones.inside > 0
    domains = {
        "whole scene": np.ones_like(expert),
        f"within {buffer_m:g} m of the expert outlines": zones.nearest > 0,
    }
    rows = [score_pixels(glacier, expert, mapped, domain).as_row() for domain in domains.values()]
    return pd.DataFrame(rows, index=pd.Index(list(domains), name="domain"))


def _predicted_outlines(
    experts: PlacedExperts, matches: list[Match], result: "GlacierMap"
) -> gpd.GeoDataFrame:
    kind = "predicted, simulated scene" if result.simulated else "predicted"
    acquired = result.attributes.acquired
    return to_schema(
        [match.predicted for match in matches],
        experts.outlines.crs,
        glacier_id=list(experts.outlines["glacier_id"]),
        name=list(experts.outlines["name"]),
        source=f"{kind}: {result.title}",
        date=acquired.isoformat() if acquired else "",
    )


def _agreement(
    result: "GlacierMap", glacier: BoolArray, expert: BoolArray, mapped: BoolArray
) -> xr.DataArray:
    codes = np.full(glacier.shape, NEITHER, dtype=np.uint8)
    codes[glacier & expert] = BOTH
    codes[glacier & ~expert] = ONLY_PREDICTED
    codes[~glacier & expert] = ONLY_EXPERT
    codes[~mapped] = UNMAPPED
    agreement = xr.DataArray(
        codes, coords={name: result.data[name] for name in ("y", "x")}, dims=("y", "x")
    )
    placed = (
        agreement.rename("agreement")
        .rio.write_crs(result.crs)
        .rio.write_transform(result.transform)
    )
    layer: xr.DataArray = placed.rio.write_nodata(UNMAPPED)
    return layer


def geometry_sha256(outlines: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of the geometry of outlines, by which a record knows them again."""
    return hashlib.sha256(b"".join(outlines.geometry.to_wkb())).hexdigest()


def _facts(given: gpd.GeoDataFrame, experts: PlacedExperts) -> dict[str, Any]:
    return {
        "outlines": len(given),
        "outside_scene": list(experts.outside),
        "sources": sorted(set(given["source"])),
        "dates": sorted(set(given["date"])),
        "geometry_sha256": geometry_sha256(given),
    }
