"""The farthest place of a boundary, also where it is between two samples."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.deviations.largest import largest_distance
from glacier_core.deviations.nearest import Pieces


def farthest(pieces, margin):
    pieces, margin = np.array(pieces, dtype=float), Pieces(np.array(margin, dtype=float))
    return largest_distance(pieces, margin.distances(pieces.mean(axis=1)), margin)


def test_the_farthest_place_lies_inside_a_piece():
    """From (0, 0)-(10, 0) to the points (0, 0) and (7, 0): halfway between, not at the middle."""
    distance, place = farthest([[(0, 0), (10, 0)]], [[(0, 0), (0, 0)], [(7, 0), (7, 0)]])
    assert distance == pytest.approx(3.5, abs=1e-3)
    assert place == pytest.approx([3.5, 0], abs=2e-3)


def test_the_end_of_a_piece():
    distance, place = farthest([[(0, 1), (10, 4)]], [[(0, 0), (20, 0)]])
    assert (distance, *place) == pytest.approx((4, 10, 4))


def test_everywhere_equally_far_ends_at_once():
    distance, place = farthest([[(i, 5), (i + 1, 5)] for i in range(999)], [[(0, 0), (999, 0)]])
    assert distance == 5
    assert place[1] == 5


places = st.tuples(st.integers(-40, 40), st.integers(-40, 40))
pieces = st.lists(
    st.tuples(places, places).filter(lambda ends: ends[0] != ends[1]), min_size=1, max_size=6
)


@settings(max_examples=60, deadline=None)
@given(pieces, pieces)
def test_no_sample_is_farther_and_the_place_is_that_far(ours, theirs):
    distance, place = farthest(ours, theirs)
    margin = shapely.union_all(shapely.linestrings(np.array(theirs, dtype=float)))
    assert shapely.Point(place).distance(margin) == pytest.approx(distance, abs=1e-6)
    shares = np.linspace(0, 1, 201)[:, None]
    ours = np.array(ours, dtype=float)
    samples = np.concatenate([a + shares * (b - a) for a, b in ours])
    longest = max(math.dist(a, b) for a, b in ours)
    most = shapely.distance(shapely.points(samples), margin).max()
    assert most - 1e-3 <= distance <= most + longest / 400 + 1e-6
