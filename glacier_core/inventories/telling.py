"""What a reader must know of expert outlines beside a comparison: dates, hands and doubt."""

import datetime
import re
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from glacier_core.outlines.attributes import UNCERTAINTIES

_MOST_NAMES: Final = 4


def drawn_sentence(outlines: gpd.GeoDataFrame) -> str:
    """Tell who drew outlines, and how far off they say these may be.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, perhaps with the uncertainties of
        ``outlines.attributes.UNCERTAINTIES``.

    Returns
    -------
    str
        For instance "GLIMS; drawn by Fountain, Andrew G.; stated uncertainty 50 m on the image,
        80 m in the world." Empty where there is nothing to tell.
    """
    parts = [_listed(outlines, "source")]
    hands = _listed(outlines, "analyst")
    parts.append(f"drawn by {hands}" if hands else "")
    stated = [
        f"{_span(outlines[column])} m {where}"
        for column, where in zip(UNCERTAINTIES, ("on the image", "in the world"), strict=True)
        if column in outlines and outlines[column].notna().any()
    ]
    if stated:
        parts.append(f"stated uncertainty {', '.join(stated)}")
    told = "; ".join(part for part in parts if part)
    return told and told.rstrip(".") + "."


def day_of(text: str) -> datetime.date | None:
    """Return the middle of what a date says: a day, a month or a year."""
    found = re.match(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        return datetime.date(year or 1, month or 7, day or (15 if month else 2))
    except ValueError:
        return None


def _listed(outlines: gpd.GeoDataFrame, column: str) -> str:
    names = [str(name) for name in pd.unique(outlines[column]) if name]
    more = len(names) - _MOST_NAMES
    return "; ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _span(metres: pd.Series) -> str:
    least, most = np.nanmin(metres), np.nanmax(metres)
    return f"{least:g}" if least == most else f"{least:g} to {most:g}"
