"""Which mapped ice belongs to whom, and where an outline is no margin."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from glacier_core.deviations.matching import (
    continuing_ice,
    cut_lines,
    make_zones,
    match_glaciers,
    polygons,
)

from .maps import SIDE, TRANSFORM, block, box

SHAPE = (20, 40)


def zones_of(*masks, buffer_m=90.0):
    labels = np.zeros(SHAPE, dtype=np.int32)
    for number, mask in enumerate(masks, start=1):
        labels[mask] = number
    return make_zones(labels, buffer_m, SIDE)


def length_of(lines):
    return lines.length / SIDE


def test_ice_belongs_to_the_nearest_outline_within_the_buffer():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)), block(SHAPE, (5, 10), (14, 20)))
    row = zones.nearest[7]
    assert list(row[:24]) == [0, 0, 1, 1, 1] + [1] * 5 + [1, 1, 2, 2] + [2] * 6 + [2, 2, 2, 0]


def test_the_buffer_is_measured_between_pixel_centres():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)), buffer_m=42.5)
    assert zones.nearest[4, 4] == 1  # √2 pixels
    assert zones.nearest[7, 3] == 0  # 2 pixels


def test_a_buffer_of_nothing_keeps_to_the_outlines():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)), buffer_m=0.0)
    assert np.array_equal(zones.nearest, zones.inside)


def test_no_outline_owns_nothing():
    assert not zones_of().nearest.any()


def test_ice_that_goes_on_is_what_hangs_together_with_ice_beyond_the_buffer():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)))
    goes_on = block(SHAPE, (5, 7), (10, 30))
    stops = block(SHAPE, (9, 10), (10, 12))
    found = continuing_ice(block(SHAPE, (5, 10), (5, 10)) | goes_on | stops, zones)
    assert np.array_equal(found, block(SHAPE, (5, 7), (10, 13)))


def only_match(glacier, mapped, zones):
    (match,) = match_glaciers(glacier, mapped, zones, TRANSFORM, 1)
    return match


def test_part_cut_at_the_buffer():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)))
    match = only_match(block(SHAPE, (5, 10), (5, 30)), np.ones(SHAPE, bool), zones)
    assert match.predicted.equals(box((5, 10), (5, 13)))
    assert match.continuing.equals(box((5, 10), (10, 13)))
    east, south, _, north = box((5, 10), (13, 14)).bounds
    assert match.cut.equals(shapely.LineString([(east, south), (east, north)]))


def test_a_shared_divide_is_cut_on_both_sides():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)), block(SHAPE, (5, 10), (10, 15)))
    ice = block(SHAPE, (5, 10), (5, 15))
    one, other = match_glaciers(ice, np.ones(SHAPE, bool), zones, TRANSFORM, 2)
    assert one.predicted.equals(box((5, 10), (5, 10)))
    assert other.predicted.equals(box((5, 10), (10, 15)))
    assert one.cut.equals(other.cut)
    assert length_of(one.cut) == pytest.approx(5)


def test_no_data_and_the_scene_edge_are_no_margins():
    zones = zones_of(block(SHAPE, (0, 5), (5, 10)))
    mapped = ~block(SHAPE, (2, 4), (9, 12))
    match = only_match(block(SHAPE, (0, 5), (5, 10)) & mapped, mapped, zones)
    on_the_edge, around_the_hole = 5, 2 + 1 + 1
    assert length_of(match.cut) == pytest.approx(on_the_edge + around_the_hole)
    assert match.unmapped.equals(box((2, 4), (9, 12)))


def test_bare_ground_makes_a_margin():
    match = only_match(
        block(SHAPE, (5, 10), (5, 10)),
        np.ones(SHAPE, bool),
        zones_of(block(SHAPE, (5, 10), (5, 10))),
    )
    assert match.cut.is_empty


def test_bare_ground_outside_the_zone_makes_a_margin_too():
    zones = zones_of(block(SHAPE, (5, 10), (5, 10)), buffer_m=0.0)
    match = only_match(block(SHAPE, (5, 10), (5, 10)), np.ones(SHAPE, bool), zones)
    assert match.cut.is_empty


def test_a_glacier_without_pixels_has_no_ice():
    labels = np.zeros(SHAPE, dtype=np.int32)
    labels[5, 5] = 2
    zones = make_zones(labels, 90.0, SIDE)
    one, other = match_glaciers(labels > 0, np.ones(SHAPE, bool), zones, TRANSFORM, 2)
    assert one.predicted.is_empty
    assert one.cut.is_empty
    assert other.predicted.area == pytest.approx(SIDE**2)


masks = hnp.arrays(bool, (9, 8))


@settings(deadline=None)
@given(masks)
def test_polygons_hold_exactly_the_pixels(mask):
    found = polygons(mask, TRANSFORM)
    assert found.is_valid
    assert found.area == pytest.approx(mask.sum() * SIDE**2)
    rows, columns = np.indices(mask.shape) + 0.5
    x, y = TRANSFORM @ (columns, rows)
    assert np.array_equal(shapely.contains_xy(found, x, y), mask)


@settings(deadline=None)
@given(masks, masks)
def test_cut_and_margin_make_up_the_whole_boundary(part, ground):
    """Where nothing is bare all boundary is cut; bare ground takes away what it touches."""
    bare = ground & ~part
    boundary = polygons(part, TRANSFORM).boundary
    cut = cut_lines(part, bare, TRANSFORM)
    margin = shapely.intersection(boundary, polygons(bare, TRANSFORM).boundary)
    assert cut.length + margin.length == pytest.approx(boundary.length)
    assert shapely.covers(boundary, cut) or cut.is_empty
