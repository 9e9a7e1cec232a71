from dataclasses import replace

import numpy as np
import pytest

from glacier_core.errors import ModelError, SourceError
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.training.material import Material, whole_scenes
from glacier_core.training.tile_scenes import TileScenes, find_tile_files, scene_of_tile
from glacier_core.training.training_scene import UNKNOWN_SURFACE
from tests.tile_files import make_tile

OPTICAL = ("optical", "dem")


@pytest.fixture
def file(tmp_path):
    shape = (40, 50)
    tiles = [
        make_tile("ALP-0-0", shape, 0),
        make_tile("ALP-0-1", shape, 1, radar=("co_pol_sar", "thermal")),
        make_tile("NZ1-0-0", shape, 2, region="NZ", radar=("co_pol_sar",)),
    ]
    return write_tiles(tmp_path / "tiles_train_x.hdf5", tiles, attributes={"simulated": True})


def test_a_cut_reads_what_the_whole_tile_holds_there(file):
    with TileScenes(file, (*OPTICAL, "co_pol_sar")) as scenes:
        assert [scene.name for scene in (scenes[0], scenes[1])] == ["ALP-0-1", "NZ1-0-0"]
        assert len(scenes) == 2
        whole, part = scenes[1].whole(), scenes[1].cut(5, 7, 20)
    assert (whole.region, whole.shape, part.shape) == ("NZ", (40, 50), (20, 20))
    for name, values in part.arrays.items():
        assert np.array_equal(values, whole.arrays[name][..., 5:25, 7:27]), name
    assert whole.thermal is None
    assert whole.procedural


def test_a_patch_knows_its_own_place(file):
    with TileScenes(file, OPTICAL) as scenes:
        west, east = scenes[0].cut(0, 0, 20), scenes[0].cut(0, 30, 20)
        whole = scenes[0].whole()
    assert west.longitude < whole.longitude < east.longitude
    assert west.longitude == pytest.approx(8.0 + 0.1 * 10 / 50)
    assert whole.latitude == pytest.approx(46.03)


def test_what_is_not_labelled_or_not_valid_has_no_weight():
    labelled, valid = np.ones((12, 10), bool), np.ones((12, 10), bool)
    labelled[0, 0] = valid[1, 1] = False
    tile = make_tile(labelled=labelled, valid=valid)
    scene = scene_of_tile(tile, OPTICAL, simulated=False)
    assert np.argwhere(scene.weight == 0).tolist() == [[0, 0], [1, 1]]
    assert (scene.surface == UNKNOWN_SURFACE).all()
    assert not scene.procedural


def test_surface_and_shadow_of_simulated_tiles_are_kept():
    surface = np.full((12, 10), 8, np.uint8)
    tile = make_tile(surface=surface, shadow=surface > 0)
    scene = scene_of_tile(tile, OPTICAL, simulated=True)
    assert np.array_equal(scene.surface, surface)
    assert scene.shadow.all()


def test_regions_choose_tiles_and_unknown_ones_are_named(file):
    with TileScenes(file, OPTICAL, ("NZ",)) as scenes:
        assert scenes.names == ("NZ1-0-0",)
    with pytest.raises(SourceError, match="no tile of the region 'HMA', only of ALP, NZ"):
        TileScenes(file, OPTICAL, ("HMA",))


def test_tracks_that_no_tile_holds_are_refused(file):
    with pytest.raises(SourceError, match=r"No tile in tiles_train_x\.hdf5 holds optical, dem, in"):
        TileScenes(file, (*OPTICAL, "in_sar"))
    with pytest.raises(SourceError, match="No tile of NZ"):
        TileScenes(file, (*OPTICAL, "thermal"), ("NZ",))


def test_networks_that_learn_to_do_without_take_every_tile(file):
    features = (*OPTICAL, "co_pol_sar", "thermal")
    with TileScenes(file, features, absent_as_missing=True) as scenes:
        assert len(scenes) == 3
        lacking, full = scenes[0].cut(0, 0, 8), scenes[1].cut(0, 0, 8)
    assert lacking.co_pol_sar.shape == (2, 8, 8)
    assert np.isnan(lacking.co_pol_sar).all()
    assert np.isnan(lacking.thermal).all()
    assert np.isfinite(full.thermal).all()


def test_an_epoch_counts_whole_patches(file):
    with TileScenes(file, OPTICAL) as scenes:
        assert scenes.epoch_patches(16) == 3 * 2 * 3


def test_whole_scenes_come_in_turn(file):
    with TileScenes(file, OPTICAL) as scenes:
        regions = [scene.region for scene in whole_scenes(Material(scenes).singles)]
    assert regions == ["ALP", "ALP", "NZ"]


def test_files_are_found_by_their_purpose(tmp_path):
    for name in ("20230905_train_global.hdf5", "gsgm_val_DEMO.hdf5", "test.h5", "notes.txt"):
        (tmp_path / name).touch()
    found = {purpose: path.name for purpose, path in find_tile_files(tmp_path).items()}
    assert found == {
        "train": "20230905_train_global.hdf5",
        "val": "gsgm_val_DEMO.hdf5",
        "test": "test.h5",
    }
    (tmp_path / "more_train.hdf5").touch()
    with pytest.raises(
        SourceError, match="one file of tiles with the word train or training in its name, not 2"
    ):
        find_tile_files(tmp_path)


def test_simulated_datasets_are_found_as_well(tmp_path):
    for name in ("training", "validation", "test", "place", "sensor"):
        (tmp_path / f"{name}.hdf5").touch()
    found = [path.stem for path in find_tile_files(tmp_path).values()]
    assert found == ["training", "validation", "test"]
    with pytest.raises(SourceError, match=r"It holds no \.hdf5"):
        find_tile_files(tmp_path / "absent")


def test_recipes_on_tiles_have_no_pairs(tiny_recipe, tmp_path):
    with pytest.raises(ModelError, match="no pairs to train on"):
        replace(tiny_recipe, tiles=tmp_path, pairs=1, paired_scenes=1)
