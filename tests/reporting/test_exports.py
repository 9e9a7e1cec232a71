"""Comparisons in files: what is written is what was computed, told and harmless."""

import csv
import errno
import io
import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from affine import Affine
from pyogrio.errors import DataSourceError
from rasterio.crs import CRS

import glacier_core as gc
from glacier_core.errors import StorageError
from glacier_core.inference.result import make_map
from glacier_core.outlines.schema import to_schema
from glacier_core.reporting import exports
from glacier_core.scene import SceneAttributes

UTM = CRS.from_epsg(32611)
SUFFIXES = [".csv", ".gpkg", ".json", ".parquet"]


def compared(simulated=True, names=("=HYPERLINK(1)", "Plain")):
    """Two glaciers, the second without any mapped ice."""
    probability = np.zeros((40, 60), dtype=np.float32)
    probability[10:20, 10:20] = 1
    attributes = SceneAttributes(id="v", title="@A valley", simulated=simulated)
    provenance = {
        "key": "",
        "scene": {"attributes": attributes.model_dump(mode="json")},
        "model": {"name": "by-hand"},
        "notes": [],
    }
    result = make_map(
        probability, probability.copy(), transform=Affine(30, 0, 480_000, 0, -30, 5_784_000),
        crs=UTM, provenance=provenance,
    )  # fmt: skip
    outlines = [
        shapely.box(480_000 + 30 * west, 5_784_000 - 30 * 21, 480_000 + 30 * east, 5_784_000 - 300)
        for west, east in ((10, 20), (45, 55))
    ]
    return gc.compare(result, to_schema(outlines, UTM, glacier_id=["-g1", "g2"], name=names))


@pytest.fixture(scope="module")
def comparison():
    return compared()


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def test_csv_holds_the_very_numbers(comparison):
    table = pd.read_csv(io.BytesIO(exports.comparison_csv(comparison)))
    for column in ("expert_area_km2", "area_deviation_percent", "polis_m", "iou"):
        np.testing.assert_array_equal(table[column], comparison.glaciers[column])
    assert table["area_deviation_percent"][1] == -100


def test_csv_texts_are_no_formulas_and_numbers_stay_numbers(comparison):
    first, second = rows_of(exports.comparison_csv(comparison))
    assert first["name"] == "'=HYPERLINK(1)"
    assert first["glacier_id"] == "'-g1"
    assert first["scene"] == "'@A valley"
    assert second["name"] == "Plain"
    assert second["area_deviation_percent"] == "-100.0"


@pytest.mark.parametrize("start", exports.FORMULA_STARTS)
def test_every_start_of_a_formula_is_made_harmless(start):
    content = exports.comparison_csv(compared(names=(f"{start}1+1", "b")))
    assert rows_of(content)[0]["name"] == f"'{start}1+1"


def test_the_comparison_itself_keeps_its_texts(comparison):
    exports.comparison_csv(comparison)
    assert comparison.glaciers["name"][0] == "=HYPERLINK(1)"


def test_csv_tells_what_it_was_made_from(comparison):
    first = rows_of(exports.comparison_csv(comparison))[0]
    assert first["model"] == "by-hand"
    assert first["program"].startswith("glacier-explorer ")
    assert first["made"] == comparison.provenance["made"]


@pytest.mark.parametrize(("simulated", "word"), [(True, "simulated"), (False, "observed")])
def test_csv_says_simulated(simulated, word):
    assert {row["simulated"] for row in rows_of(exports.comparison_csv(compared(simulated)))} == {
        word
    }


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_carries_provenance_and_simulated(comparison, tmp_path, suffix):
    path = gc.save_comparison(comparison, tmp_path / f"new folder/c{suffix}")
    if suffix == ".csv":
        simulated = rows_of(path.read_bytes())[0]["simulated"] == "simulated"
        made = rows_of(path.read_bytes())[0]["made"]
    else:
        if suffix == ".json":
            about = json.loads(path.read_text())
        elif suffix == ".parquet":
            about = pd.read_parquet(path).attrs
        else:
            table = pyogrio.read_dataframe(path, layer="provenance").set_index("key")["value"]
            about = {name: json.loads(table[name]) for name in ("provenance", "simulated")}
        simulated, made = about["simulated"], about["provenance"]["made"]
    assert simulated is True
    assert made == comparison.provenance["made"]
    assert list(path.parent.iterdir()) == [path]


def test_geopackage_layers(comparison, tmp_path):
    path = gc.save_comparison(comparison, tmp_path / "c.gpkg")
    assert [name for name, _ in pyogrio.list_layers(path)] == [
        "predicted",
        "expert",
        "glaciers",
        "pixels",
        "provenance",
    ]
    predicted = gpd.read_file(path, layer="predicted")
    assert predicted.crs == UTM
    assert predicted["simulated"].all()
    assert predicted.geometry[0].equals(comparison.predicted.geometry[0])
    assert predicted.geometry[1] is None or predicted.geometry[1].is_empty
    assert (
        gpd.read_file(path, layer="expert").geometry.geom_equals(comparison.expert.geometry).all()
    )
    table = pyogrio.read_dataframe(path, layer="glaciers")
    np.testing.assert_array_equal(table["polis_m"], comparison.glaciers["polis_m"])


def test_geopackage_is_read_as_outlines(comparison, tmp_path):
    path = gc.save_comparison(comparison, tmp_path / "c.gpkg")
    assert gc.read_outlines(path, layer="expert")["glacier_id"].tolist() == ["-g1", "g2"]


def test_json_is_strict_and_whole(comparison):
    def refuse(constant):
        raise AssertionError(constant)

    content = json.loads(exports.comparison_json(comparison), parse_constant=refuse)
    assert content["glaciers"][1]["polis_m"] is None
    assert content["glaciers"][0]["polis_m"] == pytest.approx(comparison.glaciers["polis_m"][0])
    assert content["pixels"][0]["domain"] == "whole scene"
    assert content["total"]["glaciers"] == 2
    assert content["definitions"]["polis_m"]["unit"] == "m"


def test_parquet_is_the_table(comparison, tmp_path):
    table = pd.read_parquet(gc.save_comparison(comparison, tmp_path / "c.parquet"))
    np.testing.assert_array_equal(table["iou"], comparison.glaciers["iou"])
    assert table["simulated"].tolist() == ["simulated"] * 2


def test_an_older_file_is_replaced(comparison, tmp_path):
    (tmp_path / "c.json").write_text("old")
    content = gc.save_comparison(comparison, tmp_path / "c.json").read_bytes()
    assert content == exports.comparison_json(comparison)


def test_unknown_suffix(comparison, tmp_path):
    with pytest.raises(StorageError, match=r"c\.xlsx.*\.csv, \.gpkg, \.json, \.parquet"):
        gc.save_comparison(comparison, tmp_path / "c.xlsx")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_full_disk_leaves_the_older_file(comparison, tmp_path, monkeypatch, suffix):
    path = tmp_path / f"c{suffix}"
    path.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("glacier_core.disk.os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        gc.save_comparison(comparison, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_full_disk_while_a_geopackage_is_made(comparison, monkeypatch):
    def full(*_, **__):
        raise DataSourceError("database or disk is full")

    monkeypatch.setattr("pyogrio.write_dataframe", full)
    with pytest.raises(StorageError, match="free space"):
        exports.comparison_geopackage(comparison)
