"""Borders that two outlines share, and nothing of their margins."""

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.deviations.divides import shared_borders


def square(side, x=0.0, y=0.0):
    return shapely.box(x, y, x + side, y + side)


def test_two_squares_side_by_side_share_one_side_and_no_more():
    """No metre of the sides that meet the border at its ends."""
    left, right = shared_borders([square(1000), square(1000, x=1000)], 15)
    side = shapely.LineString([(1000, 0), (1000, 1000)])
    for border in (left, right):
        assert border.length == pytest.approx(1000)
        assert shapely.hausdorff_distance(shapely.line_merge(border), side) == 0


@settings(max_examples=25, deadline=None)
@given(st.floats(-14, 14), st.integers(100, 1000))
def test_a_sliver_of_gap_or_overlap_is_forgiven(gap, height):
    """Half a pixel of 30 m; a corner of a piece of 10 m may hang over where they overlap."""
    other = shapely.box(1000 + gap, 0, 2000, height)
    for border in shared_borders([square(1000), other], 15):
        assert border.length == pytest.approx(height, abs=2 * abs(min(gap, 0)) + 10)


def test_wider_gaps_and_touching_corners_are_no_border():
    for other in (square(1000, x=1016), square(1000, x=1000, y=1000)):
        assert all(border.is_empty for border in shared_borders([square(1000), other], 15))


def test_a_wide_overlap_is_no_border():
    """But for the last half pixel at the two ends of each side."""
    for border in shared_borders([square(1000), square(1000, x=960)], 15):
        assert border.length <= 2 * 2 * 15


def test_the_rim_of_a_nunatak_that_another_glacier_fills():
    ring = square(1000).difference(square(200, x=400, y=400))
    outer, inner = shared_borders([ring, square(200, x=400, y=400)], 15)
    assert outer.length == inner.length == pytest.approx(800)


def test_three_in_a_row():
    lengths = [
        border.length for border in shared_borders([square(90, x=90 * i) for i in range(3)], 15)
    ]
    assert lengths == pytest.approx([90, 180, 90])


def test_alone():
    assert shared_borders([square(10)], 15)[0].is_empty
