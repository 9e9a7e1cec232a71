"""What a reader must know of expert outlines beside a comparison: their age, hands and doubt."""

import datetime
import re
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from glacier_core.outlines.attributes import UNCERTAINTIES

_DAYS_A_YEAR: Final = 365.2425
_SAME_DAYS: Final = 60
"""Days; drawn from an image this near, an outline shows the same season."""

_MOST_NAMES: Final = 4


def age_sentence(outlines: gpd.GeoDataFrame, acquired: str) -> str:
    """Tell how much older or younger than an image the outlines beside it are.

    Parameters
    ----------
    outlines : geopandas.GeoDataFrame
        In the schema of ``outlines.schema``; dates may be days, months or years.
    acquired : str
        ISO date of the image; its beginning may be followed by a time.

    Returns
    -------
    str
        For instance "The expert outlines are 17 years older than the image (2003-07-30; image
        2020-08-16)." Dates known as years or months only count from their middle. Empty where
        there are no outlines or the image has no date.
    """
    image = day_of(acquired)
    if not len(outlines) or image is None:
        return ""
    days = [day_of(text) for text in outlines["date"]]
    known = sorted((day, text) for day, text in zip(days, outlines["date"], strict=True) if day)
    shown = acquired[:10]
    if not known:
        return f"The expert outlines have no date; the image is of {shown}."
    older = [(image - day).days for day, _ in known]
    dates = known[0][1] if known[0][1] == known[-1][1] else f"{known[0][1]} to {known[-1][1]}"
    sentence = f"The expert outlines {_difference(older)} the image ({dates}; image {shown})."
    missing = len(days) - len(known)
    return sentence + (f" {missing} of {len(days)} have no date." if missing else "")


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


def _difference(older: list[int]) -> str:
    if all(abs(days) <= _SAME_DAYS for days in older):
        return "are of the same season as"
    years = sorted(days / _DAYS_A_YEAR for days in older)
    if years[0] >= 0:
        return f"are {_years(years[0], years[-1])} older than"
    if years[-1] <= 0:
        return f"are {_years(-years[-1], -years[0])} younger than"
    older_by, younger_by = _years(years[-1], years[-1]), _years(-years[0], -years[0])
    return f"are from {older_by} older to {younger_by} younger than"


def _years(least: float, most: float) -> str:
    low, high = (_rounded(value) for value in (least, most))
    unit = "year" if low == high == "1" else "years"
    return f"{low} {unit}" if low == high else f"{low} to {high} {unit}"


def _rounded(years: float) -> str:
    """Write years: whole ones, and the first two to a tenth."""
    return f"{years:.0f}" if years >= 1.95 else f"{years:.1f}".removesuffix(".0")


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
