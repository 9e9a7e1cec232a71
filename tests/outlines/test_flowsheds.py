import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from real_complexes import RESOLUTION, best_ious, mount_baker, oetztal

from glacier_core.errors import OutlineError
from glacier_core.outlines.flowsheds import split_by_flow

CELL = 30.0
SHAPE = (120, 200)
COLUMN, ROW = np.meshgrid(np.arange(SHAPE[1]) + 0.5, np.arange(SHAPE[0]) + 0.5)
ICE = (ROW > 15) & (ROW < 105) & (COLUMN > 15) & (COLUMN < 185)


def test_the_two_sides_of_a_roof_are_two_glaciers():
    elevation = 3000 - 0.4 * CELL * abs(COLUMN - 100)
    labels = split_by_flow(ICE, elevation, CELL)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert ((labels > 0) == ICE).all()
    west, east = labels[ICE & (COLUMN < 99)], labels[ICE & (COLUMN > 101)]
    assert len(set(west)) == len(set(east)) == 1
    assert west[0] != east[0]


def test_two_valleys_part_halfway_between_their_floors():
    """Floors at columns 50 and 150, 3 km apart, falling south: the divide is column 100."""
    elevation = 3000 - 0.15 * CELL * ROW + 0.5 * CELL * np.minimum(
        abs(COLUMN - 50), abs(COLUMN - 150)
    )  # fmt: skip
    labels = split_by_flow(ICE, elevation, CELL)
    assert set(np.unique(labels)) == {0, 1, 2}
    assert len(set(labels[ICE & (COLUMN < 99)])) == 1
    assert len(set(labels[ICE & (COLUMN > 101)])) == 1
    assert (labels == 1).sum() == pytest.approx((labels == 2).sum(), rel=0.03)


def test_two_cones_of_ice_stay_apart_where_they_do_not_touch():
    away = [np.hypot(COLUMN - x, ROW - 60) * CELL for x in (55, 145)]
    labels = split_by_flow(np.minimum(*away) < 1000, 3000 - 0.4 * np.minimum(*away), CELL)
    left, right = (set(np.unique(labels[:, half])) - {0} for half in (slice(100), slice(100, None)))
    assert not left & right


def test_a_valley_glacier_is_one_however_rough_its_surface():
    random = np.random.default_rng(3)
    elevation = 3000 - 0.15 * CELL * ROW + 0.004 * (abs(COLUMN - 100) * CELL) ** 1.5
    labels = split_by_flow(ICE, elevation + random.normal(0, 3, SHAPE), CELL)
    assert (labels == 1).sum() >= 0.95 * ICE.sum()


def test_turning_the_map_turns_the_glaciers():
    elevation = 3000 - 0.15 * CELL * ROW + 0.5 * CELL * np.minimum(
        abs(COLUMN - 50), abs(COLUMN - 150)
    )  # fmt: skip
    upright = split_by_flow(ICE, elevation, CELL)
    turned = split_by_flow(np.rot90(ICE), np.rot90(elevation), CELL)
    assert best_ious(upright, np.rot90(turned, -1)).min() > 0.95


def test_a_higher_sea_moves_no_divide():
    elevation = 3000 - 0.4 * CELL * abs(COLUMN - 100) - 3 * ROW
    assert (split_by_flow(ICE, elevation, CELL) == split_by_flow(ICE, elevation + 500, CELL)).all()


@settings(max_examples=20)
@given(arrays.arrays(bool, (12, 14)), st.integers(0, 10))
def test_all_ice_is_some_glaciers_and_nothing_else_is(mask, seed):
    elevation = np.random.default_rng(seed).uniform(0, 500, mask.shape)
    labels = split_by_flow(mask, elevation, 60.0)
    assert ((labels > 0) == mask).all()
    sizes = np.bincount(labels[labels > 0], minlength=1)[1:]
    assert (np.diff(sizes) <= 0).all()
    assert (sizes > 0).all()


def test_ice_that_fills_the_map_and_flat_ice_are_one_glacier():
    everywhere = np.ones((20, 20), dtype=bool)
    assert (split_by_flow(everywhere, np.zeros((20, 20)), CELL) == 1).all()
    labels = split_by_flow(ICE, np.full(SHAPE, 1000.0), CELL)
    assert (labels == ICE).all()


def test_no_ice_has_no_glacier_and_needs_no_elevation():
    assert not split_by_flow(np.zeros((5, 5), bool), np.full((5, 5), np.nan), CELL).any()
    with pytest.raises(OutlineError, match="no elevation"):
        split_by_flow(np.ones((5, 5), bool), np.full((5, 5), np.nan), CELL)


def test_most_glaciers_of_the_oetztal_come_back(samples_mirror):
    place = oetztal(samples_mirror)
    labels = split_by_flow(place.ice, place.elevation, RESOLUTION)
    ious = best_ious(place.labels, labels)
    areas = np.bincount(place.labels.ravel())[1:]
    assert len(ious) == 23
    assert (ious >= 0.5).sum() >= 22
    assert (ious * areas).sum() / areas.sum() >= 0.88
    assert labels.max() <= 33


def test_the_glaciers_of_mount_baker_come_back(samples_mirror):
    place = mount_baker(samples_mirror)
    labels = split_by_flow(place.ice, place.elevation, RESOLUTION)
    ious = best_ious(place.labels, labels)
    assert (ious >= 0.5).sum() == 7
    assert ious.mean() >= 0.9
    assert labels.max() <= 11
