"""Tiles on disk: the authors' layout, every value back, whole or not at all."""

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tile_files import SHAPE, make_tile

from glacier_core.errors import SourceError, StorageError
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.sources.tiles import TileSet

SMALL = (3, 4)
RADAR = ("co_pol_sar", "cross_pol_sar", "in_sar", "thermal")


def written(tmp_path, tile):
    with TileSet(write_tiles(tmp_path / "t.hdf5", [tile])) as tiles:
        return tiles.tile(tile.name)


def numbers(low, high):
    return st.floats(low, high, width=32) | st.just(np.float32(np.nan))


@st.composite
def drawn_tiles(draw):
    def field(low, high, *channels):
        return draw(hnp.arrays(np.float32, (*channels, *SMALL), elements=numbers(low, high)))

    elevation = draw(hnp.arrays(np.float32, SMALL, elements=numbers(1, 2**13)))
    optical = np.where(np.isnan(elevation), np.float32(np.nan), field(2**-20, 2, 6))
    optical[:, 0, 0] = 0.5
    elevation[0, 0] = 100
    features = {"optical": optical, "elevation": elevation}
    features["slope"] = np.where(np.isnan(elevation), np.float32(np.nan), np.float32(12.5))
    for name in draw(st.sets(st.sampled_from(RADAR))):
        features[name] = field(2**-20, 300) if name == "thermal" else field(2**-10, 4, 2)
    masks = hnp.arrays(bool, SMALL)
    labelled = draw(masks)
    glacier = draw(masks) & labelled
    return make_tile(
        shape=SMALL,
        features=features,
        glacier=glacier,
        labelled=labelled,
        valid=np.isfinite(optical).all(axis=0) & np.isfinite(elevation),
        debris=draw(st.none() | masks.map(lambda mask: mask & glacier)),
        surface=draw(st.none() | hnp.arrays(np.uint8, SMALL)),
        shadow=draw(st.none() | masks),
        sensor=draw(st.sampled_from(["", "Landsat 5"])),
    )


@given(tile=drawn_tiles())
def test_every_tile_comes_back(tmp_path_factory, tile):
    read = written(tmp_path_factory.mktemp("tiles"), tile)
    assert set(read.features) == set(tile.features)
    for name, values in tile.features.items():
        missing = np.isnan(values)
        if name in ("slope", "elevation"):  # told from the sea by the imagery, if there is none
            missing &= np.isnan(tile.features["optical"]).all(axis=0)
        np.testing.assert_array_equal(read.features[name][missing], np.float32(np.nan))
        np.testing.assert_allclose(read.features[name][~missing], values[~missing], rtol=2e-7)
    for name in ("glacier", "labelled", "valid", "debris", "surface", "shadow"):
        np.testing.assert_array_equal(getattr(read, name), getattr(tile, name))
    for name in ("name", "region", "subregion", "bounds", "epsg", "sensor", "acquired"):
        assert getattr(read, name) == getattr(tile, name)


def test_the_layout_is_the_authors(tmp_path):
    tile = make_tile(radar=RADAR, debris=np.zeros(SHAPE, dtype=bool))
    write_tiles(tmp_path / "t.hdf5", [tile])
    with h5py.File(tmp_path / "t.hdf5", "r") as file:
        group = file["ALP-0-0"]
        channels = {"optical": 6, "dem": 2, **dict.fromkeys(RADAR, 2), "thermal": 1}
        assert set(group) == {*channels, "outlines", "bright_dark_outlines"}
        for name, count in {**channels, "outlines": 2}.items():
            assert group[name].shape == (*SHAPE, count)
            assert group[name].dtype == np.dtype("<f8")
            assert group[name].chunks is None
            assert group[name].compression is None
        assert group["bright_dark_outlines"].dtype == np.uint8
        assert group["bright_dark_outlines"].shape == (*SHAPE, 3)
        stored = np.log10(tile.features["co_pol_sar"].astype(float) + 1e-6)
        np.testing.assert_array_equal(group["co_pol_sar"][:], np.moveaxis(stored, 0, -1))
        np.testing.assert_array_equal(group["dem"][..., 0], tile.features["elevation"])
        np.testing.assert_array_equal(group["outlines"][..., 1], tile.glacier)
        assert group.attrs["region"] == "ALP"
        assert group.attrs["tile_name"] == "ALP-0-0"
        assert [group.attrs[key] for key in ("height", "width", "epsg")] == [*SHAPE, 4326]
        assert [group.attrs[key] for key in ("xmin", "ymin", "xmax", "ymax")] == list(tile.bounds)


def test_missing_is_zero_and_a_measured_zero_is_not(tmp_path):
    tile = make_tile()
    tile.features["optical"][:, 0, 0] = np.nan
    tile.features["optical"][:, 1, 1] = 0.0
    write_tiles(tmp_path / "t.hdf5", [tile])
    with h5py.File(tmp_path / "t.hdf5", "r") as file:
        assert (file["ALP-0-0/optical"][0, 0] == 0).all()
    read = written(tmp_path, tile)
    assert not read.valid[0, 0]
    assert read.valid[1, 1]
    np.testing.assert_allclose(read.features["optical"][:, 1, 1], 0, atol=1e-6)


def test_a_pixel_without_elevation_does_not_become_sea(tmp_path):
    tile = make_tile()
    tile.features["elevation"][2, 3] = np.nan
    read = written(tmp_path, tile)
    assert np.isnan(read.features["elevation"][2, 3]) or not read.valid[2, 3]
    assert not read.valid[2, 3]
    assert read.valid.sum() == read.valid.size - 1


def test_the_same_tiles_make_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_tiles(tmp_path / name, [make_tile(radar=RADAR)], attributes={"seed": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_writing_what_was_read_changes_nothing(tmp_path):
    tile = make_tile(radar=RADAR)
    tile.features["optical"][:, 0, 0] = 0
    tile.features["in_sar"][:, 0, 0] = np.nan
    first = written(tmp_path, tile)
    before = (tmp_path / "t.hdf5").read_bytes()
    written(tmp_path, first)
    assert (tmp_path / "t.hdf5").read_bytes() == before


def interrupted():
    yield make_tile()
    raise KeyboardInterrupt


def test_an_interruption_leaves_what_was_there(tmp_path):
    path = write_tiles(tmp_path / "t.hdf5", [make_tile("ALP-5-5")])
    with pytest.raises(KeyboardInterrupt):
        write_tiles(path, interrupted())
    assert [file.name for file in tmp_path.glob("*.hdf5*")] == ["t.hdf5"]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".t.hdf5")]
    with TileSet(path) as tiles:
        assert tiles.names == ("ALP-5-5",)


def without(name):
    tile = make_tile()
    del tile.features[name]
    return tile


@pytest.mark.parametrize(
    ("tiles", "sentence"),
    [
        ([make_tile(), make_tile()], "'ALP-0-0' cannot name a tile: it is taken"),
        ([make_tile("a/b")], "'a/b' cannot name a tile"),
        ([], "There is no tile to write"),
        ([without("slope")], "Tile ALP-0-0: the feature slope is missing"),
        ([make_tile(glacier=np.ones((3, 3), bool))], r"the feature optical is \(6, 12, 10\)"),
    ],
)
def test_what_cannot_be_written(tmp_path, tiles, sentence):
    with pytest.raises(SourceError, match=sentence):
        write_tiles(tmp_path / "t.hdf5", tiles)
    assert not [path for path in tmp_path.iterdir() if "t.hdf5" in path.name]


def test_a_disk_that_refuses(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="Nothing was kept"):
        write_tiles(tmp_path / "file" / "t.hdf5", [make_tile()])
