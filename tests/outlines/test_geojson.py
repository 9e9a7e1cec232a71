import json

import pytest

from glacier_core.errors import OutlineError
from glacier_core.outlines.geojson import read_geojson
from glacier_core.outlines.reading import read_outlines
from tests.network.servers import serving

RING = [[10, 46], [11, 46], [11, 47], [10, 46]]
AREA = {"type": "Polygon", "coordinates": [RING]}
FEATURE = {"type": "Feature", "geometry": AREA, "properties": {"name": "Aletsch"}}


@pytest.fixture
def written(tmp_path):
    def write(content, **more):
        path = tmp_path / "outlines.geojson"
        path.write_text(json.dumps(content | more))
        return path

    return write


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def test_a_collection(written):
    point = {"type": "Feature", "geometry": None, "properties": {"rank": 2}, "id": "b"}
    table = read_geojson(written(collection({**FEATURE, "id": 7}, point)))
    assert table.crs.to_epsg() == 4326
    assert table.geometry[0].area == 0.5
    assert table.geometry[1] is None
    assert list(table["id"]) == [7, "b"]
    assert table["name"][0] == "Aletsch"
    assert table["rank"][1] == 2


def test_one_feature_and_a_bare_geometry(written):
    assert read_geojson(written(FEATURE)).geometry[0].area == 0.5
    assert read_geojson(written(AREA)).geometry[0].area == 0.5


def test_heights_and_rings_that_are_not_closed(written):
    ring = [[*place, 2000.0] for place in RING[:-1]]
    table = read_geojson(written({"type": "Polygon", "coordinates": [ring]}))
    assert table.geometry[0].area == 0.5
    assert table.has_z.all()


def test_nested_attributes_become_text(written):
    nested = {**FEATURE, "properties": {"name": {"é": [1]}, "geometry": "mine"}}
    table = read_geojson(written(collection(nested)))
    assert table["name"][0] == '{"é": [1]}'
    assert table["geometry_"][0] == "mine"


@pytest.mark.parametrize(
    ("name", "epsg"),
    [
        ("EPSG:32632", 32632),
        ("urn:ogc:def:crs:EPSG::32632", 32632),
        ("urn:ogc:def:crs:EPSG:6.18:3857", 3857),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", 4326),
        ("urn:ogc:def:crs:OGC::CRS84", 4326),
    ],
)
def test_names_of_coordinate_systems(written, name, epsg):
    crs = {"type": "name", "properties": {"name": name}}
    assert read_geojson(written(FEATURE, crs=crs)).crs.to_epsg() == epsg


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "link", "properties": {"href": "{root}/x", "type": "ogcwkt"}},
        {"type": "URL", "properties": {"url": "{root}/x"}},
        {"type": "name", "properties": {"name": "{root}/x"}},
        {"type": "name", "properties": {"name": "/etc/hostname"}},
        {"type": "name", "properties": {"name": "+init=/etc/hostname:1"}},
        {"type": "name", "properties": {"name": "EPSG:32632+{root}/x"}},
        {"type": "name", "properties": {}},
        {"type": "name", "properties": None},
        {"type": "EPSG", "properties": {"code": 32632}},
        "EPSG:32632",
        [],
        7,
    ],
)
def test_coordinate_systems_are_never_fetched(written, crs):
    with serving() as server:
        text = json.dumps(crs).replace("{root}", server.root)
        path = written(FEATURE, crs=json.loads(text))
        with pytest.raises(OutlineError, match="names its coordinate system in a way"):
            read_geojson(path)
        assert server.asked == []


def test_a_pipeline_of_gdal_is_not_run(tmp_path, written):
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(FEATURE))
    pipeline = f"gdal vector pipeline ! read {secret} ! reproject --dst-crs=EPSG:4326"
    path = written({"type": "gdal_streamed_alg", "command_line": pipeline})
    with pytest.raises(OutlineError, match=r"another kind of JSON \('gdal_streamed_alg'\)"):
        read_geojson(path)


@pytest.mark.parametrize(
    "content",
    [
        '{"type": "FeatureCollection", "features": [1]}',
        '{"type": "FeatureCollection", "features": [{"geometry": {"type": "Cube"}}]}',
        '{"type": "FeatureCollection", "features": [{"geometry": null, "properties": [1]}]}',
        '{"type": "FeatureCollection", "features": [{"geometry": 3}]}',
        '{"type": "FeatureCollection", "features": [{"geometry": {"type": 3}}]}',
        '{"type": "GeometryCollection", "geometries": [{"type": 3}]}',
        '{"type": "GeometryCollection", "geometries": 3}',
        '{"type": "Polygon"}',
        '{"type": "Polygon", "coordinates": "none"}',
        '{"type": "Polygon", "coordinates": [[[NaN, 0], [1, 0], [1, 1], [NaN, 0]]]}',
        '{"type": "Polygon"',
        "[" * 100_000,
    ],
)
def test_damage(tmp_path, content):
    path = tmp_path / "outlines.geojson"
    path.write_text(content)
    with pytest.raises(
        OutlineError, match=r"outlines\.geojson (cannot be read as outlines|is not)"
    ):
        read_outlines(path)
