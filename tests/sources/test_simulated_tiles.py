"""Simulated tile datasets: splits that share no ground, resumable, labelled simulated."""

import inspect
import json
from datetime import date, timedelta

import h5py
import numpy as np
import pytest
from pyproj import Geod

from glacier_core.errors import SourceError
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.regional import draw_regional_world
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.world import World
from glacier_core.sources import simulated_tiles
from glacier_core.sources.simulated_tiles import (
    FILES,
    TileRecipe,
    bounds_around,
    simulate_tile_dataset,
)
from glacier_core.sources.tiles import TileSet

SIZE = 16
SHAPE = (SIZE, SIZE)
VERSION = "of the simulation"
SMALL = {"tiles_per_region": 6, "size": SIZE, "resolution": 20.0, "regions": ["NZ", "AWA"]}


class Worlds:
    """Stands in for the simulation: quick, and it remembers what it was asked for."""

    def __init__(self):
        self.asked = []
        self.fail_after = None

    @staticmethod
    def own(region, number):
        instruments = REGIONS[region].instruments
        return instruments[number % len(instruments)][0]

    def __call__(self, region, seed, **options):
        inspect.signature(draw_regional_world).bind(region, seed, **options)
        assert options.pop("terrain_cache").name == "terrain"
        if len(self.asked) == self.fail_after:
            raise KeyboardInterrupt
        self.asked.append({"region": region, "seed": seed, **options})
        ground = np.random.default_rng([len(region), options["place"], seed])
        image = np.random.default_rng([options["place"], seed, options["date"]])
        surface = ground.integers(0, 9, SHAPE).astype(np.uint8)
        valid = np.ones(SHAPE, dtype=bool)
        valid[0, 0] = False
        weight = np.ones(SHAPE, dtype=np.float32)
        weight[0, :2] = 0
        features = {"in_sar": image.random((2, *SHAPE)).astype(np.float32)}
        return World(
            optical=image.uniform(0.1, 1, (6, *SHAPE)).astype(np.float32),
            elevation=ground.uniform(1, 4000, SHAPE).astype(np.float32),
            slope=ground.uniform(1, 50, SHAPE).astype(np.float32),
            glacier=surface >= SurfaceClass.ICE,
            labels=(surface >= SurfaceClass.ICE).astype(np.int32),
            surface=surface,
            shadow=image.random(SHAPE) > 0.8,
            weight=weight,
            valid=valid,
            reflectance="toa",
            sun_zenith=40.0,
            sun_azimuth=150.0,
            resolution=options["resolution"],
            procedural=True,
            source="",
            style=None,
            sensor=options["sensor"] or self.own(region, options["place"] + options["date"]),
            region=region,
            longitude=REGIONS[region].longitude,
            latitude=REGIONS[region].latitude,
            acquired=str(date(2015, 8, 1) + timedelta(options["date"])),
            features=features if options["features"] else {},
        )


def put_in_place(patch):
    worlds = Worlds()
    patch.setattr(simulated_tiles, "draw_regional_world", worlds)
    patch.setattr(simulated_tiles, "simulation_version", lambda: VERSION)
    return worlds


@pytest.fixture
def worlds(monkeypatch):
    return put_in_place(monkeypatch)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a dataset that no test changes, and what the simulation was asked for."""
    folder = tmp_path_factory.mktemp("made") / "dataset"
    with pytest.MonkeyPatch.context() as patch:
        worlds = put_in_place(patch)
        simulate_tile_dataset(folder, **SMALL)
    return folder, worlds.asked


@pytest.fixture
def dataset(made):
    return made[0]


def read(dataset, file):
    with TileSet(dataset / f"{file}.hdf5") as tiles:
        return {tile.name: tile for tile in tiles}


def ground(dataset, file):
    return {(tile.region, *name.split("-")[1:2]) for name, tile in read(dataset, file).items()}


def test_every_file_is_there_and_says_that_it_is_simulated(dataset):
    names = {f"{file}.hdf5" for file in FILES} | {"dataset.json"}
    assert {path.name for path in dataset.iterdir()} == names
    for file in FILES:
        with TileSet(dataset / f"{file}.hdf5") as tiles:
            assert tiles.simulated is True
            assert tiles.regions == ("AWA", "NZ")
        with h5py.File(dataset / f"{file}.hdf5") as opened:
            assert opened.attrs["seed"] == 0


def test_shares_and_independent_sets(dataset):
    counts = {file: len(read(dataset, file)) for file in FILES}
    assert counts["training"] == 2 * 4
    assert {count for file, count in counts.items() if file != "training"} == {2}


@pytest.mark.parametrize("count", [3, 4, 10, 11, 60])
def test_the_splits_have_all_tiles(count):
    counts = TileRecipe(count, 1, 1.0, 0, ("ALP",), False, "").counts()
    assert counts["training"] + counts["validation"] + counts["test"] == count
    assert min(counts.values()) >= 1
    assert counts["training"] == pytest.approx(0.6 * count, abs=1)


def test_no_ground_is_in_two_splits(tmp_path, worlds):
    places = {}
    for seed, count in ((0, 40), (1, 90)):
        worlds.asked.clear()
        recipe = TileRecipe(count, 1, 1.0, seed, ("ALP",), False, "")
        for file in FILES:
            draws = simulated_tiles._draws(file, recipe)
            places.setdefault(file, set()).update(draw.place for draw in draws)
    assert places["date"] == places["sensor"] == places["test"]
    apart = ["training", "validation", "test", "place", "place-date-sensor"]
    for one in apart:
        for other in apart:
            assert one == other or not places[one] & places[other]


def test_another_date_of_the_same_ground(dataset):
    test, later = read(dataset, "test"), read(dataset, "date")
    assert list(test) == list(later)
    for name, tile in test.items():
        np.testing.assert_array_equal(tile.glacier, later[name].glacier)
        assert tile.acquired != later[name].acquired
        assert tile.sensor == later[name].sensor
        assert not np.array_equal(tile.features["optical"], later[name].features["optical"])


def test_another_sensor_of_the_same_ground(dataset):
    test, other = read(dataset, "test"), read(dataset, "sensor")
    assert list(test) == list(other)
    for name, tile in test.items():
        np.testing.assert_array_equal(tile.glacier, other[name].glacier)
        own = {instrument for instrument, _ in REGIONS[tile.region].instruments}
        assert tile.sensor in own
        assert other[name].sensor not in own


def test_new_ground_has_spectra_kept_from_training(made):
    dataset, per_file = made[0], iter(made[1])
    asked = {file: [next(per_file) for _ in read(dataset, file)] for file in FILES}
    for file in FILES:
        assert {options["held_out"] for options in asked[file]} == {"place" in file}
        chosen = "sensor" in file or file == "date"
        assert {options["sensor"] is not None for options in asked[file]} == {chosen}
        assert {options["date"] for options in asked[file]} == {int("date" in file)}


def test_what_a_tile_holds(dataset):
    tile = next(iter(read(dataset, "training").values()))
    assert not tile.valid[0, 0]
    assert tile.valid.sum() == SIZE * SIZE - 1
    assert not tile.labelled[0, :2].any()
    assert tile.labelled.sum() == SIZE * SIZE - 2
    seen = tile.labelled
    np.testing.assert_array_equal(tile.glacier[seen], (tile.surface >= SurfaceClass.ICE)[seen])
    np.testing.assert_array_equal(tile.debris[seen], (tile.surface == SurfaceClass.DEBRIS)[seen])
    assert set(tile.features) == {"optical", "elevation", "slope", "in_sar"}


def test_names_tell_subregion_place_and_window(dataset):
    for name, tile in read(dataset, "training").items():
        subregion, place, window = name.split("-")
        assert subregion == tile.subregion
        assert subregion in REGIONS[tile.region].subregions
        assert int(place) >= 0
        assert 0 <= int(window) < simulated_tiles.TILES_PER_PLACE


def test_pixels_have_the_size_that_was_asked_for():
    geod = Geod(ellps="WGS84")
    for latitude in (0.0, 46.0, -49.0, 78.5):
        west, south, east, north = bounds_around(8.0, latitude, (300, 200), 20.0)
        assert geod.line_length([8, 8], [south, north]) == pytest.approx(6000, abs=0.1)
        assert geod.line_length([west, 8, east], [latitude] * 3) == pytest.approx(4000, abs=1)
        assert (west + east) / 2 == pytest.approx(8)


def test_going_on_where_it_stopped_gives_the_same(tmp_path, worlds, made):
    dataset, asked = made
    worlds.fail_after = 11
    with pytest.raises(KeyboardInterrupt):
        simulate_tile_dataset(tmp_path / "again", **SMALL)
    worlds.fail_after = None
    simulate_tile_dataset(tmp_path / "again", **SMALL)
    assert worlds.asked == asked
    for path in dataset.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    assert not list((tmp_path / "again").glob(".*"))


def test_a_finished_dataset_is_left_alone(dataset, worlds):
    before = {path: path.stat().st_mtime_ns for path in dataset.iterdir()}
    sentences = []
    simulate_tile_dataset(dataset, **SMALL, progress=sentences.append)
    assert not worlds.asked
    assert {path: path.stat().st_mtime_ns for path in dataset.iterdir()} == before
    assert sentences == [f"{file}.hdf5 is there." for file in FILES]


def test_progress_tells_every_tile(tmp_path, worlds):
    sentences = []
    simulate_tile_dataset(tmp_path / "d", **SMALL, progress=sentences.append)
    tiles = [sentence for sentence in sentences if "s left." in sentence]
    assert len(tiles) == len(worlds.asked)
    assert tiles[0].startswith("training.hdf5: tile 1 of 8, AWA1-0-0, ")


@pytest.mark.parametrize("change", [{"seed": 1}, {"size": 17}, {"features": False}])
def test_another_dataset_in_the_folder(dataset, change):
    with pytest.raises(SourceError, match="holds something else, or a dataset of other param"):
        simulate_tile_dataset(dataset, **{**SMALL, **change})


def test_another_version_of_the_simulation(tmp_path, worlds, monkeypatch):
    simulate_tile_dataset(tmp_path / "d", **SMALL)
    monkeypatch.setattr(simulated_tiles, "simulation_version", lambda: "another")
    with pytest.raises(SourceError, match="another version of the simulation"):
        simulate_tile_dataset(tmp_path / "d", **SMALL)


def test_something_else_in_the_folder(tmp_path, worlds):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SourceError, match="holds something else"):
        simulate_tile_dataset(tmp_path, **SMALL)
    assert not worlds.asked


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"regions": ["ALP", "MARS"]}, "There is no region MARS to simulate. Known are ALP, AN"),
        ({"regions": []}, "There is no region given"),
        ({"tiles_per_region": 2}, "at least 3 tiles are needed"),
        ({"size": 0}, "make no dataset"),
        ({"resolution": 0.0}, "make no dataset"),
    ],
)
def test_parameters_that_make_no_sense(tmp_path, worlds, change, sentence):
    with pytest.raises(SourceError, match=sentence):
        simulate_tile_dataset(tmp_path / "d", **{**SMALL, **change})
    assert not (tmp_path / "d").exists()


def test_the_recipe_is_kept_beside_the_tiles(dataset):
    kept = json.loads((dataset / "dataset.json").read_text())
    assert kept["regions"] == ["AWA", "NZ"]
    assert kept["tiles_per_region"] == 6
    assert kept["simulation"] == VERSION


@pytest.mark.slow
def test_the_simulation_itself(tmp_path):
    """Two files of one region, by the simulation rather than by its stand-in."""
    recipe = TileRecipe(3, 48, 40.0, 5, ("ALP",), False, "")
    first, later, other = (
        simulated_tiles._drawn(next(simulated_tiles._draws(file, recipe)), recipe)
        for file in ("test", "date", "sensor")
    )
    np.testing.assert_array_equal(first.glacier, later.glacier)
    np.testing.assert_array_equal(first.glacier, other.glacier)
    assert not np.array_equal(first.features["optical"], later.features["optical"])
    assert first.sensor == "Sentinel-2"
    assert other.sensor != "Sentinel-2"
    assert first.region == "ALP"
