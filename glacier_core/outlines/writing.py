"""Outlines into files."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import uuid4

import geopandas as gpd
import shapely

from glacier_core.errors import OutlineError, StorageError
from glacier_core.outlines.geopackages import key_value_table, write_geopackage_layer
from glacier_core.outlines.shapefiles import zipped_shapefile

Provenance = dict[str, Any]


def write_outlines(
    frame: gpd.GeoDataFrame, path: str | Path, *, provenance: Mapping[str, Any] | None = None
) -> Path:
    """Write outlines into one file, whole or not at all.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Outlines in the schema of ``outlines.schema``.
    path : str or Path
        The suffix chooses the format: ``.gpkg`` (in the coordinate system of the frame),
        ``.geojson`` (longitude and latitude on WGS 84, as RFC 7946 asks) or ``.parquet``
        (GeoParquet, in the coordinate system of the frame) or ``.zip`` (a Shapefile with a
        legend, see ``outlines.shapefiles``). A file of that name is replaced.
    provenance : mapping, optional
        What the outlines were made from, as JSON can hold it. Kept in the file: as a table
        ``provenance``, as a member of that name, in the attributes of the table
        (``geopandas.read_parquet(...).attrs``), or as ``provenance.json``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OutlineError
        When the suffix is another one.
    StorageError
        When the disk is full or the folder cannot be written; an older file is then untouched.
    """
    path = Path(path)
    convert = _FORMATS.get(path.suffix.lower())
    if convert is None:
        raise OutlineError(
            f"{path.name}: outlines are written as {', '.join(_FORMATS)}; choose such a name."
        )
    content = convert(frame, dict(provenance or {}))
    beside = path.with_name(f".{uuid4().hex}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as problem:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise StorageError(
            f"The outlines could not be written to {path}: {problem}. "
            "Check the free space and the rights of that folder."
        ) from problem
    return path


# Each format is made in memory and written by Python, which always tells when the disk is full;
# GDAL and SQLite do not.


def _geopackage(frame: gpd.GeoDataFrame, provenance: Provenance) -> bytes:
    if not provenance:
        memory = BytesIO()
        write_geopackage_layer(frame, memory, "outlines")
        return memory.getvalue()
    with TemporaryDirectory() as folder:  # GDAL adds a second layer only to a file
        path = Path(folder) / "outlines.gpkg"
        write_geopackage_layer(frame, path, "outlines")
        write_geopackage_layer(key_value_table(provenance), path, "provenance", append=True)
        return path.read_bytes()


def _geojson(frame: gpd.GeoDataFrame, provenance: Provenance) -> bytes:
    lonlat = frame.to_crs("EPSG:4326")
    wound = lonlat.set_geometry(shapely.orient_polygons(lonlat.geometry.values))
    # RFC 7946 knows no coordinate system but WGS 84, and no member to name one.
    content = wound.to_geo_dict(drop_id=True)
    if provenance:
        content["provenance"] = provenance
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def _geoparquet(frame: gpd.GeoDataFrame, provenance: Provenance) -> bytes:
    memory = BytesIO()
    told = frame.copy(deep=False)
    told.attrs = {"provenance": provenance} if provenance else {}
    told.to_parquet(memory, index=False)
    return memory.getvalue()


def _shapefile(frame: gpd.GeoDataFrame, provenance: Provenance) -> bytes:
    return zipped_shapefile(frame, provenance=provenance)


_FORMATS: Final[dict[str, Callable[[gpd.GeoDataFrame, Provenance], bytes]]] = {
    ".gpkg": _geopackage,
    ".geojson": _geojson,
    ".parquet": _geoparquet,
    ".zip": _shapefile,
}
