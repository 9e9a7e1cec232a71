from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from glacier_core.simulation.overdeepening import fill_depressions
from glacier_core.simulation.terrain import (
    CELL,
    REFINEMENT,
    draw_style,
    glaciated_ground,
)

from .grounds import random


def test_ground_looks_like_mountains_with_glaciers(terrain):
    glacier = terrain.labels > 0
    assert terrain.elevation.shape == (144 * REFINEMENT, 144 * REFINEMENT)
    assert terrain.resolution == pytest.approx(CELL / REFINEMENT)
    assert np.isfinite(terrain.elevation).all()
    assert 0.01 < glacier.mean() < 0.7
    assert terrain.elevation[glacier].mean() > np.median(terrain.elevation) + 200.0
    down, right = np.gradient(terrain.elevation, terrain.resolution)
    slope = np.hypot(down, right)
    assert np.median(slope[glacier]) < np.median(slope[~glacier])
    assert terrain.labels.max() > 3


def test_styles_stay_in_range_and_always_let_rivers_out():
    styles = [draw_style(random(seed)) for seed in range(60)]
    assert all(any(style.open_sides) for style in styles)
    assert all(1600 <= style.relief <= 3000 for style in styles)
    assert 0.1 < np.mean([style.equilibrium_quantile < 0.82 for style in styles]) < 0.5
    assert {style.roundness > 0 for style in styles} == {True, False}


def hollow_share(seed, depth):
    """Share of the icy bed that would hold water more than 3 m deep."""
    style = replace(draw_style(random(seed)), cells=72, equilibrium_quantile=0.7)
    ground = glaciated_ground(seed, replace(style, overdeepening=depth))
    hollow = fill_depressions(ground.bed) - ground.bed > 3.0
    icy = ground.thickness > 14.0
    return (hollow & icy).sum() / icy.sum()


def test_ice_leaves_hollows_in_its_bed():
    seeds = (1000, 1001, 1003)
    plain = np.array([hollow_share(seed, 0.0) for seed in seeds])
    deep = np.array([hollow_share(seed, 120.0) for seed in seeds])
    assert plain.max() > 0.0
    assert (deep > np.maximum(plain, 0.002)).all()
    assert 0.01 < deep.mean() < 0.10


def test_a_latitude_turns_the_equilibrium_line_to_the_sun():
    style = replace(draw_style(random(3)), cells=72, roundness=0.0)
    south, north = (
        glaciated_ground(3, replace(style, latitude=latitude)) for latitude in (-45.0, 45.0)
    )
    facing_north = np.gradient(ndimage.gaussian_filter(north.bed, 2.0), CELL)[0] > 0.3
    difference = (north.equilibrium_line - south.equilibrium_line)[facing_north].mean()
    assert -300.0 < difference < -50.0
