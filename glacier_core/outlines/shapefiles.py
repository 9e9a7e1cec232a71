"""Outlines as a zipped Shapefile, with a legend of what the old format cannot hold."""

import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio

from glacier_core.outlines.geopackages import SAME_DATE

LONGEST_NAME: Final = 10
LONGEST_TEXT: Final = 254
"""Bytes of a field's name and of a text (dBASE III, which Shapefiles keep their table in)."""

LEGEND: Final = "legend.txt"

_MEANINGS: Final = {
    "glacier_id": "name that no other outline of this file has",
    "name": "name of the glacier, empty where unknown",
    "source": "inventory or model that the outline is from; says where it is simulated",
    "analyst": "who drew it, empty where unknown",
    "date": "year, month or day of the imagery it was drawn from, empty where unknown",
    "area_km2": "area in km2, in the equal-area projection ESRI:54034",
    "local_uncertainty_m": "how far off the outline may be on its image, by its analyst, in m",
    "global_uncertainty_m": "how far off the outline may be in the world, by its analyst, in m",
}


def zipped_shapefile(
    frame: gpd.GeoDataFrame, *, provenance: Mapping[str, Any] | None = None
) -> bytes:
    """Return outlines as one zip archive: a Shapefile in UTF-8 and a legend.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Polygons, with the columns of ``outlines.schema`` and perhaps others.
    provenance : mapping, optional
        Written beside as ``provenance.json``.

    Returns
    -------
    bytes
        ``.shp .shx .dbf .prj .cpg`` and ``legend.txt``, which tells what each field means, which
        was renamed (names hold 10 bytes) and which texts were cut (texts hold 254).
    """
    names = short_names(column for column in frame.columns if column != frame.geometry.name)
    texts = [name for name in names if pd.api.types.is_string_dtype(frame[name])]
    cut = {name: frame[name].map(_cut) for name in texts}
    shortened = [name for name in texts if not cut[name].equals(frame[name])]
    legend = _legend(names, shortened)
    with tempfile.TemporaryDirectory() as folder:
        pyogrio.write_dataframe(
            frame.assign(**cut).rename(columns=names),
            Path(folder) / "outlines.shp",
            driver="ESRI Shapefile",
            encoding="UTF-8",
            geometry_type="Polygon",
            layer_options={"DBF_DATE_LAST_UPDATE": SAME_DATE},
        )
        parts = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    parts[LEGEND] = legend.encode()
    if provenance:
        parts["provenance.json"] = json.dumps(provenance, indent=1, ensure_ascii=False).encode()
    return zipped(parts)


def short_names(columns: Iterable[str]) -> dict[str, str]:
    """Return a name of at most ten bytes for every column, each another one."""
    names: dict[str, str] = {}
    for column in columns:
        name, number = _cut(column, LONGEST_NAME), 1
        while name in names.values():
            number += 1
            name = _cut(column, LONGEST_NAME - len(str(number))) + str(number)
        names[column] = name
    return names


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as a zip archive that is the same whenever it is made."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name)  # its date is 1 January 1980
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _cut(text: str, longest: int = LONGEST_TEXT) -> str:
    return text.encode()[:longest].decode(errors="ignore")


def _legend(names: Mapping[str, str], shortened: list[str]) -> str:
    lines = ["Fields of this Shapefile", ""]
    for column, name in names.items():
        meaning = _MEANINGS.get(column, "" if name == column else "see the name in full")
        known = f" ({column})" if column != name else ""
        lines.append(f"{name}{known}: {meaning}".rstrip(": "))
    if shortened:
        lines += [
            "",
            f"Texts of {', '.join(shortened)} were cut to {LONGEST_TEXT} bytes, which is all this "
            "format holds; GeoPackage, GeoParquet and GeoJSON hold them whole.",
        ]
    return "\r\n".join([*lines, ""])
