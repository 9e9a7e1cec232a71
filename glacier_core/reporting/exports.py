"""A comparison into files: tables and outlines that say what they were made from."""

import json
import math
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
from pyogrio.errors import DataSourceError

from glacier_core.deviations.comparison import Comparison
from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError
from glacier_core.outlines.geopackages import key_value_table, write_geopackage_layer

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet take a text for a formula
(OWASP, CSV injection, https://owasp.org/www-community/attacks/CSV_Injection)."""


def save_comparison(comparison: Comparison, path: str | Path) -> Path:
    """Write a comparison into one file, whole or not at all.

    Parameters
    ----------
    comparison : Comparison
    path : str or Path
        The suffix chooses the format. ``.csv``: the table of glaciers. ``.parquet``: the same,
        the rest in the attributes of the table. ``.gpkg``: layers ``predicted`` and ``expert``,
        tables ``glaciers``, ``pixels`` and ``provenance``. ``.json``: everything but outlines.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    StorageError
        When the suffix is another one, the disk is full, or writing there is not allowed; an
        older file is then untouched.
    """
    path = Path(path)
    make = _FORMATS.get(path.suffix.lower())
    if make is None:
        raise StorageError(
            f"{path.name}: comparisons are written as {', '.join(_FORMATS)}; choose such a name."
        )
    content = make(comparison)
    with disk_errors(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, content)
    return path


def comparison_csv(comparison: Comparison) -> bytes:
    """Return the table of glaciers as CSV (see :func:`table_csv`).

    The columns ``scene``, ``model``, ``made`` and ``program`` say what each row was made from.
    """
    return table_csv(_told(comparison))


def table_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV (UTF-8, without its index), safe to open in a spreadsheet.

    A text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    texts = [name for name in table.columns if pd.api.types.is_string_dtype(table[name])]
    safe = table.assign(**{name: table[name].map(_harmless) for name in texts})
    return bytes(safe.to_csv(index=False, lineterminator="\r\n"), "utf-8")  # as RFC 4180 asks


def comparison_geopackage(comparison: Comparison) -> bytes:
    """Return outlines, tables and provenance as one GeoPackage.

    Raises
    ------
    StorageError
        When the disk is full.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comparison.gpkg"
        with disk_errors(path):
            try:
                _write_layers(comparison, path)
            except DataSourceError as problem:
                raise StorageError(
                    f"The GeoPackage could not be made in {folder}: {problem}. "
                    "Check the free space of that disk."
                ) from problem
            return path.read_bytes()


def comparison_json(comparison: Comparison) -> bytes:
    """Return tables, totals, definitions and provenance as JSON; undefined numbers are null."""
    content = _about(comparison) | {
        "total": _plain(pd.DataFrame([comparison.total]))[0],
        "glaciers": _plain(comparison.glaciers),
        "pixels": _plain(comparison.pixels.reset_index()),
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()


def comparison_parquet(comparison: Comparison) -> bytes:
    """Return the table of glaciers as Parquet; ``pandas.read_parquet(...).attrs`` has the rest."""
    table = _told(comparison)
    table.attrs = dict(_about(comparison).items())
    return bytes(table.to_parquet(index=False))


_FORMATS: Final[dict[str, Callable[[Comparison], bytes]]] = {
    ".csv": comparison_csv,
    ".gpkg": comparison_geopackage,
    ".json": comparison_json,
    ".parquet": comparison_parquet,
}


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _told(comparison: Comparison) -> pd.DataFrame:
    """Return the table of glaciers with columns that say what it was made from."""
    provenance = comparison.provenance
    scene, model = provenance["map"]["scene"], provenance["map"]["model"]
    return comparison.glaciers.assign(
        simulated="simulated" if comparison.simulated else "observed",
        scene=scene["attributes"]["title"],
        model=model["name"],
        made=provenance["made"],
        program=f"glacier-explorer {provenance['software']['glacier-explorer']}",
    )


def _about(comparison: Comparison) -> dict[str, Any]:
    return {
        "kind": "comparison of a glacier map with expert outlines",
        "simulated": comparison.simulated,
        "buffer_m": comparison.buffer_m,
        "outside_scene": list(comparison.outside_scene),
        "definitions": {name: asdict(meant) for name, meant in comparison.definitions.items()},
        "provenance": comparison.provenance,
    }


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows of what JSON knows: no NaN, no numpy; every digit of a number stays."""
    return [
        {
            str(name): None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in table.to_dict("records")
    ]


def _write_layers(comparison: Comparison, path: Path) -> None:
    layers = {
        "predicted": comparison.predicted,
        "expert": comparison.expert,
        "glaciers": _told(comparison),
        "pixels": comparison.pixels.reset_index(),
        "provenance": key_value_table(_about(comparison)),
    }
    for name, table in layers.items():
        if isinstance(table, gpd.GeoDataFrame):
            table = table.assign(simulated=comparison.simulated)
        write_geopackage_layer(table, path, name, append=path.exists())
