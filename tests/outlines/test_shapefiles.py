"""Zipped Shapefiles: whole, told in a legend, and read by others as what they are."""

import io
import zipfile

import geopandas as gpd
import pytest
import shapely

from glacier_core.outlines.schema import COLUMNS, to_schema
from glacier_core.outlines.shapefiles import short_names, zipped, zipped_shapefile


def outlines(**known):
    boxes = [shapely.box(650_000, 5_180_000, 651_000, 5_181_000)]
    return to_schema(boxes, "EPSG:32632", glacier_id=["a"], name=["Ötztal"], **known)


def parts(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_archive_holds_the_five_parts_and_a_legend():
    names = sorted(parts(zipped_shapefile(outlines())))
    assert names == [
        "legend.txt", "outlines.cpg", "outlines.dbf", "outlines.prj", "outlines.shp",
        "outlines.shx",
    ]  # fmt: skip


def test_encoding_and_projection_are_told(tmp_path):
    content = parts(zipped_shapefile(outlines()))
    assert content["outlines.cpg"] == b"UTF-8"
    assert b"UTM_Zone_32N" in content["outlines.prj"].replace(b" ", b"_")
    (tmp_path / "o.zip").write_bytes(zipped_shapefile(outlines()))
    read = gpd.read_file(tmp_path / "o.zip")
    assert read["name"].tolist() == ["Ötztal"]
    assert read.crs == "EPSG:32632"


def test_the_legend_tells_of_every_column():
    legend = parts(zipped_shapefile(outlines()))["legend.txt"].decode()
    for column in COLUMNS[:-1]:
        assert f"\r\n{column}: " in legend
    assert "cut" not in legend


def test_long_names_and_texts_are_cut_and_told(tmp_path):
    frame = outlines(source="ä" * 200).assign(simulated_scene=True, simulated_scene_of="x")
    frame = gpd.GeoDataFrame(frame, geometry="geometry")
    content = zipped_shapefile(frame)
    (tmp_path / "o.zip").write_bytes(content)
    read = gpd.read_file(tmp_path / "o.zip")
    assert read["source"][0] == "ä" * 127
    assert list(read.columns)[-3:-1] == ["simulated_", "simulated2"]
    legend = parts(content)["legend.txt"].decode()
    assert "simulated2 (simulated_scene_of)" in legend
    assert "Texts of source were cut to 254 bytes" in legend


@pytest.mark.parametrize("columns", [["a"] * 1, [f"a_very_long_name_{i}" for i in range(120)]])
def test_short_names_are_unique_and_short(columns):
    names = list(short_names(columns).values())
    assert len(set(names)) == len(columns)
    assert max(map(len, names)) <= 10


def test_nothing_to_write_is_an_empty_shapefile(tmp_path):
    (tmp_path / "o.zip").write_bytes(zipped_shapefile(outlines().iloc[:0]))
    assert gpd.read_file(tmp_path / "o.zip").empty


def test_an_archive_is_the_same_whenever_it_is_made():
    with zipfile.ZipFile(io.BytesIO(zipped({"a": b"b"}))) as archive:
        assert archive.infolist()[0].date_time == (1980, 1, 1, 0, 0, 0)
