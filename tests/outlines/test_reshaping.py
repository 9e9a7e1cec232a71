"""A stretch of boundary drawn anew: closed forms on squares."""

import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines.reshaping import find_crossing, reshape

SQUARE = shapely.box(0, 0, 100, 100)
HOLED = shapely.Polygon(SQUARE.exterior, [shapely.box(40, 40, 60, 60).exterior.coords])


def redrawn(outline, *points):
    line = shapely.LineString(points)
    return reshape(outline, line, find_crossing(outline, line))


def test_a_bulge_beyond_the_margin_is_added():
    result = redrawn(SQUARE, (90, 20), (120, 20), (120, 60), (90, 60))
    assert result.equals(shapely.union(SQUARE, shapely.box(100, 20, 120, 60)))


def test_a_bay_into_the_ice_is_taken_away():
    result = redrawn(SQUARE, (110, 20), (70, 20), (70, 60), (110, 60))
    assert result.equals(shapely.difference(SQUARE, shapely.box(70, 20, 100, 60)))


def test_it_does_not_matter_which_way_the_line_is_drawn():
    points = [(90, 20), (120, 20), (120, 60), (90, 60)]
    assert redrawn(SQUARE, *points).equals(redrawn(SQUARE, *points[::-1]))


def test_a_stretch_may_hold_the_point_where_the_ring_begins():
    for turn in range(4):
        ring = list(SQUARE.exterior.coords)[:-1]
        turned = shapely.Polygon(ring[turn:] + ring[:turn])
        result = redrawn(turned, (-10, 10), (30, 10), (30, 90), (-10, 90))
        assert result.equals(shapely.difference(SQUARE, shapely.box(0, 10, 30, 90)))


def test_what_is_drawn_before_the_first_and_after_the_last_crossing_counts_for_nothing():
    short = redrawn(SQUARE, (90, 20), (120, 20), (120, 60), (90, 60))
    long = redrawn(SQUARE, (10, 50), (90, 20), (120, 20), (120, 60), (90, 60), (50, 70))
    assert long.equals(short)


def test_a_line_along_the_margin_follows_it_in_and_out():
    """Four crossings: the ice takes every bend between the first and the last."""
    result = redrawn(SQUARE, (90, 10), (110, 10), (110, 30), (90, 30), (90, 50), (110, 50))
    expected = SQUARE.union(shapely.box(100, 10, 110, 30)).difference(shapely.box(90, 30, 100, 50))
    assert result.equals(expected)


def test_a_hole_is_drawn_anew_as_well():
    result = redrawn(HOLED, (55, 45), (70, 45), (70, 55), (55, 55))
    assert result.area == pytest.approx(HOLED.area - 10 * 10)
    assert len(result.interiors) == 1


def test_only_the_part_that_is_crossed_changes():
    other = shapely.box(500, 0, 600, 100)
    result = redrawn(
        shapely.MultiPolygon([other, SQUARE]), (90, 20), (120, 20), (120, 60), (90, 60)
    )
    assert shapely.get_num_geometries(result) == 2
    assert result.area == pytest.approx(20_000 + 20 * 40)


@pytest.mark.parametrize(
    "points", [[(10, 10), (90, 90)], [(50, 50), (150, 50)], [(200, 0), (200, 100)]]
)
def test_a_line_that_crosses_less_than_twice_has_no_crossing(points):
    assert find_crossing(SQUARE, shapely.LineString(points)) is None


def test_a_line_that_would_tie_the_outline_into_a_knot_is_refused():
    """It crosses all four sides, so that either way round it meets what is kept."""
    with pytest.raises(OutlineError, match="shorter line"):
        redrawn(SQUARE, (50, 110), (50, -20), (-20, -20), (-20, 50), (110, 50), (110, 150))
