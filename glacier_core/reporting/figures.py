"""Figures for paper and print: a map picture and the deviations, as SVG or PNG.

Drawn by Matplotlib, which needs no browser; the app's own charts (plotly) could only be written
to files by one. The same inputs give the same bytes. Nothing here touches pyplot, whose state all
threads share.
"""

import base64
import io
import math
import re
from threading import Lock
from typing import Any, Final, Literal, NamedTuple

import geopandas as gpd
import matplotlib
import numpy as np
import pandas as pd
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray
from PIL import Image

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.deviations.comparison import Comparison
from glacier_core.scene import Scene
from glacier_core.viewing import palettes, rendering
from glacier_core.viewing.outline_layers import simplified

MOST_PIXELS: Final = 900
"""Longest side of a picture's imagery in pixels; enough for the width of a page."""

MOST_ROWS: Final = 40
"""Glaciers that find room in one figure of deviations, the largest."""

DOTS_PER_INCH: Final = 200

Bounds = tuple[float, float, float, float]


class _Style(NamedTuple):
    color: str
    width: float
    label: str


_NATURAL: Final = rendering.band_numbers("natural")
_STYLE: Final[Any] = {"svg.hashsalt": "glacier-explorer", "svg.fonttype": "none"}
_ONE_AT_A_TIME: Final = Lock()  # the style belongs to the whole process while it holds
_EMBEDDED: Final = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")


def figure_file(figure: Figure, kind: Literal["svg", "png"]) -> bytes:
    """Return a figure as a file, the same bytes for the same figure.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    kind : {"svg", "png"}
        Text in an SVG stays text.
    """
    file = io.BytesIO()
    told = {"Date": None} if kind == "svg" else {}
    with _ONE_AT_A_TIME, matplotlib.rc_context(_STYLE):
        figure.savefig(file, format=kind, dpi=DOTS_PER_INCH, metadata=told)
    return file.getvalue()


def small_svg(figure: Figure, quality: int = 80) -> str:
    """Return a figure as an SVG whose imagery is packed as JPEG, a fifth of the size."""

    def packed(found: re.Match[str]) -> str:
        file = io.BytesIO()
        picture = Image.open(io.BytesIO(base64.b64decode(found[1]))).convert("RGB")
        picture.save(file, "JPEG", quality=quality)
        return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()

    return _EMBEDDED.sub(packed, figure_file(figure, "svg").decode())


def map_figure(
    scene: Scene,
    predicted: gpd.GeoDataFrame | None = None,
    expert: gpd.GeoDataFrame | None = None,
    *,
    bounds: Bounds | None = None,
    width: float = 6.4,
) -> Figure:
    """Draw the scene in natural colours with outlines, a scale bar and a legend.

    Parameters
    ----------
    scene : Scene
    predicted, expert : geopandas.GeoDataFrame, optional
        In the schema of ``outlines.schema``, any coordinate system.
    bounds : tuple of float, optional
        West, south, east and north to show, in metres of the scene's coordinate system; all of
        the scene when left out. Cut at the scene's edge.
    width : float
        Of the figure, in inches.
    """
    picture, shown = _picture(scene, scene.bounds if bounds is None else bounds)
    west, south, east, north = shown
    height = min(max(width * (north - south) / (east - west), 0.35 * width), 1.1 * width)
    figure = Figure(figsize=(width, height + 0.35), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(picture, extent=(west, east, south, north), interpolation="none")
    drawn = _drawn(predicted, expert)
    for outlines, style in drawn:
        axes.add_collection(_lines(outlines.to_crs(scene.crs.to_wkt()), style))
    axes.set(xlim=(west, east), ylim=(south, north), xticks=[], yticks=[], aspect="equal")
    _scale_bar(axes, shown)
    _map_legend(axes, scene, [style for _, style in drawn])
    return figure


def bounds_around(*shapes: shapely.Geometry, least_m: float = 1000.0) -> Bounds | None:
    """Return west, south, east and north of shapes with a margin; None where all are empty.

    Parameters
    ----------
    *shapes : shapely geometries
    least_m : float
        Least width and height, in metres.
    """
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object))
    if not np.isfinite(west):
        return None
    reach = max(0.58 * max(east - west, north - south), least_m / 2)
    x, y = (west + east) / 2, (south + north) / 2
    return x - reach, y - reach, x + reach, y + reach


def deviation_figure(comparison: Comparison) -> Figure:
    """Draw area deviations beside the published band of experts, and distances, by glacier.

    At most :data:`MOST_ROWS` glaciers, the largest; the title says where some are left out.
    """
    table = comparison.glaciers.nlargest(MOST_ROWS, "expert_area_km2")[::-1]
    rows = np.arange(len(table))
    figure = Figure(figsize=(6.4, 1.4 + 0.17 * len(table)), layout="constrained")
    areas, distances = figure.subplots(1, 2, sharey=True)
    _human_bands(areas)
    areas.axvline(0, color=palettes.INK, lw=0.8)
    areas.plot(table["area_deviation_percent"], rows, "o", color=palettes.PREDICTED, ms=4)
    areas.set_xlabel("Area deviation, %", fontsize=8)
    areas.set_yticks(rows, _names(table))
    distances.plot(table["mean_m"], rows, "o", color=palettes.PREDICTED, ms=4, label="mean")
    distances.plot(
        table["p95_m"], rows, "|", color=palettes.PREDICTED, ms=7, label="95th percentile"
    )
    distances.set_xlabel("Distance between outlines, m", fontsize=8)
    distances.set_xlim(0, None)
    for axes in (areas, distances):
        axes.tick_params(labelsize=7)
        axes.grid(axis="x", lw=0.3)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), fontsize=6.5, frameon=False)
    figure.suptitle(_title(comparison, len(table)), fontsize=9)
    return figure


def _human_bands(axes: Axes) -> None:
    for limit, opacity, label in (
        (HUMAN_BAND.debris_covered, 0.18, "experts, debris-covered"),
        (HUMAN_BAND.clean, 0.45, "experts, clean ice"),
    ):
        told = f"±{limit:.0f} % {label}"
        axes.axvspan(-limit, limit, color=palettes.HUMAN_BAND, alpha=opacity, lw=0, label=told)


def _picture(scene: Scene, bounds: Bounds) -> tuple[NDArray[np.uint8], Bounds]:
    """Return the natural colours within bounds, and the bounds of whole pixels they fill."""
    rows, columns = scene.shape
    inverse = ~scene.transform
    left, top = inverse @ (bounds[0], bounds[3])
    right, bottom = inverse @ (bounds[2], bounds[1])
    first, last = _whole(top, bottom, rows)
    west, east = _whole(left, right, columns)
    optical = scene.data["optical"].to_numpy()[:, first:last, west:east]
    bands = optical[[number - 1 for number in _NATURAL]]
    picture = rendering.composite_picture(bands, _limits(scene))
    image = Image.fromarray(np.ascontiguousarray(np.moveaxis(picture, 0, -1)))
    image.thumbnail((MOST_PIXELS, MOST_PIXELS))
    x, y = scene.transform @ (float(west), float(last))
    x_end, y_end = scene.transform @ (float(east), float(first))
    return np.asarray(image), (x, y, x_end, y_end)


def _whole(start: float, end: float, length: int) -> tuple[int, int]:
    """Return the pixels between two places of a side, at least one."""
    first = min(max(math.floor(start), 0), length - 1)
    return first, max(min(math.ceil(end), length), first + 1)


def _limits(scene: Scene) -> tuple[float, float]:
    """Return what becomes black and white, the same in every picture of a scene."""
    step = max(1, math.isqrt(scene.shape[0] * scene.shape[1] // 1_000_000))
    optical = scene.data["optical"].to_numpy()[:, ::step, ::step]
    return rendering.stretch_limits(optical[[number - 1 for number in _NATURAL]])


def _drawn(
    predicted: gpd.GeoDataFrame | None, expert: gpd.GeoDataFrame | None
) -> list[tuple[gpd.GeoDataFrame, _Style]]:
    known = (
        (expert, _Style(palettes.EXPERT, 1.6, "Expert's outline")),
        (predicted, _Style(palettes.PREDICTED, 1.0, "Network's outline")),
    )
    return [(outlines, style) for outlines, style in known if outlines is not None]


def _lines(outlines: gpd.GeoDataFrame, style: _Style) -> LineCollection:
    shapes = simplified(outlines[~outlines.geometry.is_empty], 1.0).geometry.array
    rings = shapely.get_rings(shapely.get_parts(np.asarray(shapes, dtype=object)))
    lines = [shapely.get_coordinates(ring) for ring in rings]
    return LineCollection(lines, colors=style.color, linewidths=style.width)


def _scale_bar(axes: Axes, bounds: Bounds) -> None:
    west, south, east, north = bounds
    longest = (east - west) / 4
    power = 10.0 ** np.floor(np.log10(longest))
    length = power * max(step for step in (1, 2, 5) if step * power <= longest)
    x, y = west + 0.03 * (east - west), south + 0.03 * (north - south)
    for color, wide in (("white", 4.0), ("black", 2.0)):
        axes.plot([x, x + length], [y, y], color=color, lw=wide, solid_capstyle="butt")
    told = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    box = {"facecolor": "white", "alpha": 0.7, "lw": 0, "pad": 1}
    above = y + 0.02 * (north - south)
    axes.text(x, above, told, va="bottom", fontsize=7, bbox=box)


def _map_legend(axes: Axes, scene: Scene, styles: list[_Style]) -> None:
    lines = [Line2D([], [], color=style.color, label=style.label) for style in styles]
    told = ["Simulated scene"] * scene.simulated
    told += ["Surface reflectance"] * (scene.attributes.reflectance == "surface")
    axes.legend(
        handles=lines, title=", ".join(told) or None, title_fontsize=7, fontsize=7, ncols=2,
        frameon=False, alignment="left", loc="upper left", bbox_to_anchor=(0, 0), borderaxespad=0.2,
    )  # fmt: skip


def _names(table: pd.DataFrame) -> list[str]:
    """Return names short enough for an axis; Matplotlib would set what stands between dollars."""
    named = table["name"].where(table["name"] != "", table["glacier_id"])
    return [str(name)[:28].replace("$", r"\$") for name in named]


def _title(comparison: Comparison, shown: int) -> str:
    total = len(comparison.glaciers)
    title = "Map beside the expert's outlines"
    if shown < total:
        title += f", the {shown} largest of {total} glaciers"
    return f"Simulated: {title}" if comparison.simulated else title
