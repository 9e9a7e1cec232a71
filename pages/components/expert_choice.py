"""Whose outlines the map is compared with: those of the scene, or a reader's own."""

import re
from typing import Any

import streamlit as st

import glacier_core as gc
from pages.components.sentences import plain
from pages.components.state import app_state, choose, compare
from pages.components.uploads import SUFFIXES, let_go, stored, suffix_of

BACK = "Back to the scene's outlines"

WHOSE = {
    "upload": "Compared with outlines that you uploaded.",
    "panel": "Compared with five simulated experts, and with what most of them agree on.",
}
"""What is said of outlines that did not come with the scene."""

WHAT_A_PANEL_IS = (
    "Simulated: each knows the true glacier, and draws it with an unsteady hand and with habits "
    "of their own under debris, beside snow patches and in shadow. They differ about as much as "
    "published experts do."
)


def choose_experts(scene: "gc.Scene") -> None:
    """Let the reader bring outlines, ask simulated experts, and go back to those of the scene."""
    experts = app_state().experts
    with st.popover("Compare with your own outlines", icon=":material/upload_file:"):
        file = st.file_uploader(
            "GeoPackage, GeoJSON, zipped Shapefile or GeoParquet",
            type=list(SUFFIXES),
            key="expert-outlines",
            help="Outlines of the same glaciers by several analysts, or of several dates, are "
            "compared with one by one, and with what they agree on.",
        )
        if file is not None and file.file_id != st.session_state.get("experts_read"):
            _take(file)
        if experts != "scene" and scene.outlines is not None and st.button(BACK):
            choose(experts="scene", glacier="")
            st.rerun()
    if experts != "panel":
        _offer_panel(scene)
    if told := WHOSE.get(experts.partition("-")[0]):
        st.caption(told)


def _offer_panel(scene: "gc.Scene") -> None:
    from glacier_core.simulation.demonstrations import has_simulated_panel

    if has_simulated_panel(scene.id) and st.button(
        "Five simulated experts", icon=":material/groups:", help=WHAT_A_PANEL_IS
    ):
        choose(experts="panel", glacier="")
        st.rerun()


def _take(file: Any) -> None:
    """Keep uploaded outlines and compare with them; what cannot be compared changes nothing."""
    state = app_state()
    try:
        experts = keep_upload(file)
        compare(state.map, state.scene, experts)
    except gc.GlacierError as error:
        st.error(plain(str(error)))
        return
    st.session_state["experts_read"] = file.file_id
    choose(experts=experts, glacier="")
    st.rerun()


def keep_upload(file: Any) -> str:
    """Read uploaded outlines, keep them and return their id.

    Raises
    ------
    GlacierError
        When the file cannot be used or kept.
    """
    from glacier_core.outlines.keeping import keep_outlines

    generated = f"outlines{suffix_of(file.name)}"
    theirs = re.sub(r"[^\w.-]", "_", file.name)[-80:].lstrip(".-") or "outlines"
    try:
        with stored({generated: file}) as paths:
            outlines = gc.read_outlines(paths[generated])
    except gc.GlacierError as error:
        raise type(error)(str(error).replace(generated, theirs)) from error
    outlines["source"] = outlines["source"].replace(generated, theirs)
    kept = keep_outlines(outlines)
    let_go(file)
    return kept
