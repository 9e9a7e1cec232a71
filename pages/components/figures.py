"""A figure with its data, and the definitions of its numbers, one click away."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from glacier_core.reporting.exports import table_csv
from pages.components.sentences import definition_lines

_BAR = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}


def show_figure(
    figure: go.Figure,
    data: pd.DataFrame,
    *,
    name: str,
    alt: str,
    pick: Callable[..., None] | None = None,
) -> None:
    """Show a figure, and below it a button that gives its data.

    Parameters
    ----------
    figure : plotly.graph_objects.Figure
    data : DataFrame
        What the figure shows.
    name : str
        Of the file, without its suffix.
    alt : str
        What a screen reader says the figure shows.
    pick : callable, optional
        Is called with the custom data of a mark that was clicked: first the id of a glacier.
    """
    key = f"figure-{name}"
    if pick is None:
        st.plotly_chart(figure, key=key, config=_BAR, alt=alt)
    else:
        st.plotly_chart(
            figure,
            key=key,
            config=_BAR,
            alt=alt,
            on_select=lambda: _pick(key, pick),
            selection_mode="points",
        )
    st.download_button(
        "Data of this figure",
        data=lambda: table_csv(data),
        file_name=f"{name}.csv",
        mime="text/csv",
        key=f"data-{name}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def _pick(key: str, pick: Callable[..., None]) -> None:
    for point in st.session_state[key]["selection"]["points"]:
        if point.get("customdata"):
            pick(*point["customdata"])


def show_definitions(definitions: Mapping[str, Any], names: Iterable[str], label: str) -> None:
    """Offer the meaning, formula and source of numbers."""
    with st.popover(label, icon=":material/help:"):
        st.markdown(definition_lines(definitions, names))
