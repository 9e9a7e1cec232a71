"""Outlines into files."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final
from uuid import uuid4

import geopandas as gpd
import pyogrio
import shapely
from pyogrio.errors import DataSourceError

from glacier_core.errors import OutlineError, StorageError


def write_outlines(frame: gpd.GeoDataFrame, path: str | Path) -> Path:
    """Write outlines into one file, whole or not at all.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Outlines in the schema of ``outlines.schema``.
    path : str or Path
        The suffix chooses the format: ``.gpkg`` (in the coordinate system of the frame),
        ``.geojson`` (longitude and latitude on WGS 84, as RFC 7946 asks) or ``.parquet``
        (GeoParquet, in the coordinate system of the frame). A file of that name is replaced.

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
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise OutlineError(
            f"{path.name}: outlines are written as {', '.join(_WRITERS)}; choose such a name."
        )
    beside = path.with_name(f".{uuid4().hex}{path.suffix.lower()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(frame, beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        beside.replace(path)
    except (OSError, DataSourceError) as problem:
        raise StorageError(
            f"The outlines could not be written to {path}: {problem}. "
            "Check the free space and the rights of that folder."
        ) from problem
    finally:
        for leftover in path.parent.glob(f"{beside.name}*"):
            leftover.unlink()
    return path


def _write_geopackage(frame: gpd.GeoDataFrame, path: Path) -> None:
    pyogrio.write_dataframe(
        frame, path, driver="GPKG", layer="outlines", geometry_type="MultiPolygon",
        promote_to_multi=True,
    )  # fmt: skip


def _write_geojson(frame: gpd.GeoDataFrame, path: Path) -> None:
    lonlat = frame.to_crs("EPSG:4326")
    wound = lonlat.set_geometry(shapely.orient_polygons(lonlat.geometry.values))
    path.write_text(wound.to_json(drop_id=True), encoding="utf-8")


def _write_parquet(frame: gpd.GeoDataFrame, path: Path) -> None:
    frame.to_parquet(path, index=False)


_WRITERS: Final[dict[str, Callable[[gpd.GeoDataFrame, Path], None]]] = {
    ".gpkg": _write_geopackage,
    ".geojson": _write_geojson,
    ".parquet": _write_parquet,
}
