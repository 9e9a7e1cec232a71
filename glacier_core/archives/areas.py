"""The place that imagery is looked for and fetched for."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from glacier_core.archives.antimeridian import (
    Polygons,
    cut,
    joined,
    shortest_arc,
    unwrapped,
    wrapped,
)
from glacier_core.errors import SourceError
from glacier_core.settings import settings

AROUND_A_POINT_KM: Final = 5.0
"""Kilometres from a point to each side of the box that is taken around it."""

MOST_CORNERS: Final = 100
"""Of a polygon; one of more corners becomes the box around it, as its link must stay short."""

COARSEST_PIXEL_M: Final = 30.0
"""Side of the largest pixels fetched (Landsat)."""

LONGEST_TEXT: Final = 8000
"""Characters; more than addresses of web pages hold."""

_EARTH_RADIUS_KM: Final = 6371.0088  # mean radius of WGS 84
_KM_A_DEGREE: Final = math.pi * _EARTH_RADIUS_KM / 180
_INDEX_IDS: Final = ("rgi7_id", "rgi6_id", "glims_id")

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Area:
    """A place on Earth that imagery is looked for.

    Make one with :func:`area_of`, which cuts at the antimeridian.

    Attributes
    ----------
    name : str
        What people call it; may be empty.
    geometry : shapely Polygon or MultiPolygon
        EPSG:4326, longitudes -180 to 180; two parts where it crosses the antimeridian.
    glacier_ids : tuple of str
        Of the glaciers it was made for, as their inventory has them.

    Raises
    ------
    SourceError
        When the geometry is no polygon on Earth, or larger than a scene may be.
    """

    name: str
    geometry: Polygons
    glacier_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_geometry(self.geometry)
        _check_size(self.extent)

    @property
    def extent(self) -> Box:
        """West, south, east and north in degrees; east is beyond 180 across the antimeridian."""
        bounds = shapely.bounds(shapely.get_parts(self.geometry))
        west, east = shortest_arc(bounds[:, [0, 2]])
        return west, float(bounds[:, 1].min()), east, float(bounds[:, 3].max())

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle of the extent; a pole where it is enclosed."""
        west, south, east, north = self.extent
        if east - west >= 360 and max(north, -south) >= 90:
            return 0.0, math.copysign(90.0, north + south)
        return wrapped((west + east) / 2), (south + north) / 2

    @property
    def crosses_antimeridian(self) -> bool:
        """Whether it lies on both sides of longitude 180."""
        return self.extent[2] > 180

    def to_text(self) -> str:
        """Return the area as text for a link; :func:`area_from_text` is the way back."""
        rings = "_".join(map(_ring_to_text, shapely.get_parts(self.geometry)))
        return "~".join((_quoted(self.name), ",".join(map(_quoted, self.glacier_ids)), rings))


def area_of(place: Any, *, name: str = "") -> Area:
    """Make an area of what a person chose.

    Parameters
    ----------
    place : geopandas.GeoDataFrame, pandas.Series, shapely geometry or four numbers
        Outlines in any coordinate system (the box around them), a row of a table of glaciers in
        EPSG:4326, a polygon or point in EPSG:4326 (edges go the short way around the Earth), or
        west, south, east and north in degrees (west above east crosses the antimeridian).
    name : str
        What people call it; that of the glacier if left out.

    Returns
    -------
    Area

    Raises
    ------
    SourceError
        When there is no place in it, or it is larger than a scene may be.
    """
    if isinstance(place, gpd.GeoDataFrame):
        return _area_of_outlines(place, name)
    if isinstance(place, pd.Series):
        return _area_of_glacier(place, name)
    if isinstance(place, shapely.Geometry):
        return Area(name, cut(_simplified(place)))
    return Area(name, cut(_box(place)))


def area_from_text(text: str) -> Area:
    """Read an area from the text of a link.

    Raises
    ------
    SourceError
        When the text is none that :meth:`Area.to_text` makes.
    """
    try:
        if len(text) > LONGEST_TEXT:
            raise ValueError("it is too long")
        name, ids, rings = text.split("~")
        parts = [_ring_from_text(ring) for ring in rings.split("_")]
    except ValueError as problem:
        raise SourceError(
            f"The area of the link ({text[:60]!r}) cannot be read: {problem}. Copy the whole link, "
            "or choose the area anew."
        ) from problem
    glacier_ids = tuple(unquote(each) for each in ids.split(",") if each)
    return Area(unquote(name), joined(parts), glacier_ids)


def _area_of_outlines(outlines: gpd.GeoDataFrame, name: str) -> Area:
    if outlines.crs is None:
        raise SourceError(
            "The outlines have no coordinate system, so nobody knows where on Earth they are. "
            "Set it first, for instance with outlines.set_crs('EPSG:32632')."
        )
    geometry = outlines.geometry.to_crs("EPSG:4326")
    present = geometry[~(geometry.is_empty | geometry.isna())]
    if present.empty:
        raise SourceError("There is no outline to take an area from.")
    around = _box_around(list(present))
    only = outlines.iloc[0] if len(outlines) == 1 else pd.Series(dtype=object)
    return Area(name or _text(only, "name"), cut(around), _ids(only))


def _area_of_glacier(glacier: pd.Series, name: str) -> Area:
    geometry = glacier.get("geometry")
    if not isinstance(geometry, shapely.Geometry):
        raise SourceError("The row of the table holds no geometry, so it names no place.")
    return Area(name or _text(glacier, "name"), cut(_simplified(geometry)), _ids(glacier))


def _text(row: pd.Series, column: str) -> str:
    value = row.get(column, "")
    return value if isinstance(value, str) else ""


def _ids(row: pd.Series) -> tuple[str, ...]:
    """Return the ids of a row of the index of glaciers, or that of an outline."""
    columns = _INDEX_IDS if "rgi7_id" in row else ("glacier_id",)
    return tuple(filter(None, (_text(row, column) for column in columns)))


def _box(corners: Sequence[float]) -> shapely.Polygon:
    """Return the box as it is, its east above its west, maybe beyond 180."""
    try:
        west, south, east, north = map(float, corners)
    except (TypeError, ValueError) as problem:
        raise SourceError(
            f"{str(corners)[:60]} is no area. Give west, south, east and north in degrees, "
            "a polygon or outlines."
        ) from problem
    if not np.isfinite([west, south, east, north]).all() or south >= north or west == east:
        raise SourceError(
            f"The box {west}, {south}, {east}, {north} (west, south, east, north) is empty. "
            "Its north must lie above its south, its east beyond its west."
        )
    return shapely.box(west, south, east + 360 if east < west else east, north)


def _simplified(geometry: shapely.Geometry) -> Polygons:
    if isinstance(geometry, shapely.Point) and not geometry.is_empty:
        return _box_around_point(geometry)
    corners = shapely.get_num_coordinates(geometry)
    return _box_around([geometry]) if corners > MOST_CORNERS else unwrapped(geometry)


def _box_around(geometries: Sequence[shapely.Geometry]) -> shapely.Polygon:
    polygons = [part for each in geometries for part in unwrapped(each).geoms]
    if not polygons:
        raise SourceError("There is no polygon to take an area from.")
    bounds = shapely.bounds(polygons)
    west, east = shortest_arc(bounds[:, [0, 2]])
    return shapely.box(west, float(bounds[:, 1].min()), east, float(bounds[:, 3].max()))


def _box_around_point(point: shapely.Point) -> shapely.Polygon:
    up = AROUND_A_POINT_KM / _KM_A_DEGREE
    aside = min(up / max(math.cos(math.radians(point.y)), 1e-9), 180.0)
    south, north = max(point.y - up, -90.0), min(point.y + up, 90.0)
    return shapely.box(point.x - aside, south, point.x + aside, north)


def _check_geometry(geometry: Polygons) -> None:
    polygons = isinstance(geometry, shapely.Polygon | shapely.MultiPolygon)
    if not polygons or geometry.is_empty or not geometry.is_valid:
        raise SourceError(
            "The area is no polygon with an inside. Draw it anew, or give a box: west, south, "
            "east and north in degrees."
        )
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise SourceError(
            f"The area reaches from {west:.5g}, {south:.5g} to {east:.5g}, {north:.5g}; that is "
            "not on Earth in degrees of longitude and latitude (EPSG:4326)."
        )


def _check_size(extent: Box) -> None:
    most_km2 = settings().max_scene_pixels * (COARSEST_PIXEL_M / 1000) ** 2
    km2 = _box_km2(extent)
    if km2 > most_km2:
        raise SourceError(
            f"The box around the area has {km2:,.0f} km²; the most that fits a scene of "
            f"{COARSEST_PIXEL_M:.0f} m pixels is {most_km2:,.0f} km² (GLACIER_MAX_SCENE_PIXELS). "
            "Choose a smaller area."
        )


def _box_km2(extent: Box) -> float:
    """Area of a box on a sphere (Archimedes' theorem of the cylinder around it)."""
    west, south, east, north = extent
    height = math.sin(math.radians(north)) - math.sin(math.radians(south))
    return _EARTH_RADIUS_KM**2 * math.radians(east - west) * height


def _quoted(text: str) -> str:
    return quote(text, safe="").replace("~", "%7E")


def _ring_to_text(polygon: shapely.Polygon) -> str:
    if polygon.equals(polygon.envelope):
        return ",".join(map(_number_to_text, polygon.bounds))
    corners = np.array(polygon.exterior.coords)[:-1]
    return ",".join(map(_number_to_text, corners.ravel()))


def _number_to_text(number: float) -> str:
    return f"{number:.5f}".rstrip("0").rstrip(".")


def _ring_from_text(text: str) -> shapely.Polygon:
    numbers = [float(each) for each in text.split(",")]
    if not np.isfinite(numbers).all() or len(numbers) % 2 or len(numbers) < 4:
        raise ValueError("it holds no corners")
    if len(numbers) == 4:
        west, south, east, north = numbers
        return shapely.box(west, south, east, north)
    return shapely.Polygon(np.reshape(numbers, (-1, 2)))
