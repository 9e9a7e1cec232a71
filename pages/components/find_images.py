"""Which image: a search under way, what it found as a strip of pictures, and what is picked."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import streamlit as st

import glacier_core as gc
from pages.components import find_sources
from pages.components.find_sources import Search, Wish, settled
from pages.components.progress import SECONDS_BETWEEN_LOOKS
from pages.components.sentences import plain
from pages.components.state import app_state, choose

if TYPE_CHECKING:
    from glacier_core.archives.areas import Area
    from glacier_core.archives.found import FoundScene

CARD_WIDTH = 190


def found_images(area: "Area", wish: Wish) -> "list[FoundScene]":
    """Return what a search found; while it runs, or where it failed, say so."""
    if not wish.archives:
        st.info("Choose an archive under “Expert options”.")
        return []
    asked = find_sources.search(area, wish)
    if not asked.done:
        _wait(asked)
        return []
    problems = asked.problems()
    if problems:
        _say_failed(area, wish, asked, problems)
    scenes = asked.found()
    if not scenes and not problems:
        st.info(
            "No image was found. Allow more cloud, choose the whole year, or take an earlier "
            "first day."
        )
    return scenes


@st.fragment(run_every=SECONDS_BETWEEN_LOOKS)
def _wait(asked: Search) -> None:
    if asked.done:
        st.rerun()
    st.progress(0.5, text="Asking the archives for images of your area …")


def _say_failed(area: "Area", wish: Wish, asked: Search, problems: list[str]) -> None:
    offline = find_sources.offline(asked)
    told = find_sources.OFFLINE if offline else "  \n".join(map(plain, problems))
    words, button = st.columns([5, 1], vertical_alignment="center")
    words.warning(told, icon=":material/cloud_off:")
    if button.button("Search again", type="primary", width="stretch"):
        find_sources.search_again(area, wish)
        st.rerun()
    if offline:
        offer_samples()


def offer_samples() -> None:
    """Offer the scenes that need no network."""
    st.markdown("**These are here already, without any network:**")
    here = [one for one in gc.list_scenes() if one.offline and one.kind != "tile"]
    with st.container(horizontal=True):
        for summary in here[:6]:
            if st.button(plain(summary.title), key=f"offer-{summary.id}"):
                choose(scene=summary.id)
                st.switch_page("explore.py")


def pick_images(
    scenes: "Sequence[FoundScene]", area: "Area", *, several: bool
) -> "tuple[FoundScene, ...]":
    """Show found images as a strip to pick from, and return those that are picked.

    The first is picked until the reader picks: the best for the area, says the search.
    """
    known = {image_key(scene): scene for scene in scenes}
    picked = [key for key in app_state().found.split(",") if key in known]
    picked = picked if several else picked[:1]
    if not picked:
        picked = [image_key(scenes[0])]
    pending = any(_picture(scene)[1] for scene in scenes)
    strip = st.fragment(_strip, run_every=SECONDS_BETWEEN_LOOKS if pending else None)
    strip(scenes, picked, several)
    _table(scenes)
    return _with_neighbours([known[key] for key in picked], scenes, area)


def _with_neighbours(
    picked: "Sequence[FoundScene]", scenes: "Sequence[FoundScene]", area: "Area"
) -> "tuple[FoundScene, ...]":
    """Add images of the same pass where one does not cover the whole area."""
    from glacier_core.archives.searching import whole_pass

    chosen = {image_key(one): one for scene in picked for one in whole_pass(scene, scenes, area)}
    return tuple(chosen.values())


def image_key(scene: "FoundScene") -> str:
    """Return the short text that names a found image in an address."""
    return f"{quote(scene.archive, safe='')}:{quote(scene.id, safe='')}"


def _strip(scenes: "Sequence[FoundScene]", picked: list[str], several: bool) -> None:
    waiting = False
    with st.container(key="scene-strip", horizontal=True):
        for scene in scenes:
            with st.container(border=True, width=CARD_WIDTH, key=f"card-{_plain_key(scene)}"):
                waiting |= _card(scene, picked, several)
    if not waiting and st.session_state.pop("strip_waits", False):
        st.rerun()
    st.session_state["strip_waits"] = waiting


def _card(scene: "FoundScene", picked: list[str], several: bool) -> bool:
    """Show one image; True while its picture is on its way."""
    picture, waiting = _picture(scene)
    if picture is not None:
        st.image(picture, width="stretch")
    else:
        st.caption("Picture on its way …" if waiting else "No picture")
    st.markdown(f"**{scene.acquired:%Y-%m-%d}**  \n{plain(scene.sensor)}")
    st.caption(f"{clouds(scene)}  \nCovers {scene.coverage_percent:.0f} % of your area")
    key = image_key(scene)
    chosen = key in picked
    if st.button(
        "Chosen" if chosen else "Choose",
        key=f"choose-{_plain_key(scene)}",
        icon=":material/check:" if chosen else None,
        type="primary" if chosen else "secondary",
        width="stretch",
    ):
        _pick(key, picked, several)
        st.rerun()  # of the whole page: what it costs is told outside of the strip
    return waiting


def _pick(key: str, picked: list[str], several: bool) -> None:
    if several:
        kept = [one for one in picked if one != key] if key in picked else [*picked, key]
    else:
        kept = [key]
    choose(found=",".join(kept))


def _picture(scene: "FoundScene") -> tuple[bytes | None, bool]:
    """Return the small picture where it is here, and whether it is on its way."""
    if not scene.thumbnail:
        return None, False
    asked = find_sources.thumbnail(scene)
    if not asked.done():
        return None, True
    return settled(asked)[0], False


def clouds(scene: "FoundScene") -> str:
    """Say how cloudy an image is: over the area where that is known."""
    if scene.area_cloud_percent is not None:
        return f"{scene.area_cloud_percent:.0f} % cloud over it"
    if scene.scene_cloud_percent is not None:
        return f"{scene.scene_cloud_percent:.0f} % cloud in the image"
    return "cloud unknown"


def _table(scenes: "Sequence[FoundScene]") -> None:
    with st.expander(f"All {len(scenes)} as a table", icon=":material/table:"):
        st.dataframe(
            {
                "Date": [scene.acquired.date() for scene in scenes],
                "Sensor": [scene.sensor for scene in scenes],
                "Cloud over the area, %": [scene.area_cloud_percent for scene in scenes],
                "Cloud in the image, %": [scene.scene_cloud_percent for scene in scenes],
                "Covers, %": [scene.coverage_percent for scene in scenes],
                "Reflectance": [scene.reflectance for scene in scenes],
                "Archive": [scene.archive for scene in scenes],
                "Id": [scene.id for scene in scenes],
            },
            hide_index=True,
        )


def _plain_key(scene: "FoundScene") -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in image_key(scene))
