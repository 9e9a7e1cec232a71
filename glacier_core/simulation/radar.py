"""Backscatter of a C-band radar: how bright each surface is, seen along slant range, with speckle.

The product imitated is ground-range detected and terrain-corrected, as Sentinel-1's commonly is:
slopes that face the radar are bright by their area, layover is brighter still and smeared over
the slope, radar shadow is at the noise floor. With `mask_unseen` both are left out instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.ground import Ground, SurfaceClass
from glacier_core.simulation.properties import Classes, lift_veil, per_pixel
from glacier_core.simulation.radar_geometry import (
    Doubles,
    Orbit,
    RangeLines,
    layover_and_shadow,
    local_incidence,
    sentinel_1,
)
from glacier_core.simulation.weather import Weather, draw_weather, wetness

Polarisation = Literal["co", "cross"]
Pair = NDArray[np.float32]

REFERENCE_INCIDENCE = 38.0  # degrees; the middle of the swath of Sentinel-1
RANGE_RESOLUTION = 20.0  # m on the ground; Sentinel-1 ground-range detected, high resolution
# Equivalent number of looks of that product as it comes, and after a speckle filter. The first
# from ESA's Sentinel-1 product definition, the second an assumption.
LOOKS = (4.4, 40.0)
INCIDENCES = (30.0, 45.0)  # degrees
# Noise-equivalent sigma nought, dB. ESA asks for -22 at worst; the rest is an assumption.
NOISE_FLOOR = (-32.0, -23.0)
OFFSET_SPREAD = 1.2  # dB, standard deviation between scenes of one class; an assumption
TEXTURE_SPREAD = 0.8  # dB, standard deviation within a class; an assumption
SHARPEST_FOLD = 1e-3  # of a range cell; keeps ground seen end-on from being infinitely bright
MUHLEMAN_ROUGHNESS = 0.4  # rough ground; Muhleman found 0.1 for Venus. An assumption
BORDER = 3  # cells
VOLUME_POWER = 1.5  # between 1 (dense cloud of scatterers) and 2 (Lambert); an assumption


class Echo(NamedTuple):
    """Sigma nought of a class at the reference incidence.

    Attributes
    ----------
    dry, wet : float
        Co-polarised, dB, frozen and melting.
    cross : float
        Cross- less co-polarised, dB.
    rough : float
        Share of the co-polarised echo that comes from the rough surface; the rest comes from
        the volume below it.
    """

    dry: float
    wet: float
    cross: float
    rough: float


# Assumptions: round numbers in the order that C-band images show. Melting snow is dark since it
# absorbs (Rott & Mätzler 1987, doi:10.3189/S0260305500000604): by 3 dB and more, the limit by
# which Nagler & Rott 2000, doi:10.1109/36.842004, map it. Frozen firn is bright with ice lenses
# (reviewed by König, Winther & Isaksson 2001, doi:10.1029/1999RG000076).
ECHOES: dict[str, Echo] = {
    "ROCK": Echo(-9.0, -9.0, -8.5, 0.4),
    "FORELAND": Echo(-10.5, -10.5, -8.5, 0.4),
    "VEGETATION": Echo(-11.0, -11.0, -6.5, 0.1),
    "WATER": Echo(-19.0, -19.0, -9.0, 0.9),
    "SEASONAL_SNOW": Echo(-10.5, -16.5, -8.0, 0.2),
    "ICE": Echo(-12.0, -13.0, -9.0, 0.5),
    "FIRN": Echo(-6.5, -15.5, -6.0, 0.1),
    "SNOW": Echo(-8.0, -18.0, -7.0, 0.1),
    "DEBRIS": Echo(-9.5, -9.5, -7.5, 0.4),
    "POND": Echo(-18.0, -18.0, -9.0, 0.9),
    "ICEBERG": Echo(-8.0, -8.0, -6.0, 0.3),
    "SCREE": Echo(-8.5, -8.5, -8.5, 0.4),
    "CREVASSED_ICE": Echo(-8.5, -9.5, -6.5, 0.4),
    "PERENNIAL_SNOW": Echo(-8.5, -17.0, -7.5, 0.1),
}


@dataclass(frozen=True)
class RadarStyle:
    """What decides the look of a pair of radar images.

    Attributes
    ----------
    ascending, descending : Orbit
    looks : float
        Equivalent number of looks: mean squared over variance of even ground.
    noise_floor : float
        Noise-equivalent sigma nought, linear.
    weather : Weather
        Of the day of the acquisitions.
    mask_unseen : bool
        Whether layover and shadow are NaN; otherwise bright and at the noise floor.
    """

    ascending: Orbit
    descending: Orbit
    looks: float
    noise_floor: float
    weather: Weather
    mask_unseen: bool = False

    @property
    def orbits(self) -> tuple[Orbit, Orbit]:
        """Ascending, descending: the order of the channels."""
        return self.ascending, self.descending


def draw_radar_style(
    ground: Ground, generator: np.random.Generator, *, latitude: float = 46.0
) -> RadarStyle:
    """Draw two orbits of Sentinel-1 over a latitude (degrees), a weather and a speckle filter."""
    ascending, descending = generator.uniform(*INCIDENCES, 2)
    return RadarStyle(
        ascending=sentinel_1("ascending", latitude, float(ascending)),
        descending=sentinel_1("descending", latitude, float(descending)),
        looks=float(np.exp(generator.uniform(*np.log(LOOKS)))),
        noise_floor=float(10.0 ** (generator.uniform(*NOISE_FLOOR) / 10.0)),
        weather=draw_weather(ground, generator),
    )


def muhleman(incidence: NDArray[np.floating]) -> Doubles:
    """Echo of a rough surface by incidence (degrees), 1 at the reference; 0 beyond 90 degrees.

    The law cos(i) / (sin(i) + a cos(i))³ of Muhleman 1964, Astronomical Journal 69, 34.
    """

    def law(angle: NDArray[np.floating]) -> Doubles:
        cosine = np.maximum(np.cos(angle), 0.0)
        return np.asarray(cosine / (np.sin(angle) + MUHLEMAN_ROUGHNESS * cosine) ** 3)

    angle = np.radians(np.clip(incidence, 0.0, 90.0))
    return np.asarray(law(angle) / law(np.radians(np.array(REFERENCE_INCIDENCE))))


def volume_echo(incidence: NDArray[np.floating]) -> Doubles:
    """Echo of a volume by incidence (degrees): a power of the cosine, 1 at the reference."""
    cosine = np.cos(np.radians(np.clip(incidence, 0.0, 90.0)))
    reference = np.cos(np.radians(REFERENCE_INCIDENCE))
    return np.asarray((np.maximum(cosine, 0.0) / reference) ** VOLUME_POWER)


def class_backscatter(
    classes: Classes, wet: Grid, incidence: Grid, polarisation: Polarisation
) -> Grid:
    """Sigma nought (linear) of the ground itself, per area of its own surface.

    Parameters
    ----------
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes; one that is not in `ECHOES` is taken for rock.
    wet : ndarray
        Wetness of snow and ice, 0 to 1; decibels go evenly between dry and wet.
    incidence : ndarray
        Local incidence, degrees.
    polarisation : {"co", "cross"}

    Returns
    -------
    ndarray of float32, (rows, columns)
        0 where the ground faces away.
    """
    echo = _echo_fields(classes)
    level = echo.dry + wet * (echo.wet - echo.dry)
    if polarisation == "cross":
        return _linear(level + echo.cross) * volume_echo(incidence).astype(np.float32)
    angular = echo.rough * muhleman(incidence) + (1.0 - echo.rough) * volume_echo(incidence)
    return _linear(level) * angular.astype(np.float32)


class _EchoFields(NamedTuple):
    dry: Grid
    wet: Grid
    cross: Grid
    rough: Grid


def _echo_fields(classes: Classes) -> _EchoFields:
    tables: list[Mapping[str, float]] = [
        {name: echo[part] for name, echo in ECHOES.items()} for part in range(len(Echo._fields))
    ]
    return _EchoFields(*(per_pixel(classes, table) for table in tables))


def _linear(decibels: Grid) -> Grid:
    return np.asarray(10.0 ** (decibels / 10.0), dtype=np.float32)


def speckle(
    generator: np.random.Generator, shape: tuple[int, ...], looks: float
) -> NDArray[np.float32]:
    """Multiplicative speckle of an intensity: gamma distributed, mean 1, variance 1 / looks.

    After Goodman 1976, doi:10.1364/JOSA.66.001145, for the mean of independent looks.
    """
    return generator.gamma(looks, 1.0 / looks, shape).astype(np.float32)


def through_slant_range(lines: RangeLines, sigma: Grid) -> tuple[Doubles, NDArray[np.int64]]:
    """Power that the radar receives by slant range, and the range cell of all ground.

    Every stretch of ground between two steps of a line sends the power of its sigma nought times
    its area, spread evenly over the slant range it covers; ground in shadow sends none. Summing
    in slant range makes foreshortening and layover as bright as they are: on an even slope a
    sin(i) / sin(i - a) times the local sigma nought. The area-based view follows Small 2011,
    doi:10.1109/TGRS.2011.2120616.

    Parameters
    ----------
    lines : RangeLines
    sigma : ndarray of float32, (rows, columns)
        Linear, per area of the surface itself.

    Returns
    -------
    ndarray of float64, (lines, cells)
        Sigma nought per flat area. A cell holds the slant range of one step of flat ground.
    ndarray of int64, (lines, steps)
        Cell of each step.
    """
    cell = float(lines.ground_range[1] * np.sin(np.radians(lines.orbit.incidence)))
    seen = np.where(lines.in_shadow, 0.0, lines.cut(sigma * _area(lines)))
    position = lines.slant_range / cell
    start = np.floor(np.nanmin(position))
    position = position - start + 0.5
    count = int(np.nanmax(position)) + 2
    power = _spread(position, np.nan_to_num(seen), count)
    where = np.nan_to_num(np.floor(position)).astype(np.int64)
    return power, where


def _area(lines: RangeLines) -> Grid:
    """Area of the surface per flat area."""
    down, right = np.gradient(lines.elevation, lines.resolution)
    return np.asarray(np.sqrt(1.0 + down**2 + right**2), dtype=np.float32)


def _spread(position: Doubles, power: Doubles, count: int) -> Doubles:
    """Sum of power over cells, that of each stretch between steps spread over what it covers.

    Up to a place r the stretches from a to b with density p hold the sum of p (r - a) less the
    sum of p (r - b), each where it is positive: two running sums of p and of p a.
    """
    near, far = np.sort(np.stack([position[:, :-1], position[:, 1:]]), axis=0)
    stretch = 0.5 * (power[:, :-1] + power[:, 1:])
    whole = np.isfinite(near) & np.isfinite(far)
    line = np.broadcast_to(np.arange(position.shape[0])[:, None], near.shape)[whole]
    start = near[whole]
    end = np.maximum(far[whole], start + SHARPEST_FOLD)
    density = stretch[whole] / (end - start)
    shape = position.shape[0], count + 1
    slope, base = np.zeros(shape), np.zeros(shape)
    for edge, sign in ((start, 1.0), (end, -1.0)):
        # A stretch that starts within a cell counts from that cell's far edge on.
        after = line * shape[1] + np.minimum(np.ceil(edge).astype(np.int64), count)
        slope += sign * np.bincount(after, density, slope.size).reshape(shape)
        base += sign * np.bincount(after, density * edge, slope.size).reshape(shape)
    edges = np.arange(count + 1)
    held = edges * np.cumsum(slope, axis=1) - np.cumsum(base, axis=1)
    return np.asarray(np.maximum(np.diff(held, axis=1), 0.0))


def simulate_backscatter(
    ground: Ground, classes: Classes, generator: np.random.Generator, style: RadarStyle
) -> tuple[Pair, Pair]:
    """Terrain-corrected backscatter of both orbits and polarisations.

    Parameters
    ----------
    ground : Ground
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes. A radar looks through clouds: give the classes beneath them where
        they are known, see `lift_veil`.
    generator : numpy.random.Generator
        The only source of randomness.
    style : RadarStyle

    Returns
    -------
    co, cross : ndarray of float32, (2, rows, columns)
        Sigma nought on the flat (linear), ascending then descending. NaN off the known ground
        and, with `mask_unseen`, in layover and shadow.
    """
    beneath = lift_veil(ground, classes)
    elevation = ndimage.gaussian_filter(
        ground.elevation, 0.5 * RANGE_RESOLUTION / ground.resolution, mode="nearest"
    )
    texture = _texture(beneath, generator)
    wet = wetness(ground, style.weather)
    polarisations: tuple[Polarisation, Polarisation] = ("co", "cross")
    images = np.empty((2, 2, *ground.shape), dtype=np.float32)
    for number, orbit in enumerate(style.orbits):
        incidence = local_incidence(elevation, ground.resolution, orbit)
        lines = RangeLines(_extend(elevation), ground.resolution, orbit)
        for channel, polarisation in enumerate(polarisations):
            sigma = texture * class_backscatter(beneath, wet, incidence, polarisation)
            images[channel, number] = _take(lines, sigma, generator, style)
        images[:, number, _left_out(ground, elevation, orbit, style)] = np.nan
    return images[0], images[1]


def _texture(classes: Classes, generator: np.random.Generator) -> Grid:
    """Factor by which a class differs from scene to scene, and from place to place within."""
    offsets = OFFSET_SPREAD * generator.standard_normal(len(SurfaceClass))
    table = {surface.name: float(offsets[surface]) for surface in SurfaceClass}
    field = fractal_field(generator, (classes.shape[0], classes.shape[1]), exponent=1.2)
    return _linear(per_pixel(classes, table) + TEXTURE_SPREAD * field)


def _extend(values: Grid) -> Grid:
    """Add a border that carries the slope on, so that lines send whole cells at their ends."""
    return np.asarray(np.pad(values, BORDER, mode="reflect", reflect_type="odd"))


def _take(
    lines: RangeLines, sigma: Grid, generator: np.random.Generator, style: RadarStyle
) -> Grid:
    """Image on the grid without the border of `lines`."""
    power, where = through_slant_range(lines, np.pad(sigma, BORDER, mode="edge"))
    noisy = (power + style.noise_floor) * speckle(generator, power.shape, style.looks)
    image = lines.lay_back(np.take_along_axis(noisy, where, axis=1))
    return np.asarray(image[BORDER:-BORDER, BORDER:-BORDER], dtype=np.float32)


def _left_out(
    ground: Ground, elevation: Grid, orbit: Orbit, style: RadarStyle
) -> NDArray[np.bool_]:
    if not style.mask_unseen:
        return ~ground.known
    layover, shadow = layover_and_shadow(elevation, ground.resolution, orbit)
    return np.asarray(~ground.known | layover | shadow)
