"""A chart of several experts and a map: who drew how much of which glacier."""

import pandas as pd
import plotly.graph_objects as go

from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import finished, plain, without_data

TITLE = "Areas that experts drew, and the map's"
ROW = 26  # px
MOST_ROWS = 40
"""Glaciers, the largest first, that a figure shows: more would be no figure any more."""


def panel_areas(members: pd.DataFrame) -> pd.DataFrame:
    """Return how far every member's area lies from the experts' mean, the largest glacier first.

    Parameters
    ----------
    members : DataFrame
        As of ``PanelComparison.members``.

    Returns
    -------
    DataFrame
        ``glacier_id``, ``name``, ``expert``, ``model``, ``area_km2``, ``from_mean_percent`` and
        ``simulated``, of at most :data:`MOST_ROWS` glaciers.
    """
    experts = members[~members["model"]]
    means = experts.groupby("glacier_id")["area_km2"].mean()
    means = means[means > 0].sort_values(ascending=False).head(MOST_ROWS)
    table = members[members["glacier_id"].isin(means.index)].copy()
    mean = table["glacier_id"].map(means).astype("float64")
    table["from_mean_percent"] = 100 * (table["area_km2"] - mean) / mean
    order = mean.sort_values(ascending=False, kind="stable").index
    columns = ["glacier_id", "name", "expert", "model", "area_km2", "from_mean_percent"]
    return table.loc[order, [*columns, "simulated"]].reset_index(drop=True)


def panel_chart(areas: pd.DataFrame, *, simulated: bool, selected: str = "") -> go.Figure:
    """Draw a row a glacier: dots for the experts, the range between them, a bar for the map.

    Parameters
    ----------
    areas : DataFrame
        As of :func:`panel_areas`.
    simulated : bool
    selected : str
        Id of a glacier to mark.
    """
    if areas.empty:
        return without_data("No expert's area could be mapped here.", TITLE, simulated)
    figure = go.Figure()
    drawn, mapped = areas[~areas["model"]], areas[areas["model"]]
    figure.add_trace(_ranges(drawn))
    figure.add_trace(_marks(drawn, "experts", palettes.EXPERT, "circle", 9))
    figure.add_trace(_marks(mapped, "this map", palettes.PREDICTED, "line-ns", 18))
    chosen = mapped[mapped["glacier_id"] == selected]
    if len(chosen):
        name = plain(str(chosen["name"].iloc[0] or selected))
        figure.add_trace(_marks(chosen, name, palettes.SELECTED, "diamond-open", 16))
    figure.add_vline(0, line={"color": palettes.INK, "width": 1})
    figure.update_xaxes(title="Area against the experts' mean, %", zeroline=False)
    ids = list(dict.fromkeys(areas["glacier_id"]))
    names = dict(zip(areas["glacier_id"], areas["name"], strict=True))
    figure.update_yaxes(
        tickmode="array",
        tickvals=ids,
        ticktext=[plain(names[glacier] or glacier) for glacier in ids],
        type="category",
        autorange="reversed",
        automargin=True,
    )
    return finished(figure, TITLE, simulated, 170 + ROW * len(ids))


def _ranges(drawn: pd.DataFrame) -> go.Scatter:
    """Return a line a glacier from the least to the most that was drawn."""
    ends = drawn.groupby("glacier_id", sort=False)["from_mean_percent"].agg(["min", "max"])
    x = [value for low, high in ends.to_numpy() for value in (low, high, None)]
    y = [glacier for glacier in ends.index for _ in range(3)]
    line = {"color": palettes.rgba(palettes.HUMAN_BAND, 0.5), "width": 8}
    return go.Scatter(x=x, y=y, mode="lines", line=line, name="between them", hoverinfo="skip")


def _marks(rows: pd.DataFrame, name: str, color: str, symbol: str, size: int) -> go.Scatter:
    told = zip(rows["glacier_id"], rows["expert"].map(plain), rows["area_km2"], strict=True)
    return go.Scatter(
        x=rows["from_mean_percent"],
        y=rows["glacier_id"],
        customdata=[list(one) for one in told],
        mode="markers",
        name=name,
        marker={
            "color": color,
            "symbol": symbol,
            "size": size,
            "line": {"color": color, "width": 3 if symbol == "line-ns" else 1},
        },
        hovertemplate="%{customdata[1]}: %{customdata[2]:.2f} km², %{x:+.1f} %<extra></extra>",
    )
