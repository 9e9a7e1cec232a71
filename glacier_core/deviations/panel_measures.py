"""How far several experts and a model lie from each other on one glacier."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.area import area_deviation
from glacier_core.deviations.boundaries import face
from glacier_core.deviations.consensus import DOMAIN, FINER, majority_without, outline_of
from glacier_core.deviations.ground import to_ground
from glacier_core.deviations.kappa import vote_kappa
from glacier_core.deviations.matching import Match
from glacier_core.deviations.votes import Votes, cast_votes
from glacier_core.outlines.rasterizing import rasterize
from glacier_core.outlines.schema import equal_area_km2

FloatArray = NDArray[np.float64]

ON_DIVIDE = 1.0
"""Metres within which the outlines of two neighbours have a common divide."""


@dataclass(frozen=True)
class Drawn:
    """An outline and the lines along which it ends although ice may not."""

    outline: BaseGeometry
    cut: BaseGeometry


@dataclass(frozen=True)
class Place:
    """The grid of a scene, and what of it could not be mapped around one glacier.

    Attributes
    ----------
    transform : affine.Affine
    shape : (rows, columns)
    crs : anything pyproj understands
    frame : shapely Polygon
        Edge of the scene.
    match : Match
        The mapped ice of the glacier.
    """

    transform: Affine
    shape: tuple[int, int]
    crs: Any
    frame: shapely.Polygon
    match: Match

    def mapped_part(self, outline: BaseGeometry, neighbours: BaseGeometry) -> Drawn:
        """Return the part of an outline that could be mapped, and where it is cut.

        Parameters
        ----------
        outline : shapely geometry
        neighbours : shapely geometry
            What the same hand drew of other glaciers.
        """
        part = shapely.difference(shapely.intersection(outline, self.frame), self.match.unmapped)
        polygons = [piece for piece in shapely.get_parts(part) if piece.geom_type == "Polygon"]
        edges = shapely.union(self.frame.boundary, self.match.unmapped.boundary)
        divides = shapely.intersection(outline.boundary, neighbours.buffer(ON_DIVIDE))
        ends = [*_lines(shapely.intersection(edges, outline)), *_lines(divides)]
        return Drawn(shapely.MultiPolygon(polygons), shapely.MultiLineString(ends))


def _lines(geometry: BaseGeometry) -> list[shapely.LineString]:
    parts = shapely.get_parts(geometry)
    return [part for part in parts if isinstance(part, shapely.LineString) and not part.is_empty]


@dataclass(frozen=True)
class PanelMeasures:
    """Areas and distances of the experts and the model of one glacier.

    Attributes
    ----------
    expert_km2 : ndarray of float64, (experts,)
    predicted_km2, continuing_km2, consensus_km2 : float
    pairs : ndarray of float64, (experts + 1, experts + 1)
        Mean distance (m) between any two, the model last; NaN where undefined.
    leave_one_out_percent, leave_one_out_m : ndarray of float64, (experts,)
        Each expert against the consensus of the others; NaN with one expert.
    consensus_m : float
        Mean distance of the model to the consensus of all.
    kappa : float
    """

    expert_km2: FloatArray
    predicted_km2: float
    continuing_km2: float
    consensus_km2: float
    pairs: FloatArray
    leave_one_out_percent: FloatArray
    leave_one_out_m: FloatArray
    consensus_m: float
    kappa: float

    @property
    def deviation_percent(self) -> float:
        """Area of the model against that of the consensus."""
        return area_deviation(self.predicted_km2, self.consensus_km2)

    @property
    def between_experts_m(self) -> float:
        """Mean distance over all pairs of experts; NaN with one."""
        experts = self.pairs[:-1, :-1]
        return mean_known(experts[np.triu_indices(len(experts), k=1)])

    @property
    def to_all_others_m(self) -> FloatArray:
        """Mean distance of everyone to all others, the model last."""
        apart = self.pairs + np.diag(np.full(len(self.pairs), np.nan))
        return np.array([mean_known(row) for row in apart])


def mean_known(values: FloatArray) -> float:
    """Return the mean of what is defined; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def measure_panel(
    place: Place,
    outlines: Sequence[BaseGeometry],
    neighbours: Sequence[BaseGeometry],
    consensus: BaseGeometry,
    other_consensus: BaseGeometry,
) -> PanelMeasures:
    """Measure experts and model of one glacier against each other.

    Parameters
    ----------
    place : Place
    outlines : sequence of shapely geometries
        One an expert.
    neighbours : sequence of shapely geometries
        What each of them drew of other glaciers that touch.
    consensus, other_consensus : shapely geometry
        What all agree on for this glacier, and for the others.
    """
    experts = [place.mapped_part(*pair) for pair in zip(outlines, neighbours, strict=True)]
    model = Drawn(place.match.predicted, place.match.cut)
    together = place.mapped_part(consensus, other_consensus)
    votes = cast_votes(outlines, place.transform, place.shape, buffer_m=DOMAIN, finer=FINER)
    others = [
        place.mapped_part(_of_others(votes, number, place), shapely.union(near, other_consensus))
        for number, near in enumerate(neighbours)
        if len(outlines) > 1
    ]
    ground = _on_ground([*experts, model, together, *others], place.crs)
    count = len(experts)
    *members, middle = ground[: count + 2]
    areas = _areas([one.outline for one in [*experts, model, together, *others]], place.crs)
    continuing = _areas([place.match.continuing], place.crs)[0]
    alone = np.full(count, np.nan)
    return PanelMeasures(
        expert_km2=areas[:count],
        predicted_km2=float(areas[count]),
        continuing_km2=float(continuing),
        consensus_km2=float(areas[count + 1]),
        pairs=_pairs(members),
        leave_one_out_percent=_deviations(areas[:count], areas[count + 2 :]) if others else alone,
        leave_one_out_m=_each(members[:-1], ground[count + 2 :]) if others else alone,
        consensus_m=_distance(members[-1], middle),
        kappa=vote_kappa(_mapped_votes(votes, place)),
    )


def _of_others(votes: Votes, number: int, place: Place) -> BaseGeometry:
    return outline_of(majority_without(votes, number), votes.transform, place.transform.a**2)


def _on_ground(drawn: Sequence[Drawn], crs: Any) -> list[Drawn]:
    flat = [geometry for one in drawn for geometry in (one.outline, one.cut)]
    if all(geometry.is_empty for geometry in flat):
        return list(drawn)
    placed = to_ground(flat, crs)
    return [Drawn(*pair) for pair in zip(placed[::2], placed[1::2], strict=True)]


def _areas(outlines: Sequence[BaseGeometry], crs: Any) -> FloatArray:
    return equal_area_km2(gpd.GeoSeries(list(outlines), crs=crs))


def _deviations(areas: FloatArray, references: FloatArray) -> FloatArray:
    return np.array([area_deviation(*pair) for pair in zip(areas, references, strict=True)])


def _distance(one: Drawn, other: Drawn) -> float:
    """Mean distance, as ``distance_deviation`` has it, without its other measures."""
    if one.outline.is_empty or other.outline.is_empty:
        return float("nan")
    facing = face(one.outline, other.outline, predicted_cut=one.cut, expert_cut=other.cut)
    if not facing.comparable:
        return float("nan")
    first, second = facing.predicted, facing.expert
    pairs = ((first.seen, second.margin), (second.seen, first.margin))
    ways = [
        margin.distances(seen.midpoints) @ (seen.weights / seen.length) for seen, margin in pairs
    ]
    return float(np.mean(ways))


def _each(members: Sequence[Drawn], references: Sequence[Drawn]) -> FloatArray:
    return np.array([_distance(*pair) for pair in zip(members, references, strict=True)])


def _pairs(members: Sequence[Drawn]) -> FloatArray:
    apart = np.zeros((len(members), len(members)))
    for one, other in combinations(range(len(members)), 2):
        apart[one, other] = apart[other, one] = _distance(members[one], members[other])
    return apart


def _mapped_votes(votes: Votes, place: Place) -> NDArray[np.bool_]:
    """Leave out of the domain what could not be mapped."""
    unmapped = gpd.GeoDataFrame(geometry=[place.match.unmapped], crs=place.crs)
    hidden = rasterize(unmapped, votes.transform, votes.domain.shape, place.crs)
    return votes.inside[:, votes.domain & ~hidden]
