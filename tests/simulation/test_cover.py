import numpy as np
import pytest

from glacier_core.simulation.cover import bare_ground, lakes_and_sea, seasonal_snow
from glacier_core.simulation.ground import Layer, SurfaceClass

from .grounds import make_ground, random


def test_bare_ground_starts_with_rock_everywhere(tongue, generator):
    layers = bare_ground(tongue, generator)
    assert layers[0].surface == SurfaceClass.ROCK
    assert (layers[0].share == 1.0).all()
    assert all(layer.share.min() >= 0.0 and layer.share.max() <= 1.0 for layer in layers)


@pytest.mark.parametrize(("style", "low", "high"), [("patches", 0.005, 0.15), ("heavy", 0.1, 0.45)])
def test_seasonal_snow_lies_off_the_ice_in_the_share_asked_for(tongue, style, low, high):
    for seed in range(5):
        (layer,) = seasonal_snow(tongue, random(seed), style, [])
        assert layer.share[tongue.glacier].max() == 0.0
        assert low < (layer.share[~tongue.glacier] > 0.5).mean() < high
    assert seasonal_snow(tongue, random(), "none", []) == []


def test_no_snow_on_water(tongue):
    everywhere = Layer(SurfaceClass.WATER, "water", np.ones(tongue.shape, dtype=np.float32))
    (layer,) = seasonal_snow(tongue, random(), "heavy", [everywhere])
    assert layer.share.max() == 0.0


def test_snow_lies_higher_than_bare_ground(tongue):
    (layer,) = seasonal_snow(tongue, random(1), "heavy", [])
    free = ~tongue.glacier
    snowy = tongue.elevation[free & (layer.share > 0.5)].mean()
    assert snowy > tongue.elevation[free].mean() + 50.0


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
