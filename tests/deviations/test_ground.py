"""Ground scale against geodesics."""

import math
from itertools import pairwise

import geopandas as gpd
import pyproj
import pytest
import shapely

from glacier_core.deviations.distance import distance_deviation
from glacier_core.deviations.ground import ground_projection, to_ground
from glacier_core.errors import OutlineError

GEOD = pyproj.Geod(ellps="WGS84")

PLACES = [
    pytest.param("EPSG:3857", 20.0, 70.0, id="web Mercator at 70 N, stretched 2.9 times"),
    pytest.param("EPSG:32633", 18.0, 70.0, id="UTM 33 at its edge, 70 N"),
    pytest.param("EPSG:32633", 18.0, 0.5, id="UTM 33 at its edge, equator"),
    pytest.param("EPSG:32633", 21.0, 30.0, id="UTM 33, a zone and a half away"),
    pytest.param("EPSG:3413", -50.0, 60.5, id="polar stereographic at 60 N"),
    pytest.param("EPSG:3031", 10.0, -70.0, id="Antarctic polar stereographic"),
]


def strip(longitude, latitude, crs, length=20_000.0, width=300.0):
    """Two rectangles around a place, the second wider by ``width`` to the north, on geodesics."""
    east = GEOD.fwd(longitude, latitude, 90, length)[:2]

    def north_of(place, by):
        return GEOD.fwd(*place, 0, by)[:2]

    corners = [(longitude, latitude), east]
    outlines = [
        shapely.Polygon([*corners, north_of(east, by), north_of(corners[0], by)])
        for by in (5_000.0, 5_000.0 + width)
    ]
    return list(gpd.GeoSeries(outlines, crs="EPSG:4326").to_crs(crs))


@pytest.mark.parametrize(("crs", "longitude", "latitude"), PLACES)
def test_every_side_has_its_geodesic_length(crs, longitude, latitude):
    one, _ = strip(longitude, latitude, crs)
    to_degrees = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    true = [
        GEOD.inv(*to_degrees.transform(*start), *to_degrees.transform(*end))[2]
        for start, end in pairwise(one.exterior.coords)
    ]
    (ground,) = to_ground([one], crs)
    corners = list(ground.exterior.coords)
    found = [math.dist(*pair) for pair in pairwise(corners)]
    assert found == pytest.approx(true, rel=1e-4)


@pytest.mark.parametrize(("crs", "longitude", "latitude"), PLACES)
def test_deviations_are_metres_on_the_ground(crs, longitude, latitude):
    predicted, expert = reversed(strip(longitude, latitude, crs))
    found = distance_deviation(*to_ground([predicted, expert], crs))
    assert found.hausdorff == pytest.approx(300, rel=1e-3)
    # two of the wider one's corners are 300 m away; the narrower one's lie on its sides
    assert found.polis == pytest.approx(75, rel=1e-3)


def test_without_ground_scale_web_mercator_would_be_wrong():
    predicted, expert = reversed(strip(20.0, 70.0, "EPSG:3857"))
    assert distance_deviation(predicted, expert).hausdorff > 2.8 * 300


def test_centre_is_the_origin():
    transformer = pyproj.Transformer.from_crs(
        "EPSG:4326", ground_projection(-117.25, 52.19), always_xy=True
    )
    assert transformer.transform(-117.25, 52.19) == pytest.approx((0, 0), abs=1e-6)


def test_across_the_date_line():
    """UTM 60 reaches past 180°; the middle must be found in its metres, not in degrees."""
    outline = shapely.box(690_000, 7_300_000, 740_000, 7_310_000)
    (ground,) = to_ground([outline], "EPSG:32660")
    assert ground.area == pytest.approx(outline.area, rel=0.002)


def test_an_ice_cap_is_measured_from_its_middle():
    """500 km across: at either end true to 0.03 %; centred on one end it would be 0.1 % off."""
    west, east = GEOD.fwd(-80, 75, 270, 250_000)[:2], GEOD.fwd(-80, 75, 90, 250_000)[:2]
    lines = [shapely.LineString([end, GEOD.fwd(*end, 0, 20_000)[:2]]) for end in (west, east)]
    projected = gpd.GeoSeries(lines, crs="EPSG:4326").to_crs("EPSG:3413")
    for line in to_ground(list(projected), "EPSG:3413"):
        assert line.length == pytest.approx(20_000, rel=3e-4)


def test_empty_ones_stay_empty_beside_others():
    ground = to_ground([shapely.MultiPolygon(), shapely.box(5e5, 6e6, 5.1e5, 6.1e6)], "EPSG:32611")
    assert ground[0].is_empty
    assert not ground[1].is_empty


def test_nothing_at_all_is_refused():
    with pytest.raises(OutlineError, match="empty"):
        to_ground([shapely.Polygon()], "EPSG:32611")


def test_coordinates_of_another_system_are_refused():
    with pytest.raises(OutlineError, match="coordinate system"):
        to_ground([shapely.box(1e30, 1e30, 2e30, 2e30)], "EPSG:32611")
