"""Polygons around the globe: cut where they must be, never the long way around."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives.antimeridian import cut, shortest_arc, unwrapped, wrapped
from glacier_core.errors import SourceError

longitudes = st.floats(-180, 179.99)


def test_polygon_across_the_antimeridian_is_cut_in_two():
    drawn = shapely.Polygon([(179, -45), (-179, -45), (-179, -44), (179, -44)])
    parts = cut(unwrapped(drawn))
    expected = shapely.box(179, -45, 180, -44) | shapely.box(-180, -45, -179, -44)
    assert parts.equals(expected)


def test_polygon_elsewhere_stays_itself():
    drawn = shapely.Polygon([(8, 46), (9, 46), (8.5, 47)])
    assert cut(unwrapped(drawn)).equals(drawn)


def test_longitudes_beyond_180_come_back():
    assert cut(shapely.box(539, 10, 541, 11)).equals(cut(shapely.box(179, 10, 181, 11)))


@pytest.mark.parametrize("pole", [90, -90])
def test_ring_around_a_pole_holds_the_pole(pole):
    latitude = np.sign(pole) * 85
    ring = shapely.Polygon([(x, latitude) for x in range(-170, 180, 20)])
    whole = cut(unwrapped(ring))
    assert whole.equals(shapely.box(-180, min(pole, latitude), 180, max(pole, latitude)))


def test_holes_are_closed():
    ring = shapely.box(0, 0, 10, 10) - shapely.box(4, 4, 6, 6)
    assert cut(unwrapped(ring)).area == 100


@given(longitudes, st.floats(0.01, 100), st.floats(-80, 70))
def test_cutting_keeps_the_size_and_the_place(west, width, south):
    parts = cut(shapely.box(west, south, west + width, south + 5))
    assert parts.area == pytest.approx(width * 5, abs=1e-3)
    start, end = shortest_arc(shapely.bounds(shapely.get_parts(parts))[:, [0, 2]])
    assert start == pytest.approx(wrapped(west), abs=2e-5) or abs(start + 180) < 2e-5
    assert end - start == pytest.approx(width, abs=3e-5)


@given(st.lists(st.tuples(longitudes, st.floats(0, 60)), min_size=1, max_size=8))
def test_shortest_arc_holds_every_span_and_no_more_gap_could_be_left(spans):
    found = np.array([(west, west + width) for west, width in spans])
    start, end = shortest_arc(found)
    assert -180 <= start < 180
    assert end <= start + 360 + 1e-9
    for west, east in found:
        offset = (west - start + 1e-7) % 360
        assert offset + east - west <= end - start + 1e-6
    # Brute force: every arc that starts at some span's west and holds all spans is as long or more.
    for west in found[:, 0]:
        needed = max((each[0] - west) % 360 + each[1] - each[0] for each in found)
        assert end - start <= min(needed, 360) + 1e-6


def test_nothing_on_earth_is_refused():
    with pytest.raises(SourceError, match="degrees"):
        cut(shapely.Polygon([(1e6, 0), (1e6 + 10, 0), (1e6, 10)]))
    with pytest.raises(SourceError, match="empty"):
        cut(shapely.Polygon())
