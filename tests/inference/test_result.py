import json
import tracemalloc
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from rio_cogeo import cog_validate

import glacier_core as gc
from glacier_core.errors import StorageError
from glacier_core.inference.result import make_map
from glacier_core.outlines.schema import COLUMNS, equal_area_km2

from .drawn import map_of

LAYERS = ("probability", "confidence", "glacier", "unmapped")


def test_a_map_knows_its_scene_and_grid(result, scene):
    assert (result.crs, result.transform, result.shape) == (
        scene.crs,
        scene.transform,
        scene.shape,
    )
    assert result.resolution == 30.0
    assert result.attributes == scene.attributes
    assert (result.scene_id, result.title) == (scene.id, scene.title)
    assert result.simulated
    assert result.folder is None
    assert result.probability.rio.crs == scene.crs


def test_layers_have_the_kinds_that_were_promised(result):
    assert {name: str(result.data[name].dtype) for name in result.data.data_vars} == {
        "probability": "float32",
        "confidence": "float32",
        "glacier": "bool",
        "unmapped": "bool",
    }
    for name in LAYERS:
        assert getattr(result, name).identical(result.data[name])
        with pytest.raises(ValueError, match="read-only"):
            result.data[name].values[0, 0] = 0


def test_raw_confidence_is_one_minus_the_entropy(result):
    p = result.probability.to_numpy().astype(float)
    expected = 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p)
    np.testing.assert_allclose(result.raw_confidence, expected, atol=1e-6)
    assert np.isnan(result.raw_confidence.to_numpy()[result.unmapped]).all()


def test_outlines_are_in_the_schema_the_largest_first(result):
    outlines = result.outlines(min_area_km2=0)
    assert tuple(outlines.columns) == COLUMNS
    assert outlines.glacier_id.iloc[0] == "predicted-0001"
    assert outlines.area_km2.is_monotonic_decreasing
    assert set(outlines.source) == {"stub, simulated scene"}
    assert set(outlines.date) == {"2020-08-01"}
    assert outlines.crs == result.crs
    pixels = outlines.area.sum() / 30**2
    assert pixels == pytest.approx(result.glacier.to_numpy().sum())


def test_small_patches_are_left_out_as_asked(result):
    every, usual = result.outlines(0), result.outlines()
    assert len(usual) < len(every)
    assert usual.area_km2.min() >= 0.01


def test_the_source_of_a_real_scene_is_the_model_alone():
    outlines = map_of(np.ones((20, 20), bool)).outlines()
    assert outlines.source.tolist() == ["drawn"]


@pytest.mark.parametrize(
    ("crs", "origin"),
    [
        ("EPSG:32611", (480_000.0, 5_790_000.0)),
        ("EPSG:32633", (830_000.0, 8_800_000.0)),  # edge of its zone, Svalbard
        ("EPSG:3413", (-250_000.0, -2_000_000.0)),  # polar stereographic, Greenland
        ("EPSG:3031", (-2_400_000.0, 1_300_000.0)),  # the same in Antarctica
    ],
)
def test_area_is_that_of_the_polygons_in_an_equal_area_projection(crs, origin):
    mask = np.zeros((300, 200), bool)
    mask[20:280, 30:170] = True
    mask[100:140, 60:90] = False
    found = map_of(mask, crs=crs, origin=origin)
    # Sides densified, as a straight side in one projection is a curve in another.
    west, north = origin
    box = shapely.box(west + 900, north - 8400, west + 5100, north - 600)
    hole = shapely.box(west + 1800, north - 4200, west + 2700, north - 3000)
    polygon = shapely.segmentize(box - hole, 30.0)
    expected = equal_area_km2(gpd.GeoSeries([polygon], crs=crs))[0]
    assert found.area_km2() == pytest.approx(expected, rel=2e-6)


def test_area_of_nothing_is_nothing_and_of_one_pixel_is_that_of_a_pixel():
    assert map_of(np.zeros((70, 70), bool)).area_km2() == 0
    assert map_of(np.ones((1, 1), bool)).area_km2() == pytest.approx(9e-4, rel=1e-3)


def test_a_saved_map_comes_back_exactly(result, tmp_path):
    folder = result.save(tmp_path / "new" / "map")
    again = gc.open_map(folder)
    for name in LAYERS:
        assert again.data[name].to_numpy().tobytes() == result.data[name].to_numpy().tobytes()
    assert again.data.identical(result.data)
    assert (again.crs, again.transform) == (result.crs, result.transform)
    assert again.attributes == result.attributes
    assert again.provenance == result.provenance
    assert (again.key, again.folder) == (result.key, folder)


@pytest.mark.parametrize("shape", [(1, 1), (3, 400)])
@pytest.mark.parametrize("ice", [True, False])
def test_small_maps_with_and_without_ice_come_back(shape, ice, tmp_path):
    made = map_of(np.full(shape, ice))
    again = gc.open_map(made.save(tmp_path))
    assert again.data.identical(made.data)
    assert len(again.outlines(0)) == int(ice)


def test_saved_files_open_anywhere(result, tmp_path):
    result.save(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "confidence.tif",
        "glacier.tif",
        "outlines.parquet",
        "probability.tif",
        "provenance.json",
        "unmapped.tif",
    ]
    for name in LAYERS:
        assert cog_validate(tmp_path / f"{name}.tif")[0]
        with rasterio.open(tmp_path / f"{name}.tif") as raster:
            assert raster.tags()["SCENE"] == "Simulated: a tiny valley"
            assert raster.tags()["MODEL"] == "stub"
            assert "simulated" in raster.tags()["SIMULATED"]
    with rasterio.open(tmp_path / "glacier.tif") as raster:
        classes = raster.read(1)
        assert raster.nodata == 255
        assert raster.colormap(1)[1][3] == 255
    assert np.array_equal(classes == 255, result.unmapped)
    assert np.array_equal(classes == 1, result.glacier)
    outlines = gpd.read_parquet(tmp_path / "outlines.parquet")
    assert outlines.equals(result.outlines())
    assert json.loads((tmp_path / "provenance.json").read_text()) == result.provenance


def test_a_real_scene_is_not_called_simulated(tmp_path):
    map_of(np.ones((2, 2), bool)).save(tmp_path)
    with rasterio.open(tmp_path / "glacier.tif") as raster:
        assert "SIMULATED" not in raster.tags()


@pytest.mark.parametrize("name", [*(f"{layer}.tif" for layer in LAYERS), "provenance.json"])
@pytest.mark.parametrize("damage", ["absent", "truncated", "nonsense"])
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_a_damaged_map_is_refused(result, tmp_path, name, damage):
    path = result.save(tmp_path) / name
    content = path.read_bytes()
    path.unlink()
    if damage != "absent":
        path.write_bytes(content[: len(content) // 2] if damage == "truncated" else b"nonsense")
    with pytest.raises(StorageError, match="holds no whole glacier map"):
        gc.open_map(tmp_path)


@pytest.mark.parametrize("name", [f"{layer}.tif" for layer in LAYERS])
def test_a_layer_of_another_map_is_refused(tmp_path, name):
    folder = map_of(np.ones((12, 10), bool)).save(tmp_path / "map")
    other = map_of(np.zeros((12, 10), bool))
    holed = np.where(np.eye(12, 10), np.float32("nan"), other.probability)
    other = make_map(
        holed, holed, transform=other.transform, crs=other.crs, provenance=other.provenance
    )
    (other.save(tmp_path / "other") / name).replace(folder / name)
    with pytest.raises(StorageError, match="do not belong together"):
        gc.open_map(folder)


@pytest.mark.parametrize("name", [f"{layer}.tif" for layer in LAYERS])
@pytest.mark.parametrize("shape", [(12, 10), (12, 11)])
def test_a_layer_of_another_grid_is_refused(tmp_path, name, shape):
    folder = map_of(np.ones((12, 10), bool)).save(tmp_path / "map")
    other = map_of(np.ones(shape, bool), side=20.0 if shape == (12, 10) else 30.0)
    (other.save(tmp_path / "other") / name).replace(folder / name)
    with pytest.raises(StorageError, match="different grids"):
        gc.open_map(folder)


def test_provenance_of_something_else_is_refused(result, tmp_path):
    result.save(tmp_path)
    for told in ([1, 2], {"key": "x", "scene": {}, "notes": []}):
        (tmp_path / "provenance.json").write_text(json.dumps(told))
        with pytest.raises(StorageError, match=r"no whole glacier map.*lacks .*model"):
            gc.open_map(tmp_path)


def test_a_folder_that_cannot_be_made_is_told(result, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be written"):
        result.save(tmp_path / "file" / "map")


def test_a_note_is_added_without_changing_the_map(result):
    noted = result.with_note("Something happened.")
    assert noted.notes == [*result.notes, "Something happened."]
    assert noted.data is result.data
    assert "Something happened." not in result.notes
    assert replace(noted, provenance=result.provenance) is not result


def test_mean_confidence_is_that_of_the_mapped_pixels(result):
    expected = np.nanmean(result.confidence.to_numpy(), dtype=np.float64)
    assert result.mean_confidence == pytest.approx(expected, rel=1e-12)


def test_classes_are_written_without_a_copy_in_larger_numbers(tmp_path, monkeypatch):
    """Of a whole granule, classes as whole numbers of eight bytes would take a gigabyte."""
    glacier = np.zeros((1500, 1000), bool)
    made = map_of(glacier)
    monkeypatch.setattr(type(made), "_write_measured", lambda *_: None)
    tracemalloc.start()
    try:
        made._write_layers(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * glacier.size
