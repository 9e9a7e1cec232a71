"""Simulated scenes of the same glaciers on several dates."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage

from glacier_core.scene import Scene, SceneAttributes, build_scene
from glacier_core.simulation.demonstrations import (
    DEM,
    FICTITIOUS_CRS,
    RESOLUTION,
    SENSOR,
    SIZE,
    Recipe,
    Style,
    fictitious_place,
    find_recipe,
)
from glacier_core.simulation.experts import expert_outlines
from glacier_core.simulation.fields import seeded
from glacier_core.simulation.ground import Ground
from glacier_core.simulation.history import GlacierHistory, Rise, simulate_history
from glacier_core.simulation.terrain import TerrainStyle
from glacier_core.simulation.windows import PreparedTerrain, cut_north_up
from glacier_core.simulation.world import World, WorldStyle, simulate_world

WARMING = 3.0  # m a year by which the equilibrium line rises: an assumption, about 0.02 K a year
LATITUDE = 47.0  # degrees north, of the fictitious place
OVERDEEPENING = 150.0  # m
COLDER_START = 0.04  # share of the bed by which the equilibrium line lies lower than in the recipe
SURVEY_DAY = (8, 20)  # month and day
SUN_SPREAD = (4.0, 8.0)  # degrees of zenith and azimuth by which dates differ
SNOW_LINE_SPREAD = 0.1  # share of the glacier cells by which dates differ


def simulate_series(
    seed: int,
    style: Style = "valley",
    years: Sequence[int] = (1960, 1980, 2000, 2020),
    *,
    equilibrium_line_rise: Rise = WARMING,
) -> list[Scene]:
    """Make scenes of the same glaciers on several dates, each with an expert's outlines.

    The ice is in balance in the first year and then follows the climate. Rocks, elevation survey
    and instrument are the same on every date; sun, snow line and the expert's hand are not.

    Parameters
    ----------
    seed : int
        Decides everything; not negative.
    style : {"valley", "debris", "ice-cap"}
    years : sequence of int
        Rising.
    equilibrium_line_rise : float or callable
        Metres a year, or a function of the years since the first that gives metres.

    Returns
    -------
    list of Scene
        One a year, as `simulate_scene` makes them. The ``glacier_id`` of an outline lasts through
        time; what breaks off "simulated-003" is "simulated-003.1", "simulated-003.2" and so on.

    Raises
    ------
    SceneError
        If there is no such style, the seed is negative, or the years do not rise.
    """
    recipe = find_recipe(seed, style)
    history = simulate_history(
        seed, years, equilibrium_line_rise, style=_terrain_style(recipe.terrain)
    )
    worlds = simulate_worlds(history, seed, recipe)
    return [
        _scene(world, history, seed, style, index, year)
        for index, (world, year) in enumerate(zip(worlds, years, strict=True))
    ]


def simulate_worlds(history: GlacierHistory, seed: int, recipe: Recipe) -> list[World]:
    """Cover, light and photograph every date of a history.

    Parameters
    ----------
    history : GlacierHistory
    seed : int
        Decides cover and image.
    recipe : Recipe
    """
    worlds = []
    for index, ground in enumerate(_grounds(history, seed, recipe.base)):
        generator = seeded(seed, 8, index)
        worlds.append(
            simulate_world(
                ground,
                seed,
                style=_style_of_date(recipe, generator),
                source=history.states[index].terrain.name,
            )
        )
    return worlds


def _terrain_style(style: TerrainStyle) -> TerrainStyle:
    return replace(
        style,
        equilibrium_quantile=style.equilibrium_quantile - COLDER_START,
        latitude=LATITUDE,
        overdeepening=OVERDEEPENING,
    )


def _grounds(history: GlacierHistory, seed: int, base: float) -> list[Ground]:
    """One window on every date, heights counted from the same level."""
    centre = ndimage.center_of_mass(history.states[0].labels == 1)
    grounds = [
        cut_north_up(
            PreparedTerrain(state.terrain),
            seeded(seed, 6),
            (centre[0], centre[1]),
            SIZE,
            RESOLUTION,
        )
        for state in history.states
    ]
    never_ice = ~np.any([ground.glacier for ground in grounds], axis=0)
    first = grounds[0].elevation
    return [
        replace(
            ground,
            elevation=ground.elevation
            + np.float32(base + np.median((first - ground.elevation)[never_ice])),
        )
        for ground in grounds
    ]


def _style_of_date(recipe: Recipe, generator: np.random.Generator) -> WorldStyle:
    """Sun and snow line of one summer; no lakes but those that the ice has left."""
    zenith, azimuth = SUN_SPREAD * generator.uniform(-1.0, 1.0, 2)
    line = recipe.surface.snow_line + generator.uniform(-SNOW_LINE_SPREAD, SNOW_LINE_SPREAD)
    sun = replace(
        recipe.sun,
        zenith=recipe.sun.zenith + float(zenith),
        azimuth=recipe.sun.azimuth + float(azimuth),
    )
    surface = replace(recipe.surface, snow_line=float(np.clip(line, 0.05, 0.95)), water="none")
    return WorldStyle(surface, sun, SENSOR, DEM)


def _scene(
    world: World, history: GlacierHistory, seed: int, style: Style, index: int, year: int
) -> Scene:
    transform = fictitious_place(style)
    state = history.states[index]
    attributes = SceneAttributes(
        id=f"simulated-{style}-{seed}-{year}",
        title=f"Simulated: {find_recipe(seed, style).description}, {year} (seed {seed})",
        acquired=date(year, *SURVEY_DAY),
        sensor="simulated, six Landsat-like bands",
        source=f"Glacier Explorer simulation, style {style}, seed {seed}, year {year}",
        licence="CC0 1.0",
        reflectance="toa",
        simulated=True,
        outlines_complete=True,
        notes=(
            "This scene is simulated: terrain, ice, light and imagery come from a program.",
            "Its place on the map, in the open North Atlantic, and its date are fictitious.",
            f"The equilibrium line has risen by {state.equilibrium_line_rise:.0f} m since "
            f"{history.states[0].year:g}, when the glaciers were in balance.",
            "The expert outlines are the simulated truth as an unsteady hand would draw it.",
        ),
    )
    drawn = expert_outlines(
        world.labels, transform, FICTITIOUS_CRS, seed=1000 * seed + index, source="simulated"
    )
    return build_scene(
        world.optical,
        world.elevation,
        transform=transform,
        crs=FICTITIOUS_CRS,
        attributes=attributes,
        outlines=_lasting_names(drawn, world.labels, transform, history, year),
    )


def _lasting_names(
    outlines: gpd.GeoDataFrame,
    labels: NDArray[np.int32],
    transform: Affine,
    history: GlacierHistory,
    year: int,
) -> gpd.GeoDataFrame:
    """Call each outline by the glacier that it holds most of."""
    if outlines.empty:
        return outlines
    shapes = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    drawn = features.rasterize(shapes, labels.shape, transform=transform, dtype="int32")
    names = []
    for number in range(1, len(outlines) + 1):
        held = labels[(drawn == number) & (labels > 0)]
        names.append(history.name(int(np.bincount(held).argmax())) if held.size else "")
    named = outlines.assign(
        glacier_id=[f"simulated-{name}" for name in names],
        name=[f"Simulated glacier {name.lstrip('0')}" for name in names],
        date=str(year),
    )
    return named[[bool(name) for name in names]].reset_index(drop=True)
