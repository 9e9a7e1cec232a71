"""Charts of the boundary: how far, and where, the map lies outside or inside the expert's outline.

Outside is orange (there is only the map's ice), inside is blue (only the expert's).
"""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from glacier_core.viewing import palettes
from glacier_core.viewing.chart_parts import finished, plain, without_data, wrapped

OUTSIDE: Final = "Map outside the expert's outline"
INSIDE: Final = "Map inside it"
MOST_PIECES: Final = 500
"""So many bars still tell apart on a screen."""

_ROUND: Final = np.array([1.0, 2.0, 5.0])


def distance_histogram(
    profile: pd.DataFrame, *, resolution: float, simulated: bool, selected: str = ""
) -> pd.DataFrame:
    """Count how much of the boundary lies how far from the expert's.

    Parameters
    ----------
    profile : DataFrame
        Pieces of the boundary as ``Comparison.profile``: ``glacier_id``, ``distance_m`` (positive
        outside the expert's outline), ``length_m``.
    resolution : float
        Side of a pixel in metres; bins are half a pixel or a round multiple of it.
    selected : str
        Id of a glacier to count as well, unless it is the only one.

    Returns
    -------
    DataFrame
        A row a bin: ``lower_m``, ``upper_m`` (the outermost reach to infinity where something
        lies beyond the 99 % that the bins span), ``length_km``, ``share_percent``; with a
        selected glacier ``selected_length_km`` and ``selected_share_percent``; ``simulated``.
    """
    known = profile[np.isfinite(profile["distance_m"]) & (profile["length_m"] > 0)]
    edges = _distance_edges(known, resolution)
    table = pd.DataFrame({"lower_m": edges[:-1], "upper_m": edges[1:]})
    own = known[known["glacier_id"] == selected]
    counted = {"": known} | ({"selected_": own} if 0 < len(own) < len(known) else {})
    for prefix, pieces in counted.items():
        inner = np.digitize(pieces["distance_m"], edges[1:-1])
        lengths = np.bincount(inner, weights=pieces["length_m"], minlength=len(table)) / 1000
        table[f"{prefix}length_km"] = lengths
        table[f"{prefix}share_percent"] = 100 * lengths / lengths.sum() if len(pieces) else np.nan
    return table.assign(simulated=simulated)


def distance_histogram_chart(
    table: pd.DataFrame, *, simulated: bool, selected: str = "", name: str = ""
) -> go.Figure:
    """Draw how much of the boundary lies how far outside or inside the expert's.

    Parameters
    ----------
    table : DataFrame
        As `distance_histogram` makes it.
    selected, name : str
        Id and name of the glacier that it counted as well.
    """
    title = "How far outside or inside"
    figure = go.Figure()
    if table["length_km"].sum() == 0:
        return without_data("There is no boundary to compare.", title, simulated)
    lower, upper = _finite_edges(table)
    outside = table["lower_m"] >= 0
    for part, label, color in (
        (outside, OUTSIDE, palettes.PREDICTED),
        (~outside, INSIDE, palettes.EXPERT),
    ):
        figure.add_bar(
            x=((lower + upper) / 2)[part],
            y=table["share_percent"][part],
            width=(upper - lower)[part],
            customdata=[["", words] for words in table[part].apply(_bin_words, axis=1)],
            name=label,
            marker={"color": color, "line": {"width": 0}},
            hovertemplate="%{customdata[1]}: %{y:.1f} % of the boundary<extra></extra>",
        )
    if "selected_share_percent" in table:
        figure.add_trace(_selected_steps(table, lower, upper, selected, name))
    figure.add_vline(0, line={"color": palettes.INK, "width": 1})
    beyond = np.isinf(table["upper_m"]).any()
    axis = "Distance, m (− inside, + outside)"
    more = "<br>outermost bars: that far or farther" if beyond else ""
    figure.update_xaxes(title=axis + more, zeroline=False)
    figure.update_yaxes(title="Share of the boundary, %", rangemode="tozero")
    figure.update_layout(bargap=0)
    return finished(figure, title, simulated, 380)


def boundary_pieces(profile: pd.DataFrame, glacier_id: str, *, simulated: bool) -> pd.DataFrame:
    """Return the boundary of one glacier in pieces that a figure can show.

    Parameters
    ----------
    profile : DataFrame
        As ``Comparison.profile``: ``glacier_id``, ``along_m`` (of the middle of a piece),
        ``lon``, ``lat``, ``distance_m``, ``bearing_deg``, ``length_m``.
    glacier_id : str

    Returns
    -------
    DataFrame
        ``glacier_id``, ``along_m``, ``length_m``, ``distance_m`` (mean of the piece, by length),
        ``largest_m`` (the largest either way, with its sign), ``lon`` and ``lat`` (of the
        largest), ``bearing_deg`` (there) and ``simulated``; at most :data:`MOST_PIECES` rows,
        each of neighbouring pieces.
    """
    own = profile[(profile["glacier_id"] == glacier_id) & np.isfinite(profile["distance_m"])]
    own = own[own["length_m"] > 0].sort_values("along_m", kind="stable")
    whole = float(own["along_m"].max() - own["along_m"].min()) if len(own) else 0.0
    step = max(whole / (MOST_PIECES - 1), 1e-9)
    few = len(own) <= MOST_PIECES
    bins = np.arange(len(own)) if few else ((own["along_m"] - own["along_m"].min()) // step)
    rows = [_joined(pieces) for _, pieces in own.groupby(np.asarray(bins), sort=True)]
    columns = ["glacier_id", "along_m", "length_m", "distance_m", "largest_m", "lon", "lat"]
    return pd.DataFrame(rows, columns=[*columns, "bearing_deg"]).assign(simulated=simulated)


def boundary_profile_chart(
    pieces: pd.DataFrame, *, resolution: float, simulated: bool, name: str = ""
) -> go.Figure:
    """Draw along the boundary how far the map lies outside or inside the expert's outline.

    Parameters
    ----------
    pieces : DataFrame
        As `boundary_pieces` makes it, with ``surface`` where it is known. Custom data of a bar:
        id of the glacier, longitude and latitude of the largest deviation of its piece.
    resolution : float
        Side of a pixel in metres, marked by lines.
    name : str
        Of the glacier.
    """
    title = "Along the boundary"
    if pieces.empty:
        return without_data("This glacier has no boundary to compare.", title, simulated)
    figure = go.Figure()
    outside = pieces["distance_m"] >= 0
    for part, label, color in (
        (outside, OUTSIDE, palettes.PREDICTED),
        (~outside, INSIDE, palettes.EXPERT),
    ):
        figure.add_trace(_piece_bars(pieces[part], label, color))
    dotted = {"color": palettes.INK, "width": 1, "dash": "dot"}
    for level, label in ((resolution, f"one pixel, {resolution:g} m"), (-resolution, "")):
        figure.add_hline(
            level,
            line=dotted,
            annotation={"text": label, "font_size": 11},
            annotation_position="top right",
        )
    whose = f"the boundary of {name}" if name else "the mapped boundary"
    figure.update_xaxes(title=wrapped(f"km along {whose}", 40))
    figure.update_yaxes(title="Distance, m (− inside, + outside)", zeroline=True)
    figure.update_layout(bargap=0, barmode="overlay")
    return finished(figure, title, simulated, 400)


def _joined(pieces: pd.DataFrame) -> dict[str, object]:
    length = float(pieces["length_m"].sum())
    worst = pieces.iloc[int(np.argmax(pieces["distance_m"].abs()))]
    return {
        "glacier_id": worst["glacier_id"],
        "along_m": float(np.average(pieces["along_m"], weights=pieces["length_m"])),
        "length_m": length,
        "distance_m": float(np.average(pieces["distance_m"], weights=pieces["length_m"])),
        "largest_m": worst["distance_m"],
        "lon": worst["lon"],
        "lat": worst["lat"],
        "bearing_deg": worst["bearing_deg"],
    }


def _piece_bars(pieces: pd.DataFrame, label: str, color: str) -> go.Bar:
    told = pieces[["glacier_id", "lon", "lat", "largest_m", "length_m"]]
    known = pieces["surface"] if "surface" in pieces else pd.Series("", index=pieces.index)
    told = told.assign(surface=known.where(known == "", "<br>" + known.astype(str)))
    return go.Bar(
        x=pieces["along_m"] / 1000,
        y=pieces["distance_m"],
        width=pieces["length_m"] / 1000,
        customdata=told,
        name=label,
        marker={"color": color, "line": {"width": 0}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
        hovertemplate=(
            "%{y:+,.0f} m over %{customdata[4]:,.0f} m, at most %{customdata[3]:+,.0f} m<br>"
            "%{customdata[1]:.5f}° E, %{customdata[2]:.5f}° N%{customdata[5]}<extra></extra>"
        ),
    )


def _distance_edges(pieces: pd.DataFrame, resolution: float) -> NDArray[np.float64]:
    """Edges of bins around zero that span 99 % of the boundary, 40 at most."""
    away = pieces["distance_m"].abs().to_numpy(float)
    order = np.argsort(away)
    along = np.cumsum(pieces["length_m"].to_numpy(float)[order])
    reach = float(away[order][np.searchsorted(along, 0.99 * along[-1])]) if len(away) else 0.0
    steps = np.outer(10.0 ** np.arange(5), _ROUND).ravel() * resolution / 2
    width = next((step for step in steps if np.ceil(reach / step) <= 20), steps[-1])
    count = max(2, int(np.ceil(reach / width)))
    edges = width * np.arange(-count, count + 1, dtype=np.float64)
    farthest = float(away.max()) if len(away) else 0.0
    beyond = [np.inf] if farthest > edges[-1] else []
    spanned: NDArray[np.float64] = np.concatenate([[-far for far in beyond], edges, beyond])
    return spanned


def _finite_edges(table: pd.DataFrame) -> tuple["pd.Series[float]", "pd.Series[float]"]:
    """Edges to draw: a bin that reaches to infinity is as wide as the others."""
    lower, upper = table["lower_m"], table["upper_m"]
    width = (upper - lower)[np.isfinite(upper - lower)].iloc[0]
    return (
        lower.where(np.isfinite(lower), upper - width),
        upper.where(np.isfinite(upper), lower + width),
    )


def _bin_words(row: "pd.Series[float]") -> str:
    near, far = sorted((abs(row["lower_m"]), abs(row["upper_m"])))
    side = "outside" if row["lower_m"] >= 0 else "inside"
    return f"{near:g} m {side} or more" if np.isinf(far) else f"{near:g} to {far:g} m {side}"


def _selected_steps(
    table: pd.DataFrame,
    lower: "pd.Series[float]",
    upper: "pd.Series[float]",
    selected: str,
    name: str,
) -> go.Scatter:
    told = [selected, plain(name or selected)]
    return go.Scatter(
        x=np.stack([lower, upper], axis=1).ravel(),
        y=np.repeat(table["selected_share_percent"].to_numpy(float), 2),
        mode="lines",
        line={"color": palettes.SELECTED, "width": 3},
        name=told[1],
        customdata=[told] * (2 * len(table)),
        hovertemplate="%{customdata[1]}: %{y:.1f} % of its boundary<extra></extra>",
    )
