"""The command line: the same verbs, sentences instead of tracebacks."""

import json
import sys
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import torch
import typer
from shapely.geometry import box
from typer.testing import CliRunner

import glacier_core as gc
from glacier_core import cli
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig
from glacier_core.models.registry import save_model
from glacier_core.sources import simulated_tiles
from glacier_core.sources.tile_writing import write_tiles
from tests.inference.stubs import TINY, make_card, tiny_glavitu
from tests.models.keras_files import randomise, write_keras
from tests.pickle_files import Curve
from tests.rasters import CRS, make_scene, plane, reflectances, write_geotiff
from tests.tile_files import SHAPE, by_hand, make_tile


def run(*words):
    result = CliRunner().invoke(cli.app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def scene_folder(tmp_path):
    gc.write_scene(make_scene((40, 48)), tmp_path / "scene")
    return tmp_path / "scene"


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    save_model(tiny_glavitu().network, make_card(), folder)
    return folder


def test_scenes_lists_what_can_be_opened():
    lines = run("scenes").splitlines()
    known = {line.split()[0]: line.split()[1] for line in lines}
    assert known["athabasca-2020"] == "real"
    assert known["simulated-valley"] == "simulated"


def test_import_makes_the_scene_that_python_makes(tmp_path):
    optical = write_geotiff(tmp_path / "optical.tif", reflectances((30, 20)))
    elevation = write_geotiff(tmp_path / "dem.tif", plane((30, 20))[np.newaxis])
    words = ("--out", tmp_path / "made", "--acquired", "2021-08-30", "--title", "Mine")
    assert "20 x 30 pixels" in run("scene", "import", optical, elevation, *words)
    scene = gc.open_scene(tmp_path / "made")
    same = gc.scene_from_files(optical, elevation, acquired="2021-08-30", title="Mine")
    assert scene.fingerprint() == same.fingerprint()
    assert (scene.title, str(scene.attributes.acquired)) == ("Mine", "2021-08-30")


def test_map_then_compare(tmp_path, scene_folder, model_folder):
    output = run("map", scene_folder, "--model", model_folder, "--out", tmp_path / "map")
    result = gc.open_map(tmp_path / "map")
    assert f"{result.area_km2():.2f} km²" in output
    scene = gc.open_scene(scene_folder)
    west, south, east, north = scene.bounds
    outline = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(west, south, east, north)], crs=CRS)
    outline.to_file(tmp_path / "outline.gpkg")
    table = tmp_path / "comparison.csv"
    words = ("--out", table, "--buffer", "60")
    assert "within 60 m" in run("compare", tmp_path / "map", tmp_path / "outline.gpkg", *words)
    expected = gc.compare(result, gc.read_outlines(tmp_path / "outline.gpkg"), buffer_m=60)
    written = pd.read_csv(table, comment="#")["predicted_area_km2"][0]
    assert written == pytest.approx(expected.glaciers["predicted_area_km2"][0])


def test_an_export_without_nunataks_says_so_and_is_made_again(tmp_path, scene_folder, model_folder):
    run("map", scene_folder, "--model", model_folder, "--out", tmp_path / "map")
    west, south, east, north = gc.open_scene(scene_folder).bounds
    hole = box(west + 300, south + 300, west + 600, south + 600)
    ice = box(west, south, east, north).buffer(-90).difference(hole)
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[ice], crs=CRS).to_file(tmp_path / "outline.gpkg")
    words = ("--scene", scene_folder, "--outlines", tmp_path / "outline.gpkg")
    run("export", tmp_path / "map", "--out", tmp_path / "out", "--rings", "external", *words)
    record = tmp_path / "out" / "provenance.json"
    assert json.loads(record.read_text())["export"]["comparison"]["rings"] == "external"
    expert = gc.read_outlines(tmp_path / "outline.gpkg")
    expected = gc.compare(gc.open_map(tmp_path / "map"), expert, rings="external").glaciers
    written = pd.read_csv(tmp_path / "out" / "glaciers.csv", comment="#")
    assert written["mean_m"][0] == pytest.approx(expected["mean_m"][0])
    again = run("repeat", record, "--model", model_folder, "--out", tmp_path / "again", *words)
    assert "same bytes" in again


def test_convert_makes_a_model_that_loads(tmp_path):
    network = GlaViTU(GlaViTUConfig(location="region", regions=3))
    randomise(network)
    write_keras(network, tmp_path / "published.h5")
    (tmp_path / "curve.pickle").write_bytes(Curve().written())
    told = ("--regions", "ALP, NZ, unknown", "--calibration", tmp_path / "curve.pickle")
    run("weights", "convert", tmp_path / "published.h5", tmp_path / "converted", *told)
    model = gc.load_model(tmp_path / "converted")
    loaded = model.network.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in network.state_dict().items())
    assert model.card.regions == ("ALP", "NZ", "unknown")
    assert model.card.calibration.x == Curve().x


def test_simulate_writes_a_scene_that_says_so(tmp_path):
    assert "imulated" in run(
        "simulate", "--style", "valley", "--seed", "3", "--out", tmp_path / "s"
    )
    assert (
        json.loads((tmp_path / "s" / "scene.json").read_text())["attributes"]["simulated"] is True
    )


def test_check_tells_what_a_tile_file_holds(tmp_path):
    glacier = np.zeros(SHAPE, dtype=bool)
    glacier[:3] = True
    tiles = [make_tile("ALP-0-0", glacier=glacier), make_tile("ALP-0-1", glacier=glacier)]
    write_tiles(tmp_path / "t.hdf5", tiles, attributes={"simulated": True})
    lines = run("tiles", "check", tmp_path / "t.hdf5").splitlines()
    assert lines[0] == "t.hdf5: simulated"
    assert lines[2].split() == ["ALP", "ALP", "optical", "dem", "2", "1.000", "1.000", "0.250"]
    assert lines[3] == "2 tiles good, 0 not usable"


def test_check_fails_where_a_tile_cannot_be_used(tmp_path):
    path = by_hand(tmp_path / "t.hdf5", dem=None)
    result = CliRunner().invoke(cli.app, ["tiles", "check", str(path)])
    assert result.exit_code == 1
    assert "tile ALP-0-0 has no dataset 'dem'" in result.output
    assert "0 tiles good, 1 not usable" in result.output


def test_simulating_tiles_passes_on_every_choice(tmp_path, monkeypatch):
    asked = {}

    def simulate(folder, *, progress, **options):
        asked.update(options, folder=folder)
        progress("One sentence.")
        return folder

    monkeypatch.setattr(simulated_tiles, "simulate_tile_dataset", simulate)
    words = ["--tiles-per-region", 5, "--size", 64, "--resolution", 20, "--seed", 7]
    words += ["--region", "ALP", "--region", "NZ", "--no-features", "--out", tmp_path / "d"]
    output = run("tiles", "simulate", *words)
    assert "One sentence." in output
    assert f"Simulated tiles written to {tmp_path / 'd'}" in output
    assert asked == {
        "folder": tmp_path / "d",
        "tiles_per_region": 5,
        "size": 64,
        "resolution": 20.0,
        "seed": 7,
        "regions": ["ALP", "NZ"],
        "features": False,
    }


def test_an_error_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["glacier-core", "map", "nowhere", "--out", "x"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert stop.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: There is no scene 'nowhere'")
    assert "Traceback" not in told


@pytest.mark.parametrize(
    "words",
    [
        ["scene", "import"],
        ["weights", "convert"],
        ["weights", "fetch"],
        ["weights", "list"],
        ["train"],
        ["compare"],
        ["simulate"],
        ["tiles", "check"],
    ],
)
def test_every_verb_has_help(words):
    assert "Usage" in run(*words, "--help")


def test_benchmark_writes_a_table_and_tells_what_failed(tmp_path):
    def benchmark(kind, table):
        words = ["benchmark", "--tiles", f"{kind}{tiles}", "--out", str(tmp_path / table)]
        return CliRunner().invoke(cli.app, words)

    tiles = write_tiles(tmp_path / "t.hdf5", [make_tile()])
    done = benchmark("test=", "b.parquet")
    assert done.exit_code == 0
    assert "of 2 runs" in done.output
    assert set(pd.read_parquet(tmp_path / "b.parquet")["generalisation"]) == {"in-distribution"}
    tiles.write_bytes(b"no tiles")
    failed = benchmark("place=", "c.parquet")
    assert failed.exit_code == 1
    assert "Failed: NDSI > 0.4 on t.hdf5" in failed.output
    assert benchmark("", "b.parquet").exit_code == 2
    assert benchmark("test=", "b.csv").exit_code == 2


def test_model_is_prepared_and_what_was_found_is_remembered(own_data_dir, model_folder):
    told = run("models", "prepare", model_folder)
    assert " is the fastest on this machine: a window takes " in told
    (known,) = json.loads((own_data_dir / "runtimes.json").read_text()).values()
    assert "torch" in known


def test_models_are_listed_and_a_card_is_printed():
    listed = run("models")
    assert "glavitu-small" in listed
    card = run("models", "show", "glavitu-small")
    assert gc.load_model("glavitu-small").card.sha256 in card
    assert "Trained on" in card


def test_train_hands_on_every_choice(tmp_path, monkeypatch):
    told = {}

    def listen(recipe, out, **choices):
        told.update(choices, recipe=recipe, out=out)
        return out / recipe

    monkeypatch.setattr(gc, "train", listen)
    words = ("--strategy", "finetuning", "--region", "ALP", "--region", "CA", "--track", "all")
    more = ("--architecture", "resunet", "--start-from", "m", "--steps", 9, "--device", "cpu")
    output = run("train", "--out", tmp_path, "--tiles", tmp_path / "t", *words, *more)
    assert "glavitu-small" in output
    progress = told.pop("progress")
    assert progress is typer.echo
    assert told == {
        "recipe": "glavitu-small",
        "out": tmp_path,
        "strategy": "finetuning",
        "regions": ("ALP", "CA"),
        "track": "all",
        "architecture": "resunet",
        "tiles": tmp_path / "t",
        "start_from": "m",
        "steps": 9,
        "device": "cpu",
    }


def test_optimise_location_writes_weights_that_map_takes(tmp_path, scene_folder):
    config = replace(TINY, location="region", regions=3)
    model = tiny_glavitu(config=config, regions=("ALP", "HMA", "unknown"))
    save_model(model.network, model.card, tmp_path / "model")
    weights = tmp_path / "weights.json"
    output = run("optimise-location", scene_folder, tmp_path / "model", weights, "--epochs", 1)
    assert "ALP 0.33" in output
    words = ("--model", tmp_path / "model", "--location", weights, "--out", tmp_path / "map")
    assert "km²" in run("map", scene_folder, *words)
