"""Outlines and scenes at the same place, or told how far apart."""

import pytest
import shapely
from pyproj import Geod

from glacier_core.errors import OutlineError
from glacier_core.outlines.overlap import check_overlap
from glacier_core.outlines.schema import empty_outlines, to_schema

CRS = "EPSG:32611"
BOUNDS = (500000.0, 5700000.0, 510000.0, 5706000.0)


def outlines(*geometries, crs=CRS):
    return to_schema(geometries, crs, glacier_id=[str(n) for n in range(len(geometries))])


@pytest.mark.parametrize(
    "place",
    [
        shapely.box(504000, 5702000, 505000, 5703000),
        shapely.box(400000, 5600000, 600000, 5800000),
        shapely.box(509999, 5705999, 520000, 5710000),
    ],
)
def test_one_that_touches_is_enough(place):
    far = shapely.box(700000, 5700000, 701000, 5701000)
    frame = outlines(far, place)
    check_overlap(frame, BOUNDS, CRS)
    check_overlap(frame.to_crs("EPSG:4326"), BOUNDS, CRS)


def test_the_distance_is_that_on_the_ground():
    frame = outlines(shapely.box(560000, 5700000, 570000, 5706000))
    with pytest.raises(OutlineError, match="the nearest is about 50 km away"):
        check_overlap(frame, BOUNDS, CRS)


@pytest.mark.parametrize(
    "place",
    [(10.7, 46.8), (-63, -80), (63, -9), (62, 52), (179.9, 60), (-117.0, 51.0)],
    ids=["Alps", "Antarctica", "Indian Ocean", "opposite meridian", "dateline", "next valley"],
)
def test_any_place_on_earth(place):
    """Far away, the coordinates of a UTM zone mean nothing; the distance still does."""
    frame = outlines(shapely.box(place[0], place[1] - 0.1, place[0] + 0.1, place[1]), crs=4326)
    expected = Geod(ellps="WGS84").inv(-117 + 0.07, 51.48, *place)[2] / 1000
    with pytest.raises(OutlineError, match="km away") as caught:
        check_overlap(frame, BOUNDS, CRS)
    told = float(str(caught.value).split("about ")[1].split(" km")[0].replace(",", ""))
    assert told == pytest.approx(expected, rel=0.02, abs=8)


def test_none_at_all():
    with pytest.raises(OutlineError, match="not one outline"):
        check_overlap(empty_outlines(CRS), BOUNDS, CRS)


def test_without_a_coordinate_system():
    frame = outlines(shapely.box(0, 0, 1, 1)).set_crs(None, allow_override=True)
    with pytest.raises(OutlineError, match="no coordinate system"):
        check_overlap(frame, BOUNDS, CRS)
