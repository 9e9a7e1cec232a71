"""Charts of one comparison: areas, heights and where the errors lie.

What the map shows is orange, what the expert drew is blue, as on the maps. Marks of one glacier
carry its id as the first of their custom data, so that a click on one chooses the glacier.
"""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import (
    band_in_legend,
    finished,
    identity,
    without_data,
    wrapped,
)

AREA_COLUMNS: Final = (
    "glacier_id",
    "name",
    "expert_area_km2",
    "predicted_area_km2",
    "area_deviation_percent",
    "simulated",
)
"""What `area_scatter` shows of the table of glaciers."""

_ROUND = np.array([1.0, 2.0, 5.0])


def area_scatter(glaciers: pd.DataFrame, *, simulated: bool, selected: str = "") -> go.Figure:
    """Draw predicted against expert area, both in logarithms, beside the band of experts.

    Parameters
    ----------
    glaciers : DataFrame
        With :data:`AREA_COLUMNS`, as ``Comparison.glaciers``. A glacier of which nothing was
        mapped stands at the foot of the figure.
    selected : str
        Id of a glacier to mark.
    """
    known = glaciers[glaciers["expert_area_km2"] > 0]
    figure = go.Figure()
    if known.empty:
        return without_data(
            "No glacier has an area to compare.", "Areas, map and expert", simulated
        )
    low, high = _area_range(known)
    drawn = known["predicted_area_km2"].clip(lower=low)
    figure.add_traces(_expert_wedges(low, high))
    line = {"color": palettes.INK, "width": 1, "dash": "dash"}
    ends = [low, high]
    figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name="Equal", hoverinfo="skip")
    nothing = known["predicted_area_km2"] <= 0
    figure.add_trace(_area_marks(known[~nothing], drawn[~nothing], "Glaciers", "circle"))
    if nothing.any():
        lost = _area_marks(known[nothing], drawn[nothing], "Nothing mapped", "triangle-down")
        figure.add_trace(lost)
    figure.add_traces(_selected_area(known, drawn, selected))
    limits = [float(np.log10(low)), float(np.log10(high))]
    ticks = {"tickvals": _round_numbers(low, high), "ticktext": None, "tickformat": "~g"}
    figure.update_xaxes(title="Expert's area, km²", type="log", range=limits, **ticks)
    figure.update_yaxes(title="Mapped area, km²", type="log", range=limits, **ticks)
    return finished(figure, "Areas, map and expert", simulated, 480)


def hypsometry_chart(table: pd.DataFrame, *, simulated: bool, title: str = "") -> go.Figure:
    """Draw how much ice of the map and of the expert lies how high.

    Parameters
    ----------
    table : DataFrame
        As ``deviations.hypsometry`` makes it for the masks "predicted" and "expert".
    title : str
        Of the figure: whose heights they are.
    """
    figure = go.Figure()
    title = title or "Ice by elevation"
    banded = table.dropna(subset=["lower_m"])
    if banded.empty:
        words = "There is no ice with a known elevation."
        return without_data(words, title, simulated)
    for of, name, color, dash in (
        ("expert", "Expert", palettes.EXPERT, "solid"),
        ("predicted", "Map", palettes.PREDICTED, "dash"),
    ):
        bands = banded[banded["of"] == of].sort_values("lower_m")
        if len(bands):
            figure.add_traces(_steps_by_height(bands, name, color, dash))
    figure.update_xaxes(title="Area in the band, km²", rangemode="tozero")
    figure.update_yaxes(title="Elevation, m", tickformat=",d")
    return finished(figure, title, simulated, 460)


def error_share_chart(strata: pd.DataFrame, stratum: str, *, simulated: bool) -> go.Figure:
    """Draw which share of all errors lies in each class of a stratum, beside its share of pixels.

    Parameters
    ----------
    strata : DataFrame
        As ``deviations.stratify`` makes it.
    stratum : str
        Which of its divisions to draw.
    """
    figure = go.Figure()
    title = f"Errors by {stratum}"
    rows = strata[strata["stratum"] == stratum]
    reasons = [reason for reason in rows["missing_because"] if reason]
    if reasons or rows.empty:
        words = reasons[0] if reasons else f"Nothing was divided by {stratum}."
        return without_data(words, title, simulated)
    errors = int((rows["false_positives"] + rows["false_negatives"]).sum())
    classes = [wrapped(name) for name in rows["class"]]
    for column, name, color in (
        ("false_positives", "Only the map", palettes.PREDICTED),
        ("false_negatives", "Only the expert", palettes.EXPERT),
    ):
        figure.add_bar(
            x=100 * rows[column] / errors if errors else 0 * rows[column],
            y=classes,
            orientation="h",
            name=name,
            marker={"color": color},
            customdata=rows[["class", column]].assign(glacier="")[["glacier", "class", column]],
            hovertemplate=f"%{{customdata[1]}}: {name.lower()}, %{{x:.1f}} % of all errors, "
            "%{customdata[2]:,} pixels<extra></extra>",
        )
    figure.add_trace(_pixel_share_marks(rows, classes))
    figure.update_xaxes(title="Share, %", rangemode="tozero")
    figure.update_yaxes(categoryorder="array", categoryarray=classes[::-1])
    figure.update_layout(barmode="stack")
    return finished(figure, title, simulated, 200 + 44 * len(classes))


def _area_range(glaciers: pd.DataFrame) -> tuple[float, float]:
    """Room around every positive area, a factor of ten at least."""
    areas = glaciers[["expert_area_km2", "predicted_area_km2"]].to_numpy(float).ravel()
    low, high = np.log10(areas[areas > 0].min()) - 0.2, np.log10(areas[areas > 0].max()) + 0.2
    more = max(0.0, (1 - (high - low)) / 2)
    return float(10 ** (low - more)), float(10 ** (high + more))


def _expert_wedges(low: float, high: float) -> list[go.Scatter]:
    source = HUMAN_BAND.source.split(",")[0]
    drawn: list[go.Scatter] = []
    for percent, opacity, label in (
        (HUMAN_BAND.debris_covered, 0.18, "debris-covered"),
        (HUMAN_BAND.clean, 0.45, "clean ice"),
    ):
        color = palettes.rgba(palettes.HUMAN_BAND, opacity)
        less, more = 1 - percent / 100, 1 + percent / 100
        drawn.append(
            go.Scatter(
                x=[low, high, high, low],
                y=[low * less, high * less, high * more, low * more],
                fill="toself",
                fillcolor=color,
                mode="none",
                hoverinfo="skip",
                showlegend=False,
            )
        )
        drawn.append(band_in_legend(f"±{percent:.0f} % experts, {label}, {source}", color))
    return drawn


def _area_marks(
    glaciers: pd.DataFrame, drawn: "pd.Series[float]", name: str, symbol: str
) -> go.Scatter:
    told = glaciers[["predicted_area_km2", "area_deviation_percent"]].to_numpy(float)
    return go.Scatter(
        x=glaciers["expert_area_km2"],
        y=drawn,
        mode="markers",
        name=name,
        customdata=[
            [*who, *numbers] for who, numbers in zip(identity(glaciers), told, strict=True)
        ],
        marker={"color": palettes.PREDICTED, "size": 11, "opacity": 0.8, "symbol": symbol},
        selected={"marker": {"opacity": 0.8}},
        unselected={"marker": {"opacity": 0.8}},
        cliponaxis=False,
        hovertemplate=(
            "%{customdata[1]}<br>expert %{x:,.3f} km², mapped %{customdata[2]:,.3f} km² "
            "(%{customdata[3]:+.1f} %)<extra></extra>"
        ),
    )


def _selected_area(
    glaciers: pd.DataFrame, drawn: "pd.Series[float]", selected: str
) -> list[go.Scatter]:
    chosen = glaciers[glaciers["glacier_id"] == selected]
    if chosen.empty:
        return []
    mark = _area_marks(chosen, drawn[chosen.index], identity(chosen)[0][1], "diamond")
    line = {"color": palettes.INK, "width": 1}
    return [
        mark.update(marker={"color": palettes.SELECTED, "size": 16, "opacity": 1, "line": line})
    ]


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten within limits; only powers where those are many."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    steps = _ROUND if high / low < 1e3 else _ROUND[:1]
    numbers = np.outer(decades, steps).ravel()
    return [float(number) for number in numbers if low <= number <= high]


def _steps_by_height(bands: pd.DataFrame, name: str, color: str, dash: str) -> list[go.Scatter]:
    edges = bands[["lower_m", "upper_m"]].to_numpy(float)
    area = np.repeat(bands["area_km2"].to_numpy(float), 2)
    median = float(bands["median_elevation_m"].iloc[0])
    label = f"{name}, half above {median:,.0f} m" if np.isfinite(median) else f"{name}: no ice"
    steps = go.Scatter(
        x=np.concatenate([[0.0], area, [0.0]]),
        y=np.concatenate([[edges[0, 0]], edges.ravel(), [edges[-1, 1]]]),
        mode="lines",
        name=label,
        line={"color": color, "width": 2.5, "dash": dash},
        fill="tozerox" if dash == "solid" else None,
        fillcolor=palettes.rgba(color, 0.15),
        hovertemplate=f"{name}: %{{x:,.3f}} km² in the band at %{{y:,.0f}} m<extra></extra>",
    )
    if not np.isfinite(median):
        return [steps]
    arrow = go.Scatter(
        x=[0.0],
        y=[median],
        mode="markers",
        marker={"symbol": "triangle-right", "size": 16, "color": color},
        showlegend=False,
        cliponaxis=False,
        hovertemplate=f"{name}: half of the ice lies above %{{y:,.0f}} m<extra></extra>",
    )
    return [steps, arrow]


def _pixel_share_marks(rows: pd.DataFrame, classes: list[str]) -> go.Scatter:
    return go.Scatter(
        x=rows["share_of_pixels_percent"],
        y=classes,
        mode="markers",
        name="Share of all pixels compared",
        marker={
            "symbol": "diamond",
            "size": 12,
            "color": "#FFFFFF",
            "line": {"width": 2, "color": palettes.INK},
        },
        hovertemplate="%{x:.1f} % of the pixels compared<extra></extra>",
    )
