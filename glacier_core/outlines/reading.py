"""Outlines from files, in whatever words, into the one schema."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from shapely.errors import ShapelyError

from glacier_core.errors import OutlineError
from glacier_core.outlines.archives import unpacked_shapefile
from glacier_core.outlines.attributes import stated_uncertainty, translate
from glacier_core.outlines.geojson import read_geojson
from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import to_schema
from glacier_core.outlines.untrusted import check_contents
from glacier_core.settings import settings

_BEGINNINGS: Final = {
    ".gpkg": b"SQLite format 3\x00",
    ".shp": b"\x00\x00\x27\x0a",
    ".parquet": b"PAR1",
    ".zip": b"PK\x03\x04",
    ".geojson": b"{",
    ".json": b"{",
}
"""Suffixes that are read, and the bytes such a file begins with."""


# What the libraries that read raise at damaged files; the UnboundLocalError is pyogrio 0.13 at a
# .prj file that holds no text.
_TROUBLES: Final = (
    RuntimeError,
    ValueError,
    OSError,
    LookupError,
    TypeError,
    AttributeError,
    UnboundLocalError,
    ShapelyError,
    RecursionError,
    sqlite3.Error,
)


def read_outlines(
    path: str | Path, *, crs: Any = None, layer: str | None = None
) -> gpd.GeoDataFrame:
    """Read outlines from a file into the one schema.

    Parameters
    ----------
    path : str or Path
        GeoPackage, GeoJSON, Shapefile (``.shp`` with its siblings, or all of them in one
        ``.zip``) or GeoParquet. Attributes of RGI 5 to 7, GLIMS, the Chinese Glacier Inventory
        and plain names are understood.
    crs : anything pyproj understands, optional
        Coordinate system of the coordinates, where the file does not tell; ignored where it does.
    layer : str, optional
        Which layer of a GeoPackage, where several hold polygons.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema`` and the coordinate system of the file: valid
        polygons, unique ids, areas measured in an equal-area projection. Self-crossing polygons
        are repaired; lines, points and empty rows are dropped. Every attribute stays the text
        it was: escape it before showing it as HTML. Where the file states how uncertain the
        outlines are (GLIMS), there are the columns of ``outlines.attributes.UNCERTAINTIES`` too.

    Raises
    ------
    OutlineError
        When there is no such file, it is no vector file, holds no polygon, has no coordinate
        system, or is larger than the limits of the settings.
    """
    path = Path(path)
    suffix = _checked_suffix(path)
    with _told(path.name):
        if suffix == ".zip":
            with unpacked_shapefile(path) as shapefile:
                table = _read_table(shapefile, None)
        else:
            table = _read_table(path, layer)
        return in_schema(_with_crs(table, crs, path), path.name)


def _checked_suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in _BEGINNINGS:
        raise OutlineError(
            f"{path.name} is no kind of outline file known here. Known are GeoPackage (.gpkg), "
            "GeoJSON (.geojson, .json), Shapefile (.shp, or zipped .zip) and GeoParquet (.parquet)."
        )
    if not path.is_file():
        raise OutlineError(f"There is no file {path}.")
    limit = settings().max_upload_megabytes
    if path.stat().st_size > limit * 1_000_000:
        raise OutlineError(
            f"{path.name} is larger than {limit} MB (GLACIER_MAX_UPLOAD_MEGABYTES). "
            "Cut out the glaciers you need."
        )
    with path.open("rb") as file:
        beginning = file.read(1024)
    if not beginning:
        raise OutlineError(f"{path.name} is an empty file (0 bytes). Export the outlines again.")
    if not beginning.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_BEGINNINGS[suffix]):
        raise OutlineError(
            f"{path.name} is not what its name says: it does not begin like a {suffix} file. "
            "Export the outlines again, for instance as GeoPackage."
        )
    return suffix


def _read_table(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    check_contents(path)
    if path.suffix.lower() == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix.lower() in (".geojson", ".json"):
        return read_geojson(path)
    chosen = layer or _polygon_layer(path)
    if path.suffix.lower() == ".shp" and not path.with_suffix(".cpg").exists():
        return _read_shapefile_of_unknown_encoding(path)
    return pyogrio.read_dataframe(path.resolve(), layer=chosen)


def _read_shapefile_of_unknown_encoding(path: Path) -> gpd.GeoDataFrame:
    try:
        return pyogrio.read_dataframe(path.resolve(), encoding="utf-8")
    except UnicodeDecodeError:
        return pyogrio.read_dataframe(path.resolve())


def _polygon_layer(path: Path) -> str:
    layers = pyogrio.list_layers(path.resolve())
    named = [str(name) for name, kind in layers if kind is not None]
    areal = [
        str(name) for name, kind in layers if kind and "Point" not in kind and "Line" not in kind
    ]
    if len(areal) > 1:
        raise OutlineError(
            f"{path.name} has several layers of polygons ({', '.join(areal)}). "
            "Say which one: read_outlines(path, layer=...)."
        )
    if not named:
        raise OutlineError(f"{path.name} holds no layer with geometries.")
    return (areal or named)[0]


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Turn whatever a reader raises into one sentence."""
    try:
        yield
    except _TROUBLES as problem:
        raise OutlineError(
            f"{name} cannot be read as outlines; it may be damaged or incomplete "
            f"({_first_line(problem)}). Export it again, for instance as GeoPackage."
        ) from problem


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:200]


def _with_crs(table: Any, crs: Any, path: Path) -> gpd.GeoDataFrame:
    if not isinstance(table, gpd.GeoDataFrame):
        raise OutlineError(f"{path.name} is a table without geometries: no outlines in it.")
    named = table.crs is not None
    if named and not _beyond_degrees(table):
        return table
    if crs is None:
        problem = "says degrees but holds other numbers" if named else "has no coordinate system"
        raise OutlineError(
            f"{path.name} {problem}, so nobody knows where its outlines lie. "
            "A Shapefile needs its .prj file beside it; or name the system yourself: "
            "read_outlines(path, crs='EPSG:4326')."
        )
    try:
        return table.set_crs(crs, allow_override=True)
    except RuntimeError as problem:
        raise OutlineError(
            f"{str(crs)[:60]!r} is no coordinate system. Name one like EPSG:32611."
        ) from problem


def _beyond_degrees(table: gpd.GeoDataFrame) -> bool:
    """Return whether coordinates said to be degrees cannot be: GeoJSON says so by default."""
    if not table.crs.is_geographic:
        return False
    west, south, east, north = table.total_bounds
    return bool(west < -360 or east > 360 or south < -90.001 or north > 90.001)


def in_schema(table: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Put a table of outlines, in whatever words, into the one schema.

    Parameters
    ----------
    table : geopandas.GeoDataFrame
        Attributes and polygons as read, with a coordinate system.
    name : str
        What people call the file or the answer it is from.

    Returns
    -------
    geopandas.GeoDataFrame
        As of :func:`read_outlines`.

    Raises
    ------
    OutlineError
        When it holds no polygon, or more than the limits of the settings.
    """
    if len(table) == 0:
        raise OutlineError(f"{name} is empty: it holds not one outline.")
    table = _glacier_boundaries(table)
    _check_vertices(table, name)
    geometries = polygons_only(table.geometry)
    usable = ~shapely.is_empty(geometries) & np.isfinite(shapely.bounds(geometries)).all(axis=1)
    if not usable.any():
        kinds = ", ".join(sorted({str(kind) for kind in table.geom_type.dropna()})) or "nothing"
        raise OutlineError(
            f"{name} holds no polygon with an area (found: {kinds}). Outlines must be polygons."
        )
    attributes = pd.DataFrame(table.drop(columns=table.geometry.name))[usable]
    texts = translate(attributes, file_name=name)
    outlines = to_schema(
        list(geometries[usable]),
        table.crs,
        glacier_id=texts["glacier_id"],
        name=texts["name"],
        source=texts["source"],
        analyst=texts["analyst"],
        date=texts["date"],
    )
    return outlines.assign(**stated_uncertainty(attributes))


def _glacier_boundaries(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Keep the glaciers of a GLIMS file, which also holds rocks, lakes and debris as polygons."""
    if "line_type" not in table.columns:
        return table
    boundaries = table[table["line_type"] == "glac_bound"]
    return boundaries if len(boundaries) else table


def _check_vertices(table: gpd.GeoDataFrame, name: str) -> None:
    vertices = int(shapely.get_num_coordinates(table.geometry.values).sum())
    limit = settings().max_outline_vertices
    if vertices > limit:
        raise OutlineError(
            f"{name} has {vertices:,} vertices; the limit is {limit:,} "
            "(GLACIER_MAX_OUTLINE_VERTICES). Cut out the glaciers you need, or simplify them."
        )
