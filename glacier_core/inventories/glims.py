"""The GLIMS Glacier Database, asked through its Web Feature Service."""

from collections.abc import Iterator
from typing import Any, Final, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

from glacier_core.errors import JobCancelled, OutlineError, SourceError
from glacier_core.inventories.identifiers import identifier_in
from glacier_core.inventories.places import place_in
from glacier_core.network.services import service
from glacier_core.network.session import get_json
from glacier_core.network.transfer import (
    IsCancelled,
    Report,
    TransferProgress,
    never,
    unreported,
)
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.reading import in_schema
from glacier_core.outlines.schema import empty_outlines

_LAYER: Final = "GLIMS:GLIMS_Glacier_Outlines"
_PAGE: Final = 500
_MOST_FEATURES: Final = 20_000

_GLACIER: Final = 1.0
"""Degrees; the point a GLIMS id spells is this near to all of its glacier."""

_DAMAGES: Final = (ValueError, TypeError, AttributeError, KeyError, IndexError, ShapelyError)

Box = tuple[float, float, float, float]
Order = Literal["latitude first", "longitude first"]


def glims_outlines(
    area: shapely.Geometry, *, report: Report = unreported, cancelled: IsCancelled = never
) -> gpd.GeoDataFrame:
    """Return every outline that GLIMS has of an area: several dates and analysts a glacier.

    Parameters
    ----------
    area : shapely geometry
        EPSG:4326; cut in two parts where it crosses the antimeridian. Glaciers that reach into
        it come whole.
    report, cancelled : callable, optional

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, EPSG:4326, with ``glims_id`` and ``analysis_id``
        (one number an outline) and, where stated, the uncertainties of
        ``outlines.attributes.UNCERTAINTIES``. Sorted by glacier and date. No row where GLIMS has
        nothing there.

    Raises
    ------
    SourceError
        When GLIMS does not answer, or answers for another place whichever way it is asked.
    OutlineError
        When there are more outlines than the limits allow.
    JobCancelled
    """
    found: dict[str, dict[str, Any]] = {}
    for part in shapely.get_parts(area):
        for feature in _features_of_box(part.bounds, report, cancelled):
            found[_key(feature)] = feature
    features = [feature for feature in found.values() if feature.get("geometry")]
    if not features:
        return _without_rows()
    table = gpd.GeoDataFrame.from_features(features, crs="EPSG:4326")
    return _inside(_outlines(table), area)


def _without_rows() -> gpd.GeoDataFrame:
    return empty_outlines("EPSG:4326").assign(
        glims_id=pd.Series(dtype="str"), analysis_id=pd.Series(dtype="str")
    )


def _outlines(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put features into the schema; ids may be numbers with a point, missing texts "None"."""
    boundaries = table[table["line_type"] == "glac_bound"] if "line_type" in table else table
    mended = boundaries.set_geometry(polygons_only(boundaries.geometry), crs=table.crs)
    usable = mended[~mended.geometry.is_empty]
    if not len(usable):
        return _without_rows()
    ordered = usable.sort_values(["glac_id", "src_date", "anlys_id"], kind="stable")
    outlines = in_schema(ordered, "The answer of GLIMS")
    numbers = pd.to_numeric(ordered["anlys_id"], errors="coerce").fillna(0).astype("int64")
    return outlines.assign(
        source="GLIMS",
        glims_id=ordered["glac_id"].astype("str").to_numpy(),
        analysis_id=numbers.astype("str").to_numpy(),
    )


def _inside(outlines: gpd.GeoDataFrame, area: shapely.Geometry) -> gpd.GeoDataFrame:
    return outlines[outlines.intersects(area)].reset_index(drop=True)


def _features_of_box(box: Box, report: Report, cancelled: IsCancelled) -> list[dict[str, Any]]:
    """Ask for a box in both orders of its axes, until the answer lies in it.

    Accounts of the service differ on the order it takes: GeoServer has latitude first for the
    URN of EPSG:4326 and longitude first for its short name, but a proxy before it may not. An
    answer from elsewhere tells that the box was misread, and nothing of what is in it.
    """
    understood = False
    for order in ("latitude first", "longitude first"):
        features = list(_pages(box, order, report, cancelled))
        placed = _placed(features, box)
        if placed:
            return placed
        understood = understood or not features
    if understood:
        return []
    west, south, east, north = box
    raise SourceError(
        f"GLIMS answered for another place than the one asked for ({south:.2f} to {north:.2f} "
        f"north, {west:.2f} to {east:.2f} east), whichever way its axes are given. Its outlines "
        "are not used; take those of the RGI, or a file from glims.org."
    )


def _pages(
    box: Box, order: Order, report: Report, cancelled: IsCancelled
) -> Iterator[dict[str, Any]]:
    start = 0
    while True:
        if cancelled():
            raise JobCancelled("The search for outlines was stopped.")
        answer = get_json(service("glims"), params=_query(box, order, start), cancelled=cancelled)
        page = _features(answer)
        yield from page
        start += len(page)
        total = answer.get("numberMatched", answer.get("totalFeatures"))
        known = int(total) if isinstance(total, int) else start
        report(TransferProgress("Outlines of GLIMS", start, max(start, known)))
        # Pages are told to end by what came: the total may be "unknown".
        if len(page) < _PAGE:
            return
        if start >= _MOST_FEATURES:
            raise OutlineError(
                f"GLIMS has more than {_MOST_FEATURES:,} outlines there. Choose a smaller area."
            )


def _query(box: Box, order: Order, start: int) -> dict[str, str | int]:
    west, south, east, north = box
    corners = {
        "latitude first": f"{south},{west},{north},{east},urn:ogc:def:crs:EPSG::4326",
        "longitude first": f"{west},{south},{east},{north},EPSG:4326",
    }[order]
    return {
        "service": "WFS",
        "version": "2.0.0",
        "request": "GetFeature",
        "typeNames": _LAYER,
        "outputFormat": "application/json",
        "srsName": "EPSG:4326",
        # Pages of a service that does not sort may repeat and leave out.
        "sortBy": "anlys_id",
        "count": _PAGE,
        "startIndex": start,
        "bbox": corners,
    }


def _features(answer: Any) -> list[dict[str, Any]]:
    features = answer.get("features") if isinstance(answer, dict) else None
    if not isinstance(features, list) or not all(
        isinstance(one, dict) and isinstance(one.get("properties"), dict) for one in features
    ):
        raise SourceError(
            "GLIMS answered with something else than outlines. Try again later, or take those of "
            "the RGI."
        )
    return features


def _placed(features: list[dict[str, Any]], box: Box) -> list[dict[str, Any]]:
    """Return features with longitude as their first coordinate, or none if they lie elsewhere."""
    shapes, frame = _shapes(features), shapely.box(*box)
    if _most_meet(shapes, frame):
        return features
    # What seems to lie elsewhere may have its coordinates the other way round; only the places
    # that their ids spell can tell, as a misread box looks the same.
    turned = shapely.transform(shapely.force_2d(shapes), lambda points: points[:, ::-1])
    if not (_ids_are_near(features, frame) and _most_meet(turned, frame)):
        return []
    return [
        {**one, "geometry": shapely.geometry.mapping(shape)} if shape is not None else one
        for one, shape in zip(features, turned, strict=True)
    ]


def _shapes(features: list[dict[str, Any]]) -> NDArray[np.object_]:
    shapes = np.empty(len(features), dtype=object)
    try:
        for place, one in enumerate(features):
            if one.get("geometry"):
                shapes[place] = shapely.geometry.shape(one["geometry"])
    except _DAMAGES as problem:
        raise SourceError(
            "GLIMS answered with outlines that are damaged. Try again later, or take those of "
            "the RGI."
        ) from problem
    return shapes


def _ids_are_near(features: list[dict[str, Any]], frame: shapely.Geometry) -> bool:
    ids = [identifier_in(str(one["properties"].get("glac_id", ""))) for one in features]
    places = [place_in(found.text) for found in ids if found and found.kind == "glims_id"]
    points = [shapely.Point(place.longitude, place.latitude) for place in places if place]
    return bool(points) and bool(np.mean(shapely.dwithin(points, frame, _GLACIER)) > 0.5)


def _most_meet(shapes: NDArray[np.object_], frame: shapely.Geometry) -> bool:
    """Tell whether the rectangles of most shapes meet a frame: the service selects by them."""
    west, south, east, north = shapely.bounds(shapes[~shapely.is_missing(shapes)]).T
    if not len(west):
        return len(shapes) > 0
    return bool(np.mean(shapely.intersects(shapely.box(west, south, east, north), frame)) > 0.5)


def _key(feature: dict[str, Any]) -> str:
    """Name a feature: neighbouring pages and boxes may both hold it."""
    told = feature.get("id")
    properties = feature["properties"]
    return str(
        told or [properties.get("anlys_id"), properties.get("line_type"), feature.get("geometry")]
    )
