"""The nearest piece of a line, held against every piece one by one."""

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glacier_core.deviations import nearest
from glacier_core.deviations.nearest import AT_ONCE, Pieces, distances_to, lengths
from glacier_core.settings import Settings as CoreSettings


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


def test_many_threads_find_the_same_to_the_last_bit(some_pieces, monkeypatch):
    """Far away too, where GEOS searches an index that the first of them builds."""
    points = np.random.default_rng(5).normal(scale=200, size=(5000, 2))
    alone = Pieces(some_pieces).closest(points)
    monkeypatch.setattr(nearest, "AT_ONCE", 50)
    monkeypatch.setattr(nearest, "settings", lambda: CoreSettings(threads=8))
    for _ in range(5):
        assert np.array_equal(Pieces(some_pieces).closest(points), alone)


coordinates = st.integers(-400, 400).map(lambda eighths: eighths / 8)


@settings(max_examples=100, deadline=None)
@given(
    hnp.arrays(float, st.tuples(st.integers(1, 30), st.just(2), st.just(2)), elements=coordinates),
    hnp.arrays(float, st.tuples(st.integers(0, 20), st.just(2)), elements=coordinates),
    st.integers(1, 12),
)
def test_however_few_are_looked_at_first_the_nearest_is_found(ends, points, few):
    """Long pieces and short ones in any order, some of no length, all by an independent library."""
    pieces = Pieces(ends)
    by_hand = shapely.distance(shapely.linestrings(ends)[:, None], shapely.points(points)[None, :])
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(nearest, "FEW", few)
        patched.setattr(nearest, "MANY", few)
        assert pieces.distances(points) == pytest.approx(by_hand.min(axis=0), abs=1e-9)
        found = pieces.nearest(points)
    assert distances_to(points, found) == pytest.approx(by_hand.min(axis=0), abs=1e-9)


def test_next_to_no_point_needs_a_search_of_all_pieces():
    """What keeps a million points quick: near a boundary of short pieces a few are enough."""
    around = np.linspace(0, 2 * np.pi, 6000)
    ring = np.stack([np.cos(around), np.sin(around)], axis=1)
    noise = np.random.default_rng(5).normal(size=(2, 6000, 1)) * [[[2.0]], [[15.0]]]
    pieces = Pieces.of(shapely.LineString(ring * (10_000 + noise[0])), 10)
    _, proved = pieces._nearest_among(ring * (10_000 + noise[1]), nearest.FEW)
    assert proved.mean() > 0.9


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
