"""Colours, in one place: the same colour for the same thing on every page, map and chart.

The line colours are those of Okabe and Ito, told apart with every kind of colour vision:
Okabe & Ito (2008), Color Universal Design, https://jfly.uni-koeln.de/color/.
The confidence ramp is viridis, made to be even in lightness (van der Walt & Smith 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PREDICTED = "#D55E00"
"""What the network says: vermilion orange."""

EXPERT = "#0072B2"
"""What an expert drew: blue."""

AGREEMENT = "#B8B8B8"
"""Where both agree: neutral grey."""

SELECTED = "#CC79A7"
"""What the reader picked: reddish purple."""

UNMAPPED = "#5F5F5F"
"""Where there is no data, so nothing is said."""

SIMULATED = "#8A5A00"
"""The badge of everything that was simulated rather than observed."""

HUMAN_BAND = "#56B4E9"
"""The band within which experts differ among themselves: sky blue, drawn faint."""

BASELINE = "#009E73"
"""A simple method beside the network (NDSI): bluish green."""

BAND = "#E69F00"
"""The zone in which the outline may lie: orange yellow, beside the predicted outline's orange."""

CORRECTED = "#000000"
"""What a person corrected: black, drawn in dashes so that the network's line shows through."""

INK = "#1B2733"
"""Text and axes."""


@dataclass(frozen=True)
class Ramp:
    """A colour ramp: values and the colours they take, linear in between.

    Attributes
    ----------
    values : tuple of float
        Ascending.
    colors : tuple of str
        ``#RRGGBB``, one a value.
    """

    values: tuple[float, ...]
    colors: tuple[str, ...]

    def table(self, size: int = 256) -> NDArray[np.uint8]:
        """Return the ramp sampled evenly from its first to its last value, (size, 3)."""
        at = np.linspace(self.values[0], self.values[-1], size)
        stops = np.array([rgb(color) for color in self.colors], dtype=float)
        channels = [np.interp(at, self.values, stops[:, channel]) for channel in range(3)]
        return np.stack(channels, axis=1).round().astype(np.uint8)


def even_ramp(colors: Sequence[str], low: float = 0.0, high: float = 1.0) -> Ramp:
    """Return a ramp with its colours spaced evenly from ``low`` to ``high``."""
    return Ramp(tuple(map(float, np.linspace(low, high, len(colors)))), tuple(colors))


def rgb(color: str) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of a colour written ``#RRGGBB``."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def rgba(color: str, alpha: float) -> str:
    """Return a colour with transparency (0 clear, 1 solid) as plotly and CSS write it."""
    red, green, blue = rgb(color)
    return f"rgba({red}, {green}, {blue}, {alpha:g})"


PROBABILITY = even_ramp(("#FFF5EB", "#FDD0A2", "#FD8D3C", "#D55E00", "#7F2704"))
"""Probability of glacier, 0 to 1: pale to deep orange, the hue of what the network says."""

CONFIDENCE = even_ramp(("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725"))
"""Confidence, 0 to 1: viridis, dark where the network doubts."""

NDSI = even_ramp(("#7A4B1E", "#C9A879", "#F4F1EA", "#7FB8DD", "#08519C"), -1.0, 1.0)
"""Normalised difference snow index, -1 to 1: brown ground, blue snow and ice."""

SLOPE = even_ramp(("#FFFFFF", "#BDBDBD", "#737373", "#252525"), 0.0, 60.0)
"""Slope in degrees, light to dark."""
