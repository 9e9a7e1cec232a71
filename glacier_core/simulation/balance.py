"""Surface mass balance: what height, aspect, shading and steepness leave on a glacier in a year."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid
from glacier_core.simulation.light import Sun, cosine_of_incidence, sunlit

Array = NDArray[np.float64]

# m/a lost per unit of slope (tangent) in excess. Snow that slides off leaves the glacier instead of
# being laid down below: an assumption that keeps rock walls bare.
AVALANCHE_LOSS = 6.0

SOLAR_CONSTANT = 1361.0  # W m-2 (Kopp & Lean 2011, doi:10.1029/2010GL045777)
CLEAR_SKY_TRANSMISSIVITY = 0.75  # of a vertical path (Hock 1999, Journal of Glaciology 45(149))
LOWEST_SUN = 3.0  # degrees above the horizon; a lower sun melts nothing
MIDSUMMER_DAYS = {True: 196, False: 15}  # of the year, north and south of the equator
MELT_DAYS = 75.0  # an assumption: bare days of a season at the equilibrium line
ABSORBED_SHARE = 0.5  # an assumption: one minus the albedo of old snow and ice together
FUSION_HEAT = 3.34e5  # J kg-1
ICE_DENSITY = 910.0  # kg m-3
SECONDS_PER_DAY = 86_400.0
SMOOTHING = 220.0  # m; slopes much shorter than a glacier do not shift its equilibrium line
LARGEST_SHIFT = 250.0  # m; an assumption, for faces steeper than those that carry glaciers


@dataclass(frozen=True)
class MassBalance:
    """Surface mass balance, metres of ice a year, linear in height above the equilibrium line.

    Two gradients and a cap follow measured profiles in kind: melt changes faster with height than
    snowfall does, and snowfall does not grow without end (Oerlemans 2001, "Glaciers and Climate
    Change"). The figures are drawn or chosen, not fitted to any glacier.

    Attributes
    ----------
    equilibrium_line : ndarray or float
        Elevation of zero balance, m; an array where aspect, shading or snow drift shift it.
    gradient : float
        Change of balance with height below the equilibrium line, 1/a.
    accumulation_cap : float
        Largest balance, m/a.
    avalanche_slope : float
        Tangent of the slope above which snow does not stay. The default, 37 degrees, is an
        assumption.
    accumulation_gradient : float, optional
        Change of balance with height above the equilibrium line, 1/a; `gradient` when not given.
    """

    equilibrium_line: Array | float
    gradient: float
    accumulation_cap: float
    avalanche_slope: float = 0.75
    accumulation_gradient: float | None = None

    def rate(self, surface: Array, cell: float) -> Array:
        """Balance of every cell of `surface` (m), in m/a."""
        above = surface - self.equilibrium_line
        rate = self.gradient * above
        if self.accumulation_gradient is not None:
            rate = np.where(above > 0.0, self.accumulation_gradient * above, rate)
        rate = np.minimum(rate, self.accumulation_cap)
        down, right = np.gradient(surface, cell)
        excess = np.maximum(np.sqrt(down * down + right * right) - self.avalanche_slope, 0.0)
        return np.asarray(rate - AVALANCHE_LOSS * excess, dtype=np.float64)

    def risen(self, metres: float) -> "MassBalance":
        """Return the same balance with its equilibrium line `metres` higher."""
        return replace(self, equilibrium_line=self.equilibrium_line + metres)


def sun_positions(latitude: float, day: int) -> list[Sun]:
    """Where the sun stands at every full solar hour of a day, while it is up.

    Parameters
    ----------
    latitude : float
        Degrees, positive north.
    day : int
        Of the year, 1 to 365; the declination follows Cooper 1969
        (doi:10.1016/0038-092X(69)90047-4).
    """
    declination = np.radians(23.45) * np.sin(2.0 * np.pi * (284 + day) / 365.0)
    place = np.radians(latitude)
    suns = []
    for hour in np.radians(15.0 * (np.arange(24.0) - 12.0)):
        up = np.sin(place) * np.sin(declination)
        up += np.cos(place) * np.cos(declination) * np.cos(hour)
        east = -np.cos(declination) * np.sin(hour)
        north = np.cos(place) * np.sin(declination)
        north -= np.sin(place) * np.cos(declination) * np.cos(hour)
        zenith, azimuth = np.degrees(np.arccos(up)), np.degrees(np.arctan2(east, north))
        if zenith < 90.0 - LOWEST_SUN:
            suns.append(Sun(float(zenith), float(azimuth % 360.0), incidence_power=1.0, haze=0.0))
    return suns


def potential_radiation(
    elevation: Array, resolution: float, *, latitude: float, day: int | None = None
) -> Grid:
    """Direct sunlight of a cloudless summer day, with aspect and shade of the terrain.

    Mean over 24 hours of S₀ ψ^(1/cos Z) cos θ where the sun is seen, with the solar constant S₀,
    transmissivity ψ, zenith Z and incidence θ (Hock 1999, Journal of Glaciology 45(149), at
    sea-level pressure).

    Parameters
    ----------
    elevation : ndarray, (rows, columns)
        Metres, rows from north to south.
    resolution : float
        Cell size, m.
    latitude : float
        Degrees, positive north.
    day : int, optional
        Of the year; default the middle of July in the north, of January in the south.

    Returns
    -------
    ndarray of float32, (rows, columns)
        W m-2.
    """
    height = elevation.astype(np.float32)
    total = np.zeros(height.shape, dtype=np.float32)
    for sun in sun_positions(latitude, MIDSUMMER_DAYS[latitude >= 0.0] if day is None else day):
        path = 1.0 / np.cos(np.radians(sun.zenith))
        beam = SOLAR_CONSTANT * CLEAR_SKY_TRANSMISSIVITY**path
        seen = sunlit(height, resolution, sun) * cosine_of_incidence(height, resolution, sun)
        total += np.float32(beam / 24.0) * seen
    return total


def radiation_shift(
    elevation: Array, resolution: float, *, latitude: float, gradient: float
) -> Array:
    """Metres by which sun and shade move the equilibrium line from its mean over the terrain.

    More light than the mean melts more ice over the season (absorbed share, melt days, heat of
    fusion); the line rises until the gradient of the balance makes up for it.

    Parameters
    ----------
    elevation : ndarray, (rows, columns)
        Metres, rows from north to south.
    resolution : float
        Cell size, m.
    latitude : float
        Degrees, positive north.
    gradient : float
        Of the balance with height, 1/a.

    Returns
    -------
    ndarray, (rows, columns)
        Positive where sunny, at most `LARGEST_SHIFT` either way.
    """
    smooth = ndimage.gaussian_filter(elevation, SMOOTHING / resolution, mode="nearest")
    light = potential_radiation(smooth, resolution, latitude=latitude).astype(np.float64)
    season = MELT_DAYS * SECONDS_PER_DAY * ABSORBED_SHARE / (FUSION_HEAT * ICE_DENSITY)
    shift = season * (light - light.mean()) / gradient
    return np.asarray(np.clip(shift, -LARGEST_SHIFT, LARGEST_SHIFT))
