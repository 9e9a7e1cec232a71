"""Layers of a GeoPackage, the same bytes whenever they are written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

import geopandas as gpd
import pandas as pd
import pyogrio

SAME_DATE: Final = "1980-01-01"
"""What a format wants to know as the date of writing, ever the same (the first a zip can hold).

When something was made stands in its provenance; a clock inside a file would keep two files
with the same content from being the same."""

# https://gdal.org/en/stable/drivers/vector/gpkg.html: the date of ``last_change``.
pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{SAME_DATE}T00:00:00.000Z"})


def write_geopackage_layer(
    table: pd.DataFrame, target: Path | BinaryIO, layer: str, *, append: bool = False
) -> None:
    """Write a table, or outlines as multipolygons, as a layer of a GeoPackage.

    Parameters
    ----------
    table : pandas.DataFrame or geopandas.GeoDataFrame
    target : Path or binary file
    layer : str
    append : bool
        Whether to add to the layers that are there.

    Raises
    ------
    pyogrio.errors.DataSourceError
        When the disk refuses.
    """
    outlines: dict[str, Any] = {}
    if isinstance(table, gpd.GeoDataFrame):
        outlines = {"geometry_type": "MultiPolygon", "promote_to_multi": True}
    pyogrio.write_dataframe(table, target, driver="GPKG", layer=layer, append=append, **outlines)


def key_value_table(facts: Mapping[str, Any]) -> pd.DataFrame:
    """Return facts as a table of two texts, ``key`` and ``value``; what is no text as JSON."""
    values = [
        fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
        for fact in facts.values()
    ]
    return pd.DataFrame({"key": list(facts), "value": values})
