"""Interferometric coherence: how alike two radar images of one place are, days apart.

Coherence is the product of what noise, the two points of view, time and the motion of ice leave
of it (Zebker & Villasenor 1992, doi:10.1109/36.175330), and what an estimate from few looks makes
of that.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid
from glacier_core.simulation.ground import Ground
from glacier_core.simulation.properties import Classes, is_any, lift_veil, per_pixel
from glacier_core.simulation.radar import RadarStyle, class_backscatter
from glacier_core.simulation.radar_geometry import (
    Orbit,
    layover_and_shadow,
    local_incidence,
    slope_along_range,
)
from glacier_core.simulation.weather import wetness

WAVELENGTH = 0.0555  # m; Sentinel-1, 5.405 GHz
SLANT_DISTANCE = 850_000.0  # m from the satellite to the middle of the swath; rounded
SLANT_RESOLUTION = 2.65  # m; speed of light over twice the bandwidth of 56.5 MHz, first subswath
LOOK_AREA = 100.0  # m² of ground a look: Sentinel-1 single look, about 5 m by 20 m
REPEATS = (6, 12, 24)  # days; Sentinel-1 pairs
BASELINES = (0.0, 150.0)  # m across the line of sight; the orbital tube of Sentinel-1, rounded
WINDOWS = (50.0, 100.0)  # m a side over which coherence is estimated; an assumption
LAYOVER_COHERENCE = 0.4  # of ground that shares its slant range with other ground; an assumption

GLEN_RATE = 2.4e-24  # Pa⁻³ s⁻¹, temperate ice; Cuffey & Paterson 2010, The Physics of Glaciers
GLEN_POWER = 3.0
ICE_WEIGHT = 917.0 * 9.81  # N m⁻³
YIELD_STRESS = 1.0e5  # Pa; glaciers as perfectly plastic ice, Nye 1952, J. Glaciol. 2(12)
WALL_SLOPE = 0.6  # tangent of the valley wall that carries on below the margin; an assumption
STRESS_LENGTH = 300.0  # m over which a glacier evens out its driving stress; an assumption
LEAST_SLOPE = 0.02
SLIDING = (1.0, 12.0)  # speed at the surface over that by deformation alone; an assumption
YEAR = 365.25 * 86_400.0  # s


class Persistence(NamedTuple):
    """How long a surface looks the same to the radar.

    Attributes
    ----------
    lasting : float
        Coherence that time does not take.
    days : float
        Time in which the rest falls to 1/e.
    lasting_wet, days_wet : float
        The same while it melts.
    """

    lasting: float
    days: float
    lasting_wet: float
    days_wet: float


# Decay to a lasting part after Rocca 2007, doi:10.1109/TGRS.2007.902286. The values are
# assumptions in the order of rock, plants, melting snow and water; debris shifts as the ice
# below it melts (used to map it by Frey, Paul & Strozzi 2012, doi:10.1016/j.rse.2012.06.020).
PERSISTENCES: dict[str, Persistence] = {
    "ROCK": Persistence(0.75, 30.0, 0.75, 30.0),
    "FORELAND": Persistence(0.60, 25.0, 0.60, 25.0),
    "VEGETATION": Persistence(0.15, 9.0, 0.15, 9.0),
    "WATER": Persistence(0.0, 0.02, 0.0, 0.02),
    "SEASONAL_SNOW": Persistence(0.20, 12.0, 0.0, 1.5),
    "ICE": Persistence(0.30, 20.0, 0.0, 2.5),
    "FIRN": Persistence(0.30, 15.0, 0.0, 1.5),
    "SNOW": Persistence(0.20, 12.0, 0.0, 1.5),
    "DEBRIS": Persistence(0.35, 20.0, 0.10, 9.0),
    "POND": Persistence(0.0, 0.1, 0.0, 0.1),
    "ICEBERG": Persistence(0.0, 0.05, 0.0, 0.05),
    "SCREE": Persistence(0.65, 25.0, 0.65, 25.0),
    "CREVASSED_ICE": Persistence(0.15, 8.0, 0.0, 1.5),
    "PERENNIAL_SNOW": Persistence(0.25, 15.0, 0.0, 1.5),
}


@dataclass(frozen=True)
class CoherenceStyle:
    """What decides the look of a pair of coherence images.

    Attributes
    ----------
    radar : RadarStyle
        Orbits, noise and weather.
    days : float
        Between the two acquisitions of each pair.
    baseline : float
        Distance of the two points of view across the line of sight, m.
    window : float
        Side of the ground over which coherence is estimated, m.
    sliding : float
        Speed of the ice at the surface over that by deformation alone.
    """

    radar: RadarStyle
    days: float
    baseline: float
    window: float
    sliding: float

    def window_pixels(self, resolution: float) -> int:
        """Pixels a side of the window, odd, for pixels of a width in metres."""
        return 1 + 2 * max(round((self.window / resolution - 1.0) / 2.0), 0)


def draw_coherence_style(generator: np.random.Generator, radar: RadarStyle) -> CoherenceStyle:
    """Draw the time between the images, their baseline, the window and how far ice slides."""
    return CoherenceStyle(
        radar=radar,
        days=float(generator.choice(REPEATS)),
        baseline=float(generator.uniform(*BASELINES)),
        window=float(generator.uniform(*WINDOWS)),
        sliding=float(np.exp(generator.uniform(*np.log(SLIDING)))),
    )


def ice_velocity(ground: Ground, sliding: float) -> tuple[Grid, Grid]:
    """Velocity of the ice at its surface by a stand-in for shallow ice, 0 off the glaciers.

    Ice is as thick as perfect plasticity makes it on the slope, but no thicker than the valley
    wall carried on from the margin allows; it shears by Glen's law and slides in proportion.

    Parameters
    ----------
    ground : Ground
    sliding : float
        Speed at the surface over that by deformation alone.

    Returns
    -------
    east, north : ndarray of float32, (rows, columns)
        Metres a year, downhill.
    """
    surface = ndimage.gaussian_filter(ground.elevation, STRESS_LENGTH / ground.resolution)
    down, right = np.gradient(surface, ground.resolution)
    tangent = np.maximum(np.hypot(down, right), LEAST_SLOPE)
    sine = tangent / np.sqrt(1.0 + tangent**2)
    plastic = YIELD_STRESS / (ICE_WEIGHT * sine)
    thickness = plastic * (1.0 - np.exp(-WALL_SLOPE * ground.distance_to_margin / plastic))
    stress = ICE_WEIGHT * thickness * sine
    shear = 2.0 * GLEN_RATE / (GLEN_POWER + 1.0) * stress**GLEN_POWER * thickness
    speed = np.where(ground.glacier, sliding * shear * YEAR, 0.0) / tangent
    return (-right * speed).astype(np.float32), (down * speed).astype(np.float32)


def motion_coherence(ground: Ground, orbit: Orbit, style: CoherenceStyle) -> Grid:
    """Coherence that the strain of moving ice leaves: the mean of a phase that runs on.

    An even ramp of n turns over a side leaves sin(πn) / (πn); motion is counted along the ground
    and projected into the line of sight, two ways.
    """
    east, north = ice_velocity(ground, style.sliding)
    azimuth = np.radians(orbit.look_azimuth)
    away = east * np.sin(azimuth) + north * np.cos(azimuth)
    sight = away * np.sin(np.radians(orbit.incidence)) * style.days * 86_400.0 / YEAR
    down, right = np.gradient(ndimage.uniform_filter(2.0 * sight / WAVELENGTH, 3))
    window = style.window_pixels(ground.resolution)
    left = np.sinc(down * window) * np.sinc(right * window)
    return np.asarray(np.abs(left), dtype=np.float32)


def time_coherence(classes: Classes, wet: Grid, days: float) -> Grid:
    """Coherence that time and melt leave: a lasting part and an exponential fall.

    Parameters
    ----------
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes; one that is not in `PERSISTENCES` is taken for rock.
    wet : ndarray
        Wetness of snow and ice, 0 to 1.
    days : float
        Between the images.
    """

    def left(lasting: str, fall: str) -> Grid:
        kept = {name: getattr(entry, lasting) for name, entry in PERSISTENCES.items()}
        scale = {name: getattr(entry, fall) for name, entry in PERSISTENCES.items()}
        share = per_pixel(classes, kept)
        fallen = np.exp(-days / per_pixel(classes, scale))
        return np.asarray(share + (1.0 - share) * fallen, dtype=np.float32)

    return (1.0 - wet) * left("lasting", "days") + wet * left("lasting_wet", "days_wet")


def baseline_coherence(elevation: Grid, resolution: float, orbit: Orbit, baseline: float) -> Grid:
    """Coherence that two points of view leave: 1 less the baseline over the critical one.

    The critical baseline is wavelength x distance x tan(incidence less slope) / (2 x range
    resolution), after Zebker & Villasenor 1992; ground that faces the radar has a short one.
    """
    slope = slope_along_range(elevation, resolution, orbit)
    angle = np.radians(np.clip(orbit.incidence - slope, 0.0, 89.0))
    critical = WAVELENGTH * SLANT_DISTANCE * np.tan(angle) / (2.0 * SLANT_RESOLUTION)
    share = 1.0 - baseline / np.maximum(critical, 1e-6)
    return np.asarray(np.maximum(share, 0.0), dtype=np.float32)


def noise_coherence(sigma: Grid, noise_floor: float) -> Grid:
    """Coherence that noise leaves: share of the echo in what is received (both linear)."""
    return np.asarray(sigma / (sigma + noise_floor), dtype=np.float32)


def true_coherence(ground: Ground, classes: Classes, orbit: Orbit, style: CoherenceStyle) -> Grid:
    """Coherence from infinitely many looks, 0 to 1; parameters as of `simulate_coherence`."""
    wet = wetness(ground, style.radar.weather)
    elevation = ground.smooth
    incidence = local_incidence(elevation, ground.resolution, orbit)
    layover, shadow = layover_and_shadow(elevation, ground.resolution, orbit)
    sigma = np.where(shadow, 0.0, class_backscatter(classes, wet, incidence, "co"))
    coherence = noise_coherence(sigma.astype(np.float32), style.radar.noise_floor)
    coherence = coherence * baseline_coherence(elevation, ground.resolution, orbit, style.baseline)
    coherence = coherence * time_coherence(classes, wet, style.days)
    still = is_any(classes, "ROCK", "SCREE", "FORELAND", "VEGETATION", "WATER")
    coherence = coherence * np.where(still, 1.0, motion_coherence(ground, orbit, style))
    return np.where(layover, LAYOVER_COHERENCE * coherence, coherence).astype(np.float32)


def estimate_coherence(
    truth: Grid, generator: np.random.Generator, *, looks: float, window: int = 1
) -> Grid:
    """Coherence magnitude as estimated from a number of looks: scattered, and biased upwards.

    The sample covariance of two correlated complex images is drawn as a complex Wishart matrix
    (Goodman 1963, doi:10.1214/aoms/1177704250) by its triangular factor (Bartlett), summed over
    the window. Its mean for even ground is given by Touzi et al. 1999, doi:10.1109/36.739146.

    Parameters
    ----------
    truth : ndarray of float32, (rows, columns)
        0 to 1.
    generator : numpy.random.Generator
    looks : float
        Of each pixel, at least 1.
    window : int
        Pixels a side to sum over.

    Returns
    -------
    ndarray of float32, (rows, columns)
        0 to 1.
    """
    first = np.sqrt(generator.gamma(looks, 1.0, truth.shape))
    rest = generator.gamma(looks - 1.0, 1.0, truth.shape) if looks > 1.0 else 0.0
    apart = np.sqrt(np.maximum(1.0 - truth.astype(np.float64) ** 2, 0.0))
    normal = generator.standard_normal((2, *truth.shape)) * np.sqrt(0.5)
    real, imaginary = truth * first + apart * normal[0], apart * normal[1]
    one = _sum(first**2, window)
    other = _sum(real**2 + imaginary**2 + apart**2 * rest, window)
    both = np.hypot(_sum(first * real, window), _sum(first * imaginary, window))
    return np.clip(both / np.sqrt(one * other), 0.0, 1.0).astype(np.float32)


def _sum(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    return np.asarray(ndimage.uniform_filter(values, window, mode="reflect"))


def simulate_coherence(
    ground: Ground, classes: Classes, generator: np.random.Generator, style: CoherenceStyle
) -> NDArray[np.float32]:
    """Coherence of a pair of images from each orbit.

    Parameters
    ----------
    ground : Ground
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes, best without clouds: see `lift_veil`.
    generator : numpy.random.Generator
        The only source of randomness.
    style : CoherenceStyle

    Returns
    -------
    ndarray of float32, (2, rows, columns)
        Ascending then descending, 0 to 1; NaN off the known ground and, where the radar style
        says `mask_unseen`, in layover and shadow.
    """
    beneath = lift_veil(ground, classes)
    looks = max(ground.resolution**2 / LOOK_AREA, 1.0)
    window = style.window_pixels(ground.resolution)
    images = []
    for orbit in style.radar.orbits:
        truth = true_coherence(ground, beneath, orbit, style)
        image = estimate_coherence(truth, generator, looks=looks, window=window)
        left_out = ~ground.known
        if style.radar.mask_unseen:
            layover, shadow = layover_and_shadow(ground.smooth, ground.resolution, orbit)
            left_out = left_out | layover | shadow
        images.append(np.where(left_out, np.float32(np.nan), image))
    return np.stack(images)
