"""How much light reaches each cell: sun by incidence, cast shadow, sky, and bright neighbours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, smooth_step
from glacier_core.simulation.ground import Ground

# Share of the light on flat ground that comes from the clear sky, sun 45 degrees high. Rounded from
# the fall of Rayleigh and aerosol scattering with wavelength; an assumption, varied by scene.
DIFFUSE_SHARE = (0.20, 0.14, 0.10, 0.055, 0.025, 0.015)
SKY_DIRECTIONS = 8
SKY_DISTANCES = (1, 2, 4, 8, 16, 32)
BRIGHTEST_SLOPE = 1.7  # times the light on flat ground; steeper facets are mixed within a pixel
GLOW_RADIUS = 350.0  # m over which neighbours light each other


@dataclass(frozen=True)
class Sun:
    """Position of the sun and clearness of the sky.

    Attributes
    ----------
    zenith, azimuth : float
        Degrees; azimuth clockwise from north.
    incidence_power : float
        1 for a perfectly diffuse (Lambertian) surface, less for flatter response.
    haze : float
        Multiplies the share of light from the sky.
    """

    zenith: float
    azimuth: float
    incidence_power: float
    haze: float


def solar_position(latitude: float, day: int, hour: float) -> tuple[float, float]:
    """Zenith and azimuth of the sun in degrees, azimuth clockwise from north.

    Declination by Cooper (1969), "The absorption of radiation in solar stills", Solar Energy 12:
    23.45 degrees times sin(360 degrees (284 + day) / 365); good to about half a degree.

    Parameters
    ----------
    latitude : float
        Degrees north.
    day : int
        Of the year, from 1.
    hour : float
        Local solar time.
    """
    north = np.radians(latitude)
    declination = np.radians(23.45 * np.sin(np.radians(360.0 * (284 + day) / 365.0)))
    turn = np.radians(15.0 * (hour - 12.0))
    east = -np.cos(declination) * np.sin(turn)
    up = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(turn)
    towards_north = np.cos(north) * np.sin(declination) - np.sin(north) * np.cos(
        declination
    ) * np.cos(turn)
    return float(np.degrees(np.arccos(up))), float(
        np.degrees(np.arctan2(east, towards_north)) % 360
    )


def draw_sun(generator: np.random.Generator) -> Sun:
    """Draw a summer sun in the southern half of the sky."""
    return Sun(
        zenith=float(generator.uniform(25.0, 68.0)),
        azimuth=float(generator.uniform(100.0, 220.0)),
        incidence_power=float(generator.uniform(0.7, 1.0)),
        haze=float(generator.uniform(0.6, 1.6)),
    )


def cosine_of_incidence(elevation: Grid, resolution: float, sun: Sun) -> Grid:
    """Cosine of the angle between the sun and the normal of the ground, 0 where it faces away."""
    down, right = np.gradient(elevation, resolution)
    zenith, azimuth = np.radians(sun.zenith), np.radians(sun.azimuth)
    east, north = np.sin(zenith) * np.sin(azimuth), np.sin(zenith) * np.cos(azimuth)
    cosine = (np.cos(zenith) - east * right + north * down) / np.sqrt(1 + down**2 + right**2)
    return np.asarray(np.maximum(cosine, 0.0), dtype=np.float32)


def sunlit(elevation: Grid, resolution: float, sun: Sun) -> Grid:
    """Share of the sun's disc seen over the terrain, 0 in cast shadow.

    Rays are marched towards the sun a cell at a time; beyond the border the ground is unknown and
    casts no shadow.
    """
    azimuth = np.radians(sun.azimuth)
    step = np.array([-np.cos(azimuth), np.sin(azimuth)])
    step = step / np.abs(step).max()
    drop = resolution * float(np.hypot(step[0], step[1])) / np.tan(np.radians(sun.zenith))
    horizon = np.full(elevation.shape, -np.inf, dtype=np.float32)
    reach = min(int(np.ptp(elevation) / drop) + 1, max(elevation.shape) - 1)
    for count in range(1, reach + 1):
        _raise_horizon(horizon, elevation, count * step, count * drop)
    return 1.0 - smooth_step(horizon - elevation, -0.1 * resolution, 0.15 * resolution)


def _raise_horizon(
    horizon: Grid, elevation: Grid, offset: NDArray[np.float64], drop: float
) -> None:
    """Raise `horizon` by the terrain `offset` cells away, lowered by `drop` metres."""
    low = np.floor(offset + 1e-9).astype(int)
    part = float((offset - low).max())
    other = low + (offset - low > 1e-6).astype(int)
    shifts = [low, other] if part > 1e-6 else [low]
    rows, columns = elevation.shape
    first = max(0, *(-int(s[0]) for s in shifts)), max(0, *(-int(s[1]) for s in shifts))
    last = (
        min(rows, *(rows - int(s[0]) for s in shifts)),
        min(columns, *(columns - int(s[1]) for s in shifts)),
    )
    if first[0] >= last[0] or first[1] >= last[1]:
        return
    seen = [
        elevation[first[0] + s[0] : last[0] + s[0], first[1] + s[1] : last[1] + s[1]]
        for s in shifts
    ]
    height = seen[0] if len(seen) == 1 else (1.0 - part) * seen[0] + part * seen[1]
    target = horizon[first[0] : last[0], first[1] : last[1]]
    np.maximum(target, height - np.float32(drop), out=target)


def sky_view(elevation: Grid, resolution: float) -> Grid:
    """Share of the sky seen over the surrounding terrain (mean squared cosine of the horizon).

    After Zakšek, Oštir & Kokalj 2011, doi:10.3390/rs3020398, with eight directions.
    """
    total = np.zeros(elevation.shape, dtype=np.float32)
    for number in range(SKY_DIRECTIONS):
        angle = 2.0 * np.pi * number / SKY_DIRECTIONS
        tangent = np.zeros(elevation.shape, dtype=np.float32)
        for distance in SKY_DISTANCES:
            shift = int(np.rint(distance * np.cos(angle))), int(np.rint(distance * np.sin(angle)))
            run = resolution * float(np.hypot(*shift))
            away = _neighbour(elevation, *shift)
            np.maximum(tangent, (away - elevation) / np.float32(run), out=tangent)
        total += 1.0 / (1.0 + tangent * tangent)
    return np.asarray(total / SKY_DIRECTIONS, dtype=np.float32)


def _neighbour(values: Grid, rows: int, columns: int) -> Grid:
    """Values some cells away, the edge repeated."""
    row = np.clip(np.arange(values.shape[0]) + rows, 0, values.shape[0] - 1)
    column = np.clip(np.arange(values.shape[1]) + columns, 0, values.shape[1] - 1)
    return values[row[:, None], column[None, :]]


def illuminate(
    ground: Ground, reflectance: NDArray[np.float32], sun: Sun
) -> tuple[NDArray[np.float32], Grid]:
    """Light the ground.

    Parameters
    ----------
    ground : Ground
    reflectance : ndarray of float32, (6, rows, columns)
        Of flat, fully lit ground.
    sun : Sun

    Returns
    -------
    ndarray of float32, (6, rows, columns)
        Apparent reflectance at the ground: reflected light over the light on flat ground.
    ndarray of float32, (rows, columns)
        Share of the sun's disc seen, 0 in shadow.
    """
    lit = sunlit(ground.elevation, ground.resolution, sun)
    cosine = cosine_of_incidence(ground.elevation, ground.resolution, sun)
    flat = float(np.cos(np.radians(sun.zenith)))
    direct = lit * np.minimum((cosine / flat) ** sun.incidence_power, BRIGHTEST_SLOPE).astype(
        np.float32
    )
    sky = sky_view(ground.elevation, ground.resolution)
    apparent = np.empty_like(reflectance)
    for band, share in enumerate(DIFFUSE_SHARE):
        diffuse = min(share * sun.haze / flat**0.5, 0.5)
        light = (1.0 - diffuse) * direct + diffuse * sky
        glow = _blur(reflectance[band] * light, GLOW_RADIUS / ground.resolution) * (1.0 - sky)
        apparent[band] = reflectance[band] * (light + glow)
    return apparent, lit


def _blur(values: Grid, radius: float) -> Grid:
    """Box blur twice: a quick stand-in for a Gaussian of that radius."""
    size = max(int(radius), 1)
    once = ndimage.uniform_filter(values, size, mode="nearest")
    return np.asarray(ndimage.uniform_filter(once, size, mode="nearest"))
