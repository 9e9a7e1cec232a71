"""Where a side-looking radar sees the ground: incidence, layover, shadow, slant range.

The wave fronts are taken as plane, which for a satellite 850 km away bends a 10 km scene by less
than a degree. Everything happens along lines of ground range, which run away from the radar.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from glacier_core.simulation.fields import Grid

Passage = Literal["ascending", "descending"]
Doubles = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)

# Sentinel-1: inclination of the orbit and speed of its track over a globe that does not turn
# (period 98.6 min). ESA, Sentinel-1 user guide. The globe turns at 465 m/s at the equator.
INCLINATION = 98.18
TRACK_SPEED = 6770.0
EQUATOR_SPEED = 465.0
NORTHERNMOST = 80.0  # degrees; towards the pole a passage is neither ascending nor descending


@dataclass(frozen=True)
class Orbit:
    """Direction from which a radar looks at the scene.

    Attributes
    ----------
    look_azimuth : float
        Direction in which the waves travel over the ground, degrees clockwise from north.
    incidence : float
        Angle between the waves and the vertical, degrees.
    """

    look_azimuth: float
    incidence: float


def sentinel_1(passage: Passage, latitude: float, incidence: float) -> Orbit:
    """Orbit of a right-looking radar on Sentinel-1's inclination.

    Parameters
    ----------
    passage : {"ascending", "descending"}
    latitude : float
        Degrees; beyond 80 degrees that of 80 degrees is taken.
    incidence : float
        Degrees, 29 to 46 over the swath of Sentinel-1 in interferometric wide mode.

    Returns
    -------
    Orbit
        Looking at a right angle to the track over the turning globe. The track of a circular
        orbit has the azimuth a with sin(a) cos(latitude) = cos(inclination).
    """
    parallel = float(np.cos(np.radians(min(abs(latitude), NORTHERNMOST))))
    sine = float(np.cos(np.radians(INCLINATION))) / parallel
    east = TRACK_SPEED * sine - EQUATOR_SPEED * parallel
    north = TRACK_SPEED * float(np.sqrt(1.0 - sine * sine))
    if passage == "descending":
        north = -north
    heading = float(np.degrees(np.arctan2(east, north)))
    return Orbit((heading + 90.0) % 360.0, incidence)


def local_incidence(elevation: Grid, resolution: float, orbit: Orbit) -> Grid:
    """Angle between the waves and the normal of the ground, degrees, 0 to 180.

    Above 90 degrees the ground faces away from the radar.
    """
    down, right = np.gradient(elevation, resolution)
    incidence, azimuth = np.radians(orbit.incidence), np.radians(orbit.look_azimuth)
    east, north = np.sin(incidence) * np.sin(azimuth), np.sin(incidence) * np.cos(azimuth)
    cosine = (np.cos(incidence) + east * right - north * down) / np.sqrt(1 + down**2 + right**2)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))), dtype=np.float32)


def slope_along_range(elevation: Grid, resolution: float, orbit: Orbit) -> Grid:
    """Slope in the direction of the waves, degrees: positive where the ground faces the radar."""
    down, right = np.gradient(elevation, resolution)
    azimuth = np.radians(orbit.look_azimuth)
    rise = right * np.sin(azimuth) - down * np.cos(azimuth)
    return np.asarray(np.degrees(np.arctan(rise)), dtype=np.float32)


@dataclass(frozen=True)
class RangeLines:
    """The ground cut into lines of ground range, and the way back.

    A line crosses one column of the grid at each step (or one row where the radar looks more
    to the north or south); between rows it interpolates.

    Attributes
    ----------
    elevation : ndarray of float32, (rows, columns)
        Metres.
    resolution : float
        Cell size, m.
    orbit : Orbit
    """

    elevation: Grid
    resolution: float
    orbit: Orbit

    @cached_property
    def _steps(self) -> tuple[bool, bool, float]:
        """Whether lines step over rows, whether backwards, and the drift across per step."""
        azimuth = np.radians(self.orbit.look_azimuth)
        right, down = float(np.sin(azimuth)), float(-np.cos(azimuth))
        over_rows = abs(down) > abs(right)
        along, across = (down, right) if over_rows else (right, down)
        return over_rows, along < 0.0, across / abs(along)

    def _turn(self, values: NDArray[Scalar]) -> NDArray[Scalar]:
        """Grid turned so that the waves travel towards higher columns."""
        over_rows, backwards, _ = self._steps
        turned = values.T if over_rows else values
        return turned[:, ::-1] if backwards else turned

    @cached_property
    def _drift(self) -> tuple[int, Doubles]:
        """First line, and by how many cells each step lies across its line's first cell."""
        columns = self._turn(self.elevation).shape[1]
        drift = np.arange(columns, dtype=np.float64) * self._steps[2]
        return int(np.floor(-drift.max())), drift

    def cut(self, values: NDArray[np.floating]) -> Doubles:
        """Values along the lines, (lines, steps); NaN beyond the grid."""
        turned = self._turn(values)
        rows, columns = turned.shape
        first, drift = self._drift
        lines = rows - first + int(np.ceil(-drift.min()))
        across = np.arange(lines)[:, None] + first + drift[None, :]
        low = np.floor(across + 1e-9).astype(np.int64)
        part = np.clip(across - low, 0.0, 1.0)
        inside = (across >= -0.5 - 1e-9) & (across <= rows - 0.5 + 1e-9)
        low, high = np.clip(low, 0, rows - 1), np.clip(low + 1, 0, rows - 1)
        step = np.arange(columns)[None, :]
        found = (1.0 - part) * turned[low, step] + part * turned[high, step]
        return np.where(inside, found, np.nan)

    def lay_back(self, lines: NDArray[Scalar]) -> NDArray[Scalar]:
        """Grid of values from the nearest line to each cell, (rows, columns)."""
        rows, columns = self._turn(self.elevation).shape
        first, drift = self._drift
        nearest = np.rint(np.arange(rows)[:, None] - drift[None, :]).astype(np.int64) - first
        turned = lines[np.clip(nearest, 0, lines.shape[0] - 1), np.arange(columns)[None, :]]
        over_rows, backwards, _ = self._steps
        turned = turned[:, ::-1] if backwards else turned
        return np.ascontiguousarray(turned.T if over_rows else turned)

    @cached_property
    def heights(self) -> Doubles:
        """Elevation along the lines, m, (lines, steps); NaN beyond the grid."""
        return self.cut(self.elevation)

    @cached_property
    def ground_range(self) -> Doubles:
        """Distance along the lines, m, (steps,)."""
        length = self.resolution * float(np.hypot(1.0, self._steps[2]))
        return np.arange(self.heights.shape[1], dtype=np.float64) * length

    @cached_property
    def slant_range(self) -> Doubles:
        """Distance from the radar, m, less that of the foot of the first step; (lines, steps)."""
        angle = np.radians(self.orbit.incidence)
        return np.asarray(self.ground_range * np.sin(angle) - self.heights * np.cos(angle))

    @cached_property
    def in_layover(self) -> NDArray[np.bool_]:
        """Where other ground of the same line lies at the same slant range, (lines, steps)."""
        slant = self.slant_range
        beyond = np.isnan(slant)
        farthest = np.maximum.accumulate(np.where(beyond, -np.inf, slant), axis=1)
        nearest = np.minimum.accumulate(np.where(beyond, np.inf, slant)[:, ::-1], axis=1)[:, ::-1]
        return np.asarray((slant < farthest) | (slant > nearest))

    @cached_property
    def in_shadow(self) -> NDArray[np.bool_]:
        """Where nearer ground of the same line hides the radar, (lines, steps)."""
        angle = np.radians(self.orbit.incidence)
        height = self.ground_range * np.cos(angle) + self.heights * np.sin(angle)
        beyond = np.isnan(height)
        horizon = np.maximum.accumulate(np.where(beyond, -np.inf, height), axis=1)
        return np.asarray(height < horizon)


def layover_and_shadow(
    elevation: Grid, resolution: float, orbit: Orbit
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where ground is laid over other ground, and where the radar cannot see it.

    Parameters
    ----------
    elevation : ndarray of float32, (rows, columns)
        Metres, finite, rows from north to south. What lies beyond the border is unknown and
        neither hides nor overlays anything.
    resolution : float
        Cell size, m.
    orbit : Orbit

    Returns
    -------
    layover, shadow : ndarray of bool, (rows, columns)
    """
    lines = RangeLines(elevation, resolution, orbit)
    return lines.lay_back(lines.in_layover), lines.lay_back(lines.in_shadow)
