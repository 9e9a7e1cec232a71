"""What all charts share: names as text, what a click on a mark tells, titles and legends."""

from html import escape
from textwrap import wrap

import pandas as pd
import plotly.graph_objects as go


def plain(words: str) -> str:
    """Return words as plotly writes them, whatever tags they hold."""
    return escape(words, quote=False)


def _names(glaciers: pd.DataFrame) -> "pd.Series[str]":
    named = glaciers["name"] != ""
    return glaciers["name"].where(named, glaciers["glacier_id"]).map(plain)


def identity(glaciers: pd.DataFrame) -> list[list[str]]:
    """Return id and name of every glacier: what a click on its mark tells."""
    pairs = zip(glaciers["glacier_id"], _names(glaciers), strict=True)
    return [list(pair) for pair in pairs]


def band_in_legend(name: str, color: str) -> go.Scatter:
    """Return what names a shaded band in the legend, where shapes do not appear by themselves."""
    marker = {"symbol": "square", "size": 12, "color": color}
    return go.Scatter(x=[None], y=[None], mode="markers", marker=marker, name=name)


def finished(figure: go.Figure, title: str, simulated: bool, height: int) -> go.Figure:
    """Give a figure its title, room, and a legend that leaves a phone its width."""
    figure.update_layout(
        title={
            "text": plain(f"{title} (simulated)" if simulated else title),
            "x": 0,
            "font_size": 16,
            # Below plotly's tool bar, which a touch screen always shows.
            "yref": "container",
            "y": 1,
            "yanchor": "top",
            "pad": {"t": 28},
        },
        legend={
            "orientation": "h",
            "yref": "container",
            "yanchor": "bottom",
            "y": 0,
            "x": 0,
            "traceorder": "normal",
        },
        margin={"l": 8, "r": 8, "t": 64, "b": 8},
        height=height,
        hoverlabel={"align": "left"},
    )
    return figure


def without_data(words: str, title: str, simulated: bool) -> go.Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = go.Figure()
    place = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper"}
    figure.add_annotation(text=wrapped(words, 40), showarrow=False, **place)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    return finished(figure, title, simulated, 240)


def wrapped(words: str, width: int = 18) -> str:
    """Break words into short lines, so that a phone keeps its width; no tags in them count."""
    return "<br>".join(plain(line) for line in wrap(words, width, break_on_hyphens=False))
