"""Predicted and expert outline of one glacier, on the ground, with where either was cut off."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.boundaries import Facing, Rings, face
from glacier_core.deviations.divides import shared_borders
from glacier_core.deviations.experts import PlacedExperts
from glacier_core.deviations.ground import local_projection, to_ground
from glacier_core.deviations.matching import Match


@dataclass(frozen=True, eq=False)
class Margins:
    """Two outlines of one glacier, ready to be measured.

    Attributes
    ----------
    glacier_id : str
    predicted, expert : shapely geometry
        Mapped ice, and the mapped part of the expert's outline; in ``projection``.
    predicted_cut, expert_cut : shapely geometry
        Where either ends for another reason than ice ending there: at the edge of the scene,
        where data are missing, past the buffer, at an ice divide that two experts' outlines
        share. In ``projection``.
    projection : pyproj.CRS
        Metres on the ground, centred on the glacier.
    """

    glacier_id: str
    predicted: BaseGeometry
    expert: BaseGeometry
    predicted_cut: BaseGeometry
    expert_cut: BaseGeometry
    projection: CRS

    def face(self, rings: Rings) -> Facing:
        """Find what of the two boundaries can be compared."""
        return face(
            self.predicted,
            self.expert,
            predicted_cut=self.predicted_cut,
            expert_cut=self.expert_cut,
            rings=rings,
        )


def mapped_parts(
    experts: PlacedExperts, matches: list[Match], frame: shapely.Polygon
) -> list[BaseGeometry]:
    """Return the part of each expert outline that lies in the scene and could be mapped.

    Parameters
    ----------
    experts : PlacedExperts
    matches : list of Match
        One an expert outline.
    frame : shapely.Polygon
        The scene.
    """
    pairs = zip(experts.outlines.geometry, matches, strict=True)
    seen = [
        shapely.difference(shapely.intersection(whole, frame), match.unmapped)
        for whole, match in pairs
    ]
    return [
        shapely.MultiPolygon(
            [piece for piece in shapely.get_parts(part) if piece.geom_type == "Polygon"]
        )
        for part in seen
    ]


def ground_margins(
    experts: PlacedExperts,
    matches: list[Match],
    parts: list[BaseGeometry],
    frame: shapely.Polygon,
    resolution: float,
) -> list[Margins]:
    """Bring the outlines of every glacier to ground scale.

    Parameters
    ----------
    experts : PlacedExperts
    matches : list of Match
        One an expert outline.
    parts : list of shapely geometry
        As :func:`mapped_parts` returns them.
    frame : shapely.Polygon
        The scene.
    resolution : float
        Side of a pixel in metres. Two expert outlines at most half a pixel apart share a border.
    """
    outlines = experts.outlines
    divides = shared_borders(list(outlines.geometry), resolution / 2)
    margins = []
    for glacier_id, whole, match, part, divide in zip(
        outlines["glacier_id"], outlines.geometry, matches, parts, divides, strict=True
    ):
        hidden = shapely.union(frame.boundary, match.unmapped.boundary)
        ends = shapely.get_parts(shapely.intersection(hidden, whole))
        cut = shapely.MultiLineString([*_lines(ends), *shapely.get_parts(divide)])
        margins.append(
            _on_ground(glacier_id, whole, [match.predicted, part, match.cut, cut], outlines.crs)
        )
    return margins


def _on_ground(
    glacier_id: str, whole: BaseGeometry, compared: list[BaseGeometry], crs: Any
) -> Margins:
    # An outline of which nothing could be mapped still has a place.
    nothing = all(geometry.is_empty for geometry in compared)
    projection = local_projection([whole] if nothing else compared, crs)
    predicted, expert, predicted_cut, expert_cut = to_ground(compared, crs, projection)
    return Margins(glacier_id, predicted, expert, predicted_cut, expert_cut, projection)


def _lines(parts: Iterable[BaseGeometry]) -> list[shapely.LineString]:
    return [part for part in parts if isinstance(part, shapely.LineString) and not part.is_empty]
