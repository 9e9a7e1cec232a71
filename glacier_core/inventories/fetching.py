"""Expert outlines of any area: RGI 7.0, RGI 6.2 or all that GLIMS has."""

from pathlib import Path
from typing import Final, Literal, get_args

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inventories.finding import glaciers_in
from glacier_core.inventories.glims import glims_outlines
from glacier_core.inventories.loaded import glacier_index
from glacier_core.inventories.packages import opened
from glacier_core.inventories.regional_files import region_file
from glacier_core.inventories.regions import Region, regions_of
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.outlines.reading import in_schema
from glacier_core.outlines.schema import empty_outlines

Inventory = Literal["rgi7", "rgi6", "glims"]

TITLES: Final[dict[Inventory, str]] = {
    "rgi7": "RGI 7.0",
    "rgi6": "RGI 6.2",
    "glims": "GLIMS",
}


def fetch_outlines(
    area: shapely.Geometry,
    inventory: Inventory = "rgi7",
    *,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> gpd.GeoDataFrame:
    """Return the outlines that experts drew of the glaciers of an area.

    Parameters
    ----------
    area : shapely geometry
        EPSG:4326; cut in two parts where it crosses the antimeridian.
    inventory : {"rgi7", "rgi6", "glims"}
        RGI: one outline a glacier, near the year 2000; its regional file is fetched once (10 to
        400 MB) and kept. GLIMS: every date and analyst, asked for this area.
    report, cancelled : callable, optional

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, EPSG:4326; glaciers that reach into the area come
        whole. ``source`` names the inventory. See
        :func:`glacier_core.inventories.glims.glims_outlines` for what GLIMS tells besides. No row
        where there is no glacier.

    Raises
    ------
    OutlineError
        When there is no such inventory, or the outlines are more than the limits allow.
    SourceError
        When the archive does not answer, or nonsense.
    JobCancelled
    """
    if inventory not in get_args(Inventory):
        raise OutlineError(
            f"{inventory!s:.40} is no inventory known here. Known are "
            f"{', '.join(get_args(Inventory))}."
        )
    if inventory == "glims":
        return glims_outlines(area, report=report, cancelled=cancelled)
    parts = []
    for known in _regions_of(area):
        path = region_file(inventory, known.number, report=report, cancelled=cancelled)
        parts.append(_outlines_in(path, area))
    filled = [part for part in parts if len(part)]
    if not filled:
        return empty_outlines("EPSG:4326")
    found = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True))
    return (
        found.drop_duplicates("glacier_id").reset_index(drop=True).assign(source=TITLES[inventory])
    )


def _regions_of(area: shapely.Geometry) -> list[Region]:
    """Return the regions to look in: those the index knows glaciers of there, if it knows all.

    The rectangles of regions overlap, and a region is a large file.
    """
    possible = regions_of(area)
    table = glacier_index().table
    indexed = set(table.loc[table["inventory"] == TITLES["rgi7"], "region"])
    if not {known.number for known in possible} <= indexed:
        return possible
    there = set(glaciers_in(area)["region"])
    return [known for known in possible if known.number in there]


def _outlines_in(path: Path, area: shapely.Geometry) -> gpd.GeoDataFrame:
    """Read what meets an area; the spatial index of the file spares the rest."""
    with opened(path) as package:
        pieces = [
            pyogrio.read_dataframe(package.outlines, bbox=part.bounds)
            for part in shapely.get_parts(area)
        ]
        table = gpd.GeoDataFrame(pd.concat(pieces, ignore_index=True), crs="EPSG:4326")
        table = table[table.intersects(area)].drop_duplicates(_id_column(table))
        if not len(table):
            return empty_outlines("EPSG:4326")
        analysts = _analysts(package.submissions)
    if analysts and "subm_id" in table:
        table = table.assign(analysts=[analysts.get(str(one), "") for one in table["subm_id"]])
    return in_schema(table, path.name)


def _id_column(table: gpd.GeoDataFrame) -> str:
    return "rgi_id" if "rgi_id" in table else "RGIId"


def _analysts(path: Path | None) -> dict[str, str]:
    """Return who drew the outlines of each submission, from the table RGI 7.0 has of them."""
    if path is None:
        return {}
    table = pd.read_csv(path, dtype="str", keep_default_na=False)
    if not {"subm_id", "analysts"} <= set(table.columns):
        return {}
    return dict(zip(table["subm_id"], table["analysts"], strict=True))
