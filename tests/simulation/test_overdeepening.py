import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from glacier_core.simulation.overdeepening import fill_depressions, lakes_of, overdeepen

from .grounds import random


@settings(max_examples=40, deadline=None)
@given(arrays.arrays(np.float64, (9, 9), elements=st.floats(0.0, 100.0, width=32)))
def test_filled_ground_lets_all_water_out(ground):
    filled = fill_depressions(ground)
    assert (filled >= ground).all()
    assert np.array_equal(filled[0], ground[0])
    assert np.array_equal(filled[:, -1], ground[:, -1])
    assert np.array_equal(fill_depressions(filled), filled)
    for row in range(1, 8):
        for column in range(1, 8):
            around = filled[row - 1 : row + 2, column - 1 : column + 2].copy()
            around[1, 1] = np.inf
            raised = filled[row, column] > ground[row, column]
            assert not raised or around.min() <= filled[row, column]


def bowl(depth=20.0, cell=30.0):
    """Return a slope to the south with one paraboloid hollow, and its water level."""
    axis = np.arange(61.0) - 30.0
    distance = np.hypot(axis[:, None], axis[None, :])
    return np.where(distance < 15.0, 100.0 - depth * (1.0 - (distance / 15.0) ** 2), 100.0)


def test_a_bowl_fills_to_its_sill():
    bed = bowl()
    everywhere = np.ones(bed.shape, dtype=bool)
    lakes, level = lakes_of(bed, ~everywhere, 30.0, within=everywhere)
    assert lakes.sum() == pytest.approx(np.pi * 15.0**2, rel=0.05)
    assert level[lakes] == pytest.approx(100.0)
    assert np.array_equal(level[~lakes], bed[~lakes])


def test_ice_and_ground_that_never_saw_ice_hold_no_lake():
    bed = bowl()
    left = np.zeros(bed.shape, dtype=bool)
    left[:, :30] = True
    lakes, _ = lakes_of(bed, left, 30.0, within=~left | left)
    assert lakes.any()
    assert not (lakes & left).any()
    lakes, level = lakes_of(bed, np.zeros_like(left), 30.0, within=left & False)
    assert not lakes.any()
    assert np.array_equal(level, bed)


def test_puddles_are_no_lakes():
    everywhere = np.ones((61, 61), dtype=bool)
    shallow, _ = lakes_of(bowl(depth=2.0), ~everywhere, 30.0, within=everywhere)
    small, _ = lakes_of(bowl(), ~everywhere, 3.0, within=everywhere)
    assert not shallow.any()
    assert not small.any()


def test_wear_follows_the_ice_and_leaves_its_surface():
    rows, columns = np.mgrid[:40, :40].astype(np.float64)
    bed = 2000.0 - 8.0 * rows + 0.8 * (columns - 20.0) ** 2
    thickness = np.maximum(150.0 - 0.8 * (columns - 20.0) ** 2, 0.0)
    worn, left = overdeepen(random(), bed, thickness, lambda _, ice: ice, cell=110.0, depth=100.0)
    assert worn + left == pytest.approx(bed + thickness)
    assert (worn <= bed).all()
    assert np.array_equal(worn[:, :6], bed[:, :6])
    middle = (bed - worn)[5:-5, 19:22]
    assert 0.15 * 100.0 < middle.min() < middle.max() <= 1.6 * 100.0


def test_without_ice_nothing_is_worn():
    bed = 100.0 * random().random((20, 20))
    worn, left = overdeepen(random(), bed, 0.0 * bed, lambda _, ice: ice, cell=110.0, depth=100.0)
    assert np.array_equal(worn, bed)
    assert not left.any()
