"""A figure with its data, and the definitions of its numbers, one click away."""

import pickle
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from glacier_core.reporting.exports import table_csv
from pages.components.sentences import definition_lines, help_text

_BAR = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}


def drawn(chart: Callable[..., go.Figure], *args: Any, **options: Any) -> go.Figure:
    """Draw a chart, or return it as it was drawn before from the very same data.

    Parameters
    ----------
    chart : callable
        A function of a module, or a partial of one, which draws its arguments and nothing else.
    """
    what = sha256(pickle.dumps((chart, args, options))).hexdigest()
    return _figure(what, lambda: chart(*args, **options))


@st.cache_resource(max_entries=256, show_spinner=False)
def _figure(
    what: str,  # noqa: ARG001  (the content it is kept under)
    _draw: Callable[[], go.Figure],
) -> go.Figure:
    return _draw()


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
    offer_table("Data of this figure", data, name=name)


def offer_table(label: str, table: pd.DataFrame, *, name: str) -> None:
    """Offer a table as CSV, made when it is asked for; the name is without its suffix."""
    st.download_button(
        label,
        data=lambda: table_csv(table),
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


def show_table(
    table: pd.DataFrame,
    forms: Mapping[str, str | None],
    definitions: Mapping[str, Any],
    *,
    alt: str,
) -> None:
    """Show columns of a table, each headed by its definition.

    Parameters
    ----------
    forms : mapping of str to str or None
        Columns in reading order, with the form of their numbers; None for texts.
    """
    st.dataframe(
        table[list(forms)],
        hide_index=True,
        column_config={name: column(definitions[name], form) for name, form in forms.items()},
        alt=alt,
    )


def column(meant: Any, form: str | None) -> Any:
    """Return how a column is headed, explained and written.

    Parameters
    ----------
    meant : Definition
    form : str, optional
        Of its numbers, such as ``"%.1f"``; None for texts.
    """
    named = meant.unit in ("", meant.name.lower())
    label = meant.name if named else f"{meant.name}, {meant.unit}"
    if form is None:
        return st.column_config.Column(label, help=help_text(meant))
    return st.column_config.NumberColumn(label, format=form, help=help_text(meant))
