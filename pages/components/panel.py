"""A map beside several experts: the plain answer, a table and a figure."""

from collections.abc import Callable

import streamlit as st

import glacier_core as gc
from glacier_core.viewing.panel_charts import panel_areas, panel_chart
from pages.components.figures import drawn, show_definitions, show_figure, show_table
from pages.components.sentences import plain

COLUMNS = {
    "name": None,
    "glacier_id": None,
    "experts": "%d",
    "within_spread": None,
    "probability": "%.2f",
    "predicted_area_km2": "%.2f",
    "expert_area_min_km2": "%.2f",
    "expert_area_mean_km2": "%.2f",
    "expert_area_max_km2": "%.2f",
    "spread_percent": "%.0f",
    "distance_to_experts_m": "%.0f",
    "pairwise_distance_m": "%.0f",
    "consensus_area_deviation_percent": "%+.1f",
    "leave_one_out_area_percent": "%.1f",
    "consensus_distance_m": "%.0f",
    "leave_one_out_distance_m": "%.0f",
    "fleiss_kappa": "%.2f",
    "area_probability": "%.2f",
    "distance_probability": "%.2f",
    "judged_by": None,
    "simulated": None,
}
"""Columns of the table in reading order, with the form of their numbers: the map's measure
stands before that of the experts among themselves."""

MEMBERS = {
    "name": None,
    "glacier_id": None,
    "expert": None,
    "area_km2": "%.3f",
    "leave_one_out_area_percent": "%+.1f",
    "leave_one_out_distance_m": "%.0f",
    "simulated": None,
}


def show_panel(
    panel: "gc.PanelComparison",
    *,
    name: str,
    selected: str = "",
    pick: Callable[..., None] | None = None,
) -> None:
    """Show whether a map lies within the spread of several experts, and by which numbers.

    Parameters
    ----------
    panel : PanelComparison
    name : str
        Of the files that are offered, for instance the id of the scene.
    selected : str
        Id of a glacier to mark in the figure.
    pick : callable, optional
        Is called with the custom data of a mark that was clicked: first the id of a glacier.
    """
    st.subheader("Beside several experts")
    st.markdown(plain(panel.sentence))
    st.caption(_whose(panel))
    areas = panel_areas(panel.members)
    show_figure(
        drawn(panel_chart, areas, simulated=panel.simulated, selected=selected),
        areas,
        name=f"{name}-experts",
        alt="A row a glacier: a dot for the area that each expert drew, a bar for the map's.",
        pick=pick,
    )
    show_table(
        panel.glaciers,
        COLUMNS,
        panel.definitions,
        alt="The map and the experts, a row a glacier.",
    )
    with st.expander("Everyone against the others"):
        st.markdown(
            "Each expert against what the others agree on; the model against what all agree on."
        )
        show_table(
            panel.members,
            MEMBERS,
            panel.definitions,
            alt="A row an expert and glacier, and one for the model.",
        )
    show_definitions(panel.definitions, list(COLUMNS), "What they mean")


def _whose(panel: "gc.PanelComparison") -> str:
    kind = "Simulated experts" if panel.simulated else "Experts"
    told = f"{kind}: {', '.join(panel.experts[:8])}"
    more = len(panel.experts) - 8
    outside = f" {len(panel.outside_scene)} glaciers lie outside the scene."
    return plain(
        f"{told}{f' and {more} more' if more > 0 else ''}.{outside if panel.outside_scene else ''}"
    )
