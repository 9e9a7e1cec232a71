"""Where a map may be wrong: layers and charts of the confidence band and of places to look at."""

from typing import Final

import geopandas as gpd
import pandas as pd
import plotly.graph_objects as go
import shapely
from plotly.subplots import make_subplots

from glacier_core.confidence.band import OutlineBand
from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import finished, without_data, wrapped
from glacier_core.viewing.layers import OutlineLayer
from glacier_core.viewing.outline_layers import outline_layer

BAND: Final = "band"
HINTS: Final = "hints"
"""Ids of the two layers on a map."""

FIGURES: Final = {
    "iou": "IoU",
    "ece": "ECE",
    "auroc_confidence": "Errors found by confidence",
    "auroc_both": "Errors found with the spread",
    "seconds_per_scene": "Seconds a scene",
}
"""Columns of a table of uncertainty sources that are drawn, and what people read of them."""

MOST_BARS: Final = 20
EDGES: Final = ("west", "south", "east", "north")

FEWER_IS_BETTER: Final = ("ece", "seconds_per_scene")


def band_layer(band: OutlineBand, *, visible: bool = False) -> OutlineLayer:
    """Return the zone in which the outline may lie, drawn by its edges.

    A click tells the area of a piece, and whether it touches the mapped outline.
    """
    pieces = zip(
        band.outlines["glacier_id"],
        band.outlines["at_outline"],
        band.outlines["area_km2"],
        strict=True,
    )
    rows = {
        piece: [
            ("Doubtful", f"confidence below {band.level:.0%}"),
            ("Area", f"{area:.3f} km²"),
            ("Place", "at the mapped outline" if touches else "apart from any mapped outline"),
        ]
        for piece, touches, area in pieces
    }
    return outline_layer(
        band.outlines,
        id=BAND,
        title=f"{band.level:.0%} confidence band",
        color=palettes.BAND,
        rows=rows,
        visible=visible,
        width=1.2,
        description="Between these lines the outline may lie: all pixels less sure than "
        f"{band.level:.0%}.",
    )


def hints_layer(hints: pd.DataFrame, *, visible: bool = False) -> OutlineLayer:
    """Return a square around every place of `look_here_first`; its id is ``hint-`` and the rank."""
    squares = [shapely.box(*zoom_bounds(hints, position)) for position in range(len(hints))]
    ids = [f"hint-{rank}" for rank in hints["rank"]]
    frame = gpd.GeoDataFrame(
        {
            "glacier_id": pd.Series(ids, dtype="str"),
            "name": [f"Look here: {rank}" for rank in hints["rank"]],
        },
        geometry=gpd.GeoSeries(squares, crs="EPSG:4326"),
    )
    told = zip(ids, hints["sentence"], strict=True)
    return outline_layer(
        frame,
        id=HINTS,
        title="Look here first",
        color=palettes.SELECTED,
        rows={place: [("Why", sentence)] for place, sentence in told},
        tolerance_m=0.0,
        visible=visible,
        description="Where a person's correction is expected to mend the map most.",
    )


def zoom_bounds(hints: pd.DataFrame, position: int) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the place in a row, degrees."""
    west, south, east, north = (float(hints[edge].iloc[position]) for edge in EDGES)
    return west, south, east, north


def band_chart(band: OutlineBand) -> go.Figure:
    """Draw the sure, the mapped and the possible area of every glacier, or of the whole map.

    Parameters
    ----------
    band : OutlineBand
        Of glaciers where outlines were given to `outline_band`; the twenty largest are drawn.
    """
    title = "Sure, mapped and possible ice"
    rows = band_table(band).nlargest(MOST_BARS, "central_km2").iloc[::-1]
    if rows["central_km2"].isna().all():
        return without_data(band.sentence, title, band.simulated)
    labels = [wrapped(str(name), 22) for name in rows["name"]]
    figure = go.Figure()
    figure.add_bar(
        x=rows["high_km2"] - rows["low_km2"],
        base=rows["low_km2"],
        y=labels,
        orientation="h",
        width=0.5,
        marker={"color": palettes.rgba(palettes.BAND, 0.45)},
        customdata=rows[["low_km2", "high_km2"]],
        name=f"between sure and possible at {band.level:.0%}",
        hovertemplate="%{y}: %{customdata[0]:.2f} to %{customdata[1]:.2f} km²<extra></extra>",
    )
    figure.add_scatter(
        x=rows["central_km2"],
        y=labels,
        mode="markers",
        marker={"color": palettes.PREDICTED, "size": 11, "symbol": "line-ns", "line": {"width": 3}},
        name="as mapped",
        hovertemplate="%{y}: %{x:.2f} km² mapped<extra></extra>",
    )
    figure.data[1].marker.line.color = palettes.PREDICTED
    figure.update_xaxes(title="Area, km²", rangemode="tozero")
    return finished(figure, title, band.simulated, 190 + 34 * len(rows))


def band_table(band: OutlineBand) -> pd.DataFrame:
    """Return the areas of the band: a row a glacier, or one of the whole map.

    Returns
    -------
    DataFrame
        As ``OutlineBand.glaciers``.
    """
    if len(band.glaciers):
        named = band.glaciers["name"].where(
            band.glaciers["name"] != "", band.glaciers["glacier_id"]
        )
        return band.glaciers.assign(name=named)
    whole = {"glacier_id": "", "name": "The whole map", "level": band.level}
    areas = {name: getattr(band, name) for name in ("low_km2", "central_km2", "high_km2")}
    return pd.DataFrame([whole | areas | {"simulated": band.simulated}])


def sources_chart(table: pd.DataFrame) -> go.Figure:
    """Draw what every source of uncertainty adds and costs, a panel a figure, a row a source.

    Parameters
    ----------
    table : DataFrame
        As `glacier_core.benchmark.uncertainty.compare_sources` makes it; its first row is what
        the others are held against, marked by a line.
    """
    better = {True: "↓ better", False: "↑ better"}
    titles = [f"{title}, {better[name in FEWER_IS_BETTER]}" for name, title in FIGURES.items()]
    panels = len(FIGURES)
    figure = make_subplots(panels, 1, subplot_titles=titles, vertical_spacing=0.3 / panels)
    labels = [wrapped(name, 16) for name in table["source"]]
    for row, (column, title) in enumerate(FIGURES.items(), start=1):
        values = table[column]
        figure.add_trace(_source_dots(values, labels, title), row=row, col=1)
        held = {"color": palettes.PREDICTED, "width": 1, "dash": "dot"}
        figure.add_vline(float(values.iloc[0]), line=held, row=row, col=1)
        room = 0.1 * float(values.max() - values.min()) or 0.01
        limits = [float(values.min()) - room, float(values.max()) + 4 * room]
        figure.update_xaxes(range=limits, nticks=5, row=row, col=1)
    figure.update_yaxes(autorange="reversed", tickfont={"size": 11})
    figure.update_annotations(font_size=13, x=0, xanchor="left")
    simulated = bool(table["simulated"].any())
    height = 80 + panels * (70 + 30 * len(table))
    figure = finished(figure, "Other sources of uncertainty", simulated, height)
    return figure.update_layout(margin={"t": 100, "b": 24})


def _source_dots(values: "pd.Series[float]", labels: list[str], title: str) -> go.Scatter:
    decimals = 1 if title == FIGURES["seconds_per_scene"] else 3
    return go.Scatter(
        x=values,
        y=labels,
        mode="markers+text",
        text=[f" {value:.{decimals}f}" for value in values],
        textposition="middle right",
        textfont={"size": 12, "color": palettes.INK},
        cliponaxis=False,
        marker={"size": 11, "color": [palettes.PREDICTED] + [palettes.EXPERT] * (len(values) - 1)},
        showlegend=False,
        hovertemplate=f"%{{y}}: %{{x:.4g}}<extra>{title}</extra>",
    )
