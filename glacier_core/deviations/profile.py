"""Along the boundary: how far away, and in which direction, the other outline lies."""

from typing import Literal

import numpy as np
import pandas as pd
from pyproj import CRS, Geod

from glacier_core.deviations.boundaries import Facing, outward_signs
from glacier_core.deviations.definitions import DEFINITIONS, Definition
from glacier_core.deviations.ground import to_degrees
from glacier_core.deviations.nearest import FloatArray

_ELLIPSOID = Geod(ellps="WGS84")
_OWN = "own definition"

NO_DIRECTION = 1e-3
"""Metres; two boundaries closer than a millimetre have no direction between them."""


def boundary_profile(
    facing: Facing,
    projection: CRS,
    *,
    glacier_id: str = "",
    along: Literal["predicted", "expert"] = "predicted",
) -> pd.DataFrame:
    """Return one boundary piece by piece, with how far the other one lies from it.

    The pieces are those the distances of a comparison are made of, so that the mean of
    ``distance_m`` along the predicted boundary, by ``length_m``, is its signed mean distance.

    Parameters
    ----------
    facing : Facing
        The two outlines, in ``projection``.
    projection : pyproj.CRS
        See :func:`glacier_core.deviations.ground.local_projection`.
    glacier_id : str
        Written into every row.
    along : {"predicted", "expert"}
        Whose boundary the places lie on.

    Returns
    -------
    pandas.DataFrame
        A row a piece that can be compared, in the order of the boundary; the columns are those
        of :data:`PROFILE_DEFINITIONS` but ``simulated``. No row where an outline is empty or
        nothing can be compared.
    """
    one, other = facing.predicted, facing.expert
    if along == "expert":
        one, other = other, one
    seen = one.seen if facing.comparable else one.seen.where(lambda points: np.isnan(points[:, 0]))
    places = seen.midpoints
    closest = other.margin.closest(places)
    away = np.hypot(*(closest - places).T)
    signs = outward_signs(places, other.outline) * (1 if along == "predicted" else -1)
    longitude, latitude = to_degrees(places[:, 0], places[:, 1], projection)
    return pd.DataFrame(
        {
            "glacier_id": pd.Series([glacier_id] * len(places), dtype="str"),
            "ring": seen.ring,
            "along_m": seen.along,
            "length_m": seen.weights,
            "lon": longitude,
            "lat": latitude,
            "distance_m": signs * away,
            "bearing_deg": _bearings(longitude, latitude, closest, away, projection),
        }
    )


def _bearings(
    longitude: FloatArray, latitude: FloatArray, closest: FloatArray, away: FloatArray, crs: CRS
) -> FloatArray:
    """Azimuth from places to what is closest to them, 0 to 360 degrees from true north."""
    to_longitude, to_latitude = to_degrees(closest[:, 0], closest[:, 1], crs)
    azimuth, _, _ = _ELLIPSOID.inv(longitude, latitude, to_longitude, to_latitude)
    return np.where(away < NO_DIRECTION, np.nan, np.asarray(azimuth) % 360)


PROFILE_DEFINITIONS: dict[str, Definition] = {
    "glacier_id": DEFINITIONS["glacier_id"],
    "ring": Definition(
        "Ring", "", "", _OWN, "Number of the closed line of the outline; nunataks have their own."
    ),
    "along_m": Definition(
        "Along the boundary",
        "m",
        "length of the boundary, ring after ring, up to the middle of the piece",
        _OWN,
        "Where on the boundary the piece lies. What cannot be compared leaves a gap.",
    ),
    "length_m": Definition(
        "Length of the piece", "m", "at most 10 m", _OWN, "The weight of the piece in every mean."
    ),
    "lon": Definition("Longitude", "°", "WGS 84", _OWN, "Of the middle of the piece."),
    "lat": Definition("Latitude", "°", "WGS 84", _OWN, "Of the middle of the piece."),
    "distance_m": Definition(
        "Signed distance",
        "m",
        "distance to the other boundary; positive where the map reaches beyond the expert outline",
        _OWN,
        "How far the map lies outside (positive) or inside (negative) the expert outline here.",
    ),
    "bearing_deg": Definition(
        "Direction of the other boundary",
        "°",
        "azimuth on the ellipsoid (WGS 84), clockwise from true north, 0 to 360",
        _OWN,
        "Which way the nearest place of the other boundary lies. None where both coincide.",
    ),
    "simulated": DEFINITIONS["simulated"],
}
"""Every column of a profile, by its name."""
