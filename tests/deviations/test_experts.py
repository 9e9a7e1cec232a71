"""Expert outlines on the grid of a scene."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from glacier_core.deviations.experts import place_experts, scene_frame
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import empty_outlines

from .maps import SIDE, TRANSFORM, UTM, block, box, experts

SHAPE = (20, 30)


def place(outlines):
    return place_experts(outlines, TRANSFORM, SHAPE, UTM)


def test_labels_follow_the_rows():
    found = place(experts(box((2, 5), (2, 6)), box((10, 12), (20, 25))))
    assert np.array_equal(found.labels == 1, block(SHAPE, (2, 5), (2, 6)))
    assert np.array_equal(found.labels == 2, block(SHAPE, (10, 12), (20, 25)))


def test_outlines_in_degrees_come_onto_the_grid():
    found = place(experts(box((2, 5), (2, 6))).to_crs("EPSG:4326"))
    assert found.outlines.crs == UTM
    assert np.array_equal(found.labels == 1, block(SHAPE, (2, 5), (2, 6)))


def test_what_lies_outside_is_dropped_and_named():
    found = place(experts(box((100, 110), (2, 6)), box((2, 5), (2, 6)), ids=["far", "near"]))
    assert found.outside == ("far",)
    assert list(found.outlines["glacier_id"]) == ["near"]
    assert set(np.unique(found.labels)) == {0, 1}


def test_what_the_edge_cuts_is_flagged_and_kept_whole():
    found = place(experts(box((15, 25), (2, 6)), box((2, 5), (2, 6))))
    assert list(found.cut_by_scene) == [True, False]
    assert found.outlines.geometry[0].area == pytest.approx(40 * SIDE**2)


def test_a_glacier_smaller_than_a_pixel_takes_the_pixel_it_lies_in():
    x, y = TRANSFORM @ (7.2, 3.8)
    found = place(experts(box((10, 12), (20, 25)), shapely.Point(x, y).buffer(2)))
    assert np.array_equal(found.labels == 2, block(SHAPE, (3, 4), (7, 8)))


def test_but_never_a_pixel_that_is_another_glaciers():
    beside = shapely.Point(*TRANSFORM @ (5.8, 3.5)).buffer(2)
    found = place(experts(box((2, 5), (2, 5.6)), beside))
    assert np.array_equal(found.labels, block(SHAPE, (2, 5), (2, 6)).astype(int))


def test_neighbours_may_share_a_border():
    assert len(place(experts(box((2, 5), (2, 6)), box((2, 5), (6, 9)))).outlines) == 2


def test_a_sliver_of_overlap_is_a_slip_of_the_pen():
    assert len(place(experts(box((0, 10), (0, 10)), box((0, 10), (9.5, 20)))).outlines) == 2


def test_two_outlines_of_one_glacier_are_refused():
    twice = experts(box((0, 10), (0, 10)), box((0, 11), (0, 10)), ids=["in 1984", "in 2020"])
    with pytest.raises(OutlineError, match=r"in 1984 and in 2020.*Keep one date"):
        place(twice)


def test_far_outlines_say_how_far():
    with pytest.raises(OutlineError, match=r"None of the 1 .* 30 km away.*coordinate system"):
        place(experts(box((1020, 1030), (2, 6))))


def test_no_outline():
    with pytest.raises(OutlineError, match="empty"):
        place(empty_outlines(UTM))


def test_no_coordinate_system():
    with pytest.raises(OutlineError, match="no coordinate system"):
        place(experts(box((2, 5), (2, 6)), crs=UTM).set_crs(None, allow_override=True))


def test_a_table_that_is_not_in_the_schema():
    plain = gpd.GeoDataFrame(geometry=[box((2, 5), (2, 6))], crs=UTM)
    with pytest.raises(OutlineError, match=r"glacier_id.*read_outlines"):
        place(plain)


def test_frame_is_the_edge_of_the_outermost_pixels():
    assert scene_frame(TRANSFORM, SHAPE).equals(box((0, 20), (0, 30)))
