"""Tiles of large rasters: kept on disk, drawn once, and never another's or a damaged one."""

import os

import numpy as np
import pytest

from glacier_core.settings import settings
from glacier_core.sources import keep_scene
from glacier_core.sources.folders import scene_folder
from glacier_core.viewing import tiles
from glacier_core.viewing.agreement import write_agreement
from glacier_core.viewing.layers import FINEST_CODES, FINEST_IMAGERY, finest_zoom

from .places import decoded, degrees_of, tile_and_pixel

ALL_LAYERS = (*tiles.SCENE_LAYERS, *tiles.MAP_LAYERS)


@pytest.fixture(autouse=True)
def everything_is_large(monkeypatch):
    monkeypatch.setattr(tiles, "KEPT_FROM", 1)
    tiles._tiles.cache_clear()


@pytest.fixture
def drawn(monkeypatch):
    """Note which tiles are drawn, of which layer."""
    noted, draw = [], tiles.Picture._drawn
    monkeypatch.setattr(
        tiles.Picture,
        "_drawn",
        lambda picture, tile: noted.append((picture.layer, tile)) or draw(picture, tile),
    )
    return noted


def picture_of(scene, result, layer):
    if layer in tiles.MAP_LAYERS:
        return tiles.map_picture(result.key, layer)
    return tiles.scene_picture(scene.id, layer)


def middle(scene, deeper=0):
    return tile_and_pixel(*degrees_of(scene, 40, 40), finest_zoom(scene, FINEST_IMAGERY) + deeper)[
        0
    ]


def kept_files():
    home = settings().data_dir / "tiles"
    return [path for path in home.rglob("*") if path.is_file() and path.name != ".lock"]


@pytest.mark.parametrize("layer", ALL_LAYERS)
def test_a_tile_is_drawn_once_for_all_processes(scene, result, layer, drawn):
    first = picture_of(scene, result, layer).tile(middle(scene))
    tiles._tiles.cache_clear()  # as in another process
    assert picture_of(scene, result, layer).tile(middle(scene)) == first
    assert len(drawn) == 1


def test_each_layer_and_tile_has_its_own(scene, result):
    below = middle(scene)[0] - 1
    shown = {
        (layer, tile): picture_of(scene, result, layer).tile(tile)
        for layer in ALL_LAYERS
        for tile in (middle(scene), tile_and_pixel(*degrees_of(scene, 40, 40), below)[0])
    }
    tiles._tiles.cache_clear()
    again = {(layer, tile): picture_of(scene, result, layer).tile(tile) for layer, tile in shown}
    assert again == shown
    assert len(set(shown.values())) == len(shown)


@pytest.mark.parametrize("layer", ALL_LAYERS)
def test_all_tiles_are_kept_and_then_none_is_drawn(scene, result, layer, drawn):
    picture = picture_of(scene, result, layer)
    every = list(picture.all_tiles())
    assert all(picture.keep(tile) for tile in every)
    assert len(drawn) == len(every) == len(set(every))
    assert all(picture.keep(tile) for tile in every)
    for tile in every:
        picture.tile(tile)
    assert len(drawn) == len(every)


@pytest.mark.parametrize(
    ("layer", "pixels"), [("natural", FINEST_IMAGERY), ("probability", FINEST_CODES)]
)
def test_all_tiles_show_every_pixel_at_every_zoom_down_to_the_finest(scene, result, layer, pixels):
    every = set(picture_of(scene, result, layer).all_tiles())
    finest = finest_zoom(scene, pixels)
    assert {zoom for zoom, *_ in every} == set(range(finest + 1))
    rows, columns = scene.shape
    for zoom in range(finest + 1):
        shown = {
            tile_and_pixel(*degrees_of(scene, row, column), zoom)[0]
            for row in (0, rows // 2, rows - 1)
            for column in (0, columns // 2, columns - 1)
        }
        assert shown <= every


def test_what_is_kept_is_what_would_be_drawn(scene, result):
    for layer in ALL_LAYERS:
        picture = picture_of(scene, result, layer)
        for tile in picture.all_tiles():
            picture.keep(tile)
            assert picture.tile(tile) == picture._drawn(tile)


@pytest.mark.parametrize("deeper", [1, 6])
def test_closer_up_than_pixels_nothing_is_kept(scene, deeper):
    """Nobody fills the disk by asking for addresses that no map asks for."""
    tiles.scene_picture(scene.id, "natural").tile(middle(scene, deeper))
    assert kept_files() == []


def test_beside_the_raster_nothing_is_kept(scene):
    zoom, column, row = middle(scene)
    empty = tiles.scene_picture(scene.id, "natural").tile((zoom, column + 50, row))
    assert not decoded(empty)[..., 3].any()
    assert kept_files() == []


def test_small_rasters_are_not_kept(scene, monkeypatch):
    monkeypatch.setattr(tiles, "KEPT_FROM", 1_000_000)
    tiles.scene_picture(scene.id, "natural").tile(middle(scene))
    assert kept_files() == []


@pytest.mark.parametrize("position", [3, 40, -1])
def test_a_flipped_bit_is_drawn_anew(scene, drawn, position):
    picture = tiles.scene_picture(scene.id, "natural")
    shown = picture.tile(middle(scene))
    (path,) = kept_files()
    content = bytearray(path.read_bytes())
    content[position] ^= 4
    path.write_bytes(content)
    tiles._tiles.cache_clear()
    assert picture.tile(middle(scene)) == shown
    assert len(drawn) == 2
    assert kept_files() == [path]


def test_another_scene_under_the_same_name_has_its_own_tiles(scene):
    before = tiles.scene_picture(scene.id, "hillshade").tile(middle(scene))
    rough = np.random.default_rng(0).uniform(0, 3000, scene.shape).astype(np.float32)
    other = scene.data.assign(elevation=(("y", "x"), rough))
    keep_scene(type(scene)(other, scene.attributes))
    tiles._tiles.cache_clear()
    assert tiles.scene_picture(scene.id, "hillshade").tile(middle(scene)) != before


def test_a_raster_that_is_gone_is_told_though_its_tiles_are_kept(scene):
    picture = tiles.scene_picture(scene.id, "natural")
    picture.tile(middle(scene))
    (scene_folder(scene.id) / "optical.tif").unlink()
    with pytest.raises(tiles.SourceError, match="Open the page again"):
        picture.tile(middle(scene))


def test_a_disk_that_takes_nothing_still_shows(scene, caplog):
    (settings().data_dir / "tiles").write_bytes(b"a file where the folder should be")
    picture = tiles.scene_picture(scene.id, "natural")
    assert picture.tile(middle(scene)) == picture._drawn(middle(scene))
    assert "cannot be kept" in caplog.text
    assert not picture.keep(middle(scene))


def test_those_used_longest_ago_leave_first(scene, monkeypatch):
    picture = tiles.scene_picture(scene.id, "natural")
    every = list(picture.all_tiles())
    for tile in every:
        picture.keep(tile)
    for path in kept_files():
        zoom = int(path.name.split("-")[0])
        os.utime(path, (1e9 + zoom,) * 2)
    half = sum(path.stat().st_size for path in kept_files()) / 2
    monkeypatch.setenv("GLACIER_KEPT_TILES_MEGABYTES", "1")
    settings.cache_clear()
    assert tiles.kept_tiles().limit == 1e6
    tiles.Shelf(tiles.kept_tiles().home, half).clear_out()
    left = {int(path.name.split("-")[0]) for path in kept_files()}
    assert left
    assert min(left) > 0
    assert max(left) == max(zoom for zoom, *_ in every)


def test_pictures_that_are_looked_at_together(scene, result, comparison):
    natural = tiles.scene_picture(scene.id, "natural")
    swir = tiles.scene_picture(scene.id, "swir")
    assert natural.relatives()[0] == natural
    assert swir.relatives()[0] == swir
    expected = {tiles.scene_picture(scene.id, layer) for layer in tiles.SCENE_LAYERS}
    assert set(natural.relatives()) == set(swir.relatives()) == expected
    assert len(natural.relatives()) == len(expected)
    values = [tiles.map_picture(result.key, layer) for layer in tiles.MAP_LAYERS]
    assert values[0].relatives() == values
    assert values[1].relatives() == values[::-1]
    agreement = tiles.agreement_picture(write_agreement(comparison))
    assert agreement.relatives() == [agreement]
