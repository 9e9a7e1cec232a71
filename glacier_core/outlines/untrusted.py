"""Looking at outline files before any library reads them: what they are, and what they claim."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from glacier_core.errors import OutlineError
from glacier_core.settings import settings

_APPLICATIONS: Final = (0x47504B47, 0x47503130, 0x47503131)
"""Ids of a GeoPackage in the header of its SQLite file: ``GPKG``, and ``GP10``, ``GP11`` of old
(OGC 12-128r19, requirement 2, and its earlier versions)."""

_FEWEST_VERTICES: Final = 4
"""Of a polygon: three corners, the first one twice."""

_SHAPEFILE_HEADER: Final = 100
_BYTES_OF_VERTEX: Final = 64
"""Of a Shapefile, at most: place, height and measure, and a share of the head of a triangle."""

_LARGEST_RATIO: Final = 100
_HARMLESS: Final = 10_000_000

_VIRTUAL: Final = re.compile(
    r"\s*CREATE\s+VIRTUAL\s+TABLE\s.*?\sUSING\s+(\w+)", re.IGNORECASE | re.DOTALL
)

_GENERATED: Final = (2, 3)
"""Marks of generated columns in ``PRAGMA table_xinfo``."""


def check_contents(path: Path) -> None:
    """Refuse an outline file that would run something, or swell, when it is read.

    Parameters
    ----------
    path : Path
        Its first bytes have been looked at.

    Raises
    ------
    OutlineError
        When it is a GeoPackage with computed layers, or a file that claims more than the limits
        of the settings.
    sqlite3.DatabaseError, pyarrow.ArrowException, OSError
        When it is damaged.
    """
    kind = path.suffix.lower()
    if kind == ".gpkg":
        _check_geopackage(path)
    elif kind == ".parquet":
        _check_parquet(path)
    elif kind == ".shp":
        size = max(0, path.stat().st_size - _SHAPEFILE_HEADER)
        _check_vertices(size // _BYTES_OF_VERTEX, path.name)


def _check_geopackage(path: Path) -> None:
    """Let everything be plain tables: views, virtual tables and generated columns run code."""
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as database:
        (application,) = database.execute("PRAGMA application_id").fetchone()
        if application not in _APPLICATIONS:
            raise OutlineError(
                f"{path.name} is an SQLite database, but no GeoPackage. Export the outlines as "
                "GeoPackage."
            )
        for name, kind, sql in database.execute("SELECT name, type, sql FROM sqlite_master"):
            virtual = _VIRTUAL.match(str(sql or ""))
            if kind == "view" or (virtual and virtual[1].lower() != "rtree"):
                raise _computed(path.name, str(name))
            if kind == "table" and not virtual:
                _check_columns(database, str(name), path.name)


def _check_columns(database: sqlite3.Connection, table: str, file_name: str) -> None:
    found = database.execute("SELECT hidden FROM pragma_table_xinfo(?)", (table,))
    if any(hidden in _GENERATED for (hidden,) in found):
        raise _computed(file_name, table)


def _computed(file_name: str, table: str) -> OutlineError:
    return OutlineError(
        f"{file_name} holds a layer that is computed when it is read ({table[:40]!r}), which could "
        "run anything. It is not read. Export the outlines alone into a new GeoPackage."
    )


def _check_parquet(path: Path) -> None:
    metadata = pq.read_metadata(path)
    _check_vertices(metadata.num_rows * _FEWEST_VERTICES, path.name)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    size = sum(group.total_byte_size for group in groups)
    if size > max(_HARMLESS, _LARGEST_RATIO * path.stat().st_size):
        raise OutlineError(
            f"{path.name} would swell more than {_LARGEST_RATIO}-fold. It is not read. "
            "Export the outlines as GeoPackage instead."
        )


def _check_vertices(vertices: int, name: str) -> None:
    limit = settings().max_outline_vertices
    if vertices > limit:
        raise OutlineError(
            f"{name} has at least {vertices:,} vertices; the limit is {limit:,} "
            "(GLACIER_MAX_OUTLINE_VERTICES). Cut out the glaciers you need, or simplify them."
        )
