"""Outlines into files."""

import os
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Final
from uuid import uuid4

import geopandas as gpd
import shapely

from glacier_core.errors import OutlineError, StorageError
from glacier_core.outlines.geopackages import write_geopackage_layer
from glacier_core.outlines.shapefiles import zipped_shapefile


def write_outlines(frame: gpd.GeoDataFrame, path: str | Path) -> Path:
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
    content = convert(frame)
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


def _geopackage(frame: gpd.GeoDataFrame) -> bytes:
    memory = BytesIO()
    write_geopackage_layer(frame, memory, "outlines")
    return memory.getvalue()


def _geojson(frame: gpd.GeoDataFrame) -> bytes:
    lonlat = frame.to_crs("EPSG:4326")
    wound = lonlat.set_geometry(shapely.orient_polygons(lonlat.geometry.values))
    text: str = wound.to_json(drop_id=True)
    return text.encode()


def _geoparquet(frame: gpd.GeoDataFrame) -> bytes:
    memory = BytesIO()
    frame.to_parquet(memory, index=False)
    return memory.getvalue()


_FORMATS: Final[dict[str, Callable[[gpd.GeoDataFrame], bytes]]] = {
    ".gpkg": _geopackage,
    ".geojson": _geojson,
    ".parquet": _geoparquet,
    ".zip": zipped_shapefile,
}
