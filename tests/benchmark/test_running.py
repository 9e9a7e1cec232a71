"""Whole runs on files of a few tiles."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from glacier_core.benchmark.contenders import RULES, ways_to_ask
from glacier_core.benchmark.running import run_benchmark
from glacier_core.benchmark.storage import read_benchmark
from glacier_core.confidence.typicality import CAP
from glacier_core.errors import SourceError
from glacier_core.sources.tile_writing import write_tiles
from tests.benchmark.tiles import figure, flat_tile
from tests.inference.stubs import TINY, Brightness, Broken, Log, stub_model, tiny_glavitu

ICE = np.array([0.8, 0.75, 0.7, 0.6, 0.05, 0.04], np.float32)
ROCK = np.array([0.02, 0.02, 0.02, 0.02, 0.02, 0.02], np.float32)
NDSI, RATIO = (rule.facts.model for rule in RULES)


def icy_tile(glacier, **changes):
    """Return a tile in which ice is bright and rock is dark."""
    tile = flat_tile(glacier, **changes)
    tile.features["optical"][:] = np.where(tile.glacier, ICE[:, None, None], ROCK[:, None, None])
    return tile


def left_half(rows=20, columns=24):
    return np.broadcast_to(np.arange(columns) < columns // 2, (rows, columns))


@pytest.fixture
def file(tmp_path):
    tiles = [
        icy_tile(left_half(), region="ALP", subregion="ALP", radar=("in_sar",)),
        icy_tile(left_half().T, region="NZ", subregion="NZ"),
    ]
    return write_tiles(tmp_path / "test.hdf5", tiles, attributes={"simulated": True})


def of(found, **chosen):
    """Return the figures of one contender."""
    table = found.figures
    for column, value in chosen.items():
        table = table[table[column] == value]
    return table


def test_a_network_and_the_rules_on_the_same_pixels(file, tmp_path):
    found = run_benchmark(
        [stub_model(Brightness(), sha256="ab" * 32, seeds=(7,))],
        {"place": [file]},
        tmp_path / "out.parquet",
    )
    ours = of(found, model="stub")
    for name in ("stub", NDSI, RATIO):
        assert figure(of(found, model=name), "IoU", region="mean") == 1
        assert figure(of(found, model=name), "IoU", column="count") == 480
    assert set(found.figures["simulated"]) == {True}
    assert set(found.figures["published"]) == {False}
    assert set(found.figures["generalisation"]) == {"place"}
    assert set(ours["parameters"]) == {1}
    assert (ours["seconds_per_patch"] > 0).all()
    assert of(found, model=NDSI)["seconds_per_patch"].isna().all()
    run = found.run(ours["run"].iloc[0])
    assert run["seed"] == 7
    assert run["tiles"] == 2
    assert run["command"] == (
        "glacier-core benchmark --model stub --tiles place=test.hdf5 --out benchmark.parquet"
    )
    assert "tile 2 of 2" in (tmp_path / "out" / run["log"]).read_text()
    assert read_benchmark(tmp_path / "out.parquet").figures.equals(found.figures)


def test_the_second_call_asks_no_network_again(file, tmp_path):
    log, told = Log(), []
    model = stub_model(Brightness(log))
    first = run_benchmark([model], {"place": [file]}, tmp_path / "b.parquet")
    asked = len(log)
    again = run_benchmark([model], {"place": [file]}, tmp_path / "b.parquet", progress=told.append)
    assert asked
    assert len(log) == asked
    assert again.figures.equals(first.figures)
    assert sum("done before" in sentence for sentence in told) == 3
    kept = next((tmp_path / "b" / "runs").glob("*.parquet"))
    kept.write_bytes(b"half a fi")
    mended = run_benchmark([model], {"place": [file]}, tmp_path / "b.parquet")
    assert len(mended.figures) == len(first.figures)


def test_a_model_that_fails_loses_only_its_own_figures(file, tmp_path):
    broken = stub_model(Broken(), name="broken")
    found = run_benchmark(
        [broken, stub_model(Brightness())], {"date": [file]}, tmp_path / "b.parquet"
    )
    assert "broken" not in set(found.figures["model"])
    assert {"stub", NDSI, RATIO} <= set(found.figures["model"])
    told = found.runs.set_index("model").loc["broken"]
    assert "a fault in the network" in told["error"]
    assert "Traceback" in (tmp_path / "b" / told["log"]).read_text()
    assert (found.runs.set_index("model").drop("broken")["error"] == "").all()


def test_a_truncated_file_is_told_and_the_others_are_scored(file, tmp_path):
    cut = tmp_path / "cut.hdf5"
    cut.write_bytes(file.read_bytes()[:3000])
    tiles = {"place": [cut], "date": [file]}
    found = run_benchmark([stub_model(Brightness())], tiles, tmp_path / "b.parquet")
    assert set(found.figures["dataset"]) == {"test.hdf5"}
    failed = found.runs[found.runs["error"] != ""]
    assert set(failed["dataset"]) == {"cut.hdf5"}
    assert len(failed) == 3


def test_a_tile_that_cannot_be_used_is_left_out_and_counted(tmp_path):
    empty = flat_tile(left_half(), subregion="NZ")
    empty.features["optical"][:] = np.nan
    tiles = write_tiles(tmp_path / "t.hdf5", [icy_tile(left_half()), empty])
    found = run_benchmark([], {"place": [tiles]}, tmp_path / "b.parquet")
    assert set(found.runs["tiles"]) == {1}
    assert set(found.runs["tiles_left_out"]) == {1}
    assert figure(of(found, model=NDSI), "IoU") == 1


def test_radar_networks_take_tiles_with_radar_and_rules_follow(file, tmp_path):
    radar = replace(TINY, features=("optical", "dem", "in_sar"))
    found = run_benchmark([tiny_glavitu(config=radar)], {"place": [file]}, tmp_path / "b.parquet")
    network = of(found, track="+coherence")
    assert set(network["region"]) == {"ALP", "all", "mean", "standard deviation"}
    rules = of(found, model=NDSI, stratum="all", metric="IoU", region="all")
    counts = rules["count"]
    assert sorted(counts) == [480, 960]


def test_a_network_by_region_is_asked_with_and_without_the_region(file, tmp_path):
    config = replace(TINY, location="region", regions=3)
    model = tiny_glavitu(config=config, regions=("ALP", "NZ", "unknown"))
    known, unknown = ways_to_ask(model)
    tile = icy_tile(left_half(), region="NZ")
    with torch.inference_mode():
        for network, vector in ((known, [0, 1, 0]), (unknown, [0, 0, 1])):
            network.probability(tile)
            assert network.runner.location.tolist() == vector
    found = run_benchmark([model], {"place": [file]}, tmp_path / "b.parquet")
    strategies = set(of(found, architecture="glavitu")["strategy"])
    assert strategies == {"region-encoding", "region-encoding, region unknown"}


def test_modality_dropout_is_asked_once_a_track(file):
    config = replace(TINY, features=("optical", "dem", "in_sar"))
    model = tiny_glavitu(config=config, strategy="modality-dropout")
    plain, coherent = ways_to_ask(model)
    assert [plain.facts.track, coherent.facts.track] == ["optical+dem", "+coherence"]
    tile = icy_tile(left_half(), radar=("in_sar",))
    bare = icy_tile(left_half())
    np.testing.assert_array_equal(plain.probability(tile), plain.probability(bare))
    assert not np.array_equal(coherent.probability(tile), plain.probability(tile))


def test_regional_models_are_scored_where_they_belong(file, tmp_path):
    model = tiny_glavitu(strategy="regional", trained_regions=("NZ",))
    found = run_benchmark([model], {"in-distribution": [file]}, tmp_path / "b.parquet")
    regional = of(found, strategy="regional")
    assert "NZ" in set(regional["region"])
    assert "ALP" not in set(regional["region"])


def test_wrong_names_are_errors_at_once(file, tmp_path):
    with pytest.raises(SourceError, match="no file of tiles"):
        run_benchmark([], {"place": [tmp_path / "nowhere.hdf5"]}, tmp_path / "b.parquet")
    with pytest.raises(SourceError, match="'moon'"):
        run_benchmark([], {"moon": [file]}, tmp_path / "b.parquet")


def test_confidence_is_held_down_where_the_engine_does_so():
    class Odd:
        """Finds the left half unlike anything."""

        def untypical(self, optical, slope):
            assert optical.shape[1:] == slope.shape
            return left_half()

    model = stub_model(Brightness())
    card = model.card.model_copy(update={"typicality": Odd()})
    (network,) = ways_to_ask(replace(model, card=card))
    tile = icy_tile(left_half())
    probability = network.probability(tile)
    (plain,) = ways_to_ask(model)
    usual, held = plain.confidence(tile, probability), network.confidence(tile, probability)
    assert (usual[left_half()] > CAP).any()
    assert (held[left_half()] <= CAP).all()
    np.testing.assert_array_equal(held[~left_half()], usual[~left_half()])
