import numpy as np
import pytest

from glacier_core.simulation.weather import (
    DRY,
    LAPSE_RATE,
    WET,
    Weather,
    air_temperature,
    draw_weather,
    wetness,
)

from .grounds import make_ground, random


def test_air_freezes_at_its_level_and_cools_upwards():
    ground = make_ground(np.array([[2000.0, 3000.0, 4000.0]]))
    air = air_temperature(ground, Weather(3000.0))
    assert air[0] == pytest.approx([279.65, 273.15, 266.65], abs=1e-3)


def test_snow_is_wet_where_the_air_is_warm():
    level = 3000.0
    heights = [level - (WET + 0.1) / LAPSE_RATE, level, level - (DRY - 0.1) / LAPSE_RATE]
    wet = wetness(make_ground(np.array([heights])), Weather(level))[0]
    assert wet[0] == 1.0
    assert 0.0 < wet[1] < 1.0
    assert wet[2] == 0.0


def test_the_freezing_level_follows_the_glaciers_not_the_sea(tongue):
    raised = make_ground(tongue.elevation + 3000.0, tongue.labels)
    low = [draw_weather(tongue, random(seed)).freezing_level for seed in range(30)]
    high = [draw_weather(raised, random(seed)).freezing_level for seed in range(30)]
    assert np.subtract(high, low) == pytest.approx(3000.0, abs=0.1)
    ice = tongue.elevation[tongue.glacier]
    assert min(low) > ice.min()
    assert min(low) < ice.max() < max(low)


def test_ground_without_glaciers_or_relief_has_weather():
    level = draw_weather(make_ground(np.full((4, 4), 700.0)), random()).freezing_level
    assert 700.0 < level < 900.0
