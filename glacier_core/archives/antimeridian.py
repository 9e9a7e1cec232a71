"""Polygons on the globe, where longitude 180 and longitude -180 are one line."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity

from glacier_core.errors import SourceError

Polygons = shapely.Polygon | shapely.MultiPolygon

_DECIMALS: Final = 5  # of a degree: about a metre on the ground


def unwrapped(geometry: shapely.Geometry) -> shapely.MultiPolygon:
    """Return the polygons of a geometry, their edges going the short way around the Earth.

    Parameters
    ----------
    geometry : shapely geometry
        EPSG:4326; points and lines in it are left out, holes are closed.

    Returns
    -------
    shapely.MultiPolygon
        Longitudes may lie beyond 180. A ring around a pole is closed along the pole.
    """
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, shapely.Polygon)]
    return shapely.MultiPolygon([_unwrapped_ring(part) for part in parts if not part.is_empty])


def cut(geometry: shapely.Geometry) -> Polygons:
    """Cut polygons at the antimeridian, so that all longitudes lie within -180 and 180.

    Parameters
    ----------
    geometry : shapely geometry
        EPSG:4326, longitudes maybe beyond 180.

    Returns
    -------
    shapely Polygon or MultiPolygon
        Rounded to 0.00001 degrees, without holes; empty where nothing has an inside.

    Raises
    ------
    SourceError
        When the longitudes are none.
    """
    whole = shapely.make_valid(geometry)
    west, _, east, _ = shapely.bounds(whole)
    if not np.isfinite([west, east]).all() or max(abs(west), abs(east)) > 1e4:
        raise SourceError("The area is empty, or not in degrees of longitude and latitude.")
    turns = range(math.floor((west + 180) / 360), math.floor((east + 180) / 360) + 1)
    return joined(
        [
            affinity.translate(
                whole & shapely.box(360 * turn - 180, -1e4, 360 * turn + 180, 1e4), -360 * turn
            )
            for turn in turns
        ]
    )


def joined(parts: Sequence[shapely.Geometry]) -> Polygons:
    """Join polygons into one geometry, rounded to 0.00001 degrees and without holes."""
    rounded = [shapely.transform(part, lambda xy: np.round(xy, _DECIMALS)) for part in parts]
    union = shapely.union_all(shapely.make_valid(np.array(rounded, dtype=object)))
    polygons = [
        shapely.Polygon(part.exterior)
        for part in shapely.get_parts(union)
        if isinstance(part, shapely.Polygon)
    ]
    whole: Polygons = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    return shapely.normalize(whole)


def shortest_arc(spans: NDArray[np.float64]) -> tuple[float, float]:
    """Return west and east of the shortest arc that holds all spans of longitude.

    Parameters
    ----------
    spans : ndarray, (n, 2)
        West and east of each, n at least 1.

    Returns
    -------
    west, east : float
        West from -180 to 180, east above it and maybe beyond 180.
    """
    ordered = sorted((float(west), float(east)) for west, east in spans)
    start, reached = ordered[0]
    end = min(max(east for _, east in ordered), start + 360)
    widest = start + 360 - end
    for west, east in ordered[1:]:
        if west - reached > widest:
            widest, start, end = west - reached, west, reached + 360
        reached = max(reached, east)
    turn = wrapped(start) - start
    return (start + turn, end + turn) if turn else (start, end)


def wrapped(longitude: float) -> float:
    """Return a longitude within -180 and 180, 180 itself excluded."""
    return longitude if -180 <= longitude < 180 else (longitude + 180) % 360 - 180


def _unwrapped_ring(polygon: shapely.Polygon) -> shapely.Polygon:
    corners = np.array(polygon.exterior.coords)[:, :2]
    if np.ptp(corners[:, 0]) < 360:
        corners[:, 0] = np.unwrap(corners[:, 0], period=360)
    turn = corners[-1, 0] - corners[0, 0]
    if abs(turn) > 180:
        pole = math.copysign(90.0, corners[:, 1].mean())
        corners = np.vstack([corners, [(corners[-1, 0], pole), (corners[0, 0], pole)]])
    return shapely.Polygon(corners)
