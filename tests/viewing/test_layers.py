import json
from math import cos, radians

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

from glacier_core.outlines.schema import to_schema
from glacier_core.viewing import layers, palettes
from glacier_core.viewing.readings import deviation_rows

from .conftest import NASTY, ramp_scene
from .places import degrees_of


def wobbly(vertices, radius=3000.0, seed=0):
    """A glacier-like outline with many vertices, in metres."""
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    away = radius * (1 + 0.02 * np.random.default_rng(seed).standard_normal(vertices))
    points = np.column_stack([500_000 + away * np.cos(angles), 5_200_000 + away * np.sin(angles)])
    return Polygon(points).buffer(0)


def table(*geometries, crs="EPSG:32632"):
    return to_schema(geometries, crs, glacier_id=[f"G-{n}" for n in range(len(geometries))])


def test_bounds_hold_every_corner(scene):
    west, south, east, north = layers.geographic_bounds(scene)
    for row, column in [(-0.5, -0.5), (-0.5, 79.5), (59.5, -0.5), (59.5, 79.5)]:
        lon, lat = degrees_of(scene, row, column)
        assert west - 1e-9 <= lon <= east + 1e-9
        assert south - 1e-9 <= lat <= north + 1e-9


@pytest.mark.parametrize("pixels", [layers.FINEST_CODES, layers.FINEST_IMAGERY])
@pytest.mark.parametrize("north", [10_000.0, 5_200_000.0, 8_900_000.0])
def test_pixels_of_the_finest_tiles_are_at_most_as_large_as_wanted(north, pixels):
    scene = ramp_scene(north=north)
    _, south, _, top = layers.geographic_bounds(scene)
    zoom = layers.finest_zoom(scene, pixels)
    ground = 40_075_016.7 * cos(radians((south + top) / 2)) / 512 / 2**zoom
    assert pixels / 2 < ground / scene.resolution <= pixels


def test_one_composite_is_on_and_the_address_carries_the_content(scene):
    made = layers.scene_layers(scene, composite="swir")
    assert [layer.id for layer in made if layer.visible] == ["swir"]
    assert {layer.id for layer in made} == {"natural", "swir", "ndsi", "hillshade", "slope"}
    assert all(f"v={scene.fingerprint()[:12]}" in layer.tiles for layer in made)


def test_values_of_a_map_go_as_data_with_their_ramps(scene, result):
    made = {layer.id: layer for layer in layers.map_layers(scene, result.key, visible="confidence")}
    assert made["confidence"].visible
    assert not made["probability"].visible
    assert made["confidence"].ramp is palettes.CONFIDENCE
    assert result.key in made["probability"].tiles


def test_outlines_come_as_degrees_with_their_rows(scene, comparison):
    layer = layers.expert_layer(scene.outlines, rows=deviation_rows(comparison))
    (feature,) = layer.geojson["features"]
    assert layer.color == palettes.EXPERT
    assert feature["properties"]["glacier_id"] == "G-1"
    assert feature["properties"]["name"] == NASTY
    assert dict(feature["properties"]["rows"])["Expert area"] == "0.81 km²"
    expected = scene.outlines.to_crs("EPSG:4326").geometry.iloc[0]
    assert shape(feature["geometry"]).symmetric_difference(expected).area < 1e-3 * expected.area
    json.dumps(layer.geojson, allow_nan=False)


def test_outlines_without_rows_tell_area_source_and_date(scene):
    (feature,) = layers.expert_layer(scene.outlines).geojson["features"]
    assert feature["properties"]["rows"] == [("Area", "0.81 km²"), ("Date", "2019")]


def test_no_outlines_are_an_empty_layer(scene):
    layer = layers.expert_layer(scene.outlines.iloc[:0])
    assert layer.geojson == {"type": "FeatureCollection", "features": []}


def test_glacier_without_ice_is_drawn_as_nothing(scene):
    frame = scene.outlines.set_geometry([Point(0, 0).buffer(0)])
    (feature,) = layers.predicted_layer(frame.set_crs("EPSG:32632")).geojson["features"]
    assert feature["geometry"]["coordinates"] == ()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 100), st.integers(0, 5))
def test_simplified_outlines_stay_within_twice_the_tolerance(tolerance, seed):
    """GEOS removes vertices within the tolerance, then the ring's first one by the same rule."""
    frame = table(wobbly(400, seed=seed))
    drawn = layers.simplified(frame, tolerance).geometry.iloc[0]
    assert frame.geometry.iloc[0].hausdorff_distance(drawn) <= 2 * tolerance


def test_huge_inventories_are_thinned_until_they_fit(monkeypatch):
    monkeypatch.setattr(layers, "MAX_VERTICES", 500)
    frame = table(*(wobbly(1000, seed=seed) for seed in range(3)))
    drawn = layers.simplified(frame, 1.0)
    assert drawn.geometry.count_coordinates().sum() <= 500
    assert len(drawn) == 3


def test_more_glaciers_than_vertices_still_end(monkeypatch):
    """Each polygon keeps a triangle however coarse: the thinning must stop by itself."""
    monkeypatch.setattr(layers, "MAX_VERTICES", 50)
    frame = table(*(Point(500_000 + 200 * n, 5_200_000).buffer(50) for n in range(40)))
    drawn = layers.simplified(frame, 1.0)
    assert len(drawn) == 40


def test_outlines_in_degrees_are_simplified_in_metres():
    frame = table(wobbly(400)).to_crs("EPSG:4326")
    drawn = layers.simplified(frame, 20.0)
    assert isinstance(drawn, gpd.GeoDataFrame)
    assert drawn.crs.is_projected
    assert 3 < drawn.geometry.count_coordinates().sum() < 401


def test_the_code_that_draws_is_part_of_every_tiles_address(scene, monkeypatch):
    """Browsers keep a tile for a year: one drawn by other code must have another address."""

    def addresses():
        layers.drawing_version.cache_clear()
        drawn = [
            *layers.scene_layers(scene),
            *layers.map_layers(scene, "ab" * 32),
            layers.agreement_layer(scene, "ab" * 32),
        ]
        return {layer.tiles for layer in drawn}

    before = addresses()
    assert addresses() == before
    monkeypatch.setattr(layers, "DRAWING", layers.DRAWING[:-1])  # as if its source were another
    assert not addresses() & before
    layers.drawing_version.cache_clear()
