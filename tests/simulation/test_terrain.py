import numpy as np
import pytest

from glacier_core.simulation.terrain import CELL, REFINEMENT, draw_style, fail_slopes

from .grounds import random


def test_no_slope_outlasts_its_talus():
    ground = 500.0 * random().random((40, 40))
    stable = fail_slopes(ground, 10.0, 0.8, rounds=30)
    assert (stable <= ground).all()
    assert np.abs(np.diff(stable, axis=0)).max() <= 0.8 * 10.0 + 1e-9
    assert np.abs(stable[1:, 1:] - stable[:-1, :-1]).max() <= 0.8 * 10.0 * 2**0.5 + 1e-9
    gentle = np.add.outer(np.arange(20.0), np.zeros(20))
    assert np.array_equal(fail_slopes(gentle, 10.0, 0.8, rounds=3), gentle)


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
