"""Items of real catalogues become found scenes; what cannot be mapped is left out."""

import json
from datetime import UTC, datetime

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives.areas import area_of
from glacier_core.archives.catalogue import ARCHIVES
from glacier_core.archives.found_items import coverage_percent, footprint_of, found_scene

ALPS = area_of((7.98, 46.48, 8.02, 46.52))


@pytest.fixture
def real(fixtures_dir):
    def read(path, wanted=None):
        content = json.loads((fixtures_dir / "metadata" / path).read_text())
        if wanted is None:
            return content
        return next(each for each in content["features"] if each["id"] == wanted)

    return read


def item(**changed):
    return {
        "id": "S2A_32TMS_20230820_0_L1C",
        "collection": "sentinel-2-l1c",
        "geometry": shapely.geometry.mapping(shapely.box(7, 46, 9, 47)),
        "properties": {"datetime": "2023-08-20T10:36:03Z", "platform": "sentinel-2a"},
        "assets": {},
        "links": [],
        **changed,
    }


def properties(**changed):
    return item()["properties"] | changed


def within(geometry):
    return area_of(shapely.geometry.shape(geometry).representative_point())


def test_sentinel_2_of_earth_search(real):
    page = "stac/earthsearch_v1_search_filter_page_s1grd_s2c1l2a_l1c_l2a.json"
    told = real(page, "S2B_20EPT_20250731_0_L1C")
    scene = found_scene(told, ARCHIVES["sentinel-2-l1c"], within(told["geometry"]))
    assert scene.sensor == "Sentinel-2B"
    assert scene.acquired == datetime(2025, 7, 31, 13, 19, 22, 930000, UTC)
    assert scene.scene_cloud_percent == 0
    assert scene.reflectance == "toa"
    assert scene.assets["swir22"] == "s3://sentinel-s2-l1c/tiles/20/E/PT/2025/7/31/0/B12.jp2"
    assert scene.thumbnail.endswith("/items/S2B_20EPT_20250731_0_L1C/thumbnail")
    assert scene.item is told
    assert 0 < scene.coverage_percent <= 100


def test_landsat_of_the_geological_survey(real):
    told = real("landsat_mtl/LC08_L1GT_089074_20220506_20220512_02_T2_stac.json")
    scene = found_scene(told, ARCHIVES["landsat-c2-l1"], within(told["geometry"]))
    assert (scene.sensor, scene.scene_cloud_percent) == ("Landsat 8", 86.35)
    assert scene.thumbnail.endswith("_thumb_small.jpeg")
    assert scene.coverage_percent == 100


def test_landsat_of_the_planetary_computer(real):
    page = "stac/pc_landsat-c2-l2_items_10_next_GET.json"
    told = real(page, "LC09_L2SR_084082_20250722_02_T1")
    scene = found_scene(told, ARCHIVES["landsat-c2-l2"], within(told["geometry"]))
    assert (scene.sensor, scene.reflectance) == ("Landsat 9", "surface")
    assert "preview.png" in scene.thumbnail


def test_every_recorded_item_becomes_a_scene(real):
    for page, archive in (
        ("stac/pc_search_sentinel-2-l2a_33items_nonext.json", "sentinel-2-l2a"),
        ("stac/pc_landsat-c2-l2_items_10_next_GET.json", "landsat-c2-l2"),
    ):
        for told in real(page)["features"]:
            scene = found_scene(told, ARCHIVES[archive], within(told["geometry"]))
            assert scene is not None, told["id"]
            assert scene.sensor.startswith(("Sentinel-2", "Landsat "))


def test_radar_without_a_single_instant(real):
    told = real("stac/stactools_s1rtc_aws_S1A_20200103_17RMJ_ASC.json")
    told["properties"]["datetime"] = None
    scene = found_scene(told, ARCHIVES["sentinel-1-rtc"], within(told["geometry"]))
    assert scene.sensor == "Sentinel-1A"
    assert scene.acquired == datetime(2020, 1, 3, 23, 35, 56, tzinfo=UTC)
    assert scene.scene_cloud_percent is None


def test_scanner_without_shortwave_infrared_is_left_out(real):
    told = real("stac/stactools_landsat-c2-l1_LM05_L1GS_001001_19850524.json")
    assert found_scene(told, ARCHIVES["landsat-c2-l1"], within(told["geometry"])) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"properties": properties(**{"view:sun_elevation": -41.46})},
        {"properties": properties(**{"eo:sun_elevation": 0})},
        {"geometry": shapely.geometry.mapping(shapely.box(9, 46, 10, 47))},
        {"geometry": None},
        {"geometry": {"type": "Polygon", "coordinates": "none"}},
        {"geometry": {"type": "Point", "coordinates": [8, 46.5]}},
        {"properties": None},
        {"properties": {}},
        {"properties": properties(datetime="yesterday")},
        {"assets": {"red": "text"}},
        {"links": ["text"]},
    ],
)
def test_what_cannot_be_mapped_is_left_out(changed):
    assert found_scene(item(), ARCHIVES["sentinel-2-l1c"], ALPS) is not None
    assert found_scene(item(**changed), ARCHIVES["sentinel-2-l1c"], ALPS) is None


@pytest.mark.parametrize("cloud", [-1, 101, None, "little", float("nan")])
def test_clouds_that_are_not_known(cloud):
    told = item(properties=properties(**{"eo:cloud_cover": cloud}))
    assert found_scene(told, ARCHIVES["sentinel-2-l1c"], ALPS).scene_cloud_percent is None


def test_pictures_behind_a_pay_wall_are_passed_over():
    told = item(assets={"thumbnail": {"href": "s3://sentinel-s2-l1c/preview.jpg"}})
    assert found_scene(told, ARCHIVES["sentinel-2-l1c"], ALPS).thumbnail == ""


@given(st.floats(-170, 170), st.floats(-75, 75), st.floats(0.01, 1))
def test_coverage_is_the_share_of_the_ground(longitude, latitude, share):
    """In degrees of longitude at one latitude, shares of degrees are shares of the ground."""
    area = area_of((longitude, latitude, longitude + 0.5, latitude + 0.3))
    seen = shapely.box(longitude - 1, latitude - 1, longitude + 0.5 * share, latitude + 1)
    assert coverage_percent(area, seen) == pytest.approx(100 * share, abs=0.01)


def test_coverage_counts_ground_not_degrees():
    """Half of the degrees towards the pole are a third of the ground near it."""
    area = area_of((0, 88, 90, 90))
    assert coverage_percent(area, shapely.box(0, 89, 90, 90)) == pytest.approx(25, abs=0.05)


@pytest.mark.parametrize(
    "geometry",
    [
        shapely.Polygon([(179, 68), (-179, 68), (-179, 69), (179, 69)]),
        shapely.box(179, 68, 181, 69),
        shapely.MultiPolygon([shapely.box(179, 68, 180, 69), shapely.box(-180, 68, -179, 69)]),
    ],
)
def test_footprints_across_the_antimeridian_however_they_are_written(geometry):
    footprint = footprint_of(shapely.geometry.mapping(geometry))
    assert footprint.area == pytest.approx(2)
    assert coverage_percent(area_of((179.9, 68.4, -179.9, 68.6)), footprint) == 100
    assert coverage_percent(area_of((0, 68.4, 0.5, 68.6)), footprint) == 0


def test_real_footprint_that_ends_at_the_antimeridian(real):
    told = real("stac/stactools_N0500_S2B_20200914_T01VCG_L2A_item.json")
    footprint = footprint_of(told["geometry"])
    assert footprint.equals_exact(shapely.geometry.shape(told["geometry"]).normalize(), 1e-5)
