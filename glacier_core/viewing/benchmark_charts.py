"""Charts of the benchmark: what we measured, and apart from it what others published.

Every table has a row a figure, with ``kind`` ("ours", "rule" or "published"), ``label``,
``value``, ``dataset`` and ``source``. Every mark carries, as the first of its custom data, the
index of its row, so that a reader who picks it finds the run that made it.

Published figures are told apart by shape and not by colour alone: hollow or hatched, and named.
"""

from collections.abc import Mapping
from html import escape
from textwrap import wrap
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from glacier_core.viewing import palettes

KINDS: Final = {
    "ours": ("Ours", palettes.PREDICTED, "circle"),
    "rule": ("Simple rule, same pixels", palettes.BASELINE, "square"),
    "published": ("Published by others, other data", palettes.EXPERT, "diamond-open"),
}
"""Legend, colour and mark of every kind of figure."""

MARKS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star", "hexagon", "x")

GENERALISATION_TITLES: Final = {
    "in-distribution": "same places,<br>dates, sensors",
    "place": "new place",
    "date": "new date",
    "sensor": "new sensor",
    "place+date+sensor": "all three new",
}


STRATUM_WORDS: Final = {
    "IoU": "IoU, ",
    "recall": "share found, ",
    "called glacier": "called glacier (less is better), ",
}


def strategy_chart(table: pd.DataFrame, regions: Mapping[str, str]) -> go.Figure:
    """Draw the IoU of every strategy in every region as a heat map, published figures apart.

    Parameters
    ----------
    table : DataFrame
        As `benchmark.views.strategies_by_region` makes it.
    regions : mapping
        Titles of the regions by code, in the order they are drawn.
    """
    ours, theirs = (table[(table["kind"] == "published") == published] for published in (0, 1))
    figure = make_subplots(
        rows=1,
        cols=2,
        shared_yaxes=True,
        column_widths=[max(4, ours["label"].nunique()), 1.5],
        horizontal_spacing=0.05,
        subplot_titles=[_kind_of_tiles(ours), "<i>Published,<br>real imagery</i>"],
    )
    titles = {code: _wrapped(title, 20) for code, title in regions.items()}
    titles["mean"] = "<b>Mean</b>"
    for column, frame in enumerate((ours, theirs), start=1):
        figure.add_traces(_cells(frame, titles), cols=[column] * 2, rows=[1] * 2)
    shown = [titles[code] for code in titles if code in set(table["region"])]
    figure.update_yaxes(categoryorder="array", categoryarray=shown[::-1], showgrid=False)
    figure.update_xaxes(tickangle=-90, showgrid=False)
    dashed = {"color": palettes.EXPERT, "width": 2, "dash": "dash"}
    edges = {"x0": 0, "x1": 1, "y0": 0, "y1": 1}
    figure.add_shape(type="rect", xref="x2 domain", yref="y2 domain", line=dashed, **edges)
    figure.update_annotations(font_size=13)
    # Its words are wider than its column, and would leave a phone's screen on the right.
    figure.layout.annotations[-1].update(x=1, xanchor="right", align="right")
    figure.update_layout(coloraxis=_color_axis(table["value"]))
    return _finished(figure, "IoU by strategy and region", table, 360 + 28 * len(shown))


def architecture_chart(table: pd.DataFrame) -> go.Figure:
    """Draw IoU, parameters and seconds a patch of every network, a row each.

    Parameters
    ----------
    table : DataFrame
        As `benchmark.views.architectures` makes it.
    """
    table = table.sort_values(["kind", "value"], ascending=[False, True], kind="stable")
    columns = {
        "value": ("Mean IoU<br>± spread", "IoU %{x:.3f}"),
        "parameters": ("Million<br>parameters", "%{x:.2f} million"),
        "seconds_per_patch": ("Seconds<br>a patch", "%{x:.3f} s"),
    }
    figure = make_subplots(
        rows=1, cols=3, shared_yaxes=True, horizontal_spacing=0.04, column_widths=[0.5, 0.25, 0.25]
    )
    for place, (column, (title, told)) in enumerate(columns.items(), start=1):
        scaled = table.assign(parameters=table["parameters"].astype("Float64") / 1e6)
        for kind, some in scaled.groupby("kind", sort=False):
            known = some[some[column].notna() & ((some[column] > 0) | (column == "value"))]
            dots = _dots(known, column, str(kind), told, legend=place == 1)
            if column == "value":
                dots.error_x = {"array": known["spread"], "thickness": 1.5, "width": 4}
            figure.add_trace(dots, 1, place)
        figure.update_xaxes(title=title, col=place)
    figure.update_xaxes(type="log", dtick=1, col=2)
    figure.update_xaxes(type="log", dtick=1, col=3)
    rows = list(dict.fromkeys(table["label"].map(_label)))
    figure.update_yaxes(categoryorder="array", categoryarray=rows)
    return _finished(figure, "Networks compared", table, 200 + 34 * len(rows))


def gain_chart(table: pd.DataFrame, regions: Mapping[str, str]) -> go.Figure:
    """Draw how much IoU every data track adds to imagery and terrain, a dot a region.

    Parameters
    ----------
    table : DataFrame
        As `benchmark.views.track_gains` makes it.
    """
    figure = go.Figure()
    figure.add_vline(0, line={"color": palettes.INK, "width": 1})
    named = table.assign(place=table["region"].map(lambda code: regions.get(code, code)))
    for kind, some in named.groupby("kind", sort=False):
        figure.add_trace(_dots(some, "value", str(kind), "%{x:+.3f} IoU"))
    figure.add_trace(_means(table[table["kind"] == "ours"]))
    figure.update_xaxes(title="Gain in IoU over imagery and terrain alone", tickformat="+.2f")
    figure.update_yaxes(autorange="reversed")
    rows = table["label"].nunique()
    return _finished(figure, "What more data adds", table, 240 + 50 * rows)


def generalisation_chart(table: pd.DataFrame) -> go.Figure:
    """Draw the mean IoU of every model on tiles ever further from those it was trained on.

    Parameters
    ----------
    table : DataFrame
        As `benchmark.views.generalisation` makes it.
    """
    figure = go.Figure()
    for number, ((kind, label), some) in enumerate(table.groupby(["kind", "label"], sort=False)):
        _, color, mark = KINDS[str(kind)]
        figure.add_scatter(
            x=some["generalisation"].map(GENERALISATION_TITLES),
            y=some["value"],
            name=_text(str(label)),
            mode="lines+markers",
            line={"color": color, "width": 2, "dash": "dot" if kind == "rule" else "solid"},
            marker={
                "size": 11,
                "color": color,
                "symbol": mark if kind == "published" else MARKS[number % len(MARKS)],
            },
            **_picking(some, "%{y:.3f}"),
        )
    order = list(GENERALISATION_TITLES.values())
    figure.update_xaxes(categoryorder="array", categoryarray=order, title="How the tiles differ")
    figure.update_yaxes(title="Mean IoU over regions")
    lines = table["label"].nunique()
    return _finished(figure, "How far it carries", table, 380 + 22 * lines)


def strata_chart(table: pd.DataFrame) -> go.Figure:
    """Draw the figures of debris, shadow, small glaciers, snow and water, a row each.

    Parameters
    ----------
    table : DataFrame
        As `benchmark.views.strata` makes it.
    """
    told = table["metric"].map(STRATUM_WORDS) + table["stratum"].replace({"all": "all pixels"})
    table = table.assign(row=told.map(_wrapped))
    figure = go.Figure()
    for number, ((kind, label), some) in enumerate(table.groupby(["kind", "label"], sort=False)):
        figure.add_scatter(
            x=some["value"],
            y=some["row"],
            name=_text(str(label)),
            mode="markers",
            marker={"size": 12, "color": KINDS[str(kind)][1], "symbol": MARKS[number % len(MARKS)]},
            **_picking(some, "%{x:.3f}"),
        )
    figure.update_xaxes(title="Share, 0 to 1", range=[-0.02, 1.02])
    shown = _strata_order(table)
    figure.update_yaxes(categoryorder="array", categoryarray=shown[::-1])
    lines = table["label"].nunique()
    return _finished(figure, "Where it is hard", table, 220 + 44 * len(shown) + 22 * lines)


def _means(ours: pd.DataFrame) -> go.Scatter:
    means = ours.groupby("label", sort=False)["value"].mean()
    return go.Scatter(
        x=means.to_numpy(float),
        y=[_label(label) for label in means.index],
        name="Our mean over regions",
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 26, "line": {"width": 3}, "color": palettes.INK},
        hovertemplate="mean over regions: %{x:+.3f}<extra></extra>",
    )


def _strata_order(table: pd.DataFrame) -> list[str]:
    """IoU first, then shares found, then what is wrongly called glacier, where less is better."""
    ranks = {"IoU": 0, "recall": 1, "called glacier": 2}
    ordered = table.sort_values("metric", key=lambda names: names.map(ranks), kind="stable")
    return list(dict.fromkeys(ordered["row"]))


def _cells(frame: pd.DataFrame, titles: Mapping[str, str]) -> list[Any]:
    """Return the coloured cells and, as only points can be picked, a clear point on each."""
    labels = frame["label"].map(_text)
    rows = frame["region"].map(lambda code: titles.get(code, code))
    numbers = [f"{value:.2f}".lstrip("0") for value in frame["value"]]
    colored = go.Heatmap(
        x=labels,
        y=rows,
        z=frame["value"],
        text=numbers,
        texttemplate="%{text}",
        coloraxis="coloraxis",
        hoverinfo="skip",
        xgap=2,
        ygap=2,
    )
    points = go.Scatter(
        x=labels,
        y=rows,
        text=numbers,
        mode="markers",
        marker={"size": 24, "symbol": "square", "color": "rgba(0, 0, 0, 0)"},
        showlegend=False,
        **_picking(frame, "IoU %{text}"),
    )
    return [colored, points]


def _color_axis(values: "pd.Series[float]") -> dict[str, Any]:
    low = min(0.5, float(values.min())) if len(values) else 0.0
    ramp = palettes.CONFIDENCE
    stops = [(value, color) for value, color in zip(ramp.values, ramp.colors, strict=True)]
    # The cells hold their numbers, and a bar would take the width of a phone.
    return {"colorscale": stops, "cmin": low, "cmax": 1.0, "showscale": False}


def _kind_of_tiles(ours: pd.DataFrame) -> str:
    if ours.empty:
        return "Ours:<br>none yet"
    kind = "simulated" if ours["simulated"].all() else "not all simulated"
    return f"Ours,<br>{kind} tiles"


def _dots(
    some: pd.DataFrame, column: str, kind: str, told: str, *, legend: bool = True
) -> go.Scatter:
    name, color, mark = KINDS[kind]
    return go.Scatter(
        x=some[column].astype(float),
        y=some["label"].map(_label),
        name=name,
        legendgroup=kind,
        showlegend=legend,
        mode="markers",
        marker={"size": 13, "color": color, "symbol": mark, "line": {"width": 2, "color": color}},
        **_picking(some, told),
    )


def _picking(some: pd.DataFrame, told: str) -> dict[str, Any]:
    """Return what a mark tells when it is pointed at and gives when it is picked."""
    place = some["place"] if "place" in some else some["region"]
    data = [
        [row, _text(str(label)), _text(str(where)), _text(str(dataset))]
        for row, label, where, dataset in zip(
            some.index, some["label"], place, some["dataset"], strict=True
        )
    ]
    words = "%{customdata[1]}<br>%{customdata[2]}, %{customdata[3]}"
    return {
        "customdata": data,
        "hovertemplate": f"<b>{told}</b><br>{words}<extra></extra>",
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
    }


def _label(label: object) -> str:
    return _wrapped(str(label))


def _wrapped(words: str, width: int = 18) -> str:
    """Break words into short lines, so that a phone keeps its width; no tags in them count."""
    return "<br>".join(_text(line) for line in wrap(words, width, break_on_hyphens=False))


def _text(words: str) -> str:
    return escape(words, quote=False)


def _finished(figure: go.Figure, title: str, table: pd.DataFrame, height: int) -> go.Figure:
    """Give a figure its title, marked where anything in it is simulated, and a low legend."""
    marked = f"{title} (ours: simulated tiles)" if table["simulated"].any() else title
    return figure.update_layout(
        title={"text": marked, "x": 0, "font_size": 16},
        legend={"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0},
        margin={"l": 8, "r": 8, "t": 84, "b": 8},
        height=height,
        hoverlabel={"align": "left"},
        clickmode="event+select",
        dragmode=False,
    )
