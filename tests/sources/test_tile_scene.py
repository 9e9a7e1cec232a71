"""A tile dataset as scenes: listed by one reading, opened tile by tile, no label changed.

The tiles are laid out so that their ground is known: a plane that rises towards the east.
"""

import geopandas as gpd
import h5py
import numpy as np
import pytest
import shapely
import torch
from tile_files import by_hand
from tiny_world import tiny_card
from typer.testing import CliRunner

import glacier_core as gc
from glacier_core.cli import app
from glacier_core.errors import SceneError, SourceError
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.outlines.schema import equal_area_km2
from glacier_core.sources.tile_datasets import add_dataset, tile_datasets
from glacier_core.sources.tiles import TileSet

SHAPE = (40, 50)
ACROSS, UP = 4e-4, 2.7e-4
WEST, SOUTH = 8.0, 46.5
EAST, NORTH = WEST + SHAPE[1] * ACROSS, SOUTH + SHAPE[0] * UP
EDGES = {"xmin": WEST, "ymin": SOUTH, "xmax": EAST, "ymax": NORTH}
"""Pixels of about 30 m, as wide as they are high at this latitude."""

ICE = shapely.box(WEST + 10 * ACROSS, NORTH - 15 * UP, WEST + 30 * ACROSS, NORTH - 5 * UP)
SCENE = "authors-alp-1-2"


def plane(path, name="ALP-1-2", **changes):
    """Write a tile whose elevation rises by a metre a pixel towards the east."""
    rows, columns = np.indices(SHAPE)
    ice = (rows >= 5) & (rows < 15) & (columns >= 10) & (columns < 30)
    bright, rock = [0.8, 0.7, 0.6, 0.5, 0.1, 0.08], [0.1, 0.12, 0.14, 0.2, 0.25, 0.22]
    known = {
        "optical": np.where(ice[..., None], bright, rock),
        "dem": np.stack([2000.0 + columns, np.full(SHAPE, 2.0)], -1),
        "outlines": np.stack([~ice, ice], -1).astype(float),
    }
    return by_hand(path, name, SHAPE, attributes=EDGES, **known | changes)


@pytest.fixture
def file(tmp_path):
    return plane(tmp_path / "authors.hdf5")


def test_tile_becomes_a_scene_of_square_metric_pixels(file):
    add_dataset(file)
    scene = gc.open_scene(SCENE)
    assert (scene.crs.to_epsg(), scene.resolution) == (32632, 30)
    heights = scene.data["elevation"].to_numpy()[scene.valid]
    assert heights.mean() == pytest.approx(2024.5, abs=0.5)
    assert heights.min() >= 2000
    assert heights.max() <= 2049
    assert scene.valid.sum() * 30**2 / 1e6 == pytest.approx(ground_km2(*EDGES.values()), rel=0.02)
    assert scene.data["optical"].to_numpy()[0][scene.valid].max() == pytest.approx(0.8, abs=1e-5)
    assert "bilinear" in scene.attributes.notes[0]
    assert scene.attributes.licence == "unknown"


def ground_km2(west, south, east, north):
    return equal_area_km2(gpd.GeoSeries([shapely.box(west, south, east, north)], crs=4326))[0]


def test_labels_keep_every_corner(file):
    add_dataset(file)
    outlines = gc.open_scene(SCENE).outlines
    assert len(outlines) == 1
    assert outlines["area_km2"].iloc[0] == pytest.approx(ground_km2(*ICE.bounds), rel=1e-4)
    assert outlines.to_crs("EPSG:4326").total_bounds == pytest.approx(ICE.bounds, abs=1e-7)


def test_scene_of_a_tile_is_mapped_and_compared(file, own_data_dir):
    add_dataset(file)
    torch.manual_seed(0)
    card = tiny_card()
    save_model(GlaViTU(card.config), card, own_data_dir / "models" / "tiny")
    scene = gc.open_scene(SCENE)
    result = gc.map_glaciers(scene, gc.load_model("tiny"))
    assert (result.unmapped == ~scene.valid).all()
    compared = gc.compare(result, scene.outlines)
    assert compared.glaciers["expert_area_km2"].sum() == pytest.approx(
        ground_km2(*ICE.bounds), rel=0.01
    )


def test_one_tile_is_read_and_no_other(file, monkeypatch):
    plane(file, "ALP-3-4")
    add_dataset(file)
    read = []
    whole = TileSet.tile
    monkeypatch.setattr(TileSet, "tile", lambda self, name: read.append(name) or whole(self, name))
    gc.open_scene("authors-alp-3-4")
    gc.open_scene("authors-alp-3-4")
    assert read == ["ALP-3-4"]


def test_adding_reads_no_pixel(file, monkeypatch):
    monkeypatch.setattr(TileSet, "_values", lambda *_: pytest.fail("a pixel was read"))
    (dataset,) = add_dataset(file)
    assert [tile.scene for tile in dataset.tiles] == [SCENE]
    assert dataset.tiles[0].bounds == pytest.approx(tuple(EDGES.values()))
    listed = {summary.id: summary for summary in gc.list_scenes()}
    assert listed[SCENE].kind == "tile"
    assert not listed[SCENE].simulated


def test_folder_of_files_is_added_whole(tmp_path):
    plane(tmp_path / "20230905_train_global_ps384.hdf5")
    plane(tmp_path / "20230905_test_global_ps384.hdf5")
    assert len(add_dataset(tmp_path)) == 2
    scene = gc.open_scene("20230905-test-global-ps384-alp-1-2")
    assert scene.attributes.licence == "CC-BY-4.0"
    assert "10.11582/2024.00168" in scene.attributes.source


def test_simulated_tiles_stay_simulated(file):
    with h5py.File(file, "a") as opened:
        opened.attrs["simulated"] = True
    add_dataset(file)
    scene = gc.open_scene(SCENE)
    assert scene.simulated
    assert scene.title.startswith("Simulated")


def test_ground_without_label_is_no_bare_ground(tmp_path):
    labels = np.zeros((*SHAPE, 2))
    labels[:20, :, 1] = 1
    add_dataset(plane(tmp_path / "half.hdf5", outlines=labels))
    scene = gc.open_scene("half-alp-1-2")
    assert not scene.attributes.outlines_complete
    assert "50.0 % of the tile nobody said" in scene.attributes.notes[1]


def test_radar_and_heat_come_along(tmp_path):
    add_dataset(
        plane(
            tmp_path / "radar.hdf5",
            co_pol_sar=np.full((*SHAPE, 2), -1.0),
            thermal=np.full((*SHAPE, 1), 270.0),
        )
    )
    data = gc.open_scene("radar-alp-1-2").data
    assert float(data["co_pol_sar"].mean()) == pytest.approx(0.1, abs=1e-5)
    assert float(data["thermal"].mean()) == pytest.approx(270)
    assert "in_sar" not in data


def test_two_tiles_of_one_name_in_lower_case_stay_two(tmp_path):
    path = plane(tmp_path / "authors.hdf5", "ALP-1_2")
    (dataset,) = add_dataset(plane(path, "alp-1-2"))
    assert len({tile.scene for tile in dataset.tiles}) == 2


def test_file_that_went_or_changed_is_told(file):
    (dataset,) = add_dataset(file)
    plane(file, "ALP-3-4")
    with pytest.raises(SourceError, match="was changed since it was added"):
        gc.open_scene(SCENE)
    file.unlink()
    with pytest.raises(SourceError, match="is not there"):
        gc.open_scene(SCENE)
    assert not next(s for s in gc.list_scenes() if s.id == SCENE).offline
    assert dataset.path == file


def test_another_file_of_the_name_is_refused(file, tmp_path):
    add_dataset(file)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(SourceError, match="was added already"):
        add_dataset(plane(elsewhere / "authors.hdf5"))


def test_broken_tile_is_left_out_and_told(file):
    by_hand(file, "ALP-9-9", SHAPE, attributes=EDGES, dem=None)
    done = CliRunner().invoke(app, ["scenes", "add-dataset", str(file)])
    assert "authors.hdf5: 1 tiles" in done.output
    assert "Left out: authors.hdf5, tile ALP-9-9 has no dataset 'dem'" in done.output


def test_file_of_broken_tiles_only_is_refused(tmp_path):
    path = by_hand(tmp_path / "broken.hdf5", "A-1-1", SHAPE, attributes=EDGES, dem=None)
    with pytest.raises(SourceError, match=r"No tile of broken.hdf5 can be used"):
        add_dataset(path)
    assert tile_datasets() == []


def test_folder_without_tiles_and_unknown_scene_are_told(tmp_path, file):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceError, match="holds no tile file"):
        add_dataset(empty)
    add_dataset(file)
    with pytest.raises(SceneError, match="There is no scene 'authors-alp-7-7'"):
        gc.open_scene("authors-alp-7-7")
