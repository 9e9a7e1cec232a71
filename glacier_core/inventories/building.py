"""The index of all glaciers, built from an inventory region by region."""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import uuid4

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import CRS

from glacier_core.disk import disk_errors
from glacier_core.errors import JobCancelled, OutlineError
from glacier_core.inventories.index_table import COLUMNS, NUMBERS
from glacier_core.inventories.index_table import CRS as WGS84
from glacier_core.inventories.links import complex_ids, rgi6_ids
from glacier_core.inventories.packages import Package, opened
from glacier_core.inventories.regional_files import region_file
from glacier_core.inventories.regions import regions
from glacier_core.inventories.rows import rows_of
from glacier_core.network.transfer import (
    IsCancelled,
    Report,
    TransferProgress,
    never,
    unreported,
)
from glacier_core.settings import settings

_SCHEMA: Final = pa.schema(
    [
        pa.field(
            column,
            pa.binary()
            if column == "geometry"
            else pa.float64()
            if column in NUMBERS
            else pa.string(),
        )
        for column in COLUMNS
    ],
    metadata={
        # GeoParquet 1.1, ogc.org: coordinates are longitude and latitude, whatever their system.
        b"geo": json.dumps(
            {
                "version": "1.1.0",
                "primary_column": "geometry",
                "columns": {
                    "geometry": {
                        "encoding": "WKB",
                        "geometry_types": [],
                        "crs": CRS.from_user_input(WGS84).to_json_dict(),
                    }
                },
            }
        ).encode()
    },
)


def index_path() -> Path:
    """Return where the index of this installation is, or would be."""
    return settings().data_dir / "inventories" / "glaciers.parquet"


def build_index(
    files: Iterable[str | Path] = (),
    *,
    fetch: bool = False,
    numbers: Iterable[str] | None = None,
    target: Path | None = None,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Path:
    """Build the index that glaciers are found in, one region after the other.

    Parameters
    ----------
    files : iterable of str or Path
        Regional files of RGI 7.0 (product G), RGI 6 or GLIMS: zipped or not. The tables that
        RGI 7.0 has beside them (``*-rgi6_links.csv``, ``*-CtoG_links.json``) are used.
    fetch : bool
        Fetch RGI 7.0 from its public mirror; regions fetched before are not fetched again.
    numbers : iterable of str, optional
        Regions to fetch, ``01`` to ``19``; all by default.
    target : Path, optional
        The index to write; by default the one searches look in, see :func:`index_path`.
    report, cancelled : callable, optional

    Returns
    -------
    Path
        GeoParquet in the columns of :mod:`glacier_core.inventories.index_table`, whole or not
        there; an older one is replaced.

    Raises
    ------
    OutlineError
        When there is nothing to build from, or a file is no inventory.
    SourceError
        When a region cannot be fetched.
    StorageError
    JobCancelled
    """
    given = [Path(file) for file in files]
    wanted = list(regions() if numbers is None else numbers) if fetch else []
    if not given and not wanted:
        raise OutlineError(
            "There is nothing to build an index from. Name regional files of an inventory, or let "
            "RGI 7.0 be fetched: build_index(fetch=True)."
        )
    target = target or index_path()
    beside = target.with_name(f".{uuid4().hex}")
    with disk_errors(target), ExitStack() as afterwards:
        target.parent.mkdir(parents=True, exist_ok=True)
        afterwards.callback(beside.unlink, missing_ok=True)
        paths = _paths(given, wanted, report, cancelled)
        _write(beside, paths, len(given) + len(wanted), report, cancelled)
        beside.replace(target)
    return target


def _paths(
    given: list[Path], wanted: list[str], report: Report, cancelled: IsCancelled
) -> Iterator[Path]:
    yield from given
    for number in wanted:
        yield region_file("rgi7", number, report=report, cancelled=cancelled)


def _write(
    beside: Path, paths: Iterator[Path], total: int, report: Report, cancelled: IsCancelled
) -> None:
    found = 0
    with pq.ParquetWriter(beside, _SCHEMA, compression="zstd") as writer:
        for number, path in enumerate(paths, start=1):
            with opened(path) as package:
                for piece in _indexed(package):
                    if cancelled():
                        raise JobCancelled("The building of the index was stopped.")
                    writer.write_table(_as_arrow(piece))
                    found += len(piece)
            report(TransferProgress(f"{found:,} glaciers indexed", number, total))
    if not found:
        raise OutlineError("The files hold not one glacier. Name regional files of an inventory.")


def _indexed(package: Package) -> Iterator[gpd.GeoDataFrame]:
    older = rgi6_ids(package.rgi6_links) if package.rgi6_links else {}
    wholes = complex_ids(package.complexes) if package.complexes else {}
    for piece in rows_of(package.outlines, name=package.name):
        if older:
            overlapped = [older.get(text, []) for text in piece["glacier_id"]]
            piece["rgi6_id"] = [ids[0] if ids else "" for ids in overlapped]
            piece["rgi6_others"] = [" ".join(ids[1:]) for ids in overlapped]
        if wholes:
            piece["complex_id"] = [wholes.get(text, "") for text in piece["glacier_id"]]
        yield piece


def _as_arrow(piece: gpd.GeoDataFrame) -> pa.Table:
    columns = {
        name: piece.geometry.to_wkb() if name == "geometry" else piece[name] for name in COLUMNS
    }
    arrays = [
        pa.array(columns[field.name].to_numpy(), type=field.type, from_pandas=True)
        for field in _SCHEMA
    ]
    return pa.Table.from_arrays(arrays, schema=_SCHEMA)
