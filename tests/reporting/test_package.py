"""Everything of a map in one folder: whole or not at all, and equal to what is shown."""

import errno
import hashlib
import json
from dataclasses import replace
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from rio_cogeo import cog_validate

import glacier_core as gc
from glacier_core.errors import SceneError, StorageError
from glacier_core.reporting import package
from glacier_core.reporting.package import export_map
from tests.tiny_world import tiny_map, tiny_scene

OF_A_MAP = {
    "probability.tif", "confidence.tif", "glacier.tif", "unmapped.tif",
    "outlines.gpkg", "outlines.parquet", "outlines.geojson", "outlines-shp.zip",
    "picture.svg", "picture.png", "map.html", "report.html", "provenance.json",
    "area-uncertainty.csv", "look-here-first.csv", "confidence-band.gpkg",
}  # fmt: skip
OF_A_COMPARISON = {
    "glaciers.csv", "glaciers.parquet", "comparison.json", "comparison.gpkg",
    "deviations.svg", "deviations.png", "distance-intervals.csv", "strata.csv",
}  # fmt: skip


@cache
def world():
    scene = tiny_scene(simulated=True)
    result = tiny_map(scene)
    return scene, result, gc.compare(result, scene.outlines)


def only_tables(monkeypatch):
    """Leave out what takes seconds to draw."""
    monkeypatch.setattr(package, "_write_pages", lambda *_: None)
    monkeypatch.setattr(package, "figure_file", lambda *_: b"")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exported") / "all"


@pytest.fixture
def exported(folder):
    scene, result, comparison = world()
    if not folder.exists():
        export_map(result, scene, folder, comparison=comparison)
    return folder


def test_all_files_are_there_and_the_record_knows_them(exported):
    names = {path.name for path in exported.iterdir()}
    assert names == OF_A_MAP | OF_A_COMPARISON
    files = json.loads((exported / "provenance.json").read_text())["export"]["files"]
    assert set(files) == names - {"provenance.json"}
    for name, digest in files.items():
        assert hashlib.sha256((exported / name).read_bytes()).hexdigest() == digest


def test_the_record_tells_map_and_comparison(exported):
    _, result, comparison = world()
    record = json.loads((exported / "provenance.json").read_text())
    told = record.pop("export")
    assert record == result.provenance
    assert told["comparison"]["expert"] == comparison.provenance["expert"]
    assert told["comparison"]["buffer_m"] == 300
    assert set(told["software"]) == set(result.provenance["software"])


def test_what_is_exported_is_what_is_shown(exported):
    """The table of the page Compare, in each of its files, number by number."""
    _, _, comparison = world()
    shown = comparison.glaciers
    numbers = shown.select_dtypes("number").columns
    assert len(numbers) > 12
    layers = gpd.read_file(exported / "comparison.gpkg", layer="glaciers")
    listed = pd.DataFrame(json.loads((exported / "comparison.json").read_text())["glaciers"])
    for table in (
        pd.read_csv(exported / "glaciers.csv"),
        pd.read_parquet(exported / "glaciers.parquet"),
        layers,
        listed,
    ):
        for name in numbers:
            np.testing.assert_array_equal(table[name].astype(float), shown[name], err_msg=name)


def test_the_outlines_are_those_that_are_drawn(exported):
    _, result, _ = world()
    expected = result.outlines()
    for name in ("outlines.gpkg", "outlines.parquet", "outlines-shp.zip"):
        read = gc.read_outlines(exported / name)
        assert read.geometry.geom_equals(expected.geometry).all()
        assert read["glacier_id"].tolist() == expected["glacier_id"].tolist()
        np.testing.assert_allclose(read["area_km2"], expected["area_km2"])


def test_rasters_are_the_maps_own(exported):
    _, result, _ = world()
    for name in ("probability", "confidence"):
        assert cog_validate(exported / f"{name}.tif")[0]
        with rasterio.open(exported / f"{name}.tif") as raster:
            np.testing.assert_array_equal(raster.read(1), result.data[name])
            assert raster.descriptions == (name,)


def test_an_export_is_a_map_that_opens_and_exports_again(exported, tmp_path, monkeypatch):
    only_tables(monkeypatch)
    scene, result, _ = world()
    again = gc.open_map(exported)
    assert again.data.identical(result.data)
    compared = gc.compare(again, scene.outlines)
    second = export_map(again, scene, tmp_path / "second", comparison=compared)
    record = json.loads((second / "provenance.json").read_text())
    assert "export" not in record["export"]["comparison"]
    assert pd.read_parquet(second / "glaciers.parquet").attrs["provenance"]["map"] == (
        result.provenance
    )


def test_simulated_is_told_in_every_readable_file(exported):
    for name in ("glaciers.csv", "comparison.json", "map.html", "report.html", "picture.svg",
                 "deviations.svg", "outlines.geojson"):  # fmt: skip
        assert "imulated" in (exported / name).read_text(), name


def test_without_experts_there_is_no_comparison(tmp_path):
    scene, result, _ = world()
    made = export_map(result, scene.with_outlines(None), tmp_path / "alone")
    assert {path.name for path in made.iterdir()} == OF_A_MAP
    assert json.loads((made / "provenance.json").read_text())["export"]["comparison"] is None


def test_a_folder_in_use_is_refused_and_stays(tmp_path):
    scene, result, _ = world()
    target = tmp_path / "used"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="not an empty folder"):
        export_map(result, scene, target)
    with pytest.raises(StorageError, match="not an empty folder"):
        export_map(result, scene, target / "mine.txt")
    assert (target / "mine.txt").read_text() == "mine"


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    scene, result, _ = world()
    target = tmp_path / "here" / "new"
    only_tables(monkeypatch)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(package, "file_hashes", full)
    with pytest.raises(StorageError, match="disk is full"):
        export_map(result, scene, target)
    assert list(target.parent.iterdir()) == []


def test_an_empty_folder_is_filled(tmp_path, monkeypatch):
    scene, result, _ = world()
    only_tables(monkeypatch)
    (tmp_path / "empty").mkdir()
    assert (export_map(result, scene, tmp_path / "empty") / "outlines.gpkg").is_file()


def test_another_scene_is_refused(tmp_path):
    _, result, _ = world()
    other = tiny_scene(id="other")
    told = result.provenance | {"scene": result.provenance["scene"] | {"fingerprint": "0" * 64}}
    with pytest.raises(SceneError, match="was not made from the scene other"):
        export_map(replace(result, provenance=told), other, tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("kind", ["toa", "surface"])
def test_tables_of_doubt_tell_the_kind_of_reflectance(tmp_path, kind):
    scene = tiny_scene(reflectance=kind)
    folder = export_map(tiny_map(scene), scene, tmp_path / "out")
    assert set(pd.read_csv(folder / "area-uncertainty.csv")["reflectance"]) == {kind}
