"""Charts of how a model's calibration was chosen: every method on pixels it was not fitted on."""

from typing import Final

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from glacier_core.models.calibration_comparison import CalibrationComparison, CalibrationTrial
from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import finished, plain, without_data

RAW: Final = "before calibration"

LOOKS: Final = {
    "isotonic": (palettes.PREDICTED, "circle"),
    "temperature scaling": (palettes.EXPERT, "square"),
    "Platt scaling": (palettes.BASELINE, "triangle-up"),
    "kernel ridge": (palettes.SELECTED, "diamond"),
}
"""Colour and mark of every method."""

TITLE: Final = "Which calibration, and why"


def calibration_table(found: CalibrationComparison) -> pd.DataFrame:
    """Return a row a method, that before calibration first.

    Returns
    -------
    DataFrame
        ``method``, ``chosen``, ``monotone``, the figures of `CalibrationFigures`, ``dataset``,
        ``simulated``. Empty where nothing was compared.
    """
    rows = [
        {"method": trial.method, **_standing(trial, found), **trial.figures.model_dump()}
        for trial in found.trials
    ]
    if found.raw is not None and rows:
        before = {"method": RAW, "chosen": False, "monotone": True}
        rows.insert(0, before | found.raw.model_dump())
    return pd.DataFrame(rows).assign(dataset=found.dataset, simulated=found.simulated)


def calibration_bins(found: CalibrationComparison) -> pd.DataFrame:
    """Return the bins of every method as one table, the data of `calibration_chart`.

    Returns
    -------
    DataFrame
        ``method``, ``chosen``, ``monotone``, ``ece``, ``lower``, ``upper``, ``count`` (pixels),
        ``confidence`` (mean), ``accuracy`` (share right), ``dataset``, ``simulated``.
    """
    rows = [
        {
            "method": trial.method,
            **_standing(trial, found),
            "ece": trial.figures.ece,
            **one.model_dump(),
        }
        for trial in found.trials
        for one in trial.bins
    ]
    return pd.DataFrame(rows).assign(dataset=found.dataset, simulated=found.simulated)


def calibration_chart(found: CalibrationComparison) -> go.Figure:
    """Draw confidence against accuracy under every method, and its expected calibration error."""
    if not found.trials:
        return without_data(found.reason, TITLE, found.simulated)
    table = calibration_bins(found)
    figure = make_subplots(rows=2, cols=1, row_heights=[0.7, 0.3], vertical_spacing=0.2)
    figure.add_trace(_ideal(), row=1, col=1)
    for method, bins in table.groupby("method", sort=False):
        figure.add_trace(_line(str(method), bins), row=1, col=1)
        figure.add_trace(_bar(str(method), bins.iloc[0]), row=2, col=1)
    figure.update_xaxes(title="Confidence", range=[0, 1.02], tickformat=".0%", row=1, col=1)
    figure.update_yaxes(title="Share right", range=[0, 1.05], tickformat=".0%", row=1, col=1)
    figure.update_xaxes(title="Expected calibration error", rangemode="tozero", row=2, col=1)
    figure.update_yaxes(autorange="reversed", row=2, col=1)
    return finished(figure, TITLE, found.simulated, 640)


def _standing(trial: CalibrationTrial, found: CalibrationComparison) -> dict[str, bool]:
    return {"chosen": trial.method == found.chosen, "monotone": trial.monotone}


def _line(method: str, bins: pd.DataFrame) -> go.Scatter:
    color, mark = LOOKS[method]
    return go.Scatter(
        x=bins["confidence"],
        y=bins["accuracy"],
        customdata=bins[["count", "lower", "upper"]],
        name=plain(_name(method, bins.iloc[0])),
        mode="lines+markers",
        line={"color": color, "width": 3 if bins["chosen"].iloc[0] else 1},
        marker={"symbol": mark, "size": 9, "color": color},
        hovertemplate=(
            f"{plain(method)}, confidence %{{x:.1%}}: %{{y:.1%}} right<br>%{{customdata[0]:,}} "
            "pixels between %{customdata[1]:.0%} and %{customdata[2]:.0%}<extra></extra>"
        ),
    )


def _bar(method: str, first: "pd.Series[float]") -> go.Bar:
    return go.Bar(
        x=[first["ece"]],
        y=[plain(method)],
        orientation="h",
        marker={"color": LOOKS[method][0]},
        texttemplate="%{x:.4f}",
        showlegend=False,
        hovertemplate="%{y}: ECE %{x:.4f}<extra></extra>",
    )


def _name(method: str, first: "pd.Series[float]") -> str:
    if first["chosen"]:
        return f"{method}, chosen"
    return method if first["monotone"] else f"{method}, not monotone"


def _ideal() -> go.Scatter:
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        name="as often right as sure",
        mode="lines",
        line={"color": palettes.INK, "width": 1, "dash": "dash"},
        hoverinfo="skip",
    )
