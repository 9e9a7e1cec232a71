"""Outlines corrected by hand, matched as they were drawn instead of along pixel edges."""

from collections.abc import Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from glacier_core.deviations.experts import scene_frame
from glacier_core.deviations.matching import Match, Zones, polygons
from glacier_core.outlines.geometry import polygons_only


def match_drawn(
    matches: Sequence[Match],
    corrected: gpd.GeoDataFrame,
    mapped: NDArray[np.bool_],
    zones: Zones,
    transform: Affine,
) -> list[Match]:
    """Return matches with the exact outline of every glacier that a person's edit reaches.

    Whose ice it is stays decided by the pixels of the scene (``deviations.matching``), so that a
    corrected outline is held against the expert's by the very rule of the network's; only its
    course is exact, not rounded to pixels.

    Parameters
    ----------
    matches : sequence of Match
        Of the corrected pixels, one an expert glacier.
    corrected : geopandas.GeoDataFrame
        The corrected outlines with their column ``edits``, in the scene's coordinate system.
    mapped : ndarray of bool, (rows, columns)
    zones : Zones
    transform : affine.Affine
    """
    windows = ndimage.find_objects(zones.nearest, max_label=len(matches))
    frame = scene_frame(transform, zones.nearest.shape)
    exact = []
    for number, (match, window) in enumerate(zip(matches, windows, strict=True), start=1):
        if window is None:
            exact.append(match)
            continue
        place = transform @ Affine.translation(window[1].start, window[0].start)
        own = polygons((zones.nearest[window] == number) & mapped[window], place)
        exact.append(_exact(match, corrected, own, frame))
    return exact


def _exact(
    match: Match, corrected: gpd.GeoDataFrame, own: BaseGeometry, frame: shapely.Polygon
) -> Match:
    near = corrected.iloc[np.sort(corrected.sindex.query(own, predicate="intersects"))]
    if not near["edits"].any() and not match.predicted.is_empty:
        return match
    whole = shapely.union_all(near.geometry.array)
    predicted = polygons_only([shapely.intersection(whole, own)])[0]
    return replace(
        match,
        predicted=shapely.MultiPolygon(shapely.get_parts(predicted)),
        cut=_ends(whole, own, shapely.union(match.unmapped.boundary, frame.boundary)),
    )


def _ends(whole: BaseGeometry, own: BaseGeometry, hidden: BaseGeometry) -> BaseGeometry:
    """Return where ice goes on past what is the glacier's own, or to where nothing is known."""
    reached = shapely.intersection(own.boundary, whole)
    inside = shapely.difference(reached, whole.boundary)
    ends = shapely.union(inside, shapely.intersection(reached, hidden))
    lines = [part for part in shapely.get_parts(ends) if isinstance(part, shapely.LineString)]
    return shapely.MultiLineString([line for line in lines if line.length > 0])
