"""Whether outlines and a scene lie at the same place."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod

from glacier_core.errors import OutlineError

_EARTH = Geod(ellps="WGS84")


def check_overlap(
    frame: gpd.GeoDataFrame, bounds: tuple[float, float, float, float], crs: Any
) -> None:
    """Refuse outlines none of which touches a scene.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Outlines in any coordinate system.
    bounds : (west, south, east, north)
        Edges of the scene, in its own coordinate system.
    crs : anything pyproj understands
        Coordinate system of the bounds.

    Raises
    ------
    OutlineError
        When there is no outline, the outlines have no coordinate system, or none of them
        touches the scene; the message says how far away the nearest one is.
    """
    if len(frame) == 0:
        raise OutlineError("There is not one outline to lay over the scene.")
    if frame.crs is None:
        raise OutlineError(
            "The outlines have no coordinate system, so nobody knows where they lie. "
            "Assign the right one: frame.set_crs('EPSG:4326')."
        )
    scene = gpd.GeoSeries([shapely.box(*bounds)], crs=crs)
    there = frame.geometry.to_crs(crs)
    if bool(there.intersects(scene.iloc[0]).any()):
        return
    kilometres = _kilometres_between(frame.geometry, scene)
    raise OutlineError(
        f"None of the outlines lies on the scene: the nearest is about {kilometres:,.0f} km away. "
        "They belong to another place, or to another coordinate system than their file says."
    )


def _kilometres_between(outlines: gpd.GeoSeries, scene: gpd.GeoSeries) -> float:
    """Return the least geodesic distance between points of the outlines and the scene's edge."""
    edge = scene.segmentize(float(scene.length.iloc[0]) / 100).to_crs("EPSG:4326").iloc[0]
    lonlat = outlines.to_crs("EPSG:4326")
    nearest = shapely.shortest_line(lonlat.values, edge)
    ends = shapely.get_coordinates(nearest[~shapely.is_missing(nearest)]).reshape(-1, 4)
    distances = _EARTH.inv(*ends.T)[2]
    return float(np.min(distances)) / 1000
