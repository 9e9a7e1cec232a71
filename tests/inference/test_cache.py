import errno
import json
import logging
import os
import resource
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import glacier_core as gc
from glacier_core import disk
from glacier_core.errors import StorageError
from glacier_core.inference import cache, verifying
from glacier_core.inference.cache import find_map, keep_map
from glacier_core.settings import settings

from .crash import SHAPE
from .drawn import map_of
from .stubs import brightness_answer


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def maps(own_data_dir):
    return own_data_dir / "maps"


@pytest.fixture
def kept(result):
    return keep_map(result)


def assert_same(found, expected):
    assert found is not None
    assert found.data.identical(expected.data)
    assert found.provenance == expected.provenance


def test_a_kept_map_is_found_again(result, kept, maps):
    assert kept.folder == maps / result.key
    assert_same(find_map(result.key), result)
    assert names(maps) == [".lock", result.key]
    assert find_map("0" * 64) is None


def test_meta_lists_every_file(kept):
    meta = json.loads((kept.folder / "meta.json").read_text())
    assert sorted([*meta["files"], "meta.json"]) == names(kept.folder)
    for name, facts in meta["files"].items():
        assert facts["bytes"] == (kept.folder / name).stat().st_size
        assert len(facts["sha256"]) == 64


@pytest.mark.parametrize("key", ["", "../../etc", "A" * 64, "0" * 63, "0" * 64 + "\n", "0" * 65])
def test_what_is_no_key_is_refused(key, result):
    with pytest.raises(StorageError, match="no key"):
        find_map(key)
    with pytest.raises(StorageError, match="no key"):
        keep_map(replace(result, key=key))


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path):
    path.write_bytes(b"")


FILES = ["probability.tif", "unmapped.tif", "outlines.parquet", "provenance.json", "meta.json"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [flip_a_bit, truncate, empty, os.unlink])
def test_a_damaged_entry_is_put_aside_and_made_again(scene, model, maps, name, damage, caplog):
    first = gc.map_glaciers(scene, model)
    damage(first.folder / name)
    with caplog.at_level(logging.WARNING):
        assert find_map(first.key) is None
    assert "damaged and put aside" in caplog.text
    assert len(names(maps / "quarantine")) == 1
    again = gc.map_glaciers(scene, model)
    assert again.data.identical(first.data)
    assert_same(find_map(first.key), again)


def test_an_entry_under_the_wrong_key_is_not_served(result, kept, maps):
    other = maps / ("0" * 64)
    kept.folder.rename(other)
    assert find_map("0" * 64) is None
    assert not other.exists()


def test_an_entry_of_another_version_is_a_miss(result, kept, monkeypatch):
    monkeypatch.setattr(verifying, "META_VERSION", verifying.META_VERSION + 1)
    assert find_map(result.key) is None
    assert_same(find_map(keep_map(result).key), result)


def test_an_entry_with_files_beside_is_served_as_it_was_kept(result, kept):
    (kept.folder / "probability.tif.aux.xml").write_text("left by QGIS")
    assert_same(find_map(result.key), result)


def test_a_damaged_entry_is_mended_by_keeping_the_map_again(result, kept, maps):
    truncate(kept.folder / "glacier.tif")
    keep_map(result)
    assert_same(find_map(result.key), result)
    assert len(names(maps / "quarantine")) == 1


def test_an_entry_mended_in_the_meantime_is_not_put_aside(result, kept, maps, monkeypatch):
    verify, looks = cache.verify, []

    def damaged_at_first(entry):
        looks.append(entry)
        if len(looks) == 1:
            raise StorageError("seen while another process was replacing it")
        return verify(entry)

    monkeypatch.setattr(cache, "verify", damaged_at_first)
    assert find_map(result.key) is None
    assert not (maps / "quarantine").exists()
    assert_same(find_map(result.key), result)


def test_keeping_twice_writes_once(result, kept):
    before = (kept.folder / "meta.json").stat().st_ino
    keep_map(result)
    assert (kept.folder / "meta.json").stat().st_ino == before


# The size of the cache


def resized(monkeypatch, megabytes):
    monkeypatch.setenv("GLACIER_CACHE_MEGABYTES", str(megabytes))
    settings.cache_clear()


def big_map(seed):
    """Keep a map that takes 0.9 MB."""
    return keep_map(map_of(np.ones((400, 400), bool), seed=seed))


def test_the_maps_used_longest_ago_leave_first(monkeypatch, maps):
    resized(monkeypatch, 2)
    first, second = big_map(1), big_map(2)
    for age, found in ((100, first), (50, second)):
        used = (found.folder / "meta.json").stat().st_mtime - age
        os.utime(found.folder / "meta.json", (used, used))
    find_map(first.key)  # used just now
    third = big_map(3)
    assert find_map(second.key) is None
    assert_same(find_map(first.key), first)
    assert_same(find_map(third.key), third)
    assert sum(file.stat().st_size for file in maps.rglob("*") if file.is_file()) <= 2_000_000
    assert not list(maps.glob("tmp-*"))


def test_nothing_leaves_while_there_is_room(monkeypatch):
    resized(monkeypatch, 3)
    for found in [big_map(seed) for seed in (1, 2, 3)]:
        assert_same(find_map(found.key), found)


def test_damaged_entries_leave_before_whole_ones(monkeypatch, maps):
    resized(monkeypatch, 2)
    first, second = big_map(1), big_map(2)
    truncate(second.folder / "glacier.tif")
    assert find_map(second.key) is None
    third = big_map(3)
    assert names(maps / "quarantine") == []
    for found in (first, third):
        assert_same(find_map(found.key), found)


def test_the_newest_map_stays_even_where_it_is_too_large(monkeypatch):
    resized(monkeypatch, 1)
    first, second = big_map(1), keep_map(map_of(np.ones((600, 600), bool), seed=2))
    assert find_map(first.key) is None
    assert_same(find_map(second.key), second)


# The disk refuses


def fail_at(monkeypatch, name, number):
    """Let the disk fail while the file of this name is written, after half of it."""
    fsync = os.fsync

    def failing(handle):
        if Path(f"/proc/self/fd/{handle}").readlink().name.startswith(f"{name}."):
            raise OSError(number, os.strerror(number))
        fsync(handle)

    monkeypatch.setattr(disk.os, "fsync", failing)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("name", ["probability.tif", "provenance.json", "meta.json"])
def test_a_full_disk_costs_the_copy_not_the_map(scene, model, maps, monkeypatch, name):
    fail_at(monkeypatch, name, errno.ENOSPC)
    told = []
    found = gc.map_glaciers(scene, model, progress=told.append)
    np.testing.assert_allclose(found.probability, brightness_answer(scene), rtol=2e-5)
    assert found.folder is None
    assert "the disk is full" in found.notes[-1]
    assert told[-1].message == found.notes[-1]
    assert names(maps) == [".lock"]


def limit_file_size():
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))


def run_apart(own_data_dir, point, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "inference.crash", point],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"GLACIER_DATA_DIR": str(own_data_dir), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        **options,
    )


def test_a_disk_that_takes_no_more_is_told(own_data_dir, maps):
    """The system itself refuses here: no file may grow beyond 600 bytes."""
    with run_apart(own_data_dir, "none", preexec_fn=limit_file_size) as process:
        told = process.stdout.read()
    assert process.returncode == 0
    assert "the disk is full" in told
    assert names(maps) == [".lock"]


def test_a_cache_that_cannot_be_entered_costs_the_copy_not_the_map(scene, model, own_data_dir):
    own_data_dir.mkdir()
    (own_data_dir / "maps").write_text("a file where the folder should be")
    found = gc.map_glaciers(scene, model)
    assert found.folder is None
    assert "could not be kept" in found.notes[-1]


# Killed, and several at once


@pytest.mark.parametrize(
    "point",
    ["between layers", "within meta", "before renaming", "after renaming"],
)
def test_a_writer_killed_at_any_point_leaves_a_whole_map_or_none(own_data_dir, maps, point):
    expected = map_of(np.ones(SHAPE, bool))
    with run_apart(own_data_dir, point) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
    found = find_map(expected.key)
    if point == "after renaming":
        assert_same(found, expected)
    else:
        assert found is None
    keep_map(expected)  # the dead writer's lock is no hindrance
    assert_same(find_map(expected.key), expected)
    assert names(maps) == [".lock", expected.key]


def test_nobody_waits_for_another_process_that_writes(own_data_dir, maps):
    expected = map_of(np.ones(SHAPE, bool))
    with run_apart(own_data_dir, "before renaming") as process:
        assert process.stdout.readline() == "here\n"  # it is writing the very same map
        keep_map(expected)
        assert_same(find_map(expected.key), expected)
        assert len(list(maps.glob("tmp-*[!k]"))) == 1, "what it writes is left alone"
        process.kill()
    keep_map(expected)
    assert names(maps) == [".lock", expected.key]


def test_a_lock_that_is_never_released_costs_the_copy_not_the_map(
    own_data_dir, maps, scene, model, monkeypatch
):
    monkeypatch.setattr(cache, "LOCK_SECONDS", 0.2)
    with cache._locked():
        found = []
        other = threading.Thread(target=lambda: found.append(gc.map_glaciers(scene, model)))
        other.start()
        other.join(60)
    assert "in use by another process" in found[0].notes[-1]
    assert found[0].folder is None


def test_many_threads_keep_and_find_the_same_maps():
    results = [map_of(np.ones(SHAPE, bool), seed=seed) for seed in range(3)]
    faults = []

    def work(offset):
        for turn in range(6):
            expected = results[(turn + offset) % len(results)]
            kept = keep_map(expected)
            if not find_map(kept.key).data.identical(expected.data):
                faults.append(kept.key)

    threads = [threading.Thread(target=work, args=(offset,)) for offset in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
