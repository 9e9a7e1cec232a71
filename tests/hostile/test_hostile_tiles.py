"""Bad files of tiles: a clear sentence, and no file left open."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from tile_files import SHAPE, by_hand, make_tile

from glacier_core.errors import SourceError
from glacier_core.settings import settings
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.sources.tiles import TileSet

NAN = float("nan")
TESTS = Path(__file__).parent.parent


def open_handles():
    """Return the paths of all files that this process holds open, and HDF5's own count."""
    paths = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.exists()]
    return sorted(map(str, paths)), h5py.h5f.get_obj_count(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_ALL)


def read_all(path):
    with TileSet(path) as tiles:
        return list(tiles)


def refused(path, sentence):
    before = open_handles()
    with pytest.raises(SourceError, match=sentence) as caught:
        read_all(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    assert message.endswith((".", ")"))
    assert open_handles() == before


@pytest.mark.parametrize(
    "content", [b"", b"\x89HD", b"field notes\n", b"<!DOCTYPE html><title>Sign in</title>"]
)
def test_something_else_renamed_hdf5(tmp_path, content):
    (tmp_path / "notes.hdf5").write_bytes(content)
    refused(tmp_path / "notes.hdf5", r"notes\.hdf5 is not HDF5, whatever its name says")


def test_no_such_file(tmp_path):
    refused(tmp_path / "absent.hdf5", r"There is no tile file .*absent\.hdf5")
    refused(tmp_path, "There is no tile file")


class Fired:
    """Leaves a mark when unpickled."""

    def __reduce__(self):
        return os.putenv, ("GLACIER_FIRED", "yes")


@pytest.mark.parametrize("name", ["alaska_features.pickle", "alaska.hdf5"])
@pytest.mark.parametrize("protocol", [0, 5])
def test_a_pickle_is_never_opened(tmp_path, monkeypatch, name, protocol):
    def never(*_):
        raise AssertionError("unpickled")

    (tmp_path / name).write_bytes(pickle.dumps(Fired(), protocol=protocol))
    for word in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, word, never)
    pickled = name.endswith("pickle") or protocol
    told = "is a Python pickle.*scene import" if pickled else "is not HDF5"
    refused(tmp_path / name, told)


def test_a_reference_raster(tmp_path):
    (tmp_path / "alaska_reference.tif").write_bytes(b"II*\x00" + bytes(100))
    refused(tmp_path / "alaska_reference.tif", "is a GeoTIFF, not a file of tiles.*outlines")


def test_truncated_anywhere(tmp_path):
    """Each length gives a sentence, or what was written."""
    shape = (3, 3)
    whole = write_tiles(tmp_path / "whole.hdf5", [make_tile(shape=shape), make_tile("B", shape)])
    expected = read_all(whole)
    content = whole.read_bytes()
    part = tmp_path / "part.hdf5"
    before = open_handles()
    lengths = {*range(0, len(content), 97), *range(100), *range(len(content) - 60, len(content))}
    refusals = []
    for length in sorted(lengths):
        part.write_bytes(content[:length])
        try:
            tiles = read_all(part)
        except SourceError as problem:
            refusals.append(str(problem))
            continue
        for read, tile in zip(tiles, expected, strict=True):
            np.testing.assert_array_equal(read.features["optical"], tile.features["optical"])
    assert len(refusals) > 0.9 * len(lengths)
    assert all(told.startswith("part.hdf5 is ") for told in refusals)
    assert open_handles() == before


def test_zeros_where_the_attributes_were(tmp_path):
    """A download that skipped a piece has its length, and zeros for its content."""
    content = bytearray(by_hand(tmp_path / "t.hdf5").read_bytes())
    content[600:2400] = bytes(1800)
    (tmp_path / "hole.hdf5").write_bytes(content)
    refused(tmp_path / "hole.hdf5", r"hole\.hdf5.*(damaged|holds|has no)")


@pytest.mark.parametrize("absent", ["optical", "dem", "outlines"])
def test_a_missing_dataset(tmp_path, absent):
    path = by_hand(tmp_path / "t.hdf5", **{absent: None})
    refused(path, rf"t\.hdf5, tile ALP-0-0 has no dataset '{absent}'.*add it, or delete the tile")


@pytest.mark.parametrize(
    ("name", "shape", "sentence"),
    [
        ("optical", (*SHAPE, 3), "dataset optical has 3 channels; expected are 6"),
        ("optical", (6, *SHAPE), r"dataset optical has 10 channels.*last in the shape"),
        ("dem", (*SHAPE, 1), "dataset dem has 1 channels; expected are 2"),
        ("dem", SHAPE, r"dataset dem has the shape \(12, 10\); expected \(rows, columns, 2\)"),
        ("in_sar", (*SHAPE, 4), "dataset in_sar has 4 channels"),
        ("thermal", (*SHAPE, 2), "dataset thermal has 2 channels; expected are 1"),
        ("outlines", (*SHAPE, 3), "dataset outlines has 3 channels"),
        ("outlines", (1, *SHAPE, 2), r"dataset outlines has the shape \(1, 12, 10, 2\)"),
        ("bright_dark_outlines", (*SHAPE, 2), "dataset bright_dark_outlines has 2 channels"),
        ("dem", (12, 9, 2), "dataset dem has 12 x 9 pixels, optical 12 x 10.*one grid"),
        ("outlines", (0, 0, 2), "dataset outlines has 0 x 0 pixels"),
        ("optical", (), r"dataset optical has the shape \(\)"),
    ],
)
def test_wrong_shapes(tmp_path, name, shape, sentence):
    path = by_hand(tmp_path / "t.hdf5", **{name: np.ones(shape)})
    refused(path, rf"t\.hdf5, tile ALP-0-0, {sentence}")


def test_a_dataset_of_words(tmp_path):
    path = by_hand(tmp_path / "t.hdf5", dem=np.full((*SHAPE, 2), b"high"))
    refused(path, "dataset dem holds no numbers")


@pytest.mark.parametrize("label", [(1.0, 1.0), (0.5, 0.5), (0.0, 2.0), (NAN, 0.0), (-1.0, 1.0)])
def test_outlines_that_are_not_one_hot(tmp_path, label):
    outlines = np.zeros((*SHAPE, 2))
    outlines[7, 3] = label
    path = by_hand(tmp_path / "t.hdf5", outlines=outlines)
    refused(path, "dataset outlines is not one-hot in 1 pixels, the first in row 7, column 3")


@pytest.mark.parametrize(
    ("name", "channels", "value"),
    [
        ("optical", 6, NAN),
        ("optical", 6, 0.0),
        ("optical", 6, float("inf")),
        ("dem", 2, NAN),
        ("dem", 2, float("-inf")),
    ],
)
def test_a_tile_without_a_single_value(tmp_path, name, channels, value):
    path = by_hand(tmp_path / "t.hdf5", **{name: np.full((*SHAPE, channels), value)})
    refused(path, "tile ALP-0-0, datasets optical and dem hold no single usable pixel")


@pytest.mark.parametrize("absent", ["region", "subregion", "epsg", "xmin", "ymin", "xmax", "ymax"])
def test_a_missing_attribute(tmp_path, absent):
    path = by_hand(tmp_path / "t.hdf5", attributes={absent: None})
    refused(path, rf"t\.hdf5, tile ALP-0-0 has no attribute '{absent}'\. Every tile says")


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"epsg": 32632}, "is in EPSG:32632; tiles are in degrees"),
        ({"epsg": "near Bern"}, "the attribute 'epsg' is 'near Bern'; expected a number"),
        ({"xmin": NAN}, "the attribute 'xmin' is nan; expected a number"),
        ({"xmin": [1.0, 2.0]}, "the attribute 'xmin' is .*expected a number"),
        ({"xmin": 9.0}, "no place on the globe"),
        ({"ymax": 5_140_000.0}, "no place on the globe"),
        ({"region": 3}, "the attribute 'region' is 3; expected a text"),
        ({"region": ""}, "the attribute 'region' is ''; expected a text"),
    ],
)
def test_wrong_attributes(tmp_path, attributes, sentence):
    refused(by_hand(tmp_path / "t.hdf5", attributes=attributes), sentence)


def test_no_tiles(tmp_path):
    with h5py.File(tmp_path / "t.hdf5", "w"):
        pass
    refused(tmp_path / "t.hdf5", r"t\.hdf5 holds no tile")


def test_datasets_without_a_tile_around_them(tmp_path):
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file["optical"] = np.ones((*SHAPE, 6))
    refused(tmp_path / "t.hdf5", "holds 'optical', which is no group of datasets")


def test_one_bad_tile_does_not_spoil_the_others(tmp_path):
    by_hand(tmp_path / "t.hdf5", "ALP-0-0")
    path = by_hand(tmp_path / "t.hdf5", "ALP-0-1", dem=None)
    with TileSet(path) as tiles:
        assert tiles.tile("ALP-0-0").valid.all()
        with pytest.raises(SourceError, match="tile ALP-0-1 has no dataset 'dem'"):
            tiles.tile("ALP-0-1")
        assert tiles.tile("ALP-0-0").valid.all()


@pytest.mark.parametrize("kind", ["soft", "external", "virtual", "raw"])
def test_a_dataset_that_points_at_another_file(tmp_path, kind):
    """A downloaded file must not be able to show what else is on the disk."""
    other = by_hand(tmp_path / "other.hdf5")
    path = by_hand(tmp_path / "t.hdf5", dem=None)
    with h5py.File(path, "a") as file:
        group = file["ALP-0-0"]
        if kind == "soft":
            group["dem"] = h5py.SoftLink("/ALP-0-0/outlines")
        elif kind == "external":
            group["dem"] = h5py.ExternalLink(str(other), "ALP-0-0/dem")
        elif kind == "virtual":
            layout = h5py.VirtualLayout((*SHAPE, 2), dtype=float)
            layout[:] = h5py.VirtualSource(str(other), "ALP-0-0/dem", (*SHAPE, 2))
            group.create_virtual_dataset("dem", layout)
        else:
            size = SHAPE[0] * SHAPE[1] * 16
            external = [(str(tmp_path / "secret"), 0, size)]
            group.create_dataset("dem", (*SHAPE, 2), dtype=float, external=external)
    refused(path, "dataset dem lies in another file or is no dataset")


def test_a_tile_that_points_at_another_file(tmp_path):
    other = by_hand(tmp_path / "other.hdf5")
    with h5py.File(tmp_path / "t.hdf5", "w") as file:
        file["ALP-0-0"] = h5py.ExternalLink(str(other), "ALP-0-0")
    refused(tmp_path / "t.hdf5", "holds 'ALP-0-0', which is no group of datasets")


def test_a_tile_larger_than_any_memory(tmp_path):
    path = by_hand(tmp_path / "t.hdf5", optical=None, dem=None)
    with h5py.File(path, "a") as file:
        for name, channels in (("optical", 6), ("dem", 2)):
            shape = (10**6, 10**6, channels)
            file["ALP-0-0"].create_dataset(name, shape, dtype=float, chunks=(64, 64, channels))
    assert path.stat().st_size < 100_000
    refused(path, f"at most {settings().max_scene_pixels:,} .GLACIER_MAX_SCENE_PIXELS")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = by_hand(tmp_path / "t.hdf5")

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    refused(path, "cannot be read: .*Permission denied.*Check its rights")


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tile_files import make_tile
from glacier_core.errors import StorageError
from glacier_core.sources.tile_writing import write_tiles

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write fails, as on a full disk

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

path = Path(sys.argv[2]) / "t.hdf5"
tiles = [make_tile(f"ALP-0-{number}", shape=(40, 40)) for number in range(3)]
size = write_tiles(path, tiles).stat().st_size
before = write_tiles(path, [make_tile()]).read_bytes()
for most in (0, 1, 100, 1000, size // 3, size // 2, size - 4000, size - 1):
    limit(most)
    try:
        write_tiles(path, tiles)
        raise AssertionError(f"{size} bytes written into {most}")
    except StorageError as problem:
        assert "free space" in str(problem), problem
    limit(resource.RLIM_INFINITY)
    assert path.read_bytes() == before, most
    assert list(path.parent.iterdir()) == [path], list(path.parent.iterdir())
limit(size)
write_tiles(path, tiles)
"""


def test_a_full_disk(tmp_path):
    pytest.importorskip("resource", reason="limits of file size are a matter of Unix")
    folder = tmp_path / "tiles"
    folder.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(TESTS), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
