"""Reading tile datasets: right values, in our order and units, a piece at a time."""

import fcntl
import pickle
import tracemalloc

import numpy as np
import pytest
from tile_files import EDGES, SHAPE, by_hand, make_tile

from glacier_core.errors import SourceError
from glacier_core.models.inputs import BACKSCATTER_OFFSET, FEATURE_CHANNELS, scale_features
from glacier_core.sources import tile_layout
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.sources.tiles import TileSet


def only_tile(path):
    with TileSet(path) as tiles:
        (tile,) = tiles
    return tile


def test_the_layout_is_what_the_networks_take():
    assert tile_layout.CHANNELS == FEATURE_CHANNELS
    assert tile_layout.BACKSCATTER_OFFSET == BACKSCATTER_OFFSET


def test_channels_come_first_and_keep_their_order(tmp_path):
    optical = np.arange(1, SHAPE[0] * SHAPE[1] * 6 + 1, dtype=float).reshape(*SHAPE, 6)
    dem = np.stack([np.full(SHAPE, 2500.0), np.full(SHAPE, 30.0)], -1)
    tile = only_tile(by_hand(tmp_path / "t.hdf5", optical=optical, dem=dem))
    assert tile.features["optical"].dtype == np.float32
    assert tile.features["optical"][4, 2, 3] == optical[2, 3, 4]
    assert (tile.features["elevation"] == 2500).all()
    assert (tile.features["slope"] == 30).all()
    assert set(tile.features) == {"optical", "elevation", "slope"}


def test_backscatter_is_linear_again(tmp_path):
    sigma = np.full((*SHAPE, 2), 0.25)
    sigma[0, 0] = 0.0
    path = by_hand(tmp_path / "t.hdf5", co_pol_sar=np.log10(sigma + 1e-6))
    read = only_tile(path).features["co_pol_sar"]
    np.testing.assert_allclose(read, np.moveaxis(sigma, -1, 0), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("stored", [0.0, np.nan, np.inf])
@pytest.mark.parametrize("group", ["optical", "co_pol_sar", "in_sar"])
def test_missing_values_are_nan(tmp_path, group, stored):
    values = np.full((*SHAPE, FEATURE_CHANNELS[group]), 0.3)
    values[5, 6, 1] = stored
    read = only_tile(by_hand(tmp_path / "t.hdf5", **{group: values}))
    assert np.isnan(read.features[group][1, 5, 6])
    assert np.isnan(read.features[group]).sum() == 1
    assert read.valid[5, 6] == (group != "optical")
    assert read.valid.sum() == read.valid.size - (group == "optical")


def test_the_sea_is_no_missing_elevation_but_padding_is(tmp_path):
    optical, dem = np.full((*SHAPE, 6), 0.1), np.full((*SHAPE, 2), 5.0)
    dem[:2] = 0.0
    optical[:1] = 0.0
    dem[-1, 0, 0] = np.nan
    read = only_tile(by_hand(tmp_path / "t.hdf5", optical=optical, dem=dem))
    assert np.isnan(read.features["elevation"][0]).all()
    assert (read.features["elevation"][1] == 0).all()
    assert not read.valid[0].any()
    assert read.valid[1].all()
    assert not read.valid[-1, 0]


@pytest.mark.parametrize("shape", [(*SHAPE, 1), SHAPE])
def test_thermal_has_no_channel_axis_outside_the_file(tmp_path, shape):
    read = only_tile(by_hand(tmp_path / "t.hdf5", thermal=np.full(shape, 271.0)))
    assert read.features["thermal"].shape == SHAPE
    assert (read.features["thermal"] == 271).all()


def test_labels(tmp_path):
    labels = np.zeros((*SHAPE, 2))
    labels[:4, :, 0] = 1
    labels[4:8, :, 1] = 1
    dark = np.zeros((*SHAPE, 3), dtype=np.uint8)
    dark[:6, :, 1] = 1
    dark[6:8, :, 2] = 1
    path = by_hand(tmp_path / "t.hdf5", outlines=labels, bright_dark_outlines=dark)
    read = only_tile(path)
    assert not read.glacier[:4].any()
    assert read.glacier[4:8].all()
    assert read.labelled[:8].all()
    assert not read.labelled[8:].any()
    assert read.debris[6:8].all()
    assert read.debris.sum() == 2 * SHAPE[1]
    assert read.surface is None


def test_a_patch_is_the_part_of_the_tile(tmp_path):
    tile = make_tile(radar=("in_sar", "thermal"), labelled=np.random.rand(*SHAPE) > 0.2)
    write_tiles(tmp_path / "t.hdf5", [tile])
    with TileSet(tmp_path / "t.hdf5") as tiles:
        whole, patch = tiles.tile("ALP-0-0"), tiles.patch("ALP-0-0", 3, 2, 5)
    part = (slice(3, 8), slice(2, 7))
    for name, values in whole.features.items():
        np.testing.assert_array_equal(patch.features[name], values[..., part[0], part[1]])
    for name in ("glacier", "labelled", "valid"):
        np.testing.assert_array_equal(getattr(patch, name), getattr(whole, name)[part])
    assert patch.bounds == pytest.approx((8.02, 46.02, 8.07, 46.045))
    assert patch.centre == pytest.approx((8.045, 46.0325))


def test_a_patch_of_some_features(tmp_path):
    write_tiles(tmp_path / "t.hdf5", [make_tile(radar=("in_sar", "co_pol_sar"))])
    with TileSet(tmp_path / "t.hdf5") as tiles:
        patch = tiles.patch("ALP-0-0", 0, 0, 4, features=("optical", "dem", "in_sar"))
        assert set(patch.features) == {"optical", "elevation", "slope", "in_sar"}
        with pytest.raises(SourceError, match="tile ALP-0-0 has no dataset 'thermal', only"):
            tiles.patch("ALP-0-0", 0, 0, 4, features=("thermal",))


@pytest.mark.parametrize("corner", [(0, -1), (9, 0), (-1, 0), (0, 7)])
def test_a_patch_outside_the_tile(tmp_path, corner):
    with (
        TileSet(by_hand(tmp_path / "t.hdf5")) as tiles,
        pytest.raises(SourceError, match="has 12 x 10 pixels: no 4 x 4 of them"),
    ):
        tiles.patch("ALP-0-0", *corner, 4)


def test_reading_a_patch_does_not_read_the_tile(tmp_path):
    path = by_hand(tmp_path / "t.hdf5", shape=(600, 600))
    with TileSet(path) as tiles:
        tiles.summary("ALP-0-0")
        tracemalloc.start()
        tiles.patch("ALP-0-0", 100, 100, 32)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 600 * 600 * 8  # one channel of the tile


def test_names_regions_and_groups(tmp_path):
    tiles = [
        make_tile("NZ1-3-4", region="NZ", subregion="NZL", radar=("in_sar",)),
        make_tile("ALP-1-2", acquired="2015-08-29", sensor="Sentinel-2"),
    ]
    write_tiles(tmp_path / "t.hdf5", tiles)
    with TileSet(tmp_path / "t.hdf5") as read:
        assert len(read) == 2
        assert read.names == ("ALP-1-2", "NZ1-3-4")
        assert read.regions == ("ALP", "NZ")
        assert read.names_with(("optical", "in_sar")) == ("NZ1-3-4",)
        summary = read.summary("ALP-1-2")
        assert [tile.name for tile in read] == list(read.names)
    assert summary.groups == ("optical", "dem")
    assert summary.shape == SHAPE
    assert (summary.sensor, summary.acquired) == ("Sentinel-2", "2015-08-29")
    assert summary.bounds == tuple(EDGES.values())


def test_simulated_only_where_the_file_says_so(tmp_path):
    with TileSet(by_hand(tmp_path / "theirs.hdf5")) as tiles:
        assert tiles.simulated is False
    write_tiles(tmp_path / "ours.hdf5", [make_tile()], attributes={"simulated": True, "seed": 3})
    with TileSet(tmp_path / "ours.hdf5") as tiles:
        assert tiles.simulated is True


@pytest.mark.parametrize("epsg", ["4326", b"EPSG:4326", np.int64(4326), np.array([4326.0])])
def test_numbers_and_texts_of_any_kind(tmp_path, epsg):
    attributes = {"epsg": epsg, "region": np.bytes_(b"ALP")}
    read = only_tile(by_hand(tmp_path / "t.hdf5", attributes=attributes))
    assert read.region == "ALP"
    assert read.epsg == 4326


def test_a_tile_goes_straight_into_the_network(tmp_path):
    from types import SimpleNamespace

    from glacier_core.models.inputs import PUBLISHED_SCALING

    radar = ("co_pol_sar", "cross_pol_sar", "in_sar", "thermal")
    write_tiles(tmp_path / "t.hdf5", [make_tile(radar=radar)])
    tile = only_tile(tmp_path / "t.hdf5")
    card = SimpleNamespace(
        inputs=tuple(FEATURE_CHANNELS), optional_inputs=(), scaling=PUBLISHED_SCALING
    )
    features = {**tile.features, "thermal": tile.features["thermal"][np.newaxis]}
    for name, values in scale_features(features, card).items():
        assert values.shape == (FEATURE_CHANNELS[name], *SHAPE)
        assert (values > 0).all()


def test_a_file_that_another_program_has_locked(tmp_path):
    path = by_hand(tmp_path / "t.hdf5")
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert only_tile(path).valid.all()


def test_reading_leaves_the_file_alone(tmp_path):
    path = by_hand(tmp_path / "t.hdf5")
    before = path.read_bytes(), path.stat().st_mtime_ns
    only_tile(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_set_in_another_process_opens_the_file_anew(tmp_path):
    with TileSet(by_hand(tmp_path / "t.hdf5")) as tiles:
        with pickle.loads(pickle.dumps(tiles)) as copy:
            assert copy.tile("ALP-0-0").valid.all()
        assert tiles.tile("ALP-0-0").valid.all()


def test_a_closed_set_says_so(tmp_path):
    tiles = TileSet(by_hand(tmp_path / "t.hdf5"))
    tiles.close()
    with pytest.raises(SourceError, match=r"t\.hdf5 is closed"):
        tiles.tile("ALP-0-0")


def test_an_unknown_tile(tmp_path):
    with (
        TileSet(by_hand(tmp_path / "t.hdf5")) as tiles,
        pytest.raises(SourceError, match=r"has no tile 'ALP-9-9'.*the first is ALP-0-0"),
    ):
        tiles.tile("ALP-9-9")
