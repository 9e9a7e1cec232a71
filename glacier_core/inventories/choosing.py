"""One outline a glacier, where an inventory has several."""

import datetime
from typing import Final

import geopandas as gpd
import pandas as pd

from glacier_core.inventories.telling import day_of

_UNKNOWN: Final = 10**9
"""Days; farther than any date."""


def nearest_in_time(outlines: gpd.GeoDataFrame, acquired: datetime.date | None) -> gpd.GeoDataFrame:
    """Keep, of every glacier, the outline drawn of an image nearest to a date.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        As of :func:`glacier_core.inventories.fetching.fetch_outlines`. Without the column
        ``glims_id`` every row is a glacier of its own, and all are kept.
    acquired : datetime.date, optional
        Of the image they are to be compared with; the newest outlines where it is not known.

    Returns
    -------
    geopandas.GeoDataFrame
        Some of the rows, in their order, numbered anew. Of several analyses of one date the last
        (the highest ``analysis_id``) stays; outlines without a date stay only where a glacier has
        no other.
    """
    if "glims_id" not in outlines or not len(outlines):
        return outlines
    days = [day_of(text) for text in outlines["date"]]
    goal = acquired or max((day for day in days if day), default=datetime.date.min)
    away = [abs((goal - day).days) if day else _UNKNOWN for day in days]
    analyses = pd.to_numeric(outlines["analysis_id"], errors="coerce").fillna(0).to_numpy()
    order = pd.DataFrame(
        {"glacier": outlines["glims_id"].to_numpy(), "away": away, "later": -analyses}
    ).sort_values(["away", "later"], kind="stable")
    # GLIMS names a glacier by its place; without such an id a row is a glacier of its own.
    single = order["glacier"] == ""
    kept = order[single | ~order["glacier"].duplicated()].index.sort_values()
    return gpd.GeoDataFrame(outlines.iloc[kept].reset_index(drop=True))
