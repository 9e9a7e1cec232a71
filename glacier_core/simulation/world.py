"""One simulated world: ground, cover, light and instrument put together from one seed."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from glacier_core.simulation.cloud import Clouds, draw_clouds, put_clouds
from glacier_core.simulation.features import simulate_features
from glacier_core.simulation.fields import Grid, fractal_field, seeded
from glacier_core.simulation.ground import Ground, SurfaceClass
from glacier_core.simulation.light import Sun, cosine_of_incidence, draw_sun, illuminate
from glacier_core.simulation.reflectance import choose_spectra, paint
from glacier_core.simulation.sensor import (
    SensorStyle,
    blur_and_shift,
    draw_sensor_style,
    take_image,
)
from glacier_core.simulation.surface import (
    Surface,
    SurfaceStyle,
    cover_ground,
    draw_surface_style,
)
from glacier_core.slope import horn_slope

UNSURE_SNOW_BODY = 150  # px; larger snow outside an incomplete inventory may well be a glacier
# Sentinel-2 has no thermal band; a Landsat passes within days.
THERMAL_STAND_IN = {"Sentinel-2": "Landsat 8"}
SHADOW = 0.3  # share of the sun's disc below which a pixel counts as shadowed


@dataclass(frozen=True)
class DemStyle:
    """How the elevation given with the image differs from the ground that was lit.

    Attributes
    ----------
    blur : float
        Standard deviation, px.
    shift : float
        Largest shift, px.
    noise : float
        Standard deviation of correlated noise, m.
    base : tuple of float, optional
        Range from which the lowest elevation is drawn, m; the true heights when None.
    """

    blur: float
    shift: float
    noise: float
    base: tuple[float, float] | None


@dataclass(frozen=True)
class WorldStyle:
    """Choices that are otherwise drawn from the seed; None leaves them to it."""

    surface: SurfaceStyle | None = None
    sun: Sun | None = None
    sensor: SensorStyle | None = None
    dem: DemStyle | None = None


@dataclass(frozen=True)
class World:
    """A simulated image with everything known about it.

    Attributes
    ----------
    optical : ndarray of float32, (6, rows, columns)
        Reflectance; NaN where not valid.
    elevation, slope : ndarray of float32, (rows, columns)
        Metres and degrees, as a separate survey would give them; NaN off the source.
    glacier : ndarray of bool
        The truth.
    labels : ndarray of int32
        Glacier number from 1.
    surface : ndarray of uint8
        `SurfaceClass` of each pixel.
    shadow : ndarray of bool
        Cast or own shadow.
    weight : ndarray of float32
        0 where the truth is unknown or unseen, else 1.
    valid : ndarray of bool
        Where the image holds data.
    reflectance : str
        "toa" or "surface".
    sun_zenith, sun_azimuth : float
        Degrees.
    resolution : float
        Metres.
    procedural : bool
        Whether the ground was made up.
    source : str
        Name of the terrain.
    style : SurfaceStyle
        What was laid.
    sensor : str
        Name of the instrument.
    region : str
        Code of the region, "" for none.
    longitude, latitude : float
        Degrees, of the centre; NaN where the ground lies nowhere.
    acquired : str
        ISO date, "" where the image has none.
    features : dict of str to ndarray of float32
        Radar and thermal features by name, if asked for.
    """

    optical: NDArray[np.float32]
    elevation: Grid
    slope: Grid
    glacier: NDArray[np.bool_]
    labels: NDArray[np.int32]
    surface: NDArray[np.uint8]
    shadow: NDArray[np.bool_]
    weight: Grid
    valid: NDArray[np.bool_]
    reflectance: str
    sun_zenith: float
    sun_azimuth: float
    resolution: float
    procedural: bool
    source: str
    style: SurfaceStyle
    sensor: str
    region: str = ""
    longitude: float = float("nan")
    latitude: float = float("nan")
    acquired: str = ""
    features: dict[str, Grid] = field(default_factory=dict)


def simulate_world(
    ground: Ground,
    seed: int,
    *,
    image_seed: int | None = None,
    style: WorldStyle | None = None,
    held_out: bool = False,
    source: str = "",
    procedural: bool = True,
    region: str = "",
    latitude: float = 46.0,
    features: frozenset[str] = frozenset(),
) -> World:
    """Cover, light and photograph a piece of ground.

    Parameters
    ----------
    ground : Ground
    seed : int
        Decides the cover and, unless `image_seed` is given, the image.
    image_seed : int, optional
        Decides spectra, sun, instrument and elevation survey. Two values give two images of one
        ground.
    style : WorldStyle, optional
        Choices to fix.
    held_out : bool
        Whether to use the spectra kept from training.
    source : str
        Name of the terrain.
    procedural : bool
        Whether the ground was made up.
    region : str
        Code of the region of the ground.
    latitude : float
        Degrees; decides the direction of radar orbits.
    features : frozenset of str
        Radar and thermal features to make, out of `features.FEATURES`.

    Returns
    -------
    World
    """
    style = style or WorldStyle()
    cover_random = seeded(seed, 0)
    surface_style = style.surface or draw_surface_style(cover_random)
    surface = cover_ground(ground, cover_random, surface_style)
    image_seed = seed if image_seed is None else image_seed
    optics, survey = seeded(image_seed, 1), seeded(image_seed, 2)
    drawn_sun, drawn_sensor = draw_sun(optics), draw_sensor_style(optics)
    sun, sensor = style.sun or drawn_sun, style.sensor or drawn_sensor
    spectra = choose_spectra(optics, same_rock=surface.same_rock, held_out=held_out)
    apparent, lit = illuminate(surface.ground, paint(surface, optics, spectra), sun)
    clouds = draw_clouds(ground.shape, optics, sensor.cloud, sun, ground.resolution)
    apparent = put_clouds(apparent, clouds, optics, sun)
    image = take_image(apparent, ground.known, optics, sensor, ground.resolution)
    elevation = survey_elevation(ground, survey, style.dem or _draw_dem_style(survey))
    return World(
        optical=image.optical,
        elevation=elevation,
        slope=horn_slope(elevation, ground.resolution),
        glacier=ground.glacier & ground.known,
        labels=np.where(ground.known, ground.labels, 0).astype(np.int32),
        surface=_classes(surface, clouds, ground.known),
        shadow=_shadow(surface.ground, lit, sun) | clouds.shading,
        weight=_weight(surface, image.valid & ~clouds.hiding),
        valid=image.valid,
        reflectance=sensor.reflectance,
        sun_zenith=sun.zenith,
        sun_azimuth=sun.azimuth,
        resolution=ground.resolution,
        procedural=procedural,
        source=source,
        style=surface_style,
        sensor=sensor.instrument,
        region=region,
        features=simulate_features(
            surface.ground,
            surface.classes,
            sun,
            lit,
            seeded(image_seed, 4),
            features,
            cloudy=clouds.hiding,
            latitude=latitude,
            sensor=THERMAL_STAND_IN.get(sensor.instrument, sensor.instrument),
        ),
    )


def _draw_dem_style(generator: np.random.Generator) -> DemStyle:
    return DemStyle(
        blur=float(generator.uniform(0.0, 2.5)),
        shift=0.6,
        noise=float(generator.uniform(0.3, 4.0)),
        base=(0.0, 3500.0),
    )


def survey_elevation(ground: Ground, generator: np.random.Generator, style: DemStyle) -> Grid:
    """Elevation (m) as another survey of the same ground would give it."""
    noise = fractal_field(generator, ground.shape, exponent=0.8, longest=20.0)
    surveyed = blur_and_shift(ground.elevation, generator, style.blur, style.shift)
    surveyed = surveyed + style.noise * noise
    if style.base is not None:
        surveyed = surveyed - surveyed.min() + generator.uniform(*style.base)
    return np.where(ground.known, surveyed, np.nan).astype(np.float32)


def _classes(surface: Surface, clouds: Clouds, known: NDArray[np.bool_]) -> NDArray[np.uint8]:
    codes = surface.classes
    codes[clouds.shading] = SurfaceClass.CLOUD_SHADOW
    codes[clouds.hiding] = SurfaceClass.CLOUD
    codes[~known] = SurfaceClass.NO_DATA
    return codes


def _shadow(ground: Ground, lit: Grid, sun: Sun) -> NDArray[np.bool_]:
    facing = cosine_of_incidence(ground.elevation, ground.resolution, sun)
    return np.asarray((lit < SHADOW) | (facing < 0.02))


def _weight(surface: Surface, seen: NDArray[np.bool_]) -> Grid:
    weight = seen.astype(np.float32)
    if not surface.ground.complete:
        snow = np.isin(surface.classes, (SurfaceClass.SEASONAL_SNOW, SurfaceClass.PERENNIAL_SNOW))
        parts, _ = ndimage.label(snow)
        large = np.bincount(parts.ravel()) > UNSURE_SNOW_BODY
        large[0] = False
        weight[large[parts]] = 0.0
    return weight


def image_pair(
    ground: Ground,
    seed: int,
    *,
    style: WorldStyle | None = None,
    held_out: bool = False,
    source: str = "",
    procedural: bool = True,
    region: str = "",
) -> tuple[World, World]:
    """Two images of one ground under two suns, atmospheres and instruments.

    One is TOA, the other surface reflectance. Cover, and with it the truth, is the same. The
    parameters are those of `simulate_world`.
    """
    style = style or WorldStyle()
    simulate = partial(
        simulate_world,
        ground,
        seed,
        held_out=held_out,
        source=source,
        procedural=procedural,
        region=region,
    )
    first = simulate(image_seed=2 * seed + 1, style=style)
    other_kind = "surface" if first.reflectance == "toa" else "toa"
    sensor = replace(draw_sensor_style(seeded(2 * seed + 2, 3)), reflectance=other_kind)
    return first, simulate(image_seed=2 * seed + 2, style=replace(style, sensor=sensor))
