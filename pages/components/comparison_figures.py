"""Figures of a comparison: one at a time, each with its data; a clicked mark chooses a glacier."""

from collections.abc import Callable

import pandas as pd
import streamlit as st

import glacier_core as gc
from glacier_core.deviations.bootstrap import (
    FEWEST_INDEPENDENT,
    INTERVAL_DEFINITIONS,
    bootstrap_table,
)
from glacier_core.deviations.hypsometry import HYPSOMETRY_DEFINITIONS, hypsometry
from glacier_core.deviations.strata import (
    STRATA_DEFINITIONS,
    comparison_masks,
    describe_profile,
    stratify,
)
from glacier_core.viewing import boundary_charts, charts, comparison_charts
from pages.components import sentences
from pages.components.figures import show_definitions, show_figure, show_table
from pages.components.remembering import remembered
from pages.components.state import (
    app_state,
    choose,
    compare,
    guard,
    open_map,
    open_outlines,
    open_scene,
)

FIGURES = {
    "areas": "Areas",
    "distances": "Distances",
    "boundary": "Along the boundary",
    "heights": "By elevation",
    "errors": "Where errors lie",
}
INTERVALS = {
    "glacier_id": None,
    "mean_low_m": "%.0f",
    "mean_high_m": "%.0f",
    "signed_mean_low_m": "%+.0f",
    "signed_mean_high_m": "%+.0f",
    "independent_lengths": "%.0f",
}
IDENTITY = ["glacier_id", "name", "simulated"]

Pick = Callable[..., None]
"""Is given the id of a glacier, and longitude and latitude where the mark has a place."""


def show_figures(scene: "gc.Scene", comparison: "gc.Comparison", pick: Pick) -> None:
    """Offer the figures of a comparison and show the chosen one.

    Parameters
    ----------
    pick : callable
        Is called with what a clicked mark stands for.
    """
    st.session_state["deviation"] = app_state().deviation
    st.segmented_control(
        "Figure",
        list(FIGURES),
        format_func=FIGURES.__getitem__,
        key="deviation",
        required=True,
        label_visibility="collapsed",
        on_change=lambda: choose(deviation=st.session_state["deviation"]),
    )
    drawn = {
        "areas": lambda: _areas(scene, comparison, pick),
        "distances": lambda: _distances(scene, comparison, pick),
        "boundary": lambda: _boundary(scene, comparison, pick),
        "heights": lambda: _heights(scene, comparison),
        "errors": lambda: _errors(scene),
    }
    with guard():
        drawn[app_state().deviation]()


def _areas(scene: "gc.Scene", comparison: "gc.Comparison", pick: Pick) -> None:
    glaciers, picked = comparison.glaciers, app_state().glacier
    scatter, strip = st.columns(2)
    with scatter:
        show_figure(
            comparison_charts.area_scatter(glaciers, simulated=scene.simulated, selected=picked),
            glaciers[[*IDENTITY, "expert_area_km2", "predicted_area_km2"]],
            name=f"{scene.id}-areas",
            alt="A dot a glacier: its area on the map against the expert's.",
            pick=pick,
        )
    with strip:
        show_figure(
            charts.area_deviation_chart(glaciers, simulated=scene.simulated, selected=picked),
            glaciers[[*IDENTITY, "area_deviation_percent"]],
            name=f"{scene.id}-area-deviations",
            alt="A dot a glacier: its area deviation, beside the band of experts.",
            pick=pick,
        )


def _distances(scene: "gc.Scene", comparison: "gc.Comparison", pick: Pick) -> None:
    glaciers, picked = comparison.glaciers, app_state().glacier
    counted = boundary_charts.distance_histogram(
        comparison.profile,
        resolution=scene.resolution,
        simulated=scene.simulated,
        selected=picked,
    )
    histogram, measures = st.columns(2)
    with histogram:
        show_figure(
            boundary_charts.distance_histogram_chart(
                counted, simulated=scene.simulated, selected=picked, name=_name(comparison, picked)
            ),
            counted,
            name=f"{scene.id}-distance-histogram",
            alt="How much of the boundary lies how far outside or inside the expert's.",
        )
    with measures:
        show_figure(
            charts.distance_chart(
                glaciers,
                resolution=scene.resolution,
                simulated=scene.simulated,
                selected=picked,
            ),
            glaciers[[*IDENTITY, *charts.DISTANCES]],
            name=f"{scene.id}-distances",
            alt="A row a measure of distance, a dot a glacier.",
            pick=pick,
        )
    st.markdown("How sure these distances are, from how they vary along the mapped boundary:")
    show_table(
        intervals_of(app_state().map, scene.id, app_state().experts),
        INTERVALS,
        comparison.definitions | INTERVAL_DEFINITIONS,
        alt="95 % intervals of the deviations, a row a glacier.",
    )
    st.caption(f"Fewer than {FEWEST_INDEPENDENT:.0f} independent stretches make a rough interval.")
    show_definitions(INTERVAL_DEFINITIONS, INTERVAL_DEFINITIONS, "What they mean")


def _boundary(scene: "gc.Scene", comparison: "gc.Comparison", pick: Pick) -> None:
    glacier = _shown_glacier(comparison)
    name = _name(comparison, glacier)
    pieces = pieces_of(app_state().map, scene.id, app_state().experts, glacier)
    if pieces.empty:
        st.info(f"Of {sentences.plain(name)} there is no boundary to compare.")
        return
    show_figure(
        boundary_charts.boundary_profile_chart(
            pieces, resolution=scene.resolution, simulated=scene.simulated, name=name
        ),
        pieces,
        name=f"{scene.id}-boundary",
        alt="Along the boundary: how far the map lies outside or inside the expert's outline.",
        pick=pick,
    )
    row = comparison.glaciers.set_index("glacier_id").loc[glacier]
    st.button(
        f"Show the largest deviation on the map: {sentences.metres(row['hausdorff_m'])}",
        icon=":material/my_location:",
        on_click=pick,
        args=(glacier, row["largest_deviation_lon"], row["largest_deviation_lat"]),
    )
    st.caption("A click on a bar shows its place on the map; another glacier: by the table.")


def _heights(scene: "gc.Scene", comparison: "gc.Comparison") -> None:
    compared = set(comparison.glaciers["glacier_id"])
    picked = app_state().glacier if app_state().glacier in compared else ""
    table = heights_of(app_state().map, scene.id, app_state().experts, picked)
    show_figure(
        comparison_charts.hypsometry_chart(
            table, simulated=scene.simulated, title=_name(comparison, picked)
        ),
        table,
        name=f"{scene.id}-heights",
        alt="How much ice of the map and of the expert lies how high.",
    )
    show_definitions(HYPSOMETRY_DEFINITIONS, HYPSOMETRY_DEFINITIONS, "What the numbers mean")


def _errors(scene: "gc.Scene") -> None:
    table = strata_of(app_state().map, scene.id, app_state().experts)
    known = table[table["missing_because"] == ""]
    names = [name for name in known["stratum"].unique() if (known["stratum"] == name).sum() > 1]
    chosen = st.selectbox("Divided by", names)
    show_figure(
        comparison_charts.error_share_chart(table, chosen, simulated=scene.simulated),
        table,
        name=f"{scene.id}-strata",
        alt="Which share of all errors lies in each class, beside its share of the pixels.",
    )
    show_definitions(STRATA_DEFINITIONS, STRATA_DEFINITIONS, "What the numbers mean")
    for stratum, reason in table.loc[
        table["missing_because"] != "", ["stratum", "missing_because"]
    ].itertuples(index=False):
        st.caption(f"Not divided by {stratum}: {sentences.plain(reason)}")


@remembered("Putting boundaries together anew …", copied=True)
def intervals_of(map_key: str, scene_id: str, experts: str) -> pd.DataFrame:
    """Return how sure the deviations of every glacier are, once for all readers."""
    comparison = compare(map_key, scene_id, experts)
    return bootstrap_table(comparison.profile, simulated=comparison.simulated)


@remembered("Walking along the boundary …", copied=True)
def pieces_of(map_key: str, scene_id: str, experts: str, glacier_id: str) -> pd.DataFrame:
    """Return the boundary of one glacier in pieces, with the surface and terrain each lies on."""
    scene, comparison = open_scene(scene_id), compare(map_key, scene_id, experts)
    pieces = boundary_charts.boundary_pieces(
        comparison.profile, glacier_id, simulated=scene.simulated
    )
    return describe_profile(
        pieces,
        open_map(map_key),
        scene,
        open_outlines(scene_id, experts),
        buffer_m=comparison.buffer_m,
    )


@remembered("Adding up by elevation …", copied=True)
def heights_of(map_key: str, scene_id: str, experts: str, glacier_id: str) -> pd.DataFrame:
    """Divide the ice of one glacier, or of all that are compared, by elevation."""
    scene, comparison = open_scene(scene_id), compare(map_key, scene_id, experts)
    return hypsometry(scene, comparison_masks(open_map(map_key), comparison, glacier_id))


@remembered("Looking where the errors lie …", copied=True)
def strata_of(map_key: str, scene_id: str, experts: str) -> pd.DataFrame:
    """Divide a comparison by surface, terrain and the rest."""
    return stratify(open_map(map_key), open_scene(scene_id), open_outlines(scene_id, experts))


def _shown_glacier(comparison: "gc.Comparison") -> str:
    """Return the picked glacier, else the largest."""
    glaciers = comparison.glaciers
    if app_state().glacier in set(glaciers["glacier_id"]):
        return app_state().glacier
    return str(glaciers.loc[glaciers["outline_area_km2"].idxmax(), "glacier_id"])


def _name(comparison: "gc.Comparison", glacier_id: str) -> str:
    rows = comparison.glaciers[comparison.glaciers["glacier_id"] == glacier_id]
    return "" if rows.empty else str(rows["name"].iloc[0] or glacier_id)
