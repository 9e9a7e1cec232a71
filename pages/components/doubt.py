"""Doubt about a map: the band the outline may lie in, where to look first, one pixel's chance."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

import glacier_core as gc
from glacier_core.confidence.area_interval import AreaInterval
from glacier_core.confidence.band import LEVEL, OutlineBand, outline_band
from glacier_core.confidence.hints import DOUBTFUL, SIDE_M, look_here_first
from glacier_core.confidence.like_pixels import like_pixels
from glacier_core.deviations.band_definitions import BAND_DEFINITIONS
from glacier_core.viewing.doubt import band_chart, band_table, sources_chart, zoom_bounds
from glacier_core.viewing.points import confidence_at
from pages.components import sentences
from pages.components.figures import offer_table, show_definitions, show_figure
from pages.components.map import MapEvent, ZoomTo
from pages.components.remembering import remembered
from pages.components.state import guard, open_map, open_outlines, predicted_outlines

if TYPE_CHECKING:
    from glacier_core.models.card import ModelCard

HINTS = 10
SHOWN = {
    "rank": st.column_config.NumberColumn("Place"),
    "expected_gain_km2": st.column_config.NumberColumn(
        "Expected to be wrong, km²",
        format="%.3f",
        help="Sum over its doubtful pixels of (1 − calibrated confidence) × pixel area.",
    ),
    "area_km2": st.column_config.NumberColumn("Doubtful, km²", format="%.3f"),
    "mean_confidence": st.column_config.NumberColumn("Mean confidence, %", format="%.0f"),
    "lon": st.column_config.NumberColumn("Longitude, °", format="%.4f"),
    "lat": st.column_config.NumberColumn("Latitude, °", format="%.4f"),
}


@remembered("Drawing the band in which the outline may lie …")
def band_of(map_key: str, scene_id: str, experts: str) -> OutlineBand:
    """Return the band of a map, glacier by glacier of the expert's, once for all readers."""
    outlines = None if experts == "none" else open_outlines(scene_id, experts)
    return outline_band(
        open_map(map_key), outlines=predicted_outlines(map_key) if outlines is None else outlines
    )


@remembered("Looking where a look mends most …", copied=True)
def hints_of(map_key: str) -> pd.DataFrame:
    """Return where to look first on a map, once for all readers."""
    return look_here_first(open_map(map_key), HINTS)


@remembered("Drawing maps that may be true …")
def area_of(map_key: str) -> AreaInterval:
    """Return the interval of the area of a map, once for all readers."""
    return gc.mapped_area_interval(open_map(map_key))


def band_section(band: OutlineBand, interval: AreaInterval, scene: "gc.Scene") -> None:
    """Say how much ice is sure, mapped and possible, and how sure the whole area is."""
    st.subheader("How much ice, at least and at most")
    st.markdown(band.sentence)
    row = st.container(horizontal=True, gap="medium")
    for label, area in (
        (f"Sure, {100 * LEVEL:g} %", band.low_km2),
        ("As mapped", band.central_km2),
        ("Possible", band.high_km2),
    ):
        row.metric(label, sentences.km2(area), width="content")
    show_definitions(BAND_DEFINITIONS, BAND_DEFINITIONS, "What sure and possible mean")
    st.caption(
        f"The band is all that the network is less than {100 * LEVEL:g} % sure of; it can be "
        "switched on in the map's layers. It says where the outline may lie pixel by pixel. "
        "Errors of neighbours go together, so the interval of the whole area is another:"
    )
    st.markdown(
        f"In {100 * interval.level:g} of 100 cases like the simulated ones this was fitted on, the "
        f"true area lies between **{sentences.km2(interval.low_km2)}** and "
        f"**{sentences.km2(interval.high_km2)}**."
    )
    if len(band.glaciers) < 2:
        return
    show_figure(
        band_chart(band),
        band_table(band),
        name=f"{scene.id}-confidence-band",
        alt="Sure, mapped and possible area of the largest glaciers.",
    )


def sources_section(card: "ModelCard") -> None:
    """Show what other sources of uncertainty add and cost, where they were measured."""
    # Only now, as it brings the network's library along.
    from glacier_core.benchmark.uncertainty import SOURCE_DEFINITIONS, shipped_sources

    table = shipped_sources()
    table = table[table["model_sha256"] == card.sha256]
    if table.empty:
        return
    st.subheader("Would asking more often tell more?")
    st.markdown(
        "Turned and relit views, the members of the ensemble and dropout give several opinions of "
        f"one scene. What they add to the confidence that every map has, and what they cost, on "
        f"{table['scenes'].iloc[0]} simulated scenes that the network never saw:"
    )
    show_figure(
        sources_chart(table),
        table,
        name=f"{card.name}-uncertainty-sources",
        alt="IoU, ECE, errors found and seconds a scene of every source of uncertainty.",
    )
    show_definitions(SOURCE_DEFINITIONS, SOURCE_DEFINITIONS, "What these numbers mean")


def hints_section(hints: pd.DataFrame, scene: "gc.Scene") -> None:
    """List the places where a person's minute improves the map most; a row zooms the map."""
    st.subheader("Look here first")
    if hints.empty:
        st.markdown(
            f"No pixel is less than {100 * DOUBTFUL:g} % sure: there is nowhere to look first."
        )
        return
    st.markdown(
        f"Squares of {SIDE_M / 1000:g} km in which correcting is expected to mend most. "
        "A row shows its place on the map."
    )
    st.dataframe(
        hints[list(SHOWN)].assign(mean_confidence=100 * hints["mean_confidence"]),
        hide_index=True,
        column_config=SHOWN,
        key="hints",
        on_select="rerun",
        selection_mode="single-row",
        alt="Places to look at first, the most rewarding on top.",
    )
    offer_table("These places, CSV", hints, name=f"{scene.id}-look-here-first")


def wish_to_zoom(hints: pd.DataFrame) -> ZoomTo | None:
    """Return where the picked row of the list of places lies."""
    rows = st.session_state.get("hints", {}).get("selection", {}).get("rows", [])
    if not rows or rows[0] >= len(hints):
        return None
    return ZoomTo(zoom_bounds(hints, rows[0]), token=f"place-{hints['rank'].iloc[rows[0]]}")


def pixel_section(event: MapEvent | None, map_key: str, card: "ModelCard") -> None:
    """Say what became of pixels like the clicked one; it stays until another is clicked."""
    if event is not None:
        st.session_state["clicked"] = (map_key, event.lon, event.lat)
    clicked_map, lon, lat = st.session_state.get("clicked", ("", 0.0, 0.0))
    if clicked_map != map_key:
        st.caption("Click a pixel on the map: what became of pixels like it is told here.")
        return
    with guard():
        confidence = confidence_at(map_key, lon, lat)
    if confidence != confidence:  # NaN: nothing was mapped there
        st.info("The clicked pixel was not mapped, so there is no confidence to speak of.")
        return
    found = card.reliability and like_pixels(confidence, card.reliability)
    told = found.sentence if found else "No pixel of like confidence was held against a truth."
    st.info(
        f"The clicked pixel is {100 * confidence:.0f} % sure. {sentences.plain(told)}",
        icon=":material/ads_click:",
    )
