"""Confidence: where the map can be trusted, and whether that trust is deserved."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

import glacier_core as gc
from glacier_core.confidence.shares import shares_below
from glacier_core.deviations.reliability import CONFIDENCE_DEFINITIONS
from glacier_core.models.card import ModelCard, Reliability
from glacier_core.viewing import charts
from glacier_core.viewing.doubt import band_layer, hints_layer
from glacier_core.viewing.layers import Threshold
from pages.components import sentences, texts
from pages.components.calibration import calibration_section
from pages.components.doubt import (
    area_of,
    band_of,
    band_section,
    hints_of,
    hints_section,
    pixel_section,
    sources_section,
    wish_to_zoom,
)
from pages.components.figures import show_definitions, show_figure
from pages.components.map import show_map
from pages.components.progress import require_map
from pages.components.remembering import remembered
from pages.components.scene_view import scene_view
from pages.components.state import (
    app_state,
    choose,
    current_comparison,
    current_scene,
    guard,
    load_model,
    open_map,
    reliability_on_scene,
)

THRESHOLDS = np.arange(101) / 100
SHOWN = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
DOUBTFUL = 0.9
"""Confidence below which the sentence at the top calls a pixel doubtful."""


@remembered(copied=True)
def shares(map_key: str) -> pd.DataFrame:
    result = open_map(map_key)
    confidence, glacier = result.confidence.to_numpy(), result.glacier.to_numpy()
    return charts.share_below_table(
        THRESHOLDS,
        of_glacier=shares_below(confidence, THRESHOLDS, glacier),
        of_mapped_area=shares_below(confidence, THRESHOLDS),
    )


def shares_section(table: pd.DataFrame, scene: "gc.Scene") -> None:
    st.subheader("How much is doubtful")
    picture, numbers = st.columns([3, 2])
    with picture:
        show_figure(
            charts.share_below_chart(table, simulated=scene.simulated),
            table.assign(scene=scene.title, simulated=scene.simulated),
            name=f"{scene.id}-confidence-shares",
            alt="Share of the area below each confidence, for glacier and for all that is mapped.",
        )
    with numbers:
        chosen = table[table["confidence_below"].isin(SHOWN)]
        st.dataframe(
            (100 * chosen).round(6).astype({"confidence_below": int}),
            hide_index=True,
            column_config={
                "confidence_below": st.column_config.NumberColumn("Less sure than, %"),
                "of_glacier": st.column_config.NumberColumn("Of the glacier, %", format="%.1f"),
                "of_mapped_area": st.column_config.NumberColumn("Of all mapped, %", format="%.1f"),
            },
            alt="The same as the figure, for some confidences.",
        )


def reliability_section(scene: "gc.Scene", card: ModelCard, here: Reliability | None) -> None:
    st.subheader("Is it right as often as it is sure?")
    held_out, this_scene = st.columns(2)
    with held_out:
        if card.reliability is None:
            st.info(f"The card of {sentences.plain(card.name)} holds no measured reliability.")
        else:
            reliability(card.reliability, "On held-out data", f"model-{card.name}-reliability")
    with this_scene:
        if here is None:
            st.info("No expert outlines here to hold the confidence against.")
        else:
            reliability(here, "On this scene", f"scene-{scene.id}-reliability")
            if not scene.simulated:
                st.caption(sentences.OLD_OUTLINES)


def reliability(found: Reliability, title: str, name: str) -> None:
    show_figure(
        charts.reliability_chart(found, title),
        charts.reliability_table(found),
        name=name,
        alt="Confidence against the share of right pixels, before and after calibration.",
    )
    st.caption(sentences.reliability_sentence(found))


state = app_state()
scene, result = current_scene(), require_map()
with guard():
    card = load_model(result.model_name).card
texts.scene_heading(scene, "Confidence: ")
table = shares(result.key)
st.markdown(f"#### {sentences.doubt_sentence(table, DOUBTFUL)}")
st.markdown(sentences.WHAT_CONFIDENCE_MEANS)

comparison = current_comparison()
threshold = Threshold(
    "confidence", "Hide what is less sure than", share_below=tuple(table["of_mapped_area"])
)
with guard():
    band, hints = band_of(result.key, scene.id, state.experts), hints_of(result.key)
view = scene_view(
    state,
    scene,
    result,
    comparison,
    values="confidence",
    threshold=threshold,
    zoom_to=wish_to_zoom(hints),
)
view = replace(view, layers=[*view.layers, band_layer(band), hints_layer(hints, visible=True)])
event = show_map(view, key="confidence")
if event and event.glacier_id:
    choose(glacier=event.glacier_id)
pixel_section(event, result.key, card)

st.markdown(f"{sentences.WHERE_DOUBT_LIES} {sentences.calibration_sentence(card)}")
show_definitions(CONFIDENCE_DEFINITIONS, CONFIDENCE_DEFINITIONS, "What the numbers mean")
hints_section(hints, scene)
with guard():
    band_section(band, area_of(result.key), scene)
shares_section(table, scene)
here = None
if comparison is not None:
    with guard():
        here = reliability_on_scene(result.key, scene.id, state.experts)
reliability_section(scene, card, here)
calibration_section(card)
sources_section(card)
