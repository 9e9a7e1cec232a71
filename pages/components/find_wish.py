"""When and how well: the dates, the season and the clouds a reader accepts, explained."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.components.find_sources import Wish

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area

YEARS_BACK = 5
MOST_CLOUD = 20
FIRST_DAY = date(1982, 7, 16)  # Landsat 4 was launched; before it there are no SWIR bands

SUGGESTED, WHOLE_YEAR, CHOSEN = "suggested", "whole year", "chosen"

INVENTORIES = {
    "rgi7": "RGI 7.0 (ice around the year 2000)",
    "rgi6": "RGI 6.2",
    "glims": "GLIMS (all dates and analysts)",
    "": "none",
}
"""Inventories that expert outlines are taken from, by their short name."""


@dataclass(frozen=True)
class ExpertOptions:
    """What is decided beyond which images.

    Attributes
    ----------
    resolution : float
        Side of a pixel in metres.
    composite : bool
        Whether several images make one clear-sky image.
    allow_surface : bool
        Whether surface reflectance is accepted.
    inventory : str
        Where the expert outlines come from; empty for none.
    """

    resolution: float
    composite: bool
    allow_surface: bool
    inventory: str


def remembered(key: str, usual: Any) -> str:
    """Return the key of a widget that keeps its value while other pages are looked at."""
    kept: dict[str, Any] = st.session_state.setdefault("find_remembered", {})
    if key in st.session_state:
        kept[key] = st.session_state[key]
    else:
        st.session_state[key] = kept.get(key, usual)
    return key


def ask_when(area: "Area") -> tuple[Wish, ExpertOptions]:
    """Ask for dates, season and clouds; the rest lies folded away."""
    today = date.today()
    start, end, season, cloud = st.columns([2, 2, 4, 3])
    first = start.date_input(
        "From",
        key=remembered("find-from", date(today.year - YEARS_BACK, 1, 1)),
        min_value=FIRST_DAY,
        max_value=today,
    )
    last = end.date_input(
        "To", key=remembered("find-to", today), min_value=FIRST_DAY, max_value=today
    )
    with season:
        months = _ask_season(area)
    most_cloud = cloud.slider(
        "Most cloud over your area, %",
        0,
        100,
        key=remembered("find-cloud", MOST_CLOUD),
        help="Over your area, not over the whole image: measured from the archive's own cloud "
        "mask, which takes fresh snow for cloud now and then.",
    )
    with st.expander("Expert options", icon=":material/tune:"):
        archives = _ask_archives()
        options = _ask_options()
    if first > last:
        first, last = last, first
    return Wish(archives, first, last, months, float(most_cloud)), options


def _ask_season(area: "Area") -> tuple[int, ...]:
    from glacier_core.archives.seasons import suggested_season

    suggestion = suggested_season(area.centre[1])
    labels = {
        SUGGESTED: f"{months_in_words(suggestion.months)} (suggested here)",
        WHOLE_YEAR: "The whole year",
        CHOSEN: "Other months",
    }
    chosen = st.selectbox(
        "Season",
        list(labels),
        format_func=labels.__getitem__,
        key=remembered("find-season", SUGGESTED),
        help=suggestion.sentence,
    )
    if chosen == CHOSEN:
        months = st.multiselect(
            "Months",
            range(1, 13),
            format_func=lambda month: calendar.month_abbr[month],
            key=remembered("find-months", list(suggestion.months)),
        )
        return tuple(sorted(months))
    if chosen == WHOLE_YEAR:
        return ()
    st.caption(suggestion.sentence)
    return suggestion.months


def months_in_words(months: tuple[int, ...]) -> str:
    """Return months as a span: "August and September", "September to November"."""
    names = [calendar.month_name[month] for month in months]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} to {names[-1]}"


def _ask_archives() -> tuple[str, ...]:
    from glacier_core.archives.catalogue import ARCHIVES, USUAL_ARCHIVES

    optical = [name for name, archive in ARCHIVES.items() if not archive.is_radar]
    chosen = st.multiselect(
        "Archives",
        optical,
        format_func=lambda name: ARCHIVES[name].title,
        key=remembered("find-archives", list(USUAL_ARCHIVES)),
    )
    for name in chosen:
        archive = ARCHIVES[name]
        st.caption(
            " ".join(filter(None, (f"**{archive.title}:**", archive.caveat, archive.account)))
        )
    return tuple(chosen)


def _ask_options() -> ExpertOptions:
    left, right = st.columns(2)
    resolution = left.selectbox(
        "Pixel size, metres",
        [10, 20, 30, 60],
        key=remembered("find-resolution", 10),
        help="The networks were made for 10 m. Coarser pixels are fetched and mapped faster.",
    )
    inventory = right.selectbox(
        "Expert outlines from",
        list(INVENTORIES),
        format_func=INVENTORIES.__getitem__,
        key=remembered("find-inventory", "rgi7"),
    )
    composite = left.toggle(
        "One clear-sky image of several",
        key=remembered("find-composite", False),
        help="Choose several images of one season; of each pixel the most typical clear one is "
        "taken (medoid), and its date is kept.",
    )
    surface = right.toggle(
        "Accept surface reflectance",
        key=remembered("find-surface", False),
        help="The networks were made for top-of-atmosphere reflectance. Every output will say so.",
    )
    return ExpertOptions(float(resolution), composite, surface, inventory)
