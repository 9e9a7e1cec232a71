import shutil
import time

import numpy as np
import pytest
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import transform_bounds

from glacier_core.errors import SourceError, StorageError
from glacier_core.inference.rasters import write_layer
from glacier_core.sources import keep_scene
from glacier_core.sources.folders import scene_folder
from glacier_core.viewing import palettes, rendering, tiles, warping
from glacier_core.viewing.agreement import write_agreement
from glacier_core.viewing.layers import FINEST_CODES, FINEST_IMAGERY, finest_zoom

from .conftest import grid, ramp_scene
from .places import decoded, degrees_of, tile_and_pixel


def finest(scene):
    return finest_zoom(scene, FINEST_CODES)


CORNERS = [(0, 0), (0, 79), (59, 0), (59, 79)]
PLACES = [(30, 20), (30, 60), (55, 79), (0, 40), (59, 16), (59, 40)]


@pytest.mark.parametrize(("row", "column"), PLACES)
def test_tile_holds_the_value_of_the_pixel_under_it(scene, result, row, column):
    """Also close to the corners of the pixel: nothing is shifted, stretched or smoothed."""
    for south, east in [(0.0, 0.0), (-0.4, -0.4), (0.4, 0.4), (0.4, -0.4)]:
        lon, lat = degrees_of(scene, row + south, column + east)
        tile, (down, across) = tile_and_pixel(lon, lat, finest(scene) + 3)
        for name, value in {"probability": column / 79, "confidence": row / 59}.items():
            picture = decoded(tiles.map_picture(result.key, name).tile(tile))
            assert tuple(picture[down, across]) == (round(255 * value), 0, 0, 255)


@pytest.mark.parametrize("north", [8_900_000.0, 5_200_000.0, 10_000.0])
def test_tiles_lie_right_at_every_latitude(own_data_dir, north):
    """At 80 degrees north a picture stretched in degrees would lie kilometres off."""
    scene = ramp_scene(north=north, id="far-north")
    keep_scene(scene)
    limits = rendering.stretch_limits(scene.data["optical"].to_numpy()[[2, 1, 0]])
    expected = rendering.composite_picture(scene.data["optical"].to_numpy()[[2, 1, 0]], limits)
    for row, column in PLACES:
        tile, (down, across) = tile_and_pixel(*degrees_of(scene, row, column), finest(scene) + 2)
        shown = decoded(tiles.scene_picture("far-north", "natural").tile(tile))[down, across]
        assert shown[3] == 255
        assert np.abs(shown[:3] - expected[:, row, column]).max() <= 6


@pytest.mark.parametrize("layer", tiles.SCENE_LAYERS)
def test_every_layer_is_drawn_where_there_is_data_only(scene, layer):
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 40, 60), finest(scene) + 1)
    picture = decoded(tiles.scene_picture(scene.id, layer).tile(tile))
    assert picture.shape == (512, 512, 4)
    assert picture[down, across, 3] == 255
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 4, 5), finest(scene) + 1)
    hole = decoded(tiles.scene_picture(scene.id, layer).tile(tile))[down, across, 3]
    assert hole == (255 if layer in ("hillshade", "slope") else 0)


def test_hillshade_of_a_plane_that_rises_northwards(scene):
    """Closed form: slope atan(1/3) facing south, the sun in the north-west at 45 degrees."""
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 40, 40), finest(scene))
    grey = decoded(tiles.scene_picture(scene.id, "hillshade").tile(tile))[down, across, 0]
    slope = np.arctan(10 / 30)
    zenith, azimuth = np.radians(45), np.radians(315 - 180)
    light = np.cos(zenith) * np.cos(slope) + np.sin(zenith) * np.sin(slope) * np.cos(azimuth)
    assert grey == pytest.approx(255 * light, abs=2)


def test_slope_is_coloured_by_its_ramp(scene):
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 40, 40), finest(scene))
    shown = decoded(tiles.scene_picture(scene.id, "slope").tile(tile))[down, across, :3]
    degrees = np.degrees(np.arctan(10 / 30))
    table = palettes.SLOPE.table(601)
    assert np.abs(shown - table[round(degrees * 10)].astype(int)).max() <= 2


def test_ndsi_is_coloured_by_its_ramp(scene):
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 40, 60), finest(scene))
    shown = decoded(tiles.scene_picture(scene.id, "ndsi").tile(tile))[down, across, :3]
    green, swir1 = scene.data["optical"].to_numpy()[[1, 4], 40, 60]
    at = ((green - swir1) / (green + swir1) + 1) / 2
    assert np.abs(shown - palettes.NDSI.table(1001)[round(at * 1000)].astype(int)).max() <= 3


def test_agreement_tile_shows_who_says_glacier(scene, comparison):
    key = write_agreement(comparison)
    for (row, column), color in {
        (30, 45): palettes.AGREEMENT,
        (30, 70): palettes.PREDICTED,
        (30, 25): palettes.EXPERT,
    }.items():
        tile, (down, across) = tile_and_pixel(*degrees_of(scene, row, column), finest(scene) + 1)
        shown = decoded(tiles.agreement_picture(key).tile(tile))[down, across]
        assert tuple(shown) == (*palettes.rgb(color), 255)


def test_tile_that_imagery_fills_is_a_jpeg_and_shows_the_same(scene):
    """Everywhere else a PNG: pixels without data must be clear, and codes must not be smeared."""
    tile, _ = tile_and_pixel(*degrees_of(scene, 35, 45), finest(scene) + 3)
    dataset = warping.opened(scene_folder(scene.id) / "optical.tif")
    exact, mask = tiles._PAINTERS["natural"](dataset, warping.tile_window(dataset, tile))
    assert (mask == 255).all()
    drawn = tiles.scene_picture(scene.id, "natural").tile(tile)
    assert drawn.startswith(b"\xff\xd8")
    assert np.abs(decoded(drawn)[..., :3] - np.moveaxis(exact.astype(int), 0, -1)).max() <= 4
    beyond, _ = tile_and_pixel(*degrees_of(scene, 35, 45), 8)
    assert tiles.scene_picture(scene.id, "natural").tile(beyond).startswith(b"\x89PNG")


def test_codes_are_never_a_jpeg(scene, result, comparison):
    tile, _ = tile_and_pixel(*degrees_of(scene, 35, 45), finest(scene) + 2)
    agreement = tiles.agreement_picture(write_agreement(comparison))
    for picture in (tiles.map_picture(result.key, "probability"), agreement):
        assert picture.tile(tile).startswith(b"\x89PNG")


@pytest.mark.parametrize("layer", ["natural", "probability"])
@pytest.mark.parametrize("zooms_out", [0, 1, 3])
def test_around_a_tile_lie_the_tiles_that_are_asked_for_next(scene, result, layer, zooms_out):
    codes = layer == "probability"
    last = finest_zoom(scene, FINEST_CODES if codes else FINEST_IMAGERY)
    tile, _ = tile_and_pixel(*degrees_of(scene, 30, 40), last - zooms_out)
    picture = tiles.map_picture(result.key, layer) if codes else tiles.scene_picture("ramp", layer)
    around = set(picture.around(tile))
    assert tile not in around
    assert any(one[0] == tile[0] + 1 for one in around) == (zooms_out > 0)
    assert max(zoom for zoom, *_ in around) <= last
    held = {tile_and_pixel(*degrees_of(scene, *corner), last - zooms_out)[0] for corner in CORNERS}
    beside = {one for one in held if max(abs(one[n] - tile[n]) for n in (1, 2)) == 1}
    assert {one for one in around if one[0] == tile[0]} == beside
    assert (tile[0] - 1, tile[1] // 2, tile[2] // 2) in around
    assert all(decoded(picture.tile(one))[..., 3].any() for one in around)


def test_around_the_whole_world_nothing_is_beyond_it(scene):
    around = list(tiles.scene_picture(scene.id, "natural").around((0, 0, 0)))
    assert [zoom for zoom, *_ in around] == [1]


def test_thread_keeps_few_files_open_and_none_that_changed(scene, tmp_path):
    paths = [tmp_path / f"{number}.tif" for number in range(2 * warping.KEPT_OPEN)]
    for path in paths:
        shutil.copy(scene_folder(scene.id) / "slope.tif", path)
    opened = [warping.opened(path) for path in paths]
    assert [one.closed for one in opened] == [True] * warping.KEPT_OPEN + [
        False
    ] * warping.KEPT_OPEN
    assert warping.opened(paths[-1]) is opened[-1]
    shutil.copy(scene_folder(scene.id) / "elevation.tif", paths[-1])
    anew = warping.opened(paths[-1])
    assert anew is not opened[-1]
    assert anew.units == ("metre",)


def test_tile_elsewhere_is_transparent(scene, result):
    for png in (
        tiles.scene_picture(scene.id, "natural").tile((10, 3, 3)),
        tiles.map_picture(result.key, "confidence").tile((10, 3, 3)),
    ):
        picture = decoded(png)
        assert picture.shape == (512, 512, 4)
        assert not picture[..., 3].any()


@pytest.mark.parametrize("zoom", [0, 1, 3, 6])
def test_far_away_the_scene_is_a_dot_and_quickly_drawn(scene, zoom):
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 30, 60), zoom)
    began = time.process_time()
    picture = decoded(tiles.scene_picture(scene.id, "natural").tile(tile))
    assert time.process_time() - began < 5
    assert picture[down, across, 3] == 255
    pixel = 40_075_016.7 / 512 / 2**zoom * np.cos(np.radians(degrees_of(scene, 30, 60)[1]))
    rows, columns = (length * scene.resolution / pixel for length in scene.shape)
    assert 1 <= (picture[..., 3] > 0).sum() <= (rows + 2) * (columns + 2)


@pytest.mark.parametrize("tile", [(0, 0, 1), (3, 8, 0), (3, 0, 8), (23, 0, 0), (2, -1, 0)])
def test_tile_that_is_no_tile_is_refused(scene, tile):
    with pytest.raises(SourceError, match="no tile"):
        tiles.scene_picture(scene.id, "natural").tile(tile)


def test_unknown_layers_are_refused(scene, result):
    with pytest.raises(SourceError, match="no layer"):
        tiles.scene_picture(scene.id, "../optical").tile((1, 0, 0))
    with pytest.raises(SourceError, match="no raster"):
        tiles.map_picture(result.key, "glacier").tile((1, 0, 0))


def test_damaged_raster_is_a_sentence(scene, own_data_dir):
    path = own_data_dir / "scenes" / scene.id / "optical.tif"
    whole = path.read_bytes()
    tile, _ = tile_and_pixel(*degrees_of(scene, 30, 30), finest(scene))
    for damaged in (whole[: len(whole) // 2], b"no picture at all"):
        path.write_bytes(damaged)
        with pytest.raises(StorageError, match=r"optical\.tif"):
            tiles.scene_picture(scene.id, "natural").tile(tile)


def test_virtual_raster_is_never_followed(scene, own_data_dir):
    """A file of GDAL's virtual format could name any other file or address."""
    folder = own_data_dir / "scenes" / scene.id
    (folder / "optical.tif").write_text(
        '<VRTDataset rasterXSize="8" rasterYSize="8"><VRTRasterBand dataType="Float32" band="1">'
        f"<SimpleSource><SourceFilename>{folder / 'elevation.tif'}</SourceFilename>"
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    with pytest.raises(StorageError):
        tiles.scene_picture(scene.id, "natural").tile((1, 0, 0))


def test_changed_raster_is_drawn_anew(scene):
    tile, (down, across) = tile_and_pixel(*degrees_of(scene, 30, 40), finest(scene))
    before = decoded(tiles.scene_picture(scene.id, "swir").tile(tile))[down, across]
    flat = scene.data["optical"].to_numpy().copy()
    flat[:, :, 40:] = 0.9
    keep_scene(type(scene)(scene.data.assign(optical=(("band", "y", "x"), flat)), scene.attributes))
    after = decoded(tiles.scene_picture(scene.id, "swir").tile(tile))[down, across]
    assert not np.array_equal(before, after)


@pytest.fixture
def large_raster(tmp_path):
    """A COG of 2000 x 2000 pixels of noise, with overviews of 2 and 4 pixels a side."""
    noise = np.random.default_rng(0).random((2000, 2000), dtype=np.float32)
    noise[:900, :700] = np.nan
    path = tmp_path / "noise.tif"
    place = {"transform": grid(), "crs": CRS.from_epsg(32632), "nodata": float("nan"), "tags": {}}
    write_layer(path, noise, **place)
    return path


def test_no_finer_overview_is_read_than_a_tile_needs(large_raster):
    """What a tile costs must not grow with the scene: at most two by two pixels become one."""
    shown = {0.5: 2000, 1.9: 2000, 2.0: 1000, 3.9: 1000, 4.0: 500, 99.0: 500}
    dataset = warping.opened(large_raster)
    for shrunk, width in shown.items():
        assert warping._overview(dataset, shrunk).width == width


@pytest.mark.parametrize("zooms_out", [0, 1, 2, 3, 4])
def test_tiles_are_those_of_rio_tiler(large_raster, zooms_out):
    """Noise is the hardest case: no two pixels are alike, and their means differ the most."""
    dataset = warping.opened(large_raster)
    west, south, east, north = transform_bounds(dataset.crs, "EPSG:4326", *dataset.bounds)
    lon, lat = west + 0.6 * (east - west), south + 0.4 * (north - south)
    tile, _ = tile_and_pixel(lon, lat, 12 - zooms_out)
    window = warping.tile_window(dataset, tile)
    shape = (window.bottom - window.top, window.right - window.left)
    methods = (Resampling.bilinear, Resampling.average)
    ours, mask = warping.read_window(dataset, window, closer=methods[0], farther=methods[1])
    theirs = warping._read_few(dataset, window.bounds(), shape, (1,), *methods)
    seen = np.isfinite(theirs) & np.isfinite(ours)
    assert (np.isfinite(theirs[0]) != (mask > 0)).mean() <= 0.02
    assert np.abs(ours - theirs)[seen].mean() <= 0.06
    assert ours[seen].mean() == pytest.approx(theirs[seen].mean(), abs=0.002)
