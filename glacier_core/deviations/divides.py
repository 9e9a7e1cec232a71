"""Ice divides: borders that two outlines share, where one glacier ends because another begins."""

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.boundaries import STEP, Boundary
from glacier_core.deviations.nearest import FloatArray, Pieces, lengths


def shared_borders(
    outlines: Sequence[BaseGeometry], tolerance: float
) -> list[shapely.MultiLineString]:
    """Return the stretches of each outline that are borders with another one.

    A place of a boundary is shared when it lies within the tolerance of the other outline's
    boundary, and the ground the same distance outside of it is the other glacier. The first
    forgives a sliver of gap or overlap; the second tells the border from the margins that meet
    at its ends.

    Parameters
    ----------
    outlines : sequence of shapely Polygon or MultiPolygon
        In one metric coordinate system.
    tolerance : float
        Metres, above 0.

    Returns
    -------
    list of shapely MultiLineString
        One an outline, of pieces of at most 10 m; empty where it shares no border.
    """
    geometries = np.asarray(outlines, dtype=object)
    one, other = shapely.STRtree(geometries).query(
        geometries, predicate="dwithin", distance=tolerance
    )
    return [
        _shared(
            geometries[number], geometries[other[(one == number) & (other != number)]], tolerance
        )
        for number in range(len(geometries))
    ]


def _shared(
    outline: BaseGeometry, neighbours: NDArray[np.object_], tolerance: float
) -> shapely.MultiLineString:
    if not len(neighbours):
        return shapely.MultiLineString()
    pieces = Boundary.of(shapely.orient_polygons(outline), STEP).pieces
    shared = np.zeros(len(pieces), dtype=bool)
    for neighbour in neighbours:
        near = np.flatnonzero(~shared & _in_reach(pieces, neighbour, tolerance))
        shared[near] = _borders(pieces[near], neighbour, tolerance)
    return shapely.MultiLineString(list(pieces[shared]))


def _in_reach(pieces: FloatArray, neighbour: BaseGeometry, tolerance: float) -> NDArray[np.bool_]:
    """Whether each piece touches the rectangle around a neighbour: spares most the search."""
    west, south, east, north = neighbour.bounds
    middle = pieces.mean(axis=1)
    beyond = np.maximum(np.array([west, south]) - middle, middle - np.array([east, north]))
    near: NDArray[np.bool_] = (beyond <= tolerance).all(axis=1)
    return near


def _borders(pieces: FloatArray, neighbour: BaseGeometry, tolerance: float) -> NDArray[np.bool_]:
    middle, way = pieces.mean(axis=1), pieces[:, 1] - pieces[:, 0]
    # Rings are oriented with the ice on their left.
    outwards = np.stack([way[:, 1], -way[:, 0]], axis=1) / lengths(pieces)[:, None]
    outside = middle + tolerance * outwards
    shapely.prepare(neighbour)
    across = shapely.intersects_xy(neighbour, outside[:, 0], outside[:, 1])
    rings = Pieces(Boundary.of(neighbour, STEP).pieces)
    close: NDArray[np.bool_] = np.asarray(across, dtype=bool)
    close[close] = rings.distances(middle[close]) <= tolerance
    return close
