"""Whose outlines the map is compared with: those of the scene, or a reader's own."""

import re
import tempfile
from pathlib import Path
from typing import Any

import streamlit as st

import glacier_core as gc
from pages.components.state import app_state, choose, compare

SUFFIXES = ("gpkg", "geojson", "json", "zip", "parquet")


def choose_experts(scene: "gc.Scene") -> None:
    """Let the reader bring outlines, and go back to those of the scene."""
    uploaded = app_state().experts.startswith("upload-")
    with st.popover("Compare with your own outlines", icon=":material/upload_file:"):
        file = st.file_uploader(
            "GeoPackage, GeoJSON, zipped Shapefile or GeoParquet",
            type=list(SUFFIXES),
            key="expert-outlines",
        )
        if file is not None and file.file_id != st.session_state.get("experts_read"):
            _take(file)
        if uploaded and scene.outlines is not None and st.button("Back to the scene's outlines"):
            choose(experts="scene", glacier="")
            st.rerun()
    if uploaded:
        st.caption("Compared with outlines that you uploaded.")


def _take(file: Any) -> None:
    """Keep uploaded outlines and compare with them; what cannot be compared changes nothing."""
    state = app_state()
    try:
        experts = keep_upload(file)
        compare(state.map, state.scene, experts)
    except gc.GlacierError as error:
        st.error(str(error))
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

    # The name is the reader's text: it may name the source, never a place on the disk.
    name = re.sub(r"[^\w.-]", "_", file.name)[-80:].lstrip(".-") or "outlines"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(file.getbuffer())
        return keep_outlines(gc.read_outlines(path))
