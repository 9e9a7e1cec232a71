import os
import time

import pytest

from glacier_core.pieces import Shelf

URL = "https://host/file"


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "home", 1e6)


@pytest.fixture
def store(shelf):
    return shelf.pieces(URL, "v1")


@pytest.fixture
def files(shelf):
    def look():
        found = [path for path in shelf.home.rglob("*") if path.is_file()]
        return sorted(path for path in found if path.name != ".lock")

    return look


def test_a_piece_comes_back(shelf, store):
    assert store.get("3") is None
    assert store.put("3", b"content")
    assert store.get("3") == b"content"
    assert "3" in store
    assert "4" not in store
    assert shelf.pieces(URL, "v1").get("3") == b"content"


def test_versions_and_files_are_kept_apart(shelf, store):
    store.put("0", b"content")
    assert shelf.pieces(URL, "v2").get("0") is None
    assert shelf.pieces("https://host/other", "v1").get("0") is None
    assert shelf.knows(URL)
    assert not shelf.knows("https://host/other")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda _: b""]
)
def test_a_damaged_piece_is_none(store, files, damage, caplog):
    store.put("0", b"content of many bytes")
    (path,) = files()
    path.write_bytes(damage(path.read_bytes()))
    assert store.get("0") is None
    assert "damaged" in caplog.text
    assert files() == []


def test_a_piece_that_cannot_be_read(store, files, caplog):
    store.put("0", b"content")
    (path,) = files()
    path.unlink()
    path.mkdir()
    assert store.get("0") is None
    assert "cannot be used" in caplog.text


def test_a_disk_that_refuses_is_told_to_the_log(shelf, store, caplog):
    shelf.home.write_bytes(b"a file where the folder should be")
    assert not store.put("0", b"content")
    assert "cannot be kept" in caplog.text
    assert store.get("0") is None


def test_those_used_longest_ago_leave_first(shelf, store, files):
    for index in range(12):
        store.put(str(index), b"x" * 100_000)
    now = time.time()
    for path in files():
        os.utime(path, (now - 100 + int(path.name),) * 2)
    assert store.get("0") is not None, "used just now"
    shelf.clear_out()
    left = {int(path.name) for path in files()}
    assert left == {0, 5, 6, 7, 8, 9, 10, 11}
    assert sum(path.stat().st_size for path in files()) <= 900_000


def test_a_clock_that_was_ahead_keeps_nothing_for_ever(shelf, store, files):
    store.put("0", b"x")
    os.utime(files()[0], (time.time() + 1e6,) * 2)
    shelf.clear_out()
    assert files()[0].stat().st_mtime <= time.time()


def test_within_the_limit_nothing_leaves(shelf, store):
    store.put("0", b"x")
    shelf.clear_out()
    assert store.get("0") == b"x"


def test_what_was_left_behind_is_removed(shelf, store, files):
    store.put("0", b"x")
    folder = files()[0].parent
    for name, age in (("tmp-old", 7200), ("tmp-new", 10)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    shelf.clear_out()
    assert [path.name for path in files()] == ["0", "tmp-new"]


def test_nothing_to_clear_out(shelf):
    shelf.clear_out()
