import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glacier_core.benchmark.boundaries import BoundarySums, boundary_sums

EVERYWHERE = np.ones((20, 30), bool)


def left_of(column):
    return np.broadcast_to(np.arange(30) < column, (20, 30))


def test_a_straight_boundary_that_moved_by_three_pixels():
    sums = boundary_sums(left_of(13), left_of(10), EVERYWHERE, (10.0, 7.0))
    assert sums.mean_distance == pytest.approx(21.0)
    assert sums.pixels == 40
    assert sums.left_out == 0


def test_pixels_that_are_no_squares_measure_their_height():
    sums = boundary_sums(left_of(13).T, left_of(10).T, EVERYWHERE.T, (10.0, 7.0))
    assert sums.mean_distance == pytest.approx(30.0)


def test_a_square_around_a_square_by_hand():
    inner, outer = np.zeros((2, 20, 30), bool)
    inner[8:11, 8:11], outer[7:12, 7:12] = True, True
    sums = boundary_sums(outer, inner, EVERYWHERE, (1.0, 1.0))
    # Of 16 outer boundary pixels the 4 corners lie a diagonal away; all 8 inner ones lie 1 away.
    assert sums.predicted == pytest.approx(12 + 4 * np.sqrt(2))
    assert sums.expert == 8
    assert sums.mean_distance == pytest.approx(((12 + 4 * np.sqrt(2)) / 16 + 1) / 2)


def test_the_edge_of_a_tile_and_missing_truth_are_no_boundary():
    scored = left_of(10)
    assert boundary_sums(left_of(10), left_of(10), scored, (1.0, 1.0)) == BoundarySums()
    assert np.isnan(BoundarySums().mean_distance)
    assert np.isnan(BoundarySums().left_out)


def test_a_boundary_without_partner_is_told_and_not_measured():
    sums = boundary_sums(left_of(5), left_of(0), EVERYWHERE, (1.0, 1.0))
    assert sums == BoundarySums(alone=20)
    known = boundary_sums(left_of(5), left_of(6), EVERYWHERE, (1.0, 1.0))
    assert (sums + known).left_out == 20 / 60
    assert (sums + known).mean_distance == 1.0


@settings(max_examples=30)
@given(arrays(bool, (6, 7)), arrays(bool, (6, 7)), st.floats(1, 30))
def test_the_distance_is_symmetric_and_zero_between_equals(one, other, side):
    everywhere, size = np.ones((6, 7), bool), (side, side)
    there, back = (boundary_sums(a, b, everywhere, size) for a, b in ((one, other), (other, one)))
    np.testing.assert_allclose(there.mean_distance, back.mean_distance)
    same = boundary_sums(one, one, everywhere, size)
    assert same.pixels == 0 or same.mean_distance == 0
