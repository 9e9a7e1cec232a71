"""Outlines into files: read back the same, replaced whole or not at all."""

import errno
import json
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import geopandas.testing
import pyogrio
import pytest
import shapely

from glacier_core.errors import OutlineError, StorageError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import to_schema
from glacier_core.outlines.writing import write_outlines

PARTS = shapely.MultiPolygon([shapely.box(0, 0, 100, 100), shapely.box(200, 0, 300, 100)])
HOLED = shapely.box(1000, 0, 2000, 1000) - shapely.box(1200, 200, 1300, 300)


def outlines():
    shift = list(gpd.GeoSeries([PARTS, HOLED]).translate(650000 + 1 / 3, 5180000 + 1 / 7))
    return to_schema(
        shift, "EPSG:32632", glacier_id=["b", "a"], name=["Ötztal <b>", "=1+1"],
        source="by hand", analyst=["", "me"], date=["2003-07", ""],
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".gpkg", ".parquet", ".zip"])
def test_there_and_back_exactly(tmp_path, suffix):
    path = write_outlines(outlines(), tmp_path / "new" / f"outlines{suffix}")
    geopandas.testing.assert_geodataframe_equal(read_outlines(path), outlines())


def test_geojson_is_in_degrees_and_wound_as_the_standard_asks(tmp_path):
    path = write_outlines(outlines(), str(tmp_path / "outlines.geojson"))
    content = json.loads(path.read_text())
    assert "crs" not in content or "CRS84" in json.dumps(content["crs"])
    ring = content["features"][1]["geometry"]["coordinates"][0]
    assert shapely.LinearRing(ring).is_ccw
    back = read_outlines(path)
    there = back.to_crs("EPSG:32632").geometry
    for geometry, expected in zip(there, outlines().geometry, strict=True):
        assert geometry.hausdorff_distance(expected) < 1e-6
    words = ["glacier_id", "name", "source", "analyst", "date"]
    assert back[words].equals(outlines()[words])


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".zip"])
def test_the_same_outlines_are_the_same_bytes_at_any_time(tmp_path, suffix):
    first = write_outlines(outlines(), tmp_path / f"first{suffix}").read_bytes()
    time.sleep(1.1)  # GeoPackages and zip archives tell the second, or every other
    assert write_outlines(outlines(), tmp_path / f"second{suffix}").read_bytes() == first


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".zip"])
def test_a_file_is_replaced(tmp_path, suffix):
    path = write_outlines(outlines(), tmp_path / f"o{suffix}")
    write_outlines(outlines().iloc[:1], path)
    assert len(read_outlines(path)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_a_geopackage_has_one_layer_of_multipolygons(tmp_path):
    """QGIS then shows one layer, whatever parts the outlines have."""
    path = write_outlines(outlines(), tmp_path / "o.gpkg")
    assert gpd.list_layers(path).values.tolist() == [["outlines", "MultiPolygon"]]


def test_an_unknown_suffix(tmp_path):
    with pytest.raises(OutlineError, match=r"written as \.gpkg, \.geojson, \.parquet, \.zip"):
        write_outlines(outlines(), tmp_path / "outlines.kml")


def test_a_failure_leaves_the_old_file(tmp_path, monkeypatch):
    path = write_outlines(outlines(), tmp_path / "o.gpkg")
    before = path.read_bytes()

    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StorageError, match="No space left on device"):
        write_outlines(outlines().iloc[:1], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="could not be written"):
        write_outlines(outlines(), tmp_path / "file" / "o.gpkg")


MADE_FROM = {"model": {"name": "Ötztal"}, "made": "2026-01-01"}


def told(path):
    if path.suffix == ".gpkg":
        table = pyogrio.read_dataframe(path, layer="provenance").set_index("key")["value"]
        return {"model": json.loads(table["model"]), "made": table["made"]}
    if path.suffix == ".geojson":
        return json.loads(path.read_text())["provenance"]
    if path.suffix == ".parquet":
        return gpd.read_parquet(path).attrs["provenance"]
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("provenance.json"))


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".parquet", ".zip"])
def test_what_they_were_made_from_travels_with_them(tmp_path, suffix):
    path = write_outlines(outlines(), tmp_path / f"o{suffix}", provenance=MADE_FROM)
    assert told(path) == MADE_FROM
    words = ["glacier_id", "name", "source", "analyst", "date"]
    assert read_outlines(path)[words].equals(outlines()[words])
    again = write_outlines(outlines(), tmp_path / f"p{suffix}", provenance=MADE_FROM)
    assert again.read_bytes() == path.read_bytes()


def test_geojson_names_no_coordinate_system(tmp_path):
    """RFC 7946, section 4: WGS 84 it is."""
    assert "crs" not in json.loads(write_outlines(outlines(), tmp_path / "o.geojson").read_text())
