"""Ground, season and imagery of one region: what `regions` says, drawn and put together."""

import datetime
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from glacier_core.simulation.instruments import INSTRUMENTS
from glacier_core.simulation.light import Sun, solar_position
from glacier_core.simulation.regions import REGIONS, Region
from glacier_core.simulation.sensor import SensorStyle, draw_sensor_style
from glacier_core.simulation.surface import SurfaceOdds, SurfaceStyle, draw_surface_style
from glacier_core.simulation.terrain import (
    TERRAIN_RECIPE,
    TerrainSource,
    TerrainStyle,
    procedural_terrain,
)
from glacier_core.simulation.windows import PreparedTerrain, cut_window
from glacier_core.simulation.world import DemStyle, World, WorldStyle, simulate_world

CODES = tuple(REGIONS)
BED_CELLS = 144
# The end of the ablation season on either hemisphere, and the dry season of the outer tropics.
SEASON = (213, 268)  # days of the year, 1 August to 25 September
TROPICAL_SEASON = (121, 273)  # May to September
TROPIC = 15.0  # degrees
OVERPASS = (10.1, 10.9)  # hours of local solar time at which Landsat and Sentinel-2 pass
HALF_YEAR = 182  # days
FIRST_PLACE = 2_200_000  # number of the terrain of the first place of the first region
PLACE_SPREAD = 3.0  # degrees between the centre of a region and its places, at most
LOWEST_SUN = 72.0  # degrees of zenith; images under lower suns are not mapped from


def region_of_terrain(number: int) -> Region:
    """Region of a procedural terrain by its number: they take turns."""
    return REGIONS[CODES[number % len(CODES)]]


def terrain_number(region: str, place: int, first: int) -> int:
    """Return the number of the terrain that is a region's place, counting from `first`.

    Parameters
    ----------
    region : str
        Code.
    place : int
        Two places never share ground.
    first : int
        A multiple of the number of regions.
    """
    return first + len(CODES) * place + CODES.index(region)


def regional_terrain(number: int, cache: Path | None = None) -> TerrainSource:
    """Procedural terrain of a number, in the manner of its region.

    Parameters
    ----------
    number : int
        Decides everything.
    cache : Path, optional
        Folder in which terrain is kept once made (1 to 2 s each).
    """
    path = None if cache is None else cache / f"regional-{TERRAIN_RECIPE}-{number}.npz"
    region = region_of_terrain(number)
    name = f"procedural-{region.code}-{number}"
    if path is not None and path.exists():
        with np.load(path) as stored:
            return TerrainSource(
                name=name,
                elevation=stored["elevation"],
                labels=stored["labels"],
                resolution=float(stored["resolution"]),
                complete=True,
                procedural=True,
                region=region.code,
            )
    terrain = procedural_terrain(number, draw_terrain_style(number, region))
    if path is not None:
        _keep(terrain, path)
    return replace(terrain, name=name, region=region.code)


def _keep(terrain: TerrainSource, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part, elevation=terrain.elevation, labels=terrain.labels, resolution=terrain.resolution
    )
    part.replace(path)


def draw_terrain_style(number: int, region: Region) -> TerrainStyle:
    """Draw the look of procedural ground within the ranges of a region."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([number, 11])))
    sides = generator.random(4) < 0.7
    if not sides.any():
        sides[:] = True
    plateau = generator.random() < region.plateaus
    return TerrainStyle(
        cells=BED_CELLS,
        relief=float(generator.uniform(*region.relief)),
        talus=float(generator.uniform(*region.talus)),
        equilibrium_quantile=float(generator.uniform(*region.equilibrium)),
        gradient=float(generator.uniform(*region.gradient)),
        accumulation_cap=float(generator.uniform(*region.accumulation)),
        roundness=float(generator.uniform(0.4, 0.85)) if plateau else 0.0,
        open_sides=(bool(sides[0]), bool(sides[1]), bool(sides[2]), bool(sides[3])),
    )


def surface_odds(region: Region) -> SurfaceOdds:
    """How likely debris, water and plants are in a region.

    A covered tongue is drawn for a multiple of the region's debris share, as only part of each
    glacier lies under debris; the multiple is an assumption.
    """
    heavy = float(np.clip(2.0 * region.debris_share, 0.03, 0.60))
    light = 0.55 * (1.0 - heavy)
    sea = float(np.clip(1.1 * region.tidewater_share, 0.0, 0.85))
    lakes = 0.70 * (1.0 - sea)
    return SurfaceOdds(
        debris=(1.0 - heavy - light, light, heavy),
        water=(1.0 - sea - lakes, lakes, sea),
        vegetation=region.vegetation,
    )


def draw_regional_surface(generator: np.random.Generator, region: Region) -> SurfaceStyle:
    """Draw what covers the ground of a region."""
    return draw_surface_style(generator, surface_odds(region))


def draw_regional_sensor(
    generator: np.random.Generator, region: Region, instrument: str | None = None
) -> SensorStyle:
    """Draw an image of one of the region's instruments, or of the one given."""
    instruments = region.instruments if instrument is None else ((instrument, 1.0),)
    return draw_sensor_style(generator, instruments)


def draw_season(generator: np.random.Generator, region: Region) -> int:
    """Day of the year, as if north of the equator, on which the region's snow is least."""
    season = TROPICAL_SEASON if abs(region.latitude) < TROPIC else SEASON
    return int(generator.integers(season[0], season[1] + 1))


def regional_sun(generator: np.random.Generator, region: Region, day: int) -> Sun:
    """Sun over a region on a day, at the hour at which the satellites pass.

    South of the equator the sun is that of the same latitude in the north: such worlds are
    mirrored north to south once they are made.
    """
    hour = float(generator.uniform(*OVERPASS))
    latitude = abs(region.latitude) + float(generator.uniform(-2.0, 2.0))
    zenith, azimuth = solar_position(latitude, day, hour)
    return Sun(
        zenith=min(zenith, LOWEST_SUN),
        azimuth=azimuth,
        incidence_power=float(generator.uniform(0.7, 1.0)),
        haze=float(generator.uniform(0.6, 1.6)),
    )


def acquisition_date(region: Region, day: int, year: int) -> str:
    """ISO date of a northern day of the year, half a year on in the south."""
    shift = HALF_YEAR if region.latitude < 0 else 0
    start = datetime.date(year, 1, 1)
    return (start + datetime.timedelta(days=(day - 1 + shift) % 365)).isoformat()


def draw_regional_world(
    region: str,
    seed: int,
    *,
    size: int,
    resolution: float,
    place: int = 0,
    date: int = 0,
    sensor: str | None = None,
    held_out: bool = False,
    features: bool = False,
    terrain_cache: Path | None = None,
) -> World:
    """Draw one world of a region: its ground, season, sun and instrument, in TOA reflectance.

    Parameters
    ----------
    region : str
        Code, such as "ALP".
    seed : int
        Which window of the place.
    size : int
        Rows and columns.
    resolution : float
        Cell size, m.
    place : int
        Which ground; two places never share any.
    date : int
        Which image of the window: another date has other snow, sun and weather.
    sensor : str, optional
        Name of the instrument; one of the region's own when not given.
    held_out : bool
        Whether to use the spectra kept from training.
    features : bool
        Whether to make the radar features that the region's tiles hold, and thermal ones.
    terrain_cache : Path, optional
        Folder in which terrain is kept.

    Returns
    -------
    World
        North up, with a place and a date. Glaciers are the same on every date and image.
    """
    found = REGIONS[region]
    number = terrain_number(region, place, FIRST_PLACE)
    ground_seed = np.random.SeedSequence([number, seed])
    generator = np.random.default_rng(ground_seed)
    ground = cut_window(_prepared(number, terrain_cache), generator, size, resolution)
    base = np.float32(generator.uniform(*found.base))
    ground = replace(ground, elevation=ground.elevation - ground.elevation.min() + base)
    weather = np.random.default_rng([number, seed, date, 1])
    day = draw_season(weather, found)
    surface = draw_regional_surface(weather, found)
    sun = regional_sun(weather, found, day)
    image = replace(
        draw_regional_sensor(weather, found, sensor), reflectance="toa", holes=False, stripes=False
    )
    instrument = INSTRUMENTS[image.instrument]
    year = int(weather.integers(instrument.first_year, instrument.last_year + 1))
    dem = DemStyle(float(weather.uniform(0.3, 2.0)), 0.5, float(weather.uniform(0.3, 3.0)), None)
    cover_seed, image_seed = (int(n) for n in weather.integers(2**31, size=2))
    world = simulate_world(
        ground,
        cover_seed,
        image_seed=image_seed,
        style=WorldStyle(surface, sun, image, dem),
        held_out=held_out,
        source=f"procedural-{region}-{number}",
        region=region,
        latitude=abs(found.latitude),
        features=frozenset({*found.radar, "thermal"} if features else ()),
    )
    offset = np.random.default_rng([number, 2]).uniform(-PLACE_SPREAD, PLACE_SPREAD, 2)
    world = replace(
        world,
        longitude=found.longitude + float(offset[0]),
        latitude=found.latitude + float(offset[1]),
        acquired=acquisition_date(found, day, year),
    )
    return mirrored(world) if found.latitude < 0 else world


@lru_cache(maxsize=4)
def _prepared(number: int, cache: Path | None) -> PreparedTerrain:
    """Keep prepared ground from window to window: it is costly."""
    return PreparedTerrain(regional_terrain(number, cache))


def mirrored(world: World) -> World:
    """Turn a northern world into a southern one: north and south change places."""
    flipped: dict[str, Any] = {
        name: np.ascontiguousarray(getattr(world, name)[..., ::-1, :])
        for name in ("optical", "elevation", "slope", "glacier", "labels", "surface", "shadow")
    }
    return replace(
        world,
        **flipped,
        weight=np.ascontiguousarray(world.weight[::-1]),
        valid=np.ascontiguousarray(world.valid[::-1]),
        sun_azimuth=(180.0 - world.sun_azimuth) % 360.0,
        features={
            name: np.ascontiguousarray(values[..., ::-1, :])
            for name, values in world.features.items()
        },
    )
