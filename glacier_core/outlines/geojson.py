"""GeoJSON, read without GDAL: its driver, and others that take JSON, follow what a file tells them.

GDAL fetches the coordinate system of a GeoJSON file from any web address the file names, and runs
a JSON file that calls itself a ``gdal_streamed_alg`` as a pipeline that may open any file of the
machine (seen with GDAL 3.12.4). Here a file is data and nothing else.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyproj
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError

_GEOMETRIES: Final = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)
"""RFC 7946, section 1.4."""

_DEGREES: Final = "EPSG:4326"
_NAME_OF_CRS: Final = re.compile(
    r"(?:urn:ogc:def:crs:)?(EPSG|ESRI|IAU_2015|IGNF):(?:[\d.]*:)?([A-Za-z0-9]{1,20})", re.IGNORECASE
)
_CRS84: Final = re.compile(r"(?:urn:ogc:def:crs:)?OGC:(?:[\d.]*:)?CRS84", re.IGNORECASE)
"""How GeoJSON of 2008 names coordinate systems (section 3.1); RFC 7946 knows degrees alone."""


def read_geojson(path: Path) -> gpd.GeoDataFrame:
    """Read a GeoJSON file as a table.

    Parameters
    ----------
    path : Path

    Returns
    -------
    geopandas.GeoDataFrame
        In degrees on WGS 84 unless the file names another coordinate system by its number.
        Attributes that are lists or objects are JSON texts.

    Raises
    ------
    OutlineError
        When the file is another kind of JSON, or names its coordinate system in another way.
    ValueError, TypeError, LookupError, RecursionError, shapely.errors.ShapelyError
        When it is damaged.
    """
    document = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    features = _features(document, path.name)
    geometries = [_geometry(feature.get("geometry")) for feature in features]
    attributes = [_attributes(feature) for feature in features]
    crs = _crs(document.get("crs"), path.name)
    return gpd.GeoDataFrame(attributes, geometry=geometries, crs=crs)


def _features(document: Any, name: str) -> list[Mapping[str, Any]]:
    kind = document.get("type") if isinstance(document, dict) else None
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        return [_checked_feature(feature) for feature in document["features"]]
    if kind == "Feature":
        return [_checked_feature(document)]
    if kind in _GEOMETRIES:
        return [{"geometry": document}]
    raise OutlineError(
        f"{name} holds no GeoJSON outlines: it is another kind of JSON "
        f"({str(kind)[:40]!r}). Export the outlines as GeoPackage or GeoJSON."
    )


def _checked_feature(feature: Any) -> Mapping[str, Any]:
    if not isinstance(feature, dict):
        raise TypeError("a feature is no JSON object")
    return feature


def _geometry(geometry: Any) -> BaseGeometry | None:
    if geometry is None:
        return None
    if not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRIES:
        raise TypeError("a geometry is none that GeoJSON knows")
    return shape(geometry)


def _attributes(feature: Mapping[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise TypeError("the properties of a feature are no JSON object")
    own = {"id": feature["id"]} if feature.get("id") is not None else {}
    # A property called geometry would take the place of the geometry itself.
    return {
        "geometry_" if key == "geometry" else key: _plain(value)
        for key, value in (own | properties).items()
    }


def _plain(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else value


def _crs(named: Any, name: str) -> pyproj.CRS:
    if named is None:
        return pyproj.CRS.from_user_input(_DEGREES)
    text = ""
    if isinstance(named, dict) and named.get("type") == "name":
        text = str((named.get("properties") or {}).get("name", ""))
    if _CRS84.fullmatch(text):
        return pyproj.CRS.from_user_input(_DEGREES)
    found = _NAME_OF_CRS.fullmatch(text)
    if found is None:
        raise OutlineError(
            f"{name} names its coordinate system in a way that is not followed "
            f"({json.dumps(named)[:60]}): only names like EPSG:32611 are, never addresses. Export "
            "the outlines again, in degrees."
        )
    return pyproj.CRS.from_authority(found[1].upper(), found[2])


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
