import os
import time

import pytest

from glacier_core.network.blocks import BlockStore, clear_out
from glacier_core.settings import settings

URL = "https://host/file"


@pytest.fixture
def store():
    return BlockStore(URL, "v1")


def files():
    return sorted(p for p in (settings().data_dir / "blocks").rglob("*")
                  if p.is_file() and p.name != ".lock")  # fmt: skip


def test_a_piece_comes_back(store):
    assert store.get(3) is None
    store.put(3, b"content")
    assert store.get(3) == b"content"
    assert BlockStore(URL, "v1").get(3) == b"content"


def test_versions_and_files_are_kept_apart(store):
    store.put(0, b"content")
    assert BlockStore(URL, "v2").get(0) is None
    assert BlockStore("https://host/other", "v1").get(0) is None
    assert BlockStore.knows(URL)
    assert not BlockStore.knows("https://host/other")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b[:40] + b"x" + b[41:], lambda _: b""]
)
def test_a_damaged_piece_is_none(store, damage, caplog):
    store.put(0, b"content of many bytes")
    (path,) = files()
    path.write_bytes(damage(path.read_bytes()))
    assert store.get(0) is None
    assert "damaged" in caplog.text
    assert files() == []


def test_a_piece_that_cannot_be_read(store, caplog):
    store.put(0, b"content")
    (path,) = files()
    path.unlink()
    path.mkdir()
    assert store.get(0) is None
    assert "cannot be used" in caplog.text


def test_those_used_longest_ago_leave_first(store, monkeypatch):
    monkeypatch.setenv("GLACIER_BLOCK_CACHE_MEGABYTES", "1")
    settings.cache_clear()
    for index in range(12):
        store.put(index, b"x" * 100_000)
    now = time.time()
    for path in files():
        os.utime(path, (now - 100 + int(path.name),) * 2)
    assert store.get(0) is not None, "used just now"
    clear_out()
    left = {int(path.name) for path in files()}
    assert left == {0, 5, 6, 7, 8, 9, 10, 11}
    assert sum(path.stat().st_size for path in files()) <= 900_000


def test_within_the_limit_nothing_leaves(store):
    store.put(0, b"x")
    clear_out()
    assert store.get(0) == b"x"


def test_what_was_left_behind_is_removed(store):
    store.put(0, b"x")
    folder = files()[0].parent
    for name, age in (("tmp-old", 7200), ("tmp-new", 10)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    clear_out()
    assert [path.name for path in files()] == ["0", "tmp-new"]


def test_nothing_to_clear_out():
    clear_out()
