"""Radar to go with an optical image: the nearest pass in time of each orbit direction."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import streamlit as st

from pages.components import find_sources
from pages.components.find_sources import Search, Wish
from pages.components.progress import SECONDS_BETWEEN_LOOKS
from pages.components.sentences import plain

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area
    from glacier_core.archives.found import FoundScene

DAYS_AROUND = 24
"""Sentinel-1 passes every 6 to 12 days; within this, ice and snow are much the same."""

DIRECTIONS = ("ascending", "descending")


def radar_for(
    area: "Area", picked: "Sequence[FoundScene]", archive: str
) -> "tuple[FoundScene, ...]":
    """Return the radar images nearest in time; while they are looked for, or missing, say so."""
    day = picked[0].acquired.date()
    around = timedelta(days=DAYS_AROUND)
    asked = find_sources.search(area, Wish((archive,), day - around, day + around, (), 100.0))
    if not asked.done:
        _wait(asked)
        return ()
    for problem in asked.problems():
        st.caption(f":material/info: No radar: {plain(problem)}")
    return nearest_passes(asked.found(), picked[0], area)


def nearest_passes(
    found: "Sequence[FoundScene]", optical: "FoundScene", area: "Area"
) -> "tuple[FoundScene, ...]":
    """Return the pass nearest in time of each orbit direction, with all that the area needs."""
    from glacier_core.archives.searching import whole_pass

    chosen: list[FoundScene] = []
    for direction in DIRECTIONS:
        same = [scene for scene in found if direction_of(scene) == direction]
        if same:
            nearest = min(same, key=lambda scene: abs(scene.acquired - optical.acquired))
            chosen += whole_pass(nearest, same, area)
    return tuple(chosen)


def direction_of(scene: "FoundScene") -> str:
    """Return which way the satellite flew, as the archive tells it."""
    return str(scene.item.get("properties", {}).get("sat:orbit_state", "")).lower()


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _wait(asked: Search) -> None:
    if asked.done:
        st.rerun()
    st.caption("Looking for radar of the same weeks …")
