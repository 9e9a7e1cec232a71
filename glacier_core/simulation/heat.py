"""Heat that a satellite sees: surface temperature by energy balance, then brightness temperature.

The balance is linear about the temperature of the air. A surface takes up sunlight and sky heat,
gives heat to the air and to the depth, and on ice cannot pass the melting point. Rock on ice is
cool where it is thin, since the ice lies close beneath.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.errors import SceneError
from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.ground import Ground
from glacier_core.simulation.light import Sun, cosine_of_incidence, sky_view
from glacier_core.simulation.properties import Classes, is_any, per_pixel
from glacier_core.simulation.weather import (
    FREEZING,
    LAPSE_RATE,
    Weather,
    air_temperature,
    draw_weather,
)

Complex = NDArray[np.complex128]

STEFAN_BOLTZMANN = 5.670374e-8  # W m⁻² K⁻⁴
SOLAR_CONSTANT = 1361.0  # W m⁻²
CLEAR_AIR = 0.75  # transmissivity straight down; Hock 1999, doi:10.3189/S0022143000003087
PRESSURE_HEIGHT = 8430.0  # m over which air pressure falls to 1/e
DIFFUSE = 0.12  # sky light over sunlight on flat ground; an assumption
# Mean over the day of the sunlight at overpass on flat ground: 0.36 to 0.39 for late summer
# between 35 and 46 degrees north by the mean cosine of the sun's zenith.
DAILY_SHARE = 0.37
OVERPASS_ANGLE = np.radians(-22.5)  # of the sun from its noon at half past ten, Landsat's hour
DAY_FREQUENCY = 2.0 * np.pi / 86_400.0  # s⁻¹
SKY_EMISSIVITY = 0.72  # of clear, cool mountain air; an assumption
DEBRIS_CONDUCTIVITY = 0.95  # W m⁻¹ K⁻¹; Reid & Brock 2010, doi:10.3189/002214310794457218
DEBRIS_CAPACITY = 1.5e6  # J m⁻³ K⁻¹; rock with a third of pores; an assumption
THICKEST = (0.08, 0.8)  # m of debris at the snout; an assumption
THINNING = 3.0  # thickness falls by exp(-3) from foot to head; an assumption
THINNEST = 0.01  # m
EXCHANGE = (12.0, 30.0)  # W m⁻² K⁻¹ given to moving air; an assumption
# W m⁻² K⁻¹ between the skin of water and its body: what two metres of mixed water take up in a
# day, depth x heat capacity x frequency. The depth is an assumption.
MIXING = 2.0 * 4.2e6 * DAY_FREQUENCY
SHADE_LEFT = 0.4  # of the sun's heat that the ground keeps while a cloud passes; an assumption


class Skin(NamedTuple):
    """How a surface deals with heat.

    Attributes
    ----------
    albedo : float
        Reflected share of sunlight, all wavelengths.
    emissivity : float
        Around 11 µm.
    moisture : float
        Share of absorbed sunlight spent on evaporation.
    inertia : float
        Thermal inertia, W s½ m⁻² K⁻¹.
    """

    albedo: float
    emissivity: float
    moisture: float
    inertia: float


# Assumptions: round textbook numbers (Oke 1987, Boundary Layer Climates; for snow and ice
# Cuffey & Paterson 2010). Inertia is the root of conductivity times heat capacity.
SKINS: dict[str, Skin] = {
    "ROCK": Skin(0.20, 0.950, 0.05, 2200.0),
    "FORELAND": Skin(0.20, 0.955, 0.20, 1300.0),
    "VEGETATION": Skin(0.18, 0.980, 0.55, 1000.0),
    "WATER": Skin(0.07, 0.990, 0.0, 0.0),  # of water the mixing decides
    "SEASONAL_SNOW": Skin(0.65, 0.985, 0.1, 500.0),
    "ICE": Skin(0.35, 0.975, 0.1, 1900.0),
    "FIRN": Skin(0.55, 0.980, 0.1, 900.0),
    "SNOW": Skin(0.75, 0.985, 0.1, 450.0),
    "DEBRIS": Skin(0.20, 0.950, 0.15, 0.0),  # the inertia follows from its thickness
    "POND": Skin(0.10, 0.990, 0.0, 0.0),
    "ICEBERG": Skin(0.50, 0.980, 0.1, 1900.0),
    "SCREE": Skin(0.20, 0.955, 0.05, 1200.0),
    "CREVASSED_ICE": Skin(0.40, 0.980, 0.1, 1900.0),
    "PERENNIAL_SNOW": Skin(0.60, 0.985, 0.1, 700.0),
    "CLOUD": Skin(0.20, 1.000, 0.0, 1300.0),
}
MELTING = ("SEASONAL_SNOW", "ICE", "FIRN", "SNOW", "ICEBERG", "CREVASSED_ICE", "PERENNIAL_SNOW")


@dataclass(frozen=True)
class ThermalSensor:
    """One thermal band.

    Attributes
    ----------
    radiance_constant, temperature_constant : float
        K1 (W m⁻² sr⁻¹ µm⁻¹) and K2 (K) of the band.
    resolution : float
        Width of the pixels as measured, m.
    noise : float
        Noise-equivalent temperature difference at 300 K, K.
    """

    radiance_constant: float
    temperature_constant: float
    resolution: float
    noise: float


# K1 and K2 of Landsat 5 and 7: Chander, Markham & Helder 2009, doi:10.1016/j.rse.2009.01.007; of
# Landsat 8, band 10: USGS metadata. Noise rounded; an assumption.
THERMAL_SENSORS: dict[str, ThermalSensor] = {
    "Landsat 5": ThermalSensor(607.76, 1260.56, 120.0, 0.25),
    "Landsat 7": ThermalSensor(666.09, 1282.71, 60.0, 0.25),
    "Landsat 8": ThermalSensor(774.8853, 1321.0789, 100.0, 0.10),
}


@dataclass(frozen=True)
class HeatStyle:
    """What decides the look of a thermal image.

    Attributes
    ----------
    sensor : ThermalSensor
    weather : Weather
        Of the overpass.
    exchange : float
        Heat given to the air by wind, W m⁻² K⁻¹.
    transmission : float
        Share of the ground's heat radiation that passes the air.
    thickest : float
        Debris at the snout, m.
    water_temperature : float
        K.
    cloud_height : float
        Of the cloud tops over the ground, m.
    """

    sensor: ThermalSensor
    weather: Weather
    exchange: float
    transmission: float
    thickest: float
    water_temperature: float
    cloud_height: float


def draw_heat_style(
    ground: Ground, generator: np.random.Generator, *, sensor: str = "Landsat 8"
) -> HeatStyle:
    """Draw the weather and debris of a thermal image.

    Raises
    ------
    SceneError
        If the sensor is not one of `THERMAL_SENSORS`.
    """
    if sensor not in THERMAL_SENSORS:
        raise SceneError(
            f"There is no thermal band of '{sensor}'. There are: {', '.join(THERMAL_SENSORS)}."
        )
    return HeatStyle(
        sensor=THERMAL_SENSORS[sensor],
        weather=draw_weather(ground, generator),
        exchange=float(generator.uniform(*EXCHANGE)),
        transmission=float(generator.uniform(0.75, 0.95)),
        thickest=float(np.exp(generator.uniform(*np.log(THICKEST)))),
        water_temperature=FREEZING + float(generator.uniform(1.0, 8.0)),
        cloud_height=float(generator.uniform(1000.0, 4000.0)),
    )


def debris_thickness(ground: Ground, generator: np.random.Generator, thickest: float) -> Grid:
    """Thickness that rock on the ice would have, m: thick at the snout, thinning upwards."""
    lumps = np.exp(0.35 * fractal_field(generator, ground.shape, exponent=1.4, longest=40.0))
    thinned = thickest * np.exp(-THINNING * ground.relative_height) * lumps
    return np.asarray(np.maximum(thinned, THINNEST), dtype=np.float32)


def slab_admittance(thickness: NDArray[np.floating]) -> Complex:
    """Heat that debris over melting ice takes up in the daily cycle, W m⁻² K⁻¹, with its lead.

    Solution of the heat equation for a slab (thickness in m) whose base stays at one temperature:
    k q coth(q d) with q² = i w c / k. It is k / d for thin debris and that of deep ground for
    thick (Carslaw & Jaeger 1959, Conduction of Heat in Solids).
    """
    wave = np.sqrt(1j * DAY_FREQUENCY * DEBRIS_CAPACITY / DEBRIS_CONDUCTIVITY)
    return np.asarray(DEBRIS_CONDUCTIVITY * wave / np.tanh(wave * thickness))


def sunlight(ground: Ground, classes: Classes, sun: Sun, lit: Grid) -> tuple[Grid, Grid]:
    """Sunlight and sky light on the ground at overpass, and its mean over the day, W m⁻².

    The mean is that of flat ground under an open sky. Parameters as of `simulate_temperature`.
    """
    flat = float(np.cos(np.radians(sun.zenith)))
    pressure = np.exp(-np.maximum(ground.elevation, 0.0) / PRESSURE_HEIGHT)
    beam = SOLAR_CONSTANT * CLEAR_AIR ** (pressure / flat)
    shade = np.where(is_any(classes, "CLOUD_SHADOW"), SHADE_LEFT, 1.0)
    cosine = cosine_of_incidence(ground.elevation, ground.resolution, sun)
    sky = DIFFUSE * flat * sky_view(ground.elevation, ground.resolution)
    now = beam * (lit * shade * cosine + sky)
    mean = DAILY_SHARE * beam * flat * (1.0 + DIFFUSE)
    return now.astype(np.float32), mean.astype(np.float32)


def deep_admittance(inertia: Grid) -> Complex:
    """Heat that deep ground takes up in the daily cycle, W m⁻² K⁻¹, an eighth of a day early.

    The thermal inertia (W s½ m⁻² K⁻¹) times the root of i times the frequency.
    """
    return np.asarray(inertia * np.sqrt(1j * DAY_FREQUENCY))


class _Depth(NamedTuple):
    """What lies below the surface: conductance to a base, its temperature, daily admittance."""

    conductance: Grid
    base: Grid
    admittance: Complex


def _depth(ground: Ground, classes: Classes, thickness: Grid, water: float) -> _Depth:
    """Debris lies on ice, water on its own body, all else on ground without end."""
    debris, wet = is_any(classes, "DEBRIS"), is_any(classes, "WATER", "POND")
    inertia = per_pixel(classes, {name: skin.inertia for name, skin in SKINS.items()})
    conductance = np.zeros(ground.shape, dtype=np.float32)
    conductance = np.where(debris, DEBRIS_CONDUCTIVITY / thickness, conductance)
    conductance = np.where(wet, MIXING, conductance)
    admittance = np.where(debris, slab_admittance(thickness), deep_admittance(inertia))
    base = np.where(is_any(classes, "WATER"), water, FREEZING + np.where(wet, 1.5, 0.0))
    return _Depth(
        conductance.astype(np.float32),
        base.astype(np.float32),
        np.where(wet, MIXING, admittance),
    )


def surface_temperature(
    ground: Ground,
    classes: Classes,
    sun: Sun,
    lit: Grid,
    thickness: Grid,
    style: HeatStyle,
) -> Grid:
    """Temperature of the surface, K, by a balance linear about the temperature of the air.

    The mean of the day balances what is absorbed against air and base; the excess of the moment
    is a daily wave with its crest at noon, balanced against the air and the admittance of what
    lies below, which makes the surface lag behind the sun.

    Parameters
    ----------
    ground, classes, sun, lit, style
        As of `simulate_temperature`.
    thickness : ndarray of float32, (rows, columns)
        Of debris where there is any, m.

    Returns
    -------
    ndarray of float32, (rows, columns)
    """
    air = air_temperature(ground, style.weather)
    albedo = per_pixel(classes, {name: skin.albedo for name, skin in SKINS.items()})
    moisture = per_pixel(classes, {name: skin.moisture for name, skin in SKINS.items()})
    emissivity = _emissivity(classes)
    now, mean = sunlight(ground, classes, sun, lit)
    taken = (1.0 - albedo) * (1.0 - moisture)
    black = STEFAN_BOLTZMANN * air**4
    lost = emissivity * (1.0 - SKY_EMISSIVITY) * black
    given = style.exchange + 4.0 * emissivity * black / air
    depth = _depth(ground, classes, thickness, style.water_temperature)
    daily = taken * mean - lost + given * air + depth.conductance * depth.base
    daily = daily / (given + depth.conductance)
    crest = np.exp(1j * OVERPASS_ANGLE)
    answer = np.real(crest / (given + depth.admittance)) / np.real(crest)
    warm = daily + taken * (now - mean) * answer
    warm = np.where(is_any(classes, *MELTING), np.minimum(warm, FREEZING), warm)
    cloud_top = air - LAPSE_RATE * style.cloud_height
    return np.where(is_any(classes, "CLOUD"), cloud_top, warm).astype(np.float32)


def _emissivity(classes: Classes) -> Grid:
    return per_pixel(classes, {name: skin.emissivity for name, skin in SKINS.items()})


def band_radiance(temperature: NDArray[np.floating], sensor: ThermalSensor) -> Grid:
    """Radiance of a black body in the band, W m⁻² sr⁻¹ µm⁻¹ (Planck's law with K1 and K2)."""
    exponent = sensor.temperature_constant / temperature
    return np.asarray(sensor.radiance_constant / np.expm1(exponent), dtype=np.float32)


def brightness_temperature(radiance: NDArray[np.floating], sensor: ThermalSensor) -> Grid:
    """Temperature of the black body of that radiance, K: inverse of `band_radiance`."""
    logarithm = np.log1p(sensor.radiance_constant / radiance)
    return np.asarray(sensor.temperature_constant / logarithm, dtype=np.float32)


def simulate_temperature(
    ground: Ground,
    classes: Classes,
    sun: Sun,
    lit: Grid,
    generator: np.random.Generator,
    style: HeatStyle,
) -> Grid:
    """Brightness temperature at the satellite, as coarse as its thermal band.

    Parameters
    ----------
    ground : Ground
    classes : ndarray of uint8, (rows, columns)
        `SurfaceClass` codes, clouds and their shadows included; one without a `Skin` is taken
        for rock.
    sun : Sun
        At overpass.
    lit : ndarray of float32, (rows, columns)
        Share of the sun's disc seen over the terrain, see `light.sunlit`.
    generator : numpy.random.Generator
        The only source of randomness.
    style : HeatStyle

    Returns
    -------
    ndarray of float32, (rows, columns)
        K; NaN off the known ground.
    """
    thickness = debris_thickness(ground, generator, style.thickest)
    surface = surface_temperature(ground, classes, sun, lit, thickness, style)
    emissivity = _emissivity(classes)
    air = air_temperature(ground, style.weather)
    # The air radiates like the layer 1.5 km up, both down to the ground and up to the satellite.
    sky = band_radiance(air - 1500.0 * LAPSE_RATE, style.sensor)
    down = (1.0 - style.transmission) * sky
    leaving = emissivity * band_radiance(surface, style.sensor) + (1.0 - emissivity) * down
    radiance = style.transmission * leaving + (1.0 - style.transmission) * sky
    seen = brightness_temperature(spread(radiance, ground.resolution, style.sensor), style.sensor)
    noise = spread(
        generator.standard_normal(ground.shape, dtype=np.float32), ground.resolution, style.sensor
    )
    noisy = seen + style.sensor.noise * noise / max(float(noise.std()), 1e-12)
    return np.where(ground.known, noisy, np.nan).astype(np.float32)


def spread(values: Grid, resolution: float, sensor: ThermalSensor) -> Grid:
    """Values blurred to the pixels of a thermal sensor: a Gaussian as wide at half its height."""
    width = sensor.resolution / (2.0 * np.sqrt(2.0 * np.log(2.0)))
    return np.asarray(
        ndimage.gaussian_filter(values, width / resolution, mode="nearest"), dtype=np.float32
    )
