"""Whole simulated scenes to look at and to map, three of them by name."""

import re
from dataclasses import dataclass, replace
from typing import Literal

import geopandas as gpd
import numpy as np
import pandas as pd
from affine import Affine
from scipy import ndimage

from glacier_core.errors import SceneError
from glacier_core.scene import Scene, SceneAttributes, build_scene
from glacier_core.simulation.experts import ANALYSTS, expert_outlines, panel_of_experts
from glacier_core.simulation.light import Sun
from glacier_core.simulation.sensor import SensorStyle
from glacier_core.simulation.surface import SurfaceStyle
from glacier_core.simulation.terrain import TerrainStyle, procedural_terrain
from glacier_core.simulation.windows import PreparedTerrain, cut_north_up
from glacier_core.simulation.world import DemStyle, World, WorldStyle, simulate_world

Style = Literal["valley", "debris", "ice-cap"]

SIZE = 448  # px
RESOLUTION = 30.0  # m
# Open water in the middle of the North Atlantic, so that nobody takes the place for a real one.
FICTITIOUS_CRS = "EPSG:32624"
FICTITIOUS_CORNER = (500_000.0, 5_205_000.0)  # m east and north; about 39° W 47° N
CORNER_STEP = 40_000.0  # m between the places of the styles


@dataclass(frozen=True)
class Recipe:
    """How scenes of one style are made.

    Attributes
    ----------
    description : str
        Of the glaciers, for the title.
    terrain : TerrainStyle
    surface : SurfaceStyle
    base : float
        Lowest elevation, m.
    sun : Sun
    """

    description: str
    terrain: TerrainStyle
    surface: SurfaceStyle
    base: float
    sun: Sun


OPEN = (True, True, True, True)
RECIPES: dict[str, Recipe] = {
    "valley": Recipe(
        "clean-ice valley glaciers",
        TerrainStyle(144, 2400.0, 0.90, 0.86, 0.0075, 1.8, 0.0, OPEN),
        SurfaceStyle("light", "patches", 0.50, "lakes", same_rock=True),
        1300.0,
        Sun(zenith=42.0, azimuth=150.0, incidence_power=0.75, haze=1.0),
    ),
    "debris": Recipe(
        "debris-covered tongues",
        TerrainStyle(144, 3000.0, 1.00, 0.75, 0.0070, 1.6, 0.0, OPEN),
        SurfaceStyle("heavy", "patches", 0.60, "lakes", same_rock=True),
        3000.0,
        Sun(zenith=34.0, azimuth=140.0, incidence_power=0.75, haze=0.8),
    ),
    "ice-cap": Recipe(
        "ice cap with outlet glaciers",
        TerrainStyle(144, 1300.0, 0.80, 0.84, 0.0065, 1.6, 0.85, OPEN),
        SurfaceStyle("light", "patches", 0.45, "lakes", same_rock=True),
        150.0,
        Sun(zenith=52.0, azimuth=165.0, incidence_power=0.75, haze=1.0),
    ),
}
SENSOR = SensorStyle("toa", blur=0.45, noise=0.002)
DEM = DemStyle(blur=0.8, shift=0.4, noise=1.0, base=None)

DEMONSTRATIONS: dict[str, tuple[Style, int]] = {
    "simulated-valley": ("valley", 2),
    "simulated-debris": ("debris", 2),
    "simulated-ice-cap": ("ice-cap", 7),
}
"""Named scenes: style and seed."""

_SIMULATED = re.compile(rf"simulated-(?P<style>{'|'.join(RECIPES)})-(?P<seed>\d{{1,9}})")
"""Ids of other scenes of :func:`simulate_scene`."""


def demonstration(name: str) -> Scene:
    """Make one of the named demonstration scenes.

    Parameters
    ----------
    name : {"simulated-valley", "simulated-debris", "simulated-ice-cap"}

    Raises
    ------
    SceneError
        If there is none of that name.
    """
    if name not in DEMONSTRATIONS:
        raise SceneError(
            f"There is no demonstration scene '{name}'. There are: {', '.join(DEMONSTRATIONS)}."
        )
    style, seed = DEMONSTRATIONS[name]
    scene = simulate_scene(seed, style)
    title = f"Simulated: {RECIPES[style].description}"
    attributes = scene.attributes.model_copy(update={"id": name, "title": title})
    return replace(scene, attributes=attributes)


def simulate_scene(seed: int, style: Style = "valley", *, experts: int = 1) -> Scene:
    """Make a simulated scene of a style, with the outlines that experts would have drawn.

    Parameters
    ----------
    seed : int
        Decides everything; not negative.
    style : {"valley", "debris", "ice-cap"}
    experts : int
        One who interprets everything rightly, or a panel of as many, each with habits of their
        own (``deviations.panel.compare_panel`` holds a map against them).

    Returns
    -------
    Scene
        TOA reflectance, 448 x 448 px of 30 m, marked as simulated, at a fictitious place in the
        open North Atlantic.

    Raises
    ------
    SceneError
        If there is no such style or the seed is negative.
    OutlineError
        If there is to be less than one expert.
    """
    world = simulate_demonstration_world(seed, style)
    transform = fictitious_place(style)
    if experts == 1:
        outlines = expert_outlines(world.labels, transform, FICTITIOUS_CRS, seed=seed)
        drawn_by = "the simulated truth as an unsteady hand would draw it"
    else:
        outlines = _panel(world, style, seed, experts)
        drawn_by = f"those of {experts} simulated experts with habits of their own"
    attributes = SceneAttributes(
        id=f"simulated-{style}-{seed}",
        title=f"Simulated: {RECIPES[style].description} (seed {seed})",
        sensor="simulated, six Landsat-like bands",
        source=f"Glacier Explorer simulation, style {style}, seed {seed}",
        licence="CC0 1.0",
        reflectance="toa",
        simulated=True,
        outlines_complete=True,
        notes=(
            "This scene is simulated: terrain, ice, light and imagery come from a program.",
            "Its place on the map, in the open North Atlantic, is fictitious.",
            f"The expert outlines are {drawn_by}.",
        ),
    )
    return build_scene(
        world.optical,
        world.elevation,
        transform=transform,
        crs=FICTITIOUS_CRS,
        attributes=attributes,
        outlines=outlines,
    )


def simulated_panel(scene_id: str, experts: int = ANALYSTS) -> gpd.GeoDataFrame:
    """Let several simulated experts outline the glaciers of a simulated scene.

    Parameters
    ----------
    scene_id : str
        A demonstration, or a scene of :func:`simulate_scene`, by its id.
    experts : int
        How many, at least one.

    Returns
    -------
    geopandas.GeoDataFrame
        All their outlines in one table, in the schema of ``outlines.schema``; the analysts are
        "simulated expert 1", "simulated expert 2", ...

    Raises
    ------
    SceneError
        If the scene was not simulated here, so that nobody knows what its experts would doubt.
    OutlineError
        If there is to be less than one expert.
    """
    style, seed = _style_and_seed(scene_id)
    return _panel(simulate_demonstration_world(seed, style), style, seed, experts)


def has_simulated_panel(scene_id: str) -> bool:
    """Return whether :func:`simulated_panel` knows a scene."""
    return scene_id in DEMONSTRATIONS or _SIMULATED.fullmatch(scene_id) is not None


def _style_and_seed(scene_id: str) -> tuple[Style, int]:
    if scene_id in DEMONSTRATIONS:
        return DEMONSTRATIONS[scene_id]
    found = _SIMULATED.fullmatch(scene_id)
    if found is None:
        raise SceneError(
            f"Only scenes simulated here have simulated experts; {scene_id[:80]!r} is none. "
            f"There are: {', '.join(DEMONSTRATIONS)}, and those of simulate_scene."
        )
    style: Style = found["style"]  # type: ignore[assignment]  # the pattern holds no other
    return style, int(found["seed"])


def _panel(world: World, style: Style, seed: int, experts: int) -> gpd.GeoDataFrame:
    panel = panel_of_experts(
        world, fictitious_place(style), FICTITIOUS_CRS, count=experts, seed=seed
    )
    return pd.concat(panel, ignore_index=True)


def simulate_demonstration_world(seed: int, style: Style) -> World:
    """Make what `simulate_scene` shows, with the truth: see there."""
    recipe = find_recipe(seed, style)
    terrain = PreparedTerrain(procedural_terrain(seed, recipe.terrain))
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 6])))
    centre = ndimage.center_of_mass(terrain.source.labels == 1)
    ground = cut_north_up(terrain, generator, (centre[0], centre[1]), SIZE, RESOLUTION)
    ground = replace(ground, elevation=ground.elevation + np.float32(recipe.base))
    style_of_world = WorldStyle(recipe.surface, recipe.sun, SENSOR, DEM)
    return simulate_world(
        ground, seed, style=style_of_world, source=f"procedural, style {style}, seed {seed}"
    )


def find_recipe(seed: int, style: Style) -> Recipe:
    """Recipe of a style.

    Raises
    ------
    SceneError
        If there is no such style or the seed is negative.
    """
    if style not in RECIPES:
        raise SceneError(f"There is no style '{style}'. There are: {', '.join(RECIPES)}.")
    if seed < 0:
        raise SceneError(f"The seed of a simulated scene is a number from 0 up, not {seed}.")
    return RECIPES[style]


def fictitious_place(style: Style) -> Affine:
    """From pixel corners to metres of `FICTITIOUS_CRS`, a place of its own for every style."""
    west, north = FICTITIOUS_CORNER
    step = CORNER_STEP * list(RECIPES).index(style)
    return Affine(RESOLUTION, 0.0, west, 0.0, -RESOLUTION, north + step)
