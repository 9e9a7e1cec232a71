import geopandas as gpd
import pytest
import shapely

from glacier_core.viewing.find_layers import dots_layer, tiles_layer


def glaciers(**changes):
    known = {
        "glacier_id": ["RGI2000-v7.0-G-11-00001"],
        "name": ["Testgletscher"],
        "longitude": [8.0],
        "latitude": [46.5],
        "area_km2": [2.345],
        "region_name": ["Central Europe"],
        "geometry": [shapely.box(7.9, 46.4, 8.1, 46.6)],
    }
    return gpd.GeoDataFrame(known | changes, crs="EPSG:4326")


def test_glacier_is_a_dot_on_the_glacier_that_tells_its_facts():
    (dot,) = dots_layer(glaciers()).geojson["features"]
    assert dot["geometry"] == {"type": "Point", "coordinates": [8.0, 46.5]}
    assert dot["properties"]["name"] == "Testgletscher"
    assert dot["properties"]["rows"] == [
        ("Region", "Central Europe"),
        ("Area", "2.35 km²"),
        ("Id", "RGI2000-v7.0-G-11-00001"),
    ]


def test_what_is_not_known_is_left_out():
    (dot,) = dots_layer(glaciers(name=[""], area_km2=[float("nan")])).geojson["features"]
    assert dot["properties"]["name"] == "RGI2000-v7.0-G-11-00001"
    assert "Area" not in dict(dot["properties"]["rows"])


def test_tile_is_its_square_and_named_by_its_scene():
    (square,) = tiles_layer([("tiles-alp-1-2", "ALP-1-2", (8.0, 46.0, 8.1, 46.05))]).geojson[
        "features"
    ]
    drawn = shapely.geometry.shape(square["geometry"])
    assert drawn.bounds == pytest.approx((8.0, 46.0, 8.1, 46.05))
    assert square["properties"]["glacier_id"] == "tiles-alp-1-2"


def test_no_tiles_are_an_empty_layer():
    assert tiles_layer([]).geojson["features"] == []
