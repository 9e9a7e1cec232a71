"""Grids anywhere on Earth: the right zone, snapped, the area inside."""

import json
import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Transformer
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from glacier_core.archives.areas import area_of
from glacier_core.archives.grids import SNAP_PIXELS, crs_at, grid_of
from glacier_core.errors import SourceError
from glacier_core.inference.tiling import windows

ALPS = (7.95, 46.48, 8.05, 46.52)


def square(longitude, latitude, degrees=0.05):
    wide = degrees / max(math.cos(math.radians(latitude)), 0.05)
    return longitude - wide, latitude - degrees, longitude + wide, latitude + degrees


places = st.tuples(st.floats(-179.9, 179.9), st.floats(-89, 89))


@given(places, st.sampled_from([10.0, 15.0, 20.0, 30.0]))
@hypothesis_settings(max_examples=60)
def test_the_area_and_its_margin_lie_inside_everywhere_on_earth(place, resolution):
    area = area_of(square(*place))
    grid = grid_of(area, resolution)
    west, south, east, north = grid.bounds
    inner = shapely.box(west, south, east, north).buffer(-999, join_style="mitre")
    corners = shapely.get_coordinates(shapely.segmentize(area.geometry, 0.01))
    x, y = Transformer.from_crs("EPSG:4326", grid.crs.to_wkt(), always_xy=True).transform(
        *corners.T
    )
    assert shapely.contains_xy(inner, x, y).all()


@given(places, st.sampled_from([10.0, 20.0, 30.0]))
@hypothesis_settings(max_examples=60)
def test_edges_are_global_multiples_of_the_stride(place, resolution):
    grid = grid_of(area_of(square(*place)), resolution)
    step = SNAP_PIXELS * resolution
    x, y = (15, 15) if resolution == 30 else (0, 0)
    south = 1e7 if resolution == 30 and 32700 < grid.crs.to_epsg() <= 32760 else 0
    west, low, east, high = grid.bounds
    assert all((edge - x) % step == 0 for edge in (west, east))
    assert all((edge - y - south) % step == 0 for edge in (low, high))
    assert all(length % SNAP_PIXELS == 0 and length >= 256 for length in grid.shape)


@given(
    st.floats(-2.5, 2.5),
    st.floats(-75, 75),
    st.lists(st.floats(0, 0.03), min_size=4, max_size=4),
)
@hypothesis_settings(max_examples=60)
def test_windows_of_a_network_do_not_depend_on_the_drawn_box(longitude, latitude, drawn):
    """Two boxes around one glacier: every window whole inside both grids is the same window."""
    inner = square(9 + longitude, latitude, 0.02)
    outer = tuple(
        edge + sign * more for edge, sign, more in zip(inner, (-1, -1, 1, 1), drawn, strict=True)
    )
    grids = [grid_of(area_of(box), 10) for box in (inner, outer)]
    assume(grids[0].crs == grids[1].crs)

    def laid(grid):
        west, _, _, north = grid.bounds
        return {
            (west + 10 * each.column, north - 10 * each.row)
            for each in windows(grid.shape, 256, 128)
        }

    small, large = map(laid, grids)
    assert small <= large


def test_one_glacier_one_grid_for_boxes_that_hardly_differ():
    near = tuple(np.add(ALPS, 1e-4))
    assert grid_of(area_of(ALPS), 10) == grid_of(area_of(near), 10)


@pytest.mark.parametrize(
    ("longitude", "latitude", "expected"),
    [
        (8, 46.5, 32632),
        (8, -46.5, 32732),
        (-72.9, -49.3, 32718),
        (170.2, -43.6, 32759),
        (179.99, 65, 32660),
        (-180, 65, 32601),
        (12, 46.5, 32633),  # on a border: the eastern zone
        (11.9999, 46.5, 32632),
        (8, 0, 32632),
        (5.3, 60.4, 32632),  # Bergen: the zone is widened
        (16, 78.5, 32633),  # Svalbard: zone 32 and 34 are none
        (10, 78.5, 32633),
        (8, 78.5, 32631),
        (24, 80, 32635),
        (10, 83.999, 32633),
        (10, 84, 5041),
        (10, 90, 5041),
        (-70, -80, 32719),
        (-70, -80.001, 5042),
        (0, -90, 5042),
    ],
)
def test_coordinate_system_of_a_place(longitude, latitude, expected):
    assert crs_at(longitude, latitude).to_epsg() == expected


@given(st.floats(-180, 179.999), st.floats(-79.9, 55.9))
@hypothesis_settings(max_examples=15)  # the database takes 0.2 s an answer
def test_zones_agree_with_the_database_of_projections(longitude, latitude):
    assume(1e-6 < longitude % 6 < 6 - 1e-6 and abs(latitude) > 1e-6)
    here = AreaOfInterest(longitude, latitude, longitude, latitude)
    known = query_utm_crs_info(datum_name="WGS 84", area_of_interest=here)
    assert str(crs_at(longitude, latitude).to_epsg()) in {each.code for each in known}


def test_grid_across_the_antimeridian_is_one_piece():
    grid = grid_of(area_of((179.95, 65, -179.95, 65.1)), 10)
    west, south, east, north = grid.bounds
    # 0.1 degrees of longitude at 65 degrees north are 4.7 km, 0.1 of latitude 11.1 km.
    assert 4_700 + 2_000 <= east - west <= 4_700 + 2_000 + 2 * 1_280 + 600
    assert 11_100 + 2_000 <= north - south <= 11_100 + 2_000 + 2 * 1_280 + 600


def test_smallest_grid_holds_a_window_of_a_network():
    """A hundred metres in the middle of one step of the grid, without any margin."""
    middle = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    x, y = middle.transform(1280 * 350 + 640, 1280 * 4020 + 640)
    assert grid_of(area_of((x, y, x + 1e-3, y + 1e-3)), 10, margin_m=0).shape == (256, 256)


def test_glacier_on_a_zone_border_has_one_grid_over_both_sides():
    area = area_of((11.95, 46.9, 12.06, 47.0))
    grid = grid_of(area, 10)
    assert grid.crs.to_epsg() == 32633
    back = Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True)
    west, south, east, north = grid.bounds
    assert back.transform(west, south)[0] < 11.95
    assert back.transform(east, north)[0] > 12.06


def test_southern_glaciers_have_southern_northings():
    grid = grid_of(area_of((170.1, -43.65, 170.3, -43.5)), 10)
    assert grid.crs.to_epsg() == 32759
    assert 5_000_000 < grid.bounds[1] < 5_300_000


def test_the_pole_itself_lies_in_the_middle():
    grid = grid_of(area_of((-180, 89.5, 180, 90)), 30)
    west, south, east, north = grid.bounds
    assert (west + east) / 2 == pytest.approx(2_000_000, abs=3_840)
    assert (south + north) / 2 == pytest.approx(2_000_000, abs=3_840)
    # Half a degree from the pole is 55.8 km; the projection shrinks by 0.6 %.
    assert (east - west) / 2 == pytest.approx(0.994 * 55_847 + 1_000, abs=3_840)


def test_thirty_metres_are_the_very_pixels_of_landsat(fixtures_dir):
    folder = fixtures_dir / "metadata" / "landsat_mtl"
    for name in (
        "LC08_L1GT_089074_20220506_20220512_02_T2_stac.json",
        "LE07_L1TP_107068_20220310_20220405_02_T1_stac.json",
    ):
        item = json.loads((folder / name).read_text())
        _, _, west, _, _, north = item["properties"]["proj:transform"]
        grid = grid_of(area_of(square(*shapely.box(*item["bbox"]).centroid.coords[0])), 30)
        landsat, ours = f"EPSG:{item['properties']['proj:epsg']}", grid.crs.to_wkt()
        x, y = Transformer.from_crs(landsat, ours, always_xy=True).transform(west, north)
        assert abs((grid.transform.c - x + 15) % 30 - 15) < 1e-3
        assert abs((grid.transform.f - y + 15) % 30 - 15) < 1e-3


def test_ten_metres_are_the_very_pixels_of_sentinel_2(fixtures_dir):
    page = json.loads(
        (
            fixtures_dir / "metadata/stac/earthsearch_v1_search_landsatc2l2_s2l2a_next.json"
        ).read_text()
    )
    transforms = [
        asset["proj:transform"]
        for item in page["features"]
        for asset in item["assets"].values()
        if asset.get("proj:transform", [0])[0] == 10
    ]
    assert transforms
    for _, _, west, _, _, north, *_ in transforms:
        assert west % 10 == north % 10 == grid_of(area_of(ALPS), 10).transform.c % 10 == 0


def test_too_many_pixels_are_refused_with_what_fits():
    with pytest.raises(SourceError, match=r"At 1 m .* pixels of more than"):
        grid_of(area_of((7, 46, 8, 47)), 1)


@pytest.mark.parametrize("resolution", [0, -10, float("nan"), float("inf")])
def test_resolutions_that_are_none_are_refused(resolution):
    with pytest.raises(SourceError, match="Give a resolution above 0"):
        grid_of(area_of(ALPS), resolution)
