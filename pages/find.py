"""Find: any glacier on Earth, an image of it, and on to its map."""

from typing import TYPE_CHECKING

import streamlit as st

import glacier_core as gc
from pages.components import find_area, find_fetch, find_images, find_wish
from pages.components.find_map import find_view, take_click
from pages.components.find_radar import radar_for
from pages.components.map import show_map
from pages.components.sentences import plain
from pages.components.state import app_state

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area
    from glacier_core.archives.found import FoundScene


def images_section(area: "Area") -> None:
    named = f" of {plain(area.name)}" if area.name else ""
    words, when = st.columns([3, 2], vertical_alignment="bottom")
    words.markdown(f"#### Which image{named}?")
    with when:
        wish, options = find_wish.ask_when(area)
    st.caption(find_wish.why_then(area, wish))
    scenes = find_images.found_images(area, wish)
    if scenes:
        picked = find_images.pick_images(scenes, area, several=options.composite)
        fetch(area, picked, options)


def fetch(area: "Area", picked: "tuple[FoundScene, ...]", options: find_wish.ExpertOptions) -> None:
    from glacier_core.archives.plan import FetchPlan

    try:
        plan = FetchPlan(
            area,
            picked,
            options.resolution,
            radar=radar_for(area, picked, options.radar) if options.radar else (),
            composite=options.composite,
            allow_surface=options.allow_surface,
        )
        find_fetch.fetch_section(plan, options.inventory)
    except gc.GlacierError as error:
        st.warning(plain(str(error)))


app_state()
st.markdown("### Find a glacier")
left, right = st.columns([5, 1], vertical_alignment="bottom")
with left:
    typed = find_area.search_box()
with right:
    find_area.offer_outlines()
hits = find_area.offer_hits(typed)
area = find_area.current_area()
event = show_map(
    find_view(area, hits),
    key="find",
    height=460 if area is None else 320,
    on_area=find_area.take_drawings,
)
if event:
    take_click(event)
if area is not None:
    images_section(area)
else:
    find_images.offer_samples()
