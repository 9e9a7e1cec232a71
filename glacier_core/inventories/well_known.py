"""Some hundred well-known glaciers, shipped so that a search works without an index.

Names, countries and places are general knowledge, written to about 0.05°; the rectangles are
rough, with 2.5 km added on every side. Held against real outlines of six of them before those took
their place, the places were off by 2 to 10 km. Where the project has real outlines at hand (RGI,
CC BY 4.0; GLIMS; USGS), rectangles and ids are theirs. No id was guessed: it is empty where those
do not give one.
"""

from functools import cache
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from glacier_core.inventories.index_table import TEXTS, index_table
from glacier_core.inventories.names import search_keys

APPROXIMATE: Final = "approximate: general knowledge, off by up to 10 km"

_SIDES: Final = ["west", "south", "east", "north"]
_NAMING: Final = ["rgi7_id", "rgi6_id", "glims_id", "name", "latitude", "longitude"]


@cache
def well_known_glaciers() -> gpd.GeoDataFrame:
    """Return the well-known glaciers of all regions.

    Returns
    -------
    geopandas.GeoDataFrame
        The columns of :data:`glacier_core.inventories.index_table.COLUMNS`, EPSG:4326. Not to be
        changed: it is the same for every caller.
    """
    path = Path(__file__).with_name("well_known.csv")
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    table["exactness"] = [
        APPROXIMATE if text == "approximate" else f"rectangle around the {text}"
        for text in table["exactness"]
    ]
    table["inventory"] = "well-known glaciers"
    table["glacier_id"] = [_id(*row) for row in table[_NAMING].itertuples(index=False)]
    table["search_keys"] = [
        "|".join(search_keys(f"{name};{others}"))
        for name, others in zip(table["name"], table["other_names"], strict=True)
    ]
    return index_table(
        {column: table[column].tolist() for column in TEXTS if column in table},
        table[["longitude", "latitude"]].to_numpy(dtype=np.float64),
        table[_SIDES].to_numpy(dtype=np.float64),
        np.full(len(table), np.nan),
    )


def _id(rgi7: str, rgi6: str, glims: str, name: str, latitude: str, longitude: str) -> str:
    """Name a glacier by the id of an inventory, or by its own name and place."""
    return rgi7 or rgi6 or glims or f"{name} ({latitude}, {longitude})"
