"""The air over a scene: its temperature by height, and where it makes snow and ice wet."""

from dataclasses import dataclass

import numpy as np

from glacier_core.simulation.fields import Grid, smooth_step
from glacier_core.simulation.ground import Ground

FREEZING = 273.15  # K
LAPSE_RATE = 0.0065  # K per m; U.S. Standard Atmosphere 1976, below 11 km
# Air temperatures, K from freezing, between which a snow surface goes from dry to wet by day:
# sunshine melts snow in air a little below freezing. An assumption.
DRY, WET = -2.0, 1.0
HIGHEST_FREEZING_LEVEL = 1.8  # share of the glaciers' range above their foot; an assumption
LOWEST_FREEZING_LEVEL = 0.3
LEAST_RANGE = 100.0  # m


@dataclass(frozen=True)
class Weather:
    """Still air that cools evenly with height.

    Attributes
    ----------
    freezing_level : float
        Height at which the air is at 273.15 K, m, in the heights of the ground.
    """

    freezing_level: float


def draw_weather(ground: Ground, generator: np.random.Generator) -> Weather:
    """Draw a late-summer day: glacier tongues melt, their highest parts mostly do as well.

    The freezing level is drawn from the heights of the glaciers, not from sea level, since the
    heights of a simulated scene may start anywhere.
    """
    ice = ground.elevation[ground.glacier] if ground.glacier.any() else ground.elevation
    foot, top = np.quantile(ice, [0.02, 0.98])
    share = generator.uniform(LOWEST_FREEZING_LEVEL, HIGHEST_FREEZING_LEVEL)
    return Weather(float(foot + share * max(float(top - foot), LEAST_RANGE)))


def air_temperature(ground: Ground, weather: Weather) -> Grid:
    """Temperature of the air at the ground, K, (rows, columns)."""
    below = weather.freezing_level - ground.elevation
    return np.asarray(FREEZING + LAPSE_RATE * below, dtype=np.float32)


def wetness(ground: Ground, weather: Weather) -> Grid:
    """How wet snow or ice would be: 0 dry and frozen, 1 melting, (rows, columns)."""
    return smooth_step(air_temperature(ground, weather) - FREEZING, DRY, WET)
