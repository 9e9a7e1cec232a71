"""Distances between outlines, held against closed forms and an independent library."""

import math
import time

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import affinity

from glacier_core.deviations.distance import distance_deviation
from glacier_core.errors import OutlineError

MEASURES = ("polis", "mean", "median", "p95", "hausdorff", "signed_mean")


def circle(radius, x=0.0, y=0.0):
    return shapely.Point(x, y).buffer(radius, quad_segs=2000)


def square(side, x=0.0, y=0.0):
    return shapely.box(x, y, x + side, y + side)


def test_concentric_circles():
    """Every place of one circle is as far from the other as the radii differ."""
    found = distance_deviation(circle(1100), circle(1000))
    for measure in MEASURES:
        assert getattr(found, measure) == pytest.approx(100, abs=0.01), measure


def test_a_smaller_prediction_has_a_negative_signed_mean():
    found = distance_deviation(circle(900), circle(1000))
    assert found.signed_mean == pytest.approx(-100, abs=0.01)
    assert found.mean == pytest.approx(100, abs=0.01)


def test_square_shifted_by_a_tenth_of_its_side():
    """A square of 1000 m shifted by 100 m along x.

    Along the predicted boundary: the right side is 100 m outside; the left side 100 m inside
    except where the top and bottom of the other are nearer; top and bottom lie on the other's
    for 900 m and reach out for 100 m. The other direction mirrors it.
    """
    found = distance_deviation(square(1000, x=100), square(1000), step=0.5)
    left = (2 * 100**2 / 2 + 800 * 100) / 4000  # its ends approach top and bottom at 45 degrees
    right = 1000 * 100 / 4000
    stubs = 2 * (100**2 / 2) / 4000
    assert found.mean == pytest.approx(left + right + stubs, rel=1e-4)
    assert found.signed_mean == pytest.approx(right + stubs - left, rel=1e-3)
    # two of four corners lie on the other boundary, two are 100 m away: the same both ways
    assert found.polis == pytest.approx(50)
    assert found.hausdorff == pytest.approx(100)
    # 1800 m lie on the other; up to 50 m away lie half the stubs and half of the left side's ends
    assert found.median == pytest.approx(50, abs=0.5)
    assert found.p95 == pytest.approx(100)


def test_polis_by_hand_where_the_directions_differ():
    """Corners of a 100 m square are 10 m (in) from a 120 m one; the reverse is 10 √2."""
    found = distance_deviation(square(100), square(120, x=-10, y=-10))
    assert found.polis == pytest.approx((10 + 10 * math.sqrt(2)) / 2)
    assert found.hausdorff == pytest.approx(10 * math.sqrt(2))


def test_extra_vertices_move_polis_but_not_the_mean():
    """PoLiS is a mean over vertices, as published; the mean is one over length."""
    expert = square(1000)
    predicted = square(1000, x=100)
    dense = shapely.union_all([shapely.Polygon(np.vstack([
        np.column_stack([np.linspace(100, 1100, 400), np.zeros(400)]),
        [[1100, 1000], [100, 1000]],
    ]))])  # fmt: skip
    plain, fine = distance_deviation(predicted, expert), distance_deviation(dense, expert)
    assert fine.polis < plain.polis / 1.5
    assert fine.mean == pytest.approx(plain.mean, rel=0.01)


def test_identical_outlines():
    found = distance_deviation(square(1000), square(1000))
    assert [getattr(found, measure) for measure in MEASURES] == pytest.approx([0] * 6, abs=1e-12)


def test_nested_polygon_with_hole_counts_interior_rings():
    """A nunatak the prediction misses: its boundary is 400 m from the outer one."""
    expert = square(1000).difference(square(200, x=400, y=400))
    found = distance_deviation(square(1000), expert)
    # every place of the hole's rim is 400 m from the outer ring
    assert found.hausdorff == pytest.approx(400)
    assert found.polis == pytest.approx((0 + (4 * 0 + 4 * 400) / 8) / 2)
    assert found.mean == pytest.approx((0 + 800 * 400 / 4800) / 2)
    assert found.signed_mean == pytest.approx(0, abs=1e-9)


def test_a_margin_inside_a_nunatak_lies_outside_the_glacier():
    """A predicted hole smaller by 20 m on each side: its rim lies on the expert's rock."""
    expert = square(1000).difference(square(200, x=400, y=400))
    predicted = square(1000).difference(square(160, x=420, y=420))
    found = distance_deviation(predicted, expert)
    assert found.signed_mean == pytest.approx(20 * 640 / 4640)


def test_an_island_far_away_shows_in_hausdorff_not_in_the_median():
    island = square(10, x=3000, y=0)
    found = distance_deviation(shapely.MultiPolygon([square(1000), island]), square(1000))
    assert found.hausdorff == pytest.approx(2010)
    assert found.median == 0.0
    # of eight predicted corners four are the expert's; those of the island are 2000 or 2010 m away
    assert found.polis == pytest.approx((2 * 2000 + 2 * 2010) / 8 / 2)
    assert found.signed_mean == pytest.approx(2005 * 40 / 4040, rel=1e-3)


def test_percentiles_of_a_gable():
    """A prediction with a gable of 100 m on top of the expert's 1000 m square.

    Distances from its two slopes rise evenly to 100 m over 1019.8 of 4019.8 m; those from the
    expert's top, to the slopes, to 98.06 m over 1000 of 4000 m.
    """
    expert = square(1000)
    predicted = shapely.Polygon([(0, 0), (1000, 0), (1000, 1000), (500, 1100), (0, 1000)])
    found = distance_deviation(predicted, expert, step=1.0)
    slope = math.hypot(500, 100)
    ours, theirs, top = 2 * slope / (3000 + 2 * slope), 1000 / 4000, 100 * 500 / slope
    # half the weight each: ours (1 - q / 100) + theirs (1 - q / top) = 2 * 0.05
    assert found.p95 == pytest.approx((ours + theirs - 0.1) / (ours / 100 + theirs / top), abs=0.2)
    assert found.median == 0.0


@pytest.mark.parametrize("empty", [shapely.Polygon(), shapely.MultiPolygon()])
def test_an_empty_outline_leaves_everything_undefined(empty):
    for found in (distance_deviation(empty, square(10)), distance_deviation(square(10), empty)):
        assert all(math.isnan(getattr(found, measure)) for measure in MEASURES)


def test_lines_are_refused():
    with pytest.raises(OutlineError, match="expert outline is a LineString"):
        distance_deviation(square(10), square(10).boundary)


@pytest.mark.parametrize("step", [0, -1, math.nan])
def test_a_step_must_be_positive(step):
    with pytest.raises(OutlineError, match="step"):
        distance_deviation(square(10), square(10), step=step)


def test_cut_boundary_is_left_out_of_both_sides():
    """Ice cut 300 m past a divide at x = 0: only the other three sides are margins.

    The prediction is 50 m too large at the free end (x = 1000) and right at top and bottom.
    """
    expert = square(1000)
    predicted = shapely.box(-300, 0, 1050, 1000)
    cut = shapely.LineString([(-300, 0), (-300, 1000)])
    found = distance_deviation(predicted, expert, step=1.0, predicted_cut=cut)
    # the expert's divide is 300 m from the cut; nearer to a margin only within 300 m of its ends
    hidden = (1000 - 2 * 300) + 1000
    assert found.left_out_percent == pytest.approx(100 * hidden / (4700 + 4000), abs=0.1)
    beyond_divide, at_corners = 2 * 300**2 / 2, 2 * 50**2 / 2
    outwards = (beyond_divide + at_corners + 1000 * 50) / 3700
    back = (beyond_divide + at_corners + 900 * 50) / 3600
    assert found.signed_mean == pytest.approx(outwards, rel=1e-3)
    assert found.mean == pytest.approx((outwards + back) / 2, rel=1e-3)


@pytest.fixture
def stripe():
    """Ice goes 300 m past the expert's edge at x = 0, but a stripe 50 m beyond it has no data."""
    hole = shapely.box(-100, 100, -50, 900)
    expert = shapely.Polygon([(0, 0), (1000, 0), (1000, 1000), (0, 1000), (0, 500)])
    return shapely.box(-300, 0, 1000, 1000).difference(hole), expert, hole.boundary


def test_a_margin_is_measured_to_the_whole_expert_boundary(stripe):
    """Also where that, for its part, is hidden behind the stripe: 300 m away, not 425."""
    predicted, expert, cut = stripe
    found = distance_deviation(predicted, expert, step=1.0, predicted_cut=cut)
    assert found.hausdorff == pytest.approx(300)


def test_hidden_vertices_do_not_count(stripe):
    """Four predicted corners, 300, 0, 0 and 300 m away; the expert's (0, 500) is hidden."""
    predicted, expert, cut = stripe
    assert distance_deviation(predicted, expert, predicted_cut=cut).polis == pytest.approx(150 / 2)


def test_an_expert_outline_cut_by_the_scene_is_the_mirror_image(stripe):
    """What one outline's cut hides of the other is the same whoever was cut."""
    one, other, cut = stripe
    there = distance_deviation(one, other, predicted_cut=cut)
    back = distance_deviation(other, one, expert_cut=cut)
    for measure in (*MEASURES[:-1], "left_out_percent"):
        assert getattr(there, measure) == pytest.approx(getattr(back, measure)), measure


def test_an_expert_outline_cut_by_the_scene_hides_margins():
    """The expert's glacier goes on past the scene's edge at x = 1000; the map ends 40 m short.

    How far its front is from the expert's, nobody knows: only the sides are compared.
    """
    edge = shapely.LineString([(1000, 0), (1000, 1000)])
    found = distance_deviation(
        shapely.box(0, 0, 960, 1000), square(1000), step=1.0, expert_cut=edge
    )
    assert found.hausdorff == pytest.approx(40, abs=0.5)  # from the sides back to the front
    assert found.signed_mean == pytest.approx(-2 * 40**2 / 2 / (2920 + 80), rel=0.02)


def test_everything_cut_is_undefined_and_says_so():
    found = distance_deviation(
        square(100), square(50, x=20, y=20), predicted_cut=square(100).boundary
    )
    assert math.isnan(found.mean)
    assert found.left_out_percent == pytest.approx(100)


def test_a_cut_elsewhere_changes_nothing():
    far = shapely.LineString([(1e6, 0), (1e6, 10)])
    with_cut = distance_deviation(
        square(1000, x=70), square(1000), predicted_cut=far, expert_cut=far
    )
    assert with_cut == distance_deviation(square(1000, x=70), square(1000))


def test_a_hundred_thousand_vertices_are_quick():
    expert = shapely.Point(0, 0).buffer(20_000, quad_segs=25_000)
    predicted = shapely.Point(30, 0).buffer(20_010, quad_segs=25_000)
    start = time.process_time()
    distance_deviation(predicted, expert)
    assert time.process_time() - start < 5


coordinates = st.integers(-2000, 2000).map(float)


@st.composite
def outlines(draw):
    points = draw(st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=12))
    hull = shapely.MultiPoint(points).convex_hull
    assume(hull.geom_type == "Polygon" and hull.area > 100)
    hole = affinity.scale(hull, 0.3, 0.3)
    return hull.difference(hole) if draw(st.booleans()) else hull


@settings(max_examples=25, deadline=None)
@given(outlines())
def test_no_outline_deviates_from_itself(outline):
    found = distance_deviation(outline, outline)
    assert found.polis == pytest.approx(0, abs=1e-9)
    assert found.hausdorff == pytest.approx(0, abs=1e-9)


@settings(max_examples=25, deadline=None)
@given(outlines(), outlines())
def test_distances_do_not_care_who_is_who(one, other):
    there, back = distance_deviation(one, other), distance_deviation(other, one)
    for measure in MEASURES[:-1]:
        assert getattr(there, measure) == pytest.approx(getattr(back, measure), abs=1e-6), measure


@settings(max_examples=25, deadline=None)
@given(outlines(), outlines(), coordinates, coordinates)
def test_moving_both_changes_nothing(one, other, x, y):
    here = distance_deviation(one, other)
    there = distance_deviation(affinity.translate(one, x, y), affinity.translate(other, x, y))
    for measure in MEASURES:
        # a side that passes through whole coordinates may gain or lose one sample by rounding
        assert getattr(here, measure) == pytest.approx(getattr(there, measure), abs=0.5), measure


@settings(max_examples=25, deadline=None)
@given(outlines(), outlines())
def test_order_of_the_measures(one, other):
    found = distance_deviation(one, other)
    assert found.hausdorff >= found.p95 >= found.median >= 0
    assert found.hausdorff >= found.polis >= 0
    assert found.hausdorff >= found.mean
    assert abs(found.signed_mean) <= found.hausdorff


@settings(max_examples=25, deadline=None)
@given(outlines(), outlines())
def test_hausdorff_agrees_with_geos(one, other):
    """Ours is exact, GEOS samples finely: at most half its spacing (8 m of 8 km) short."""
    found = distance_deviation(one, other)
    geos = shapely.hausdorff_distance(one.boundary, other.boundary, densify=0.002)
    assert geos - 2e-3 <= found.hausdorff <= geos + 8


def test_the_largest_distance_is_found_between_samples():
    """A side of the expert 3 m from the end of a gap: the farthest place is no sample."""
    expert = shapely.Polygon([(0, 0), (1003, 0), (1003, 500), (0, 500)])
    predicted = shapely.MultiPolygon([shapely.box(0, 0, 396, 500), shapely.box(503, 0, 1003, 500)])
    found = distance_deviation(predicted, expert, step=50.0)
    inner = 250.0  # the middles of the gap's sides lie this far from top and bottom
    assert found.hausdorff == pytest.approx(inner, abs=1e-3)
    assert found.largest_at[1] == pytest.approx(250, abs=1e-3)
    assert found.largest_at[0] in (pytest.approx(396), pytest.approx(503))
    other = shapely.box(0, 0, 1003, 500)
    back = distance_deviation(other, shapely.box(0, 0, 900, 500), step=50.0)
    assert (back.hausdorff, back.largest_at[0]) == (pytest.approx(103), pytest.approx(1003))


@settings(max_examples=20, deadline=None)
@given(outlines(), outlines())
def test_polis_agrees_with_a_sum_over_all_vertices(one, other):
    """The definition, vertex by vertex, by shapely's own distance."""

    def way(ours, theirs):
        vertices = [point for ring in shapely.get_rings(ours) for point in ring.coords[:-1]]
        return np.mean([shapely.Point(vertex).distance(theirs.boundary) for vertex in vertices])

    expected = (way(one, other) + way(other, one)) / 2
    assert distance_deviation(one, other).polis == pytest.approx(expected)


@settings(max_examples=20, deadline=None)
@given(outlines(), outlines())
def test_the_largest_deviation_lies_where_it_says(one, other):
    found = distance_deviation(one, other)
    place = shapely.Point(found.largest_at)
    ways = [place.distance(one.boundary), place.distance(other.boundary)]
    assert sorted(ways) == pytest.approx([0, found.hausdorff], abs=1e-6)
