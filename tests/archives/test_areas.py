"""Areas from what people choose, and through links."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives.areas import Area, area_from_text, area_of
from glacier_core.errors import SourceError
from glacier_core.outlines.schema import to_schema
from glacier_core.settings import settings

BOX = (7.95, 46.48, 8.05, 46.52)


@st.composite
def boxes(draw):
    west, south = draw(st.floats(-180, 179.9)), draw(st.floats(-89, 88))
    return west, south, west + draw(st.floats(0.001, 1.5)), south + draw(st.floats(0.001, 1))


def test_box_is_itself():
    area = area_of(BOX, name="Testgletscher")
    assert area.name == "Testgletscher"
    assert area.geometry.equals(shapely.box(*BOX))
    assert area.extent == BOX
    assert area.centre == pytest.approx((8.0, 46.5))
    assert not area.crosses_antimeridian


def test_box_across_the_antimeridian_has_two_parts_and_one_extent():
    area = area_of((179.9, -45, -179.9, -44))
    assert len(area.geometry.geoms) == 2
    assert area.crosses_antimeridian
    assert area.extent == pytest.approx((179.9, -45, 180.1, -44))
    assert abs(area.centre[0]) == pytest.approx(180)


def test_box_drawn_on_a_map_that_was_panned_around_the_world():
    assert area_of((367.95, 46.48, 368.05, 46.52)) == area_of(BOX)
    assert area_of((-180.1, 65, -179.9, 65.1)) == area_of((179.9, 65, 180.1, 65.1))


def test_area_around_a_pole_is_centred_on_it():
    assert area_of((-180, 88.5, 180, 90)).centre == (0, 90)
    assert area_of(shapely.Point(30, -90)).centre == (0, -90)


def test_outlines_give_the_box_around_them_whatever_their_system():
    squares = gpd.GeoSeries(
        [shapely.box(7.95, 46.48, 7.96, 46.5), shapely.box(8, 46.5, 8.05, 46.52)]
    )
    outlines = to_schema(list(squares), "EPSG:4326", glacier_id=["a", "b"]).to_crs("EPSG:32632")
    assert area_of(outlines).geometry.bounds == pytest.approx(BOX, abs=2e-5)
    assert area_of(outlines).glacier_ids == ()


def test_one_outline_gives_its_name_and_id():
    outlines = to_schema(
        [shapely.box(*BOX)],
        "EPSG:4326",
        glacier_id=["RGI2000-v7.0-G-11-00001"],
        name="Testgletscher",
    )
    area = area_of(outlines)
    assert (area.name, area.glacier_ids) == ("Testgletscher", ("RGI2000-v7.0-G-11-00001",))
    assert area_of(outlines.iloc[0]) == area


def test_rows_of_the_index_give_the_ids_of_inventories():
    row = pd.Series(
        {
            "glacier_id": "made up",
            "name": "Testgletscher",
            "rgi7_id": "RGI2000-v7.0-G-11-00001",
            "rgi6_id": "",
            "glims_id": "G008000E46500N",
            "geometry": shapely.box(*BOX),
        }
    )
    assert area_of(row).glacier_ids == ("RGI2000-v7.0-G-11-00001", "G008000E46500N")
    assert area_of(row.drop(["rgi7_id", "rgi6_id", "glims_id"])).glacier_ids == ("made up",)


def test_outlines_across_the_antimeridian():
    outlines = to_schema(
        [shapely.box(179.8, 71, 179.9, 71.1), shapely.box(-179.9, 71, -179.8, 71.2)],
        "EPSG:4326",
        glacier_id=["west", "east"],
    )
    assert area_of(outlines).extent == pytest.approx((179.8, 71, 180.2, 71.2))


def test_point_gets_a_box_of_ten_kilometres():
    outline = gpd.GeoSeries([area_of(shapely.Point(8, 46.5)).geometry], crs="EPSG:4326")
    west, south, east, north = outline.to_crs("EPSG:32632").total_bounds
    assert east - west == pytest.approx(10_000, rel=0.02)
    assert north - south == pytest.approx(10_000, rel=0.02)


def test_polygon_of_many_corners_becomes_its_box():
    circle = shapely.Point(8, 46.5).buffer(0.05, quad_segs=64)
    assert area_of(circle).geometry.equals(shapely.box(7.95, 46.45, 8.05, 46.55))


def test_row_of_a_table_without_geometry_is_refused():
    with pytest.raises(SourceError, match="no geometry"):
        area_of(pd.Series({"name": "somewhere"}))


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ((8, 46, 9), "no area"),
        ("Alps", "no area"),
        ((8, 47, 9, 46), "empty"),
        ((8, 46, float("nan"), 47), "empty"),
        (shapely.LineString([(8, 46), (9, 47)]), "empty"),
        (shapely.Polygon(), "empty"),
        (shapely.box(8, 90, 9, 91), "not on Earth"),
        (gpd.GeoDataFrame(geometry=[shapely.box(*BOX)]), "no coordinate system"),
        (gpd.GeoDataFrame(geometry=[shapely.Polygon()], crs="EPSG:4326"), "no outline"),
    ],
)
def test_what_is_no_place_is_refused(place, message):
    with pytest.raises(SourceError, match=message):
        area_of(place)


def test_whole_countries_are_refused_with_the_limit(monkeypatch):
    with pytest.raises(SourceError, match=r"135,000 km².*GLACIER_MAX_SCENE_PIXELS"):
        area_of((0, 40, 10, 50))
    monkeypatch.setenv("GLACIER_MAX_SCENE_PIXELS", "10000")
    settings.cache_clear()
    with pytest.raises(SourceError, match="9 km²"):
        area_of(BOX)


@given(boxes(), st.text(max_size=40), st.lists(st.text(min_size=1, max_size=30), max_size=3))
def test_links_bring_the_very_same_area(box, name, ids):
    area = area_of(box, name=name)
    whole = Area(area.name, area.geometry, tuple(ids))
    assert area_from_text(whole.to_text()) == whole
    assert len(area.to_text()) < 120 + 12 * len(name)


def test_links_of_polygons_bring_the_very_same_area():
    drawn = shapely.Polygon([(179, -45), (-179, -45.5), (-179.123456789, -44), (179.2, -44)])
    area = area_of(drawn, name="Große ~ Zunge")
    assert area_from_text(area.to_text()) == area


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a~b",
        "a~~1,2,3",
        "a~~1,2,x,4",
        "a~~nan,2,3,4",
        "a~~8,46,8,46",
        "a~~8,46,999,47",
        "a~~0,0,60,60",
        "a~~" + "1," * 9000,
    ],
)
def test_broken_links_say_so(text):
    with pytest.raises(SourceError):
        area_from_text(text)
