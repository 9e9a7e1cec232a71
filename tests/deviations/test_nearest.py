"""The nearest piece of a line, held against every piece one by one."""

import time

import numpy as np
import pytest
import shapely

from glacier_core.deviations.nearest import AT_ONCE, Pieces, distances_to, lengths


@pytest.fixture
def some_pieces():
    """Two lines of pieces that follow each other, and one piece alone."""
    walk = np.random.default_rng(3).normal(size=(60, 2)).cumsum(axis=0)
    ends = np.stack([walk[:-1], walk[1:]], axis=1)
    return np.delete(ends, [20, 40, 42], axis=0)


def test_closest_places_are_those_of_a_search_through_all(some_pieces):
    points = np.random.default_rng(4).normal(scale=8, size=(200, 2))
    lines, dots = shapely.linestrings(some_pieces), shapely.points(points)
    by_hand = shapely.distance(lines[:, None], dots[None, :])
    pieces = Pieces(some_pieces)
    assert pieces.distances(points) == pytest.approx(by_hand.min(axis=0))
    assert distances_to(points, pieces.nearest(points)) == pytest.approx(by_hand.min(axis=0))
    closest = pieces.closest(points)
    assert np.hypot(*(closest - points).T) == pytest.approx(by_hand.min(axis=0))
    assert shapely.distance(shapely.points(closest), shapely.multilinestrings(lines)).max() < 1e-9


def test_more_points_than_are_searched_at_once(some_pieces):
    points = np.tile([[3.0, 4.0]], (AT_ONCE + 2, 1))
    points[-1] = some_pieces[0, 0]
    away = Pieces(some_pieces).distances(points)
    assert len(set(away[:-1])) == 1
    assert away[0] > 0
    assert away[-1] == pytest.approx(0, abs=1e-12)


def test_nothing_is_infinitely_far():
    nothing = Pieces.of(None, 10)
    assert len(nothing) == 0
    assert nothing.distances(np.zeros((3, 2))).tolist() == [np.inf] * 3
    assert np.isnan(nothing.closest(np.zeros((3, 2)))).all()


def test_pieces_are_no_longer_than_the_step():
    line = shapely.MultiLineString([[(0, 0), (25, 0)], [(0, 5), (0, 9)]])
    assert lengths(Pieces.of(line, 10).ends) == pytest.approx([25 / 3] * 3 + [4])


def test_a_hundred_thousand_points_take_seconds():
    around = np.linspace(0, 2 * np.pi, 100_000)
    ring = shapely.LineString(np.stack([np.cos(around), np.sin(around)], axis=1) * 20_000)
    points = np.stack([np.sin(around), np.cos(around)], axis=1) * 20_030
    start = time.process_time()
    away = Pieces.of(ring, 10).distances(points)
    # a tree of the pieces needed 1 s, distance to the ring minutes
    assert time.process_time() - start < 3
    assert away == pytest.approx(30, abs=0.01)
