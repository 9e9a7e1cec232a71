"""A stretch of an outline's boundary replaced by a drawn line."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import ops
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError
from glacier_core.outlines.geometry import polygons_only

TOUCH_M: Final = 1e-6
"""Crossings closer together than this are one, in metres."""


@dataclass(frozen=True)
class Crossing:
    """Where a drawn line first meets and last leaves a ring.

    Attributes
    ----------
    part, ring : int
        Number of the polygon, and of its ring: 0 the outer one, then its holes.
    start, end : float
        Distances along the line, in metres.
    """

    part: int
    ring: int
    start: float
    end: float

    @property
    def length(self) -> float:
        """Length of the drawn line between both, in metres."""
        return self.end - self.start


def find_crossing(outline: BaseGeometry, line: shapely.LineString) -> Crossing | None:
    """Return the ring that a line crosses over its longest stretch, None where it crosses none.

    Parameters
    ----------
    outline : shapely Polygon or MultiPolygon
        In metres.
    line : shapely LineString
        In metres; must not cross itself.
    """
    found = []
    for number, polygon in enumerate(shapely.get_parts(outline)):
        for place, ring in enumerate((polygon.exterior, *polygon.interiors)):
            met = _distances_along(line, ring)
            if met.size and met.max() - met.min() > TOUCH_M:
                found.append(Crossing(number, place, float(met.min()), float(met.max())))
    return max(found, key=lambda crossing: crossing.length, default=None)


def reshape(outline: BaseGeometry, line: shapely.LineString, crossing: Crossing) -> BaseGeometry:
    """Return an outline with the stretch of a ring between two crossings drawn anew.

    Of the two ways round the ring, the one is replaced that changes the area least. What the
    line does before its first and after its last crossing counts for nothing.

    Raises
    ------
    OutlineError
        When either way the new boundary would cross itself.
    """
    parts: list[BaseGeometry] = list(shapely.get_parts(outline))
    polygon = shapely.get_parts(outline)[crossing.part]
    rings = [shapely.Polygon(ring) for ring in (polygon.exterior, *polygon.interiors)]
    rings[crossing.ring] = _redrawn(rings[crossing.ring], line, crossing)
    parts[crossing.part] = shapely.difference(rings[0], shapely.union_all(rings[1:]))
    mended: BaseGeometry = polygons_only([shapely.union_all(parts)])[0]
    return mended


def _distances_along(line: shapely.LineString, ring: shapely.LinearRing) -> NDArray[np.float64]:
    """Return where along a line it meets a ring, in metres."""
    met = shapely.get_parts(shapely.intersection(line, ring))
    points = shapely.points(shapely.get_coordinates(met))
    return np.asarray(shapely.line_locate_point(line, points), dtype=np.float64)


def _redrawn(
    area: shapely.Polygon, line: shapely.LineString, crossing: Crossing
) -> shapely.Polygon:
    drawn = shapely.LineString(ops.substring(line, crossing.start, crossing.end).coords)
    ring = shapely.LineString(area.exterior)
    begin, finish = (
        float(ring.project(shapely.Point(place))) for place in (drawn.coords[0], drawn.coords[-1])
    )
    onward, back = _arc(ring, finish, begin), _arc(ring, begin, finish)[::-1]
    # Both arcs lead from the end of the drawn stretch to its beginning, whose points it has.
    shapes = [
        shapely.Polygon(np.concatenate([shapely.get_coordinates(drawn), arc[1:-1]]))
        for arc in (onward, back)
        if len(drawn.coords) + len(arc) > 4
    ]
    sound = [shape for shape in shapes if shape.is_valid and shape.area > 0]
    if not sound:
        raise OutlineError(
            "With this line the outline would cross itself. Draw a shorter line that leaves the "
            "outline once and comes back once."
        )
    return min(sound, key=lambda shape: shapely.symmetric_difference(shape, area).area)


def _arc(ring: shapely.LineString, start: float, end: float) -> NDArray[np.float64]:
    """Return the coordinates of a closed line from one distance on to another, (n, 2)."""
    if start <= end:
        return shapely.get_coordinates(ops.substring(ring, start, end))
    first = shapely.get_coordinates(ops.substring(ring, start, ring.length))
    second = shapely.get_coordinates(ops.substring(ring, 0, end))
    return np.concatenate([first, second[1:]])
