"""When and how well: the dates, the season and the clouds a reader accepts, explained."""

import calendar
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from glacier_core.archives.seasons import suggested_season
from pages.components.find_outlines import INVENTORIES
from pages.components.find_sources import Wish

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area

YEARS_BACK = 5
MOST_CLOUD = 20
FIRST_DAY = date(1982, 7, 16)  # Landsat 4 was launched; before it there are no SWIR bands

SUGGESTED, WHOLE_YEAR, CHOSEN = "suggested", "whole year", "chosen"


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
    radar : str
        Archive of radar images to go along; empty for none.
    """

    resolution: float
    composite: bool
    allow_surface: bool
    inventory: str
    radar: str


def remembered(key: str, usual: Any) -> str:
    """Return the key of a widget that keeps its value while other pages are looked at."""
    kept: dict[str, Any] = st.session_state.setdefault("find_remembered", {})
    if key in st.session_state:
        kept[key] = st.session_state[key]
    else:
        st.session_state[key] = kept.get(key, usual)
    return key


def ask_when(area: "Area") -> tuple[Wish, ExpertOptions]:
    """Ask for dates, season and clouds in one small window that says what is chosen."""
    today = date.today()
    usual = date(today.year - YEARS_BACK, 1, 1)
    with st.popover(_summary(area, usual), icon=":material/calendar_month:"):
        start, end = st.columns(2)
        first = start.date_input(
            "From",
            key=remembered("find-from", usual),
            min_value=FIRST_DAY,
            max_value=today,
        )
        last = end.date_input(
            "To", key=remembered("find-to", today), min_value=FIRST_DAY, max_value=today
        )
        months = _ask_season(area)
        most_cloud = st.slider(
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
    wish = Wish(archives, min(first, last), max(first, last), months, float(most_cloud))
    return wish, options


def _summary(area: "Area", usual: date) -> str:
    """Say what is chosen, from what the widgets held when they were last drawn."""
    known = st.session_state.get("find_remembered", {}) | dict(st.session_state)
    season = known.get("find-season", SUGGESTED)
    months = {
        SUGGESTED: suggested_season(area.centre[1]).months,
        CHOSEN: tuple(known.get("find-months", ())),
    }.get(season, ())
    named = months_in_words(months) if months else "the whole year"
    since = known.get("find-from", usual).year
    cloud = known.get("find-cloud", MOST_CLOUD)
    return f"Since {since}, {named}, at most {cloud} % cloud"


def why_then(area: "Area", wish: Wish) -> str:
    """Say why images of the suggested season are best, or what another season means."""
    suggestion = suggested_season(area.centre[1])
    if wish.months == suggestion.months:
        return suggestion.sentence
    return f"Snow beside a glacier may be taken for ice. Suggested here: {suggestion.sentence}"


def _ask_season(area: "Area") -> tuple[int, ...]:
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
        help="RGI has one outline a glacier; the file of its region, 10 to 400 MB, is fetched "
        "once. GLIMS is asked for your area only.",
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
    return ExpertOptions(float(resolution), composite, surface, inventory, _ask_radar())


def _ask_radar() -> str:
    from glacier_core.archives.catalogue import ARCHIVES

    titles = {"": "none"} | {
        name: archive.title for name, archive in ARCHIVES.items() if archive.is_radar
    }
    chosen = st.selectbox(
        "Radar",
        list(titles),
        format_func=titles.__getitem__,
        key=remembered("find-radar", ""),
        help="For networks that take backscatter; others map without.",
    )
    if chosen:
        st.caption(ARCHIVES[chosen].caveat)
    return str(chosen)
