from dataclasses import replace

import numpy as np
import pytest

from glacier_core.simulation.cover import bare_ground, lakes_and_sea, snow_off_ice
from glacier_core.simulation.ground import Layer, SurfaceClass

from .grounds import make_ground, random


def height_above(ground, line=1700.0):
    """Height above a level snow line as a share of a glacier 800 m high."""
    return ((ground.elevation - line) / 800.0).astype(np.float32)


def test_bare_ground_starts_with_rock_everywhere(tongue, generator):
    layers = bare_ground(tongue, generator, 0.4)
    assert layers[0].surface == SurfaceClass.ROCK
    assert (layers[0].share == 1.0).all()
    assert all(layer.share.min() >= 0.0 and layer.share.max() <= 1.0 for layer in layers)


def test_plants_keep_to_the_share_of_ground_they_reach(tongue):
    def share(vegetation):
        layers = bare_ground(tongue, random(3), vegetation)
        (plants,) = (x.share for x in layers if x.surface == SurfaceClass.VEGETATION)
        return plants[~tongue.glacier].mean()

    assert share(-0.2) == 0.0
    assert share(0.2) < share(0.6)


def test_scree_lies_at_its_angle_of_repose_below_walls():
    rows, _ = np.mgrid[:100, :100].astype(np.float32)
    wall, cone, flat = 1.4, 0.6, 0.05
    fall = np.where(rows < 30, wall, np.where(rows < 60, cone, flat)) * 30.0
    ground = make_ground(3000.0 - np.cumsum(fall, axis=0))
    (scree,) = (
        layer.share
        for layer in bare_ground(ground, random(), 0.0)
        if layer.surface == SurfaceClass.SCREE
    )
    assert scree[34:38].mean() > 0.2
    assert scree[5:26].max() == 0.0
    assert scree[66:95].max() == 0.0


@pytest.mark.parametrize(("style", "most"), [("patches", 0.14), ("heavy", 0.45)])
def test_snow_lies_off_the_ice_and_no_more_than_it_may(tongue, style, most):
    shares = []
    for seed in range(8):
        layers = snow_off_ice(tongue, random(seed), style, height_above(tongue), [])
        assert all(layer.share[tongue.glacier].max() == 0.0 for layer in layers)
        shares.append((layers[0].share[~tongue.glacier] > 0.5).mean())
    assert 0.01 < max(shares) < most
    assert snow_off_ice(tongue, random(), "none", height_above(tongue), []) == []


def test_a_lower_snow_line_brings_more_snow(tongue):
    def share(line):
        layer, _ = snow_off_ice(tongue, random(4), "patches", height_above(tongue, line), [])
        return (layer.share > 0.5).mean()

    assert 0.0 < share(2350.0) < share(2250.0)
    assert share(5000.0) == 0.0


def test_no_snow_on_water(tongue):
    everywhere = Layer(SurfaceClass.WATER, "water", np.ones(tongue.shape, dtype=np.float32))
    for layer in snow_off_ice(tongue, random(), "heavy", height_above(tongue), [everywhere]):
        assert layer.share.max() == 0.0


def test_snow_lies_higher_than_bare_ground(tongue):
    layer, _ = snow_off_ice(tongue, random(1), "heavy", height_above(tongue), [])
    free = ~tongue.glacier
    snowy = tongue.elevation[free & (layer.share > 0.5)].mean()
    assert snowy > tongue.elevation[free].mean() + 50.0


def test_drifts_lie_in_hollows():
    rows, columns = np.mgrid[:120, :120].astype(np.float32)
    pit = 40.0 * np.exp(-((rows - 60) ** 2 + (columns - 60) ** 2) / 60.0)
    ground = make_ground(2000.0 - pit)
    level = np.zeros(ground.shape, dtype=np.float32)
    pitted = np.hypot(rows - 60, columns - 60) < 5
    inside, outside = [], []
    for seed in range(10):
        _, drifts = snow_off_ice(ground, random(seed), "patches", level - 0.05, [])
        inside.append(drifts.share[pitted].mean())
        outside.append(drifts.share[~pitted].mean())
    assert np.mean(inside) > 0.5
    assert np.mean(outside) < 0.03


def test_lakes_are_level_and_off_the_ice():
    rows, columns = np.mgrid[:120, :120] - 60.0
    basin = np.minimum(0.05 * (rows**2 + columns**2), 150.0)
    labels = (rows < -45).astype(np.int32)
    ground = make_ground(basin, labels)
    found = 0
    for seed in range(12):
        lake_ground, layers = lakes_and_sea(ground, random(seed), "lakes")
        for layer in layers:
            found += 1
            assert layer.surface == SurfaceClass.WATER
            assert layer.share[labels > 0].max() == 0.0
            assert np.unique(lake_ground.elevation[layer.share > 0.5]).size <= 8
        changed = lake_ground.elevation != ground.elevation
        assert not changed.any() or layers
    assert found > 6


def test_sea_is_level_and_covers_the_lowest_ground(tongue):
    flooded, layers = lakes_and_sea(tongue, random(2), "sea")
    water = layers[0].share > 0.5
    assert 0.02 < water.mean() < 0.27
    assert np.unique(flooded.elevation[water]).size == 1
    assert not (water & tongue.glacier).any()
    assert flooded.elevation[water].max() <= tongue.elevation[~water & ~tongue.glacier].max()


def test_no_water_when_none_is_asked_for(tongue, generator):
    ground, layers = lakes_and_sea(tongue, generator, "none")
    assert ground is tongue
    assert layers == []


def test_lakes_that_the_ground_knows_of_are_water_and_no_others():
    rows, columns = np.mgrid[:80, :80].astype(np.float32)
    lakes = np.hypot(rows - 40.0, columns - 40.0) < 9.0
    ground = replace(make_ground(2000.0 - 3.0 * rows), lakes=lakes)
    for style in ("none", "lakes", "sea"):
        same, water = lakes_and_sea(ground, random(), style)
        assert same is ground
        assert len(water) == 1
        assert np.array_equal(water[0].share > 0.5, lakes)
