import json

import geopandas as gpd
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, Polygon, shape

from glacier_core.outlines.schema import to_schema
from glacier_core.viewing import outline_layers, palettes
from glacier_core.viewing.readings import deviation_rows

from .conftest import NASTY


def wobbly(vertices, radius=3000.0, seed=0):
    """A glacier-like outline with many vertices, in metres."""
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    away = radius * (1 + 0.02 * np.random.default_rng(seed).standard_normal(vertices))
    points = np.column_stack([500_000 + away * np.cos(angles), 5_200_000 + away * np.sin(angles)])
    return Polygon(points).buffer(0)


def table(*geometries, crs="EPSG:32632"):
    return to_schema(geometries, crs, glacier_id=[f"G-{n}" for n in range(len(geometries))])


def test_outlines_come_as_degrees_with_their_rows(scene, comparison):
    layer = outline_layers.expert_layer(scene.outlines, rows=deviation_rows(comparison))
    (feature,) = layer.geojson["features"]
    assert layer.color == palettes.EXPERT
    assert feature["properties"]["glacier_id"] == "G-1"
    assert feature["properties"]["name"] == NASTY
    assert dict(feature["properties"]["rows"])["Expert area"] == "0.81 km²"
    expected = scene.outlines.to_crs("EPSG:4326").geometry.iloc[0]
    assert shape(feature["geometry"]).symmetric_difference(expected).area < 1e-3 * expected.area
    json.dumps(layer.geojson, allow_nan=False)


def test_outlines_without_rows_tell_area_source_and_date(scene):
    (feature,) = outline_layers.expert_layer(scene.outlines).geojson["features"]
    assert feature["properties"]["rows"] == [("Area", "0.81 km²"), ("Date", "2019")]


def test_no_outlines_are_an_empty_layer(scene):
    layer = outline_layers.expert_layer(scene.outlines.iloc[:0])
    assert layer.geojson == {"type": "FeatureCollection", "features": []}


def test_glacier_without_ice_is_drawn_as_nothing(scene):
    frame = scene.outlines.set_geometry([Point(0, 0).buffer(0)])
    (feature,) = outline_layers.predicted_layer(frame.set_crs("EPSG:32632")).geojson["features"]
    assert feature["geometry"]["coordinates"] == ()


@settings(max_examples=20, deadline=None)
@given(st.floats(0.5, 100), st.integers(0, 5))
def test_simplified_outlines_stay_within_twice_the_tolerance(tolerance, seed):
    """GEOS removes vertices within the tolerance, then the ring's first one by the same rule."""
    frame = table(wobbly(400, seed=seed))
    drawn = outline_layers.simplified(frame, tolerance).geometry.iloc[0]
    assert frame.geometry.iloc[0].hausdorff_distance(drawn) <= 2 * tolerance


def test_huge_inventories_are_thinned_until_they_fit(monkeypatch):
    monkeypatch.setattr(outline_layers, "MAX_VERTICES", 500)
    frame = table(*(wobbly(1000, seed=seed) for seed in range(3)))
    drawn = outline_layers.simplified(frame, 1.0)
    assert drawn.geometry.count_coordinates().sum() <= 500
    assert len(drawn) == 3


def test_more_glaciers_than_vertices_still_end(monkeypatch):
    """Each polygon keeps a triangle however coarse: the thinning must stop by itself."""
    monkeypatch.setattr(outline_layers, "MAX_VERTICES", 50)
    frame = table(*(Point(500_000 + 200 * n, 5_200_000).buffer(50) for n in range(40)))
    drawn = outline_layers.simplified(frame, 1.0)
    assert len(drawn) == 40


def test_outlines_in_degrees_are_simplified_in_metres():
    frame = table(wobbly(400)).to_crs("EPSG:4326")
    drawn = outline_layers.simplified(frame, 20.0)
    assert isinstance(drawn, gpd.GeoDataFrame)
    assert drawn.crs.is_projected
    assert 3 < drawn.geometry.count_coordinates().sum() < 401
