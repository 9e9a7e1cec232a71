"""Corrected outlines with their lineage: who changed what of which map, and files that say so."""

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from glacier_core.errors import OutlineError
from glacier_core.outlines.correcting import apply_edits
from glacier_core.outlines.edits import Edit, edits_from_records
from glacier_core.outlines.geopackages import write_geopackage_layer
from glacier_core.outlines.schema import COLUMNS
from glacier_core.outlines.writing import write_outlines
from glacier_core.provenance import record

BY_HAND: Final = "corrected by hand"
"""Stands in the source of every outline that an edit changed."""

LINEAGE_COLUMNS: Final = ("edits", "parent_map", "simulated")
"""Columns of corrected outlines beyond the schema.

``edits`` (how many edits changed the outline, 0 where it is as the parent has it),
``parent_map`` (key of the map that was corrected), ``simulated`` (of the scene).
"""


@dataclass(frozen=True)
class Lineage:
    """Where corrected outlines come from.

    Attributes
    ----------
    edits : tuple of Edit
        In the order they were made.
    parent_map : str
        Key of the map whose outlines were corrected.
    analyst : str
        Who corrected them, empty where unknown.
    simulated : bool
        Whether the scene was simulated rather than observed.
    """

    edits: tuple[Edit, ...]
    parent_map: str
    analyst: str = ""
    simulated: bool = False

    @property
    def key(self) -> str:
        """SHA-256 of the parent and of every edit, which together decide the outlines."""
        content = [self.parent_map, self.analyst, [edit.as_record() for edit in self.edits]]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def corrected_outlines(
    parent: gpd.GeoDataFrame, lineage: Lineage, *, frame: BaseGeometry | None = None
) -> gpd.GeoDataFrame:
    """Return outlines with the edits of a lineage applied, every row saying so.

    Parameters
    ----------
    parent : geopandas.GeoDataFrame
        Outlines of the parent map, in the schema and a metric coordinate system.
    lineage : Lineage
    frame : shapely Polygon, optional
        The scene, in the same system.

    Returns
    -------
    geopandas.GeoDataFrame
        The schema and :data:`LINEAGE_COLUMNS`. A changed outline has "corrected by hand" in its
        source and the analyst's name; one that no edit met stays as the parent has it.

    Raises
    ------
    OutlineError
        See :func:`glacier_core.outlines.correcting.apply_edits`.
    """
    table = apply_edits(parent, lineage.edits, frame=frame)
    changed = table["edits"] > 0
    sources = table["source"].map(lambda source: f"{source}, {BY_HAND}" if source else BY_HAND)
    table["source"] = table["source"].where(~changed, sources)
    table["analyst"] = table["analyst"].where(~changed, lineage.analyst)
    told = table.assign(parent_map=lineage.parent_map, simulated=lineage.simulated)
    ordered: gpd.GeoDataFrame = told[[*COLUMNS[:-1], *LINEAGE_COLUMNS, "geometry"]]
    return ordered


def lineage_record(
    parent: gpd.GeoDataFrame, lineage: Lineage, *, parent_provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return the provenance of corrected outlines: parent, analyst, and every edit as drawn.

    Parameters
    ----------
    parent : geopandas.GeoDataFrame
        Outlines of the parent map; their hash goes into the record.
    lineage : Lineage
    parent_provenance : dict
        Of the parent map.
    """
    digest = hashlib.sha256(b"".join(parent.geometry.to_wkb()))
    return record(
        "corrected outlines",
        key=lineage.key,
        simulated=lineage.simulated,
        analyst=lineage.analyst,
        parent_map=lineage.parent_map,
        parent_outlines_sha256=digest.hexdigest(),
        edits=[
            {"number": number} | edit.as_record() for number, edit in enumerate(lineage.edits, 1)
        ],
        map=parent_provenance,
    )


def corrected_file(outlines: gpd.GeoDataFrame, provenance: dict[str, Any], suffix: str) -> bytes:
    """Return corrected outlines, their edits and their provenance as the bytes of one file.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        What :func:`corrected_outlines` returned.
    provenance : dict
        What :func:`lineage_record` returned.
    suffix : {".gpkg", ".geojson"}
        GeoPackage: layer ``outlines``, layer ``edits`` (the drawn lines, those of areas closed)
        and table ``provenance``. GeoJSON: the outlines on WGS 84, as RFC 7946 asks, and the
        provenance as its foreign member ``provenance``.

    Raises
    ------
    OutlineError
        When the suffix is another one.
    """
    make = _FORMATS.get(suffix)
    if make is None:
        raise OutlineError(
            f"Corrected outlines are written as {', '.join(_FORMATS)}, not as {suffix!r}."
        )
    return make(outlines, provenance)


def read_edits(path: str | Path) -> tuple[Edit, ...]:
    """Return the edits that a file of corrected outlines keeps, to make them again.

    Parameters
    ----------
    path : str or Path
        What :func:`corrected_file` made, ``.gpkg`` or ``.geojson``.

    Raises
    ------
    OutlineError
        When the file holds no edits, or damaged ones.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".gpkg":
            table = pyogrio.read_dataframe(path, layer="provenance").set_index("key")["value"]
            provenance = {"edits": json.loads(table["edits"])}
        else:
            provenance = json.loads(path.read_bytes())["provenance"]
        return edits_from_records(provenance["edits"])
    except (OSError, ValueError, KeyError, TypeError, DataSourceError, DataLayerError) as problem:
        raise OutlineError(
            f"{path.name} keeps no edits ({type(problem).__name__}). Give a file of corrected "
            "outlines that was exported here."
        ) from problem


def _geopackage(outlines: gpd.GeoDataFrame, provenance: dict[str, Any]) -> bytes:
    about = {
        name: text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        for name, text in provenance.items()
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corrected.gpkg"
        write_geopackage_layer(outlines, path, "outlines")
        # Edits are lines, so that the outlines are the only layer of areas, found by any reader.
        lines = _edit_table(provenance["edits"])
        pyogrio.write_dataframe(lines, path, layer="edits", append=True, geometry_type="LineString")
        table = pd.DataFrame({"key": list(about), "value": list(about.values())})
        write_geopackage_layer(table, path, "provenance", append=True)
        return path.read_bytes()


def _edit_table(records: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    edits = edits_from_records(records)
    table = {
        "number": np.arange(1, len(edits) + 1),
        "kind": [edit.kind for edit in edits],
        "glacier_id": [edit.glacier_id for edit in edits],
        "drawn_at": [edit.at.isoformat() for edit in edits],
    }
    return gpd.GeoDataFrame(table, geometry=[edit.line() for edit in edits], crs="EPSG:4326")


def _geojson(outlines: gpd.GeoDataFrame, provenance: dict[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        plain = write_outlines(outlines, Path(folder) / "corrected.geojson").read_bytes()
    told = json.loads(plain) | {"provenance": provenance}
    return json.dumps(told, ensure_ascii=False).encode()


_FORMATS: Final[dict[str, Callable[[gpd.GeoDataFrame, dict[str, Any]], bytes]]] = {
    ".gpkg": _geopackage,
    ".geojson": _geojson,
}
