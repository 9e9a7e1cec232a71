"""Bad input for outlines: a clear sentence, nothing lost, no traceback."""

import json
import shutil

import geopandas as gpd
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines.overlap import check_overlap
from glacier_core.outlines.reading import read_outlines
from glacier_core.settings import settings

BOX = shapely.box(640000, 5180000, 642000, 5181000)


def frame(*geometries, crs="EPSG:32632", **attributes):
    return gpd.GeoDataFrame(attributes, geometry=list(geometries) or [BOX], crs=crs)


def refused(path, sentence, **options):
    with pytest.raises(OutlineError, match=sentence) as caught:
        read_outlines(path, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert path.name in message or "There is no file" in message


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("suffix", [".gpkg", ".shp", ".parquet"])
def test_outlines_without_a_coordinate_system(tmp_path, suffix):
    path = tmp_path / f"outlines{suffix}"
    bare = frame(crs=None, name=["A"])
    bare.to_parquet(path) if suffix == ".parquet" else bare.to_file(path)
    refused(path, "has no coordinate system.*read_outlines")


def test_a_shapefile_whose_prj_was_lost(tmp_path):
    frame(name=["A"]).to_file(tmp_path / "outlines.shp")
    (tmp_path / "outlines.prj").unlink()
    refused(tmp_path / "outlines.shp", r"needs its \.prj file beside it")
    assert len(read_outlines(tmp_path / "outlines.shp", crs="EPSG:32632")) == 1


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_empty_outlines(tmp_path, suffix):
    path = tmp_path / f"outlines{suffix}"
    empty = gpd.GeoDataFrame({"name": []}, geometry=[], crs="EPSG:4326")
    empty.to_parquet(path) if suffix == ".parquet" else empty.to_file(path)
    refused(path, "is empty: it holds not one outline|holds no layer")


def test_outlines_of_nothing(tmp_path):
    path = tmp_path / "outlines.gpkg"
    frame(shapely.Polygon(), None, shapely.Point(0, 0)).to_file(path)
    refused(path, "holds no polygon with an area")


def test_self_crossing_polygons_are_repaired(tmp_path):
    bow_tie = shapely.Polygon(
        [(640000, 5180000), (642000, 5182000), (642000, 5180000), (640000, 5182000)]
    )
    path = tmp_path / "outlines.gpkg"
    frame(bow_tie, BOX).to_file(path)
    outlines = read_outlines(path)
    assert outlines.is_valid.all()
    assert list(outlines.area_km2) == pytest.approx([2.0, 2.0], rel=2e-3)


def test_outlines_far_from_the_scene(tmp_path):
    path = tmp_path / "outlines.gpkg"
    frame().to_file(path)
    with pytest.raises(OutlineError, match=r"None of the outlines lies on the scene.*\d km away"):
        check_overlap(read_outlines(path), (477870, 5778330, 484320, 5784480), "EPSG:32611")


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet", ".zip", ".json"])
@pytest.mark.parametrize(
    "content",
    [b"", b"field notes\n", b"\x89PNG\r\n\x1a\n", b"<OGRVRTDataSource></OGRVRTDataSource>", b"[]"],
)
def test_something_else_under_the_name_of_outlines(tmp_path, suffix, content):
    path = tmp_path / f"outlines{suffix}"
    path.write_bytes(content)
    refused(path, "is not what its name says|is an empty file")


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [
        (".gpkg", b"SQLite format 3\x00"),
        (".shp", b"\x00\x00\x27\x0a"),
        (".parquet", b"PAR1"),
        (".zip", b"PK\x03\x04"),
        (".geojson", b'{"type": "FeatureCollection", "features": ['),
    ],
)
@pytest.mark.filterwarnings(
    "ignore::RuntimeWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_the_beginning_and_nothing_more(tmp_path, suffix, beginning):
    path = tmp_path / f"outlines{suffix}"
    path.write_bytes(beginning + b"\x00 and nothing more" * 20)
    refused(path, "cannot be read as outlines|is damaged|holds no layer")


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet"])
def test_a_truncated_file(tmp_path, suffix, share):
    path = tmp_path / f"outlines{suffix}"
    many = frame(*[shapely.transform(BOX, lambda xy, n=n: xy + n) for n in range(50)])
    if suffix == ".parquet":
        many.to_parquet(path)
    else:
        many.to_crs(4326).to_file(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, "cannot be read as outlines|holds no layer|is a table without|is empty")


@pytest.mark.parametrize(
    "content",
    [
        {"type": "Topology"},
        {"type": "FeatureCollection", "features": []},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None}]},
        {"type": "FeatureCollection", "features": "none"},
        {"hello": "world"},
        {},
    ],
)
def test_json_without_outlines(tmp_path, content):
    path = tmp_path / "outlines.geojson"
    path.write_text(json.dumps(content))
    refused(path, "cannot be read|holds no|is empty|table without")


def test_a_table_is_no_outlines(tmp_path):
    path = tmp_path / "outlines.parquet"
    frame(name=["A"]).drop(columns="geometry").to_parquet(path)
    refused(path, "cannot be read as outlines")


def test_unknown_kinds_and_missing_files(tmp_path):
    refused(tmp_path / "outlines.kml", r"no kind of outline file known here")
    refused(tmp_path / "outlines.gpkg", "There is no file")
    (tmp_path / "folder.gpkg").mkdir()
    refused(tmp_path / "folder.gpkg", "There is no file")


def test_a_shapefile_without_its_siblings(tmp_path):
    frame(name=["A"]).to_file(tmp_path / "outlines.shp")
    shutil.copy(tmp_path / "outlines.shp", tmp_path / "alone.shp")
    refused(tmp_path / "alone.shp", "may be damaged or incomplete")


@pytest.mark.parametrize(
    "setting", ["GLACIER_MAX_OUTLINE_VERTICES", "GLACIER_MAX_UPLOAD_MEGABYTES"]
)
def test_limits(tmp_path, monkeypatch, setting):
    path = tmp_path / "outlines.gpkg"
    frame(BOX.segmentize(0.1)).to_file(path)
    assert path.stat().st_size > 900_000
    monkeypatch.setenv(setting, "1")
    settings.cache_clear()
    with path.open("ab") as file:
        file.write(bytes(500_000))
    refused(path, setting)


def test_hostile_names_stay_text(tmp_path):
    names = ["<img src=x onerror=alert(1)>", "${document.title=1}`", "=cmd|' /C calc'!A0"]
    path = tmp_path / "outlines.gpkg"
    frame(BOX, BOX, BOX, name=names, glacier_id=names, source=names).to_file(path)
    outlines = read_outlines(path)
    for column in ("name", "glacier_id", "source"):
        assert list(outlines[column]) == names


def test_nested_attributes_become_text(tmp_path):
    path = tmp_path / "outlines.geojson"
    content = json.loads(frame(crs="EPSG:4326").to_json())
    ring = [[10, 46], [11, 46], [11, 47], [10, 46]]
    content["features"][0]["geometry"]["coordinates"] = [ring]
    content["features"][0]["properties"] = {"name": {"a": [1, 2]}, "date": [2003, 2004]}
    path.write_text(json.dumps(content))
    row = read_outlines(path).iloc[0]
    assert "a" in row["name"]
    assert isinstance(row["date"], str)
