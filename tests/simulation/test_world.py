from dataclasses import fields, replace

import numpy as np
import pytest

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.sensor import SensorStyle
from glacier_core.simulation.surface import SurfaceStyle
from glacier_core.simulation.world import (
    DemStyle,
    WorldStyle,
    image_pair,
    simulate_world,
    survey_elevation,
)
from glacier_core.slope import horn_slope

from .grounds import random

CLEAR = WorldStyle(
    surface=SurfaceStyle("none", "heavy", 0.5, "none", same_rock=True), sensor=SensorStyle("toa")
)


def same(first, second):
    pairs = [(getattr(first, f.name), getattr(second, f.name)) for f in fields(first)]
    return all(
        np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")
        if hasattr(a, "shape")
        else a == b or (a != a and b != b)
        for a, b in pairs
    )


def test_one_seed_one_world(tongue):
    assert same(simulate_world(tongue, 5), simulate_world(tongue, 5))
    assert not same(simulate_world(tongue, 5), simulate_world(tongue, 6))


def test_world_is_what_it_says(tongue):
    world = simulate_world(tongue, 5)
    assert world.optical.shape == (6, 120, 120)
    assert world.optical.dtype == world.elevation.dtype == world.slope.dtype == np.float32
    assert np.array_equal(world.glacier, tongue.glacier)
    assert world.slope == pytest.approx(horn_slope(world.elevation, 30.0))
    assert np.isnan(world.optical[:, ~world.valid]).all()
    assert np.isfinite(world.optical[:, world.valid]).all()
    assert (world.weight[~world.valid] == 0).all()


def test_image_seed_changes_the_image_and_not_the_truth(tongue):
    first, second = image_pair(tongue, 8, style=CLEAR)
    assert np.array_equal(first.glacier, second.glacier)
    assert np.array_equal(first.surface, second.surface)
    assert {first.reflectance, second.reflectance} == {"toa", "surface"}
    assert first.sun_zenith != second.sun_zenith
    assert not np.array_equal(first.elevation, second.elevation)


def test_snow_bodies_outside_incomplete_inventories_have_no_weight(tongue):
    whole = simulate_world(tongue, 3, style=CLEAR)
    partial = simulate_world(replace(tongue, complete=False), 3, style=CLEAR)
    assert (whole.weight == 1).all()
    unsure = partial.weight == 0
    assert unsure.sum() > 150
    assert (partial.surface[unsure] == SurfaceClass.SEASONAL_SNOW).all()
    assert not (unsure & partial.glacier).any()


def test_clouds_have_no_weight(tongue):
    style = replace(CLEAR, sensor=SensorStyle("toa", cloud=0.25))
    world = simulate_world(tongue, 3, style=style)
    cloudy = world.surface == SurfaceClass.CLOUD
    assert cloudy.mean() > 0.1
    assert np.array_equal(world.weight == 0, cloudy)


def test_unknown_ground_is_no_data(tongue):
    known = np.ones(tongue.shape, dtype=bool)
    known[:20] = False
    world = simulate_world(replace(tongue, known=known), 3, style=CLEAR)
    assert (world.surface[:20] == SurfaceClass.NO_DATA).all()
    assert not world.glacier[:20].any()
    assert np.isnan(world.elevation[:20]).all()


def test_surveyed_elevation_differs_by_its_noise_and_base(tongue):
    exact = survey_elevation(tongue, random(), DemStyle(0.0, 0.0, 0.0, None))
    assert exact == pytest.approx(tongue.elevation, abs=0.01)
    noisy = survey_elevation(tongue, random(), DemStyle(0.0, 0.0, 2.0, None))
    assert (noisy - tongue.elevation).std() == pytest.approx(2.0, rel=0.05)
    moved = survey_elevation(tongue, random(), DemStyle(0.0, 0.0, 0.0, (100.0, 200.0)))
    assert 100.0 <= moved.min() <= 200.0
