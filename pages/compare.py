"""Compare: by how much the map and an expert's outlines differ."""

from typing import Any

import streamlit as st

import glacier_core as gc
from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.deviations.groups import GROUP_DEFINITIONS
from glacier_core.inventories.telling import drawn_sentence
from glacier_core.viewing import charts
from glacier_core.viewing.deviation_bars import REACH, deviation_bars
from pages.components import sentences, texts
from pages.components.comparison_figures import show_figures
from pages.components.correcting import (
    corrected_view,
    correcting_section,
    correcting_switch,
    take_drawings,
)
from pages.components.downloads import download_map
from pages.components.expert_choice import choose_experts
from pages.components.figures import column, drawn, show_definitions, show_figure, show_table
from pages.components.map import ZoomTo, show_map
from pages.components.panel import show_panel
from pages.components.progress import require_map
from pages.components.scene_view import scene_view, zoom_to_glacier, zoom_to_place
from pages.components.state import (
    app_state,
    choose,
    current_comparison,
    current_outlines,
    current_panel,
    current_scene,
    outlines_complete,
    score_beside_ndsi,
)

COLUMNS = {
    "name": None,
    "glacier_id": None,
    "expert_date": None,
    "expert_area_km2": "%.2f",
    "predicted_area_km2": "%.2f",
    "area_deviation_percent": "%+.1f",
    "area_deviation_without_continuing_percent": "%+.1f",
    "polis_m": "%.0f",
    "mean_m": "%.0f",
    "median_m": "%.0f",
    "p95_m": "%.0f",
    "hausdorff_m": "%.0f",
    "signed_mean_m": "%+.0f",
    "iou": "%.3f",
    "mean_confidence": "%.2f",
    "boundary_left_out_percent": "%.1f",
    "unmapped_percent": "%.1f",
    "cut_by_scene": None,
    "simulated": None,
}
"""Columns of the table of glaciers in reading order, with the form of their numbers."""

BARS = "deviation_bar"
BARS_MEAN = (
    f"From no deviation in the middle to ±{REACH:g} %: more ice than the expert's to the right. "
    f"Shaded are ±{HUMAN_BAND.clean:g} % and ±{HUMAN_BAND.debris_covered:g} %, by which experts "
    "differ on clean and on debris-covered ice."
)

PLACE_M = 500.0
"""Metres around a place on a boundary that the map shows."""

SCORES = {
    "domain": None,
    "iou": "%.3f",
    "f1": "%.3f",
    "precision": "%.3f",
    "recall": "%.3f",
    "pixels": "%d",
    "unmapped_percent": "%.1f",
}
GROUPS = {
    "kind": None,
    "expert_ids": None,
    "predicted_ids": None,
    "expert_area_km2": "%.2f",
    "predicted_area_km2": "%.2f",
    "predicted_beyond_km2": "%.2f",
    "area_deviation_percent": "%+.1f",
}
PIXEL_COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")
BASELINE_COLUMNS = {
    "method": None,
    "iou": "%.3f",
    "area_deviation_percent": "%+.1f",
    "area_deviation_without_continuing_percent": "%+.1f",
    "mean_m": "%.0f",
    "p95_m": "%.0f",
}


def headline(scene: "gc.Scene", comparison: "gc.Comparison") -> None:
    """Say in words what the numbers say, and warn where image and outlines are years apart."""
    st.markdown(f"#### {sentences.comparison_sentence(comparison)}")
    continuing = sentences.continuing_sentence(
        comparison, complete=outlines_complete(scene, app_state().experts)
    )
    st.markdown(f"{sentences.human_sentence()} {continuing}")
    if apart := sentences.years_apart_sentence(scene, comparison.glaciers["expert_date"]):
        st.warning(apart, icon=":material/event:")


def limits(scene: "gc.Scene", comparison: "gc.Comparison") -> None:
    drawn = drawn_sentence(current_outlines())
    dates = comparison.glaciers["expert_date"]
    told = (
        sentences.elsewhere_sentence(
            comparison, complete=outlines_complete(scene, app_state().experts)
        ),
        sentences.unmapped_sentence(comparison),
        "" if scene.simulated else sentences.unknown_date_sentence(scene, dates),
        f"The expert's outlines: {sentences.plain(drawn)}" if drawn else "",
        *map(sentences.plain, scene.attributes.notes),
    )
    with st.popover("Before you quote these numbers", icon=":material/priority_high:"):
        st.markdown("\n".join(f"- {limit}" for limit in told if limit))


def summary(comparison: "gc.Comparison") -> None:
    total, meant = comparison.total, comparison.definitions
    figures = {
        "area_deviation_percent": sentences.deviation(total["area_deviation_percent"]),
        "mean_m": sentences.metres(comparison.glaciers["mean_m"].median()),
        "p95_m": sentences.metres(comparison.glaciers["p95_m"].median()),
        "iou": f"{comparison.pixels['iou'].iloc[-1]:.3f}",
    }
    several = len(comparison.glaciers) > 1
    row = st.container(horizontal=True, gap="medium")
    for name, text in figures.items():
        typical = ", median of glaciers" if several and name.endswith("_m") else ""
        where = f", {comparison.pixels.index[-1]}" if name == "iou" else ""
        row.metric(
            f"{meant[name].name}{typical}{where}",
            text,
            help=sentences.help_text(meant[name]),
            width="content",
        )


def table_key() -> str:
    """Return the key of the table: another one after each pick on the map marks its row."""
    return f"glaciers-{st.session_state.get('map_picks', 0)}"


def pick_row(ids: list[str]) -> None:
    rows = st.session_state[table_key()]["selection"]["rows"]
    choose(glacier=ids[rows[0]] if rows else "")
    st.session_state["in_view"] = ""
    st.session_state["place"] = ()


def pick_mark(glacier_id: str, *told: Any) -> None:
    """Choose the glacier whose mark in a figure was clicked; map and table follow.

    A mark that stands for a place on a boundary tells longitude and latitude first.
    """
    choose(glacier=glacier_id)
    st.session_state["in_view"] = ""
    st.session_state["place"] = told[:2] if app_state().deviation == "boundary" else ()
    mark_row()


def mark_row() -> None:
    st.session_state["map_picks"] = st.session_state.get("map_picks", 0) + 1


def glacier_table(comparison: "gc.Comparison") -> None:
    table, meant = comparison.glaciers[list(COLUMNS)], comparison.definitions
    bars = deviation_bars(table["area_deviation_percent"])
    table.insert(list(COLUMNS).index("area_deviation_percent") + 1, BARS, bars)
    ids = list(table["glacier_id"])
    marked = [ids.index(app_state().glacier)] if app_state().glacier in ids else []
    st.dataframe(
        table,
        hide_index=True,
        column_config={name: column(meant[name], form) for name, form in COLUMNS.items()}
        | {BARS: st.column_config.ImageColumn("Beside the experts' band", help=BARS_MEAN)},
        key=table_key(),
        on_select=lambda: pick_row(ids),
        selection_mode="single-row",
        selection_default={"selection": {"rows": marked}},
        alt="Deviations of every glacier; the map shows the same glaciers.",
    )


def wish_to_zoom(comparison: "gc.Comparison") -> ZoomTo | None:
    """Zoom to a place on a boundary, or to the glacier picked elsewhere than on the map."""
    picked = app_state().glacier
    if place := st.session_state.get("place"):
        lon, lat = (float(degrees) for degrees in place)
        return zoom_to_place(lon, lat, PLACE_M)
    if picked in ("", st.session_state.get("in_view")):
        return None
    return zoom_to_glacier(comparison.expert, picked)


def divided_differently(comparison: "gc.Comparison") -> None:
    """Tell where one glacier of the map is several of the expert's, or the other way round."""
    groups = comparison.groups
    if (groups["kind"] == "one to one").all():
        return
    with st.expander(
        "Where map and expert divide the ice differently", icon=":material/mediation:"
    ):
        show_table(
            groups,
            GROUPS,
            GROUP_DEFINITIONS,
            alt="Groups of mapped and of expert glaciers that overlap.",
        )
        show_definitions(GROUP_DEFINITIONS, GROUPS, "What they mean")


def pixel_scores(comparison: "gc.Comparison", scene: "gc.Scene") -> None:
    scores, meant = comparison.pixels[::-1].reset_index(), comparison.definitions
    table, picture = st.columns(2)
    with table:
        show_table(scores, SCORES, meant, alt="Pixel scores, a row a domain.")
        show_definitions(meant, [*SCORES, *PIXEL_COUNTS], "What these scores mean")
    with picture:
        show_figure(
            drawn(charts.agreement_chart, comparison.pixels, simulated=scene.simulated),
            scores.assign(simulated=scene.simulated),
            name=f"{scene.id}-agreement",
            alt="Shares of the ice that both, only the network and only the expert see.",
        )


def beside_ndsi(scene: "gc.Scene", result: "gc.GlacierMap", comparison: "gc.Comparison") -> None:
    """Hold the network against a rule that needs no network, on the same pixels."""
    found, meant = (
        score_beside_ndsi(result.key, scene.id, app_state().experts),
        comparison.definitions,
    )
    st.markdown(sentences.baseline_sentence(found))
    st.caption("The deviations below are those of the largest outlined glacier.")
    st.dataframe(
        found.table.reset_index()[list(BASELINE_COLUMNS)],
        hide_index=True,
        column_config={"method": "Method"}
        | {name: column(meant[name], form) for name, form in BASELINE_COLUMNS.items() if form},
        alt="The network and the NDSI rule, scored on the same pixels.",
    )


state = app_state()
scene, result = current_scene(), require_map()
outlines = current_outlines()
told = "" if outlines is None else sentences.expert_line(outlines, simulated=scene.simulated)
texts.scene_heading(scene, "Compare: ", told)
words, picture, buttons = st.container(), st.container(), st.container(horizontal=True)
with buttons:
    choose_experts(scene)
    correcting_switch()
comparison = current_comparison()
if comparison is None:
    st.info("This scene came without expert outlines. Upload some to compare the map with.")
    st.stop()
with words:
    headline(scene, comparison)
with buttons:
    limits(scene, comparison)
    meant = comparison.definitions
    computed = [name for name in COLUMNS if meant[name].formula]
    show_definitions(meant, computed, "What the numbers mean")

zoom_to = wish_to_zoom(comparison)
view = scene_view(state, scene, result, comparison, values="agreement", zoom_to=zoom_to)
view = corrected_view(view, scene, result)
with picture:
    event = show_map(view, key="compare", on_drawn=take_drawings)
if event and event.glacier_id and event.glacier_id != state.glacier:
    choose(glacier=event.glacier_id)
    st.session_state["in_view"] = event.glacier_id
    mark_row()

correcting_section(scene, result, comparison)
summary(comparison)
st.subheader("Glacier by glacier", help="A row zooms the map; a click on the map marks its row.")
glacier_table(comparison)
download_map(result, scene, comparison)
divided_differently(comparison)
show_figures(scene, comparison, pick_mark)
if panel := current_panel():
    show_panel(panel, name=scene.id, selected=state.glacier, pick=pick_mark)
st.subheader("Pixel by pixel")
pixel_scores(comparison, scene)
st.subheader("Beside a simple rule")
beside_ndsi(scene, result, comparison)
