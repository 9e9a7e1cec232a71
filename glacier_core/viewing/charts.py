"""Charts (plotly): tables in, figures out, in the same colours as the maps.

Each figure shows exactly the table it was given, so that the table is the figure's data.
Figures of simulated scenes say so in their titles.
"""

import math

import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.models.card import Reliability
from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import band_in_legend, finished, identity

DISTANCES = {
    "median_m": "Median",
    "mean_m": "Mean",
    "polis_m": "PoLiS",
    "p95_m": "95th percentile",
    "hausdorff_m": "Hausdorff",
}
"""Columns of distances between outlines and their short names, drawn in this order."""

FEWEST_FOR_A_BOX = 5
"""Quartiles of fewer glaciers than this would say more than is known."""

BEFORE, AFTER = "before calibration", "after calibration"
"""What the ``stage`` column of a reliability table says."""


def area_deviation_chart(
    glaciers: pd.DataFrame, *, simulated: bool, selected: str = ""
) -> go.Figure:
    """Draw the area deviation of every glacier beside the band within which experts differ.

    Parameters
    ----------
    glaciers : DataFrame
        One row a glacier, as of ``Comparison.glaciers``.
    selected : str
        Id of a glacier to mark.
    """
    figure = go.Figure()
    for limit, opacity, label in (
        (HUMAN_BAND.debris_covered, 0.18, "experts, debris-covered"),
        (HUMAN_BAND.clean, 0.45, "experts, clean ice"),
    ):
        color = palettes.rgba(palettes.HUMAN_BAND, opacity)
        figure.add_vrect(-limit, limit, fillcolor=color, line_width=0, layer="below")
        figure.add_trace(band_in_legend(f"±{limit:.0f} % {label}", color))
    figure.add_vline(0, line={"color": palettes.INK, "width": 1})
    column = "area_deviation_percent"
    figure.add_trace(_strip(glaciers, column, "Glaciers", "%{x:+.1f} %"))
    figure.add_traces(_marked(glaciers, [column], ["Glaciers"], selected))
    largest = glaciers[column].abs().max()
    largest = max(0.0 if pd.isna(largest) else largest, 1.2 * HUMAN_BAND.debris_covered)
    figure.update_xaxes(
        title="Area deviation, % (− less, + more)",
        range=[-1.1 * largest, 1.1 * largest],
        zeroline=False,
    )
    figure.update_yaxes(type="category", showticklabels=False)
    return finished(figure, "Area against the expert's", simulated, 300)


def distance_chart(
    glaciers: pd.DataFrame, *, resolution: float, simulated: bool, selected: str = ""
) -> go.Figure:
    """Draw how far predicted and expert boundaries lie apart, a row a measure.

    Parameters
    ----------
    glaciers : DataFrame
        One row a glacier, as of ``Comparison.glaciers``.
    resolution : float
        Side of a pixel in metres, marked by a line.
    selected : str
        Id of a glacier to mark.
    """
    names = list(DISTANCES.values())
    figure = go.Figure()
    for column, name in DISTANCES.items():
        figure.add_trace(_strip(glaciers, column, name, "%{x:,.0f} m"))
    figure.add_traces(_marked(glaciers, list(DISTANCES), names, selected))
    figure.add_vline(
        resolution,
        line={"color": palettes.INK, "width": 1, "dash": "dot"},
        annotation={"text": f"one pixel, {resolution:g} m", "font_size": 11},
        annotation_position="top right",
    )
    figure.update_xaxes(title="Distance between the boundaries, m", rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1])
    figure = finished(figure, "How far apart the outlines are", simulated, 360)
    return figure.update_layout(showlegend=False)


def agreement_chart(pixels: pd.DataFrame, *, simulated: bool) -> go.Figure:
    """Draw how much of the ice both, only the network and only the expert see.

    Parameters
    ----------
    pixels : DataFrame
        Pixel scores with a row a domain, as of ``Comparison.pixels``; each bar is the ice that
        either sees, so that the share of both is the IoU.
    """
    counts = pixels[["true_positives", "false_positives", "false_negatives"]]
    shares = counts.div(counts.sum(axis=1), axis=0)
    figure = go.Figure()
    for column, name, color in (
        ("true_positives", "Both (the IoU)", palettes.AGREEMENT),
        ("false_positives", "Only the network", palettes.PREDICTED),
        ("false_negatives", "Only the expert", palettes.EXPERT),
    ):
        figure.add_bar(
            x=shares[column],
            y=[text.capitalize() for text in shares.index],
            customdata=counts[[column]],
            name=name,
            orientation="h",
            marker={"color": color},
            texttemplate="%{x:.0%}",
            hovertemplate=f"{name}: %{{x:.1%}} of the ice either sees, "
            "%{customdata[0]:,} pixels<extra></extra>",
        )
    figure.update_xaxes(title="Share of the ice that either sees", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(labelalias={text.capitalize(): _short(text) for text in shares.index})
    figure = finished(figure, "Where network and expert agree", simulated, 260)
    return figure.update_layout(barmode="stack")


def reliability_table(found: Reliability) -> pd.DataFrame:
    """Return the bins before and after calibration as one table.

    Returns
    -------
    DataFrame
        ``stage`` (:data:`BEFORE` or :data:`AFTER`), ``lower``, ``upper``, ``count`` (pixels),
        ``confidence`` (mean), ``accuracy`` (share right), ``dataset``, ``simulated``.
    """
    rows = [
        {"stage": stage, **bin_.model_dump()}
        for stage, bins in ((BEFORE, found.raw), (AFTER, found.calibrated))
        for bin_ in bins
    ]
    return pd.DataFrame(rows).assign(dataset=found.dataset, simulated=found.simulated)


def reliability_chart(found: Reliability, title: str) -> go.Figure:
    """Draw confidence against accuracy before and after calibration, with the pixel counts."""
    table = reliability_table(found)
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.75, 0.25], vertical_spacing=0.05
    )
    figure.add_trace(_diagonal(), row=1, col=1)
    for stage, error, color, symbol in (
        (BEFORE, found.raw_error, palettes.UNMAPPED, "circle-open"),
        (AFTER, found.calibrated_error, palettes.PREDICTED, "circle"),
    ):
        bins = table[table["stage"] == stage]
        name = f"{stage.capitalize()}: ECE {error:.3f}"
        figure.add_trace(_reliability_line(bins, name, color, symbol), row=1, col=1)
        figure.add_trace(_count_bars(bins, stage, color), row=2, col=1)
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%")
    figure.update_xaxes(title="Confidence: how sure the network is", row=2, col=1)
    figure.update_yaxes(title="Share right", range=[0, 1.05], tickformat=".0%", row=1, col=1)
    decades = [0, math.log10(table["count"].max()) + 0.3]
    figure.update_yaxes(
        title="Pixels", type="log", range=decades, dtick=2, exponentformat="power", row=2, col=1
    )
    return finished(figure, title, found.simulated, 540)


def share_below_table(thresholds: ArrayLike, **shares: ArrayLike) -> pd.DataFrame:
    """Put the shares of areas below each threshold of confidence into one table.

    Parameters
    ----------
    thresholds : array, (thresholds,)
        Calibrated confidence.
    **shares : array, (thresholds,)
        Share below, 0..1, by the name of its column.
    """
    return pd.DataFrame({"confidence_below": thresholds, **shares})


def share_below_chart(table: pd.DataFrame, *, simulated: bool) -> go.Figure:
    """Draw how much of the map lies below each confidence.

    Parameters
    ----------
    table : DataFrame
        ``confidence_below`` (the threshold), and the shares of the mapped glacier
        (``of_glacier``) and of the whole mapped area (``of_mapped_area``) below it, 0..1.
    """
    figure = go.Figure()
    for column, name, color, dash in (
        ("of_glacier", "of the mapped glacier", palettes.PREDICTED, "solid"),
        ("of_mapped_area", "of the whole mapped area", palettes.INK, "dot"),
    ):
        figure.add_scatter(
            x=table["confidence_below"],
            y=table[column],
            name=name,
            mode="lines",
            line={"color": color, "width": 3, "dash": dash},
            hovertemplate=f"%{{y:.1%}} {name}<br>below confidence %{{x:.0%}}<extra></extra>",
        )
    figure.update_xaxes(title="Confidence", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(title="Share below it", tickformat=".0%", rangemode="tozero")
    return finished(figure, "How much lies below a confidence", simulated, 360)


def _strip(glaciers: pd.DataFrame, column: str, row: str, value: str) -> go.Box:
    """Return a row with a dot a glacier, and with their quartiles where they are enough."""
    enough = len(glaciers) >= FEWEST_FOR_A_BOX
    return go.Box(
        x=glaciers[column],
        y=[row] * len(glaciers),
        customdata=identity(glaciers),
        orientation="h",
        boxpoints="all",
        pointpos=0,
        jitter=0.6 if enough else 0.0,
        width=0.6,
        line={"color": palettes.INK if enough else palettes.rgba(palettes.INK, 0), "width": 1},
        fillcolor="rgba(0, 0, 0, 0)",
        marker={"color": palettes.PREDICTED, "size": 9, "opacity": 0.8},
        hovertemplate=f"%{{customdata[1]}}: {value}<extra>{row}</extra>",
        hoveron="points",
        showlegend=False,
    )


def _marked(
    glaciers: pd.DataFrame, columns: list[str], rows: list[str], selected: str
) -> list[go.Scatter]:
    """Return a mark on the selected glacier in every row, nothing where none is selected."""
    chosen = glaciers[glaciers["glacier_id"] == selected]
    if chosen.empty:
        return []
    told = identity(chosen)[0]
    return [
        go.Scatter(
            x=chosen[columns].iloc[0],
            y=rows,
            mode="markers",
            name=told[1],
            marker={
                "symbol": "diamond",
                "size": 14,
                "color": palettes.SELECTED,
                "line": {"color": palettes.INK, "width": 1},
            },
            customdata=[told] * len(rows),
            hovertemplate="%{customdata[1]}: %{x:,.1f}<extra></extra>",
        )
    ]


def _short(domain: str) -> str:
    """Break the name of a domain into two lines, so that the bars keep a phone's width."""
    return domain.capitalize().replace(" of the ", "<br>of the ", 1)


def _reliability_line(bins: pd.DataFrame, name: str, color: str, symbol: str) -> go.Scatter:
    return go.Scatter(
        x=bins["confidence"],
        y=bins["accuracy"],
        customdata=bins[["count", "lower", "upper"]],
        name=name,
        mode="lines+markers",
        line={"color": color, "width": 2},
        marker={"symbol": symbol, "size": 9, "color": color},
        hovertemplate=(
            "Confidence %{x:.1%}: %{y:.1%} right<br>%{customdata[0]:,} pixels between "
            "%{customdata[1]:.0%} and %{customdata[2]:.0%}<extra></extra>"
        ),
    )


def _count_bars(bins: pd.DataFrame, stage: str, color: str) -> go.Bar:
    return go.Bar(
        x=(bins["lower"] + bins["upper"]) / 2,
        y=bins["count"],
        marker={"color": color},
        showlegend=False,
        hovertemplate=f"%{{y:,}} pixels, {stage}<extra></extra>",
    )


def _diagonal() -> go.Scatter:
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        name="Ideal: as often right as sure",
        mode="lines",
        line={"color": palettes.INK, "width": 1, "dash": "dash"},
        hoverinfo="skip",
    )
