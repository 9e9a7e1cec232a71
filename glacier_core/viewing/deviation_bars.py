"""Small pictures for the cells of a table: a deviation in area beside the band of experts.

A table that people sort holds the numbers in a column of their own; these pictures stand beside
it. They are SVG in data addresses, so that a table needs no file and no network for them.
"""

import base64
from collections.abc import Iterable
from typing import Final

import numpy as np

from glacier_core.deviations.area import HUMAN_BAND
from glacier_core.viewing import palettes

WIDTH, HEIGHT = 180, 28
"""Pixels; a row of a table is a little higher."""

REACH: Final = 2 * HUMAN_BAND.debris_covered
"""Percent at either end of the picture; what deviates more ends in an arrow."""

_MIDDLE: Final = WIDTH / 2
_BAR: Final = (9, 10)  # pixels from the top, and height
_ARROW: Final = 8  # pixels
_AXIS: Final = "#808080"  # as far from a light as from a dark background


def deviation_bars(percents: Iterable[float]) -> list[str]:
    """Draw deviations in area as bars from zero beside the band within which experts differ.

    To the right and orange where the map shows more ice than the expert, to the left and blue
    where it shows less, all on one scale of plus or minus :data:`REACH` percent. The shades
    are the band of clean ice within that of debris-covered glaciers (``deviations.area``).

    Parameters
    ----------
    percents : iterable of float
        Area deviations in percent; NaN where there is none.

    Returns
    -------
    list of str
        An image address (``data:image/svg+xml``) each, empty where there is no deviation.
    """
    return [_address(_picture(percent)) if np.isfinite(percent) else "" for percent in percents]


def _address(picture: str) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode()


def _picture(percent: float) -> str:
    shades = "".join(
        _rectangle(-limit, limit, 2, HEIGHT - 4, palettes.HUMAN_BAND, opacity)
        for limit, opacity in ((HUMAN_BAND.debris_covered, 0.3), (HUMAN_BAND.clean, 0.6))
    )
    color = palettes.PREDICTED if percent > 0 else palettes.EXPERT
    low, high = sorted((0.0, float(np.clip(percent, -REACH, REACH))))
    bar = _rectangle(low, high, *_BAR, color, 1)
    zero = f'<rect x="{_MIDDLE - 0.75:g}" y="0" width="1.5" height="{HEIGHT}" fill="{_AXIS}"/>'
    arrow = _arrow(percent, color) if abs(percent) > REACH else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">{shades}{bar}{zero}{arrow}</svg>'
    )


def _rectangle(
    low: float, high: float, top: float, height: float, color: str, opacity: float
) -> str:
    """Draw a bar between two deviations in percent."""
    left, right = _place(low), _place(high)
    return (
        f'<rect x="{left:.2f}" y="{top:g}" width="{right - left:.2f}" height="{height:g}" '
        f'fill="{color}" fill-opacity="{opacity:g}"/>'
    )


def _arrow(percent: float, color: str) -> str:
    """Draw a tip at the end that the deviation goes beyond."""
    tip = WIDTH if percent > 0 else 0
    foot = tip - np.sign(percent) * _ARROW
    middle = HEIGHT / 2
    return (
        f'<path d="M{tip} {middle:g}L{foot:g} {middle - _ARROW:g}V{middle + _ARROW:g}Z" '
        f'fill="{color}"/>'
    )


def _place(percent: float) -> float:
    """Pixels from the left; the arrows have their room at either end."""
    return _MIDDLE + percent / REACH * (_MIDDLE - _ARROW)
