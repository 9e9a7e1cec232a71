"""What disks, clocks and other processes do to the cache: the right map, or none and a sentence."""

import os
import shutil
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

import glacier_core as gc
from glacier_core.errors import StorageError
from glacier_core.eviction import bytes_in
from glacier_core.inference import cache, verifying
from glacier_core.inference.cache import find_map, keep_folder, keep_map, map_folder
from glacier_core.memory import memory
from glacier_core.settings import settings

from .drawn import map_of

SHAPE = (20, 24)


@pytest.fixture
def maps(own_data_dir):
    return own_data_dir / "maps"


@pytest.fixture
def expected():
    return map_of(np.ones(SHAPE, bool))


def forget():
    """Read everything anew, as another process would."""
    memory().forget()
    verifying._known.clear()


def same(found, expected):
    return found is not None and (
        found.data.identical(expected.data) and found.provenance == expected.provenance
    )


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Damage


@how(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_found_out(expected, data):
    entry = keep_map(expected).folder
    file = entry / data.draw(st.sampled_from(names(entry)))
    content = bytearray(file.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    facts = file.stat()
    file.write_bytes(content)
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as if nobody had written
    found = find_map(expected.key)
    # A bit of the list itself may be one that changes nothing, a blank that becomes a tab.
    assert found is None or (file.name == "meta.json" and same(found, expected))
    assert same(find_map(keep_map(expected).key), expected)


@how(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_anywhere_is_found_out(expected, data):
    entry = keep_map(expected).folder
    file = entry / data.draw(st.sampled_from(names(entry)))
    os.truncate(file, data.draw(st.integers(0, file.stat().st_size - 1)))
    assert find_map(expected.key) is None
    assert same(find_map(keep_map(expected).key), expected)


def test_damage_after_the_first_read_is_found_out_too(expected):
    entry = keep_map(expected).folder
    for file in entry.iterdir():
        os.utime(file, (1e9, 1e9))
    time.sleep(verifying.SETTLED_SECONDS + 0.1)
    assert same(find_map(expected.key), expected)
    assert entry in verifying._known, "it was remembered"
    content = bytearray((entry / "probability.tif").read_bytes())
    content[len(content) // 2] ^= 1
    (entry / "probability.tif").write_bytes(content)
    os.utime(entry / "probability.tif", (1e9, 1e9))
    assert find_map(expected.key) is None
    assert map_folder(expected.key) is None


def test_a_map_that_was_verified_is_not_hashed_again(expected, monkeypatch):
    entry = keep_map(expected).folder
    time.sleep(verifying.SETTLED_SECONDS + 0.1)
    found = find_map(expected.key)
    monkeypatch.setattr(verifying, "file_sha256", lambda path: pytest.fail("hashed again"))
    assert find_map(expected.key) is found
    assert map_folder(expected.key) == entry
    forget()
    with pytest.raises(pytest.fail.Exception):
        find_map(expected.key)


def test_files_are_hashed_again_as_long_as_a_change_could_hide(expected):
    """Two changes within the tick of a clock look the same."""
    entry = keep_map(expected).folder
    assert same(find_map(expected.key), expected)
    assert entry not in verifying._known


# Something else in the place of files and folders


def test_links_in_the_place_of_files_are_not_followed(expected, tmp_path):
    entry = keep_map(expected).folder
    elsewhere = tmp_path / "precious.tif"
    shutil.move(entry / "glacier.tif", elsewhere)
    (entry / "glacier.tif").symlink_to(elsewhere)
    forget()
    assert find_map(expected.key) is None
    assert same(find_map(keep_map(expected).key), expected)
    assert elsewhere.is_file()


@pytest.mark.parametrize("target", ["folder", "nowhere"])
def test_a_link_in_the_place_of_an_entry_is_put_aside(expected, maps, tmp_path, target):
    outside = shutil.move(keep_map(expected).folder, tmp_path / "outside")
    (maps / expected.key).symlink_to(outside if target == "folder" else tmp_path / "nowhere")
    forget()
    assert find_map(expected.key) is None
    assert same(find_map(keep_map(expected).key), expected)
    assert (outside / "glacier.tif").is_file(), "what the link led to is left alone"


def test_a_file_in_the_place_of_an_entry_is_put_aside(expected, maps):
    maps.mkdir(parents=True)
    (maps / expected.key).write_text("a file")
    assert find_map(expected.key) is None
    assert same(find_map(keep_map(expected).key), expected)


def test_a_folder_in_the_place_of_a_file_is_put_aside(expected):
    entry = keep_map(expected).folder
    (entry / "glacier.tif").unlink()
    (entry / "glacier.tif").mkdir()
    assert find_map(expected.key) is None
    assert same(find_map(keep_map(expected).key), expected)


def test_a_list_that_leads_out_of_its_folder_is_refused(expected, tmp_path):
    entry = keep_map(expected).folder
    meta = (entry / "meta.json").read_text()
    (entry / "meta.json").write_text(meta.replace('"glacier.tif"', '"../glacier.tif"'))
    assert find_map(expected.key) is None


# The disk


@pytest.fixture
def mounted(tmp_path):
    """Return a function that mounts a small disk of its own as data folder, or skips."""
    mounts = []

    def mount(*options):
        place = tmp_path / "disk"
        place.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a disk can be mounted by root only")
        mounts.append(place)
        return place

    yield mount
    for place in mounts:
        subprocess.run(["umount", "-l", str(place)], check=True)


def on(monkeypatch, place):
    monkeypatch.setenv("GLACIER_DATA_DIR", str(place))
    settings.cache_clear()


def test_a_disk_that_fills_while_writing_costs_the_copy_only(
    mounted, monkeypatch, scene, model, expected
):
    place = mounted("size=256k")
    on(monkeypatch, place)
    keep_map(expected)
    (place / "filler").write_bytes(bytes(256 * 1024 - 60 * 1024 - 8 * 4096))
    found = gc.map_glaciers(scene, model)
    assert found.folder is None
    assert "the disk is full; free some space" in found.notes[-1]
    assert same(find_map(expected.key), expected), "what was kept before is there"
    assert [name for name in names(place / "maps") if name.startswith("tmp-")] == []
    (place / "filler").unlink()
    assert same(find_map(gc.map_glaciers(scene, model).key), gc.map_glaciers(scene, model))


def test_a_read_only_disk_still_serves(mounted, monkeypatch, expected, scene, model):
    place = mounted("size=4m")
    on(monkeypatch, place)
    keep_map(expected)
    broken = keep_map(map_of(np.ones(SHAPE, bool), seed=1))
    os.truncate(broken.folder / "glacier.tif", 10)
    forget()
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
    assert same(find_map(expected.key), expected)
    assert find_map(broken.key) is None
    found = gc.map_glaciers(scene, model)
    assert found.folder is None
    assert "writing there is not allowed" in found.notes[-1]
    with pytest.raises(StorageError, match="writing there is not allowed"):
        keep_map(map_of(np.ones(SHAPE, bool), seed=2))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights_costs_the_copy_only(own_data_dir, expected):
    own_data_dir.mkdir()
    own_data_dir.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StorageError, match="writing there is not allowed"):
        keep_map(expected)
    own_data_dir.chmod(stat.S_IRWXU)


# Folders that go away


@pytest.mark.parametrize("gone", ["maps", ".", "maps/entry", "maps/.lock"])
def test_what_was_removed_by_hand_is_made_anew(expected, own_data_dir, gone):
    keep_map(expected)
    path = own_data_dir / gone.replace("entry", expected.key)
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert (find_map(expected.key) is None) is (gone != "maps/.lock")
    assert same(find_map(keep_map(expected).key), expected)


def test_a_cache_removed_while_it_is_written_costs_the_copy_only(expected, maps, monkeypatch):
    write_meta = cache.write_meta

    def lose(folder, key):
        shutil.rmtree(maps)
        write_meta(folder, key)

    monkeypatch.setattr(cache, "write_meta", lose)
    with pytest.raises(StorageError, match="cannot be written: No such file"):
        keep_map(expected)
    monkeypatch.setattr(cache, "write_meta", write_meta)
    assert same(find_map(keep_map(expected).key), expected)


# Clocks


@pytest.mark.parametrize("years", [-30, 30])
def test_clocks_do_not_change_what_is_found(expected, years):
    entry = keep_map(expected).folder
    moment = time.time() + years * 365 * 86400
    for path in (*entry.iterdir(), entry):
        os.utime(path, (moment, moment))
    forget()
    assert same(find_map(expected.key), expected)
    assert same(find_map(keep_map(expected).key), expected)


def test_maps_used_before_the_clock_was_set_back_leave_as_others_do(monkeypatch):
    monkeypatch.setenv("GLACIER_CACHE_MEGABYTES", "2")
    settings.cache_clear()
    first, second = (keep_map(map_of(np.ones((400, 400), bool), seed=seed)) for seed in (1, 2))
    ahead = time.time() + 1e7
    os.utime(first.folder / "meta.json", (ahead, ahead))
    keep_map(second)  # here the time to come becomes this moment
    for age, result in ((100, first), (50, second)):
        used = (result.folder / "meta.json").stat().st_mtime - age
        assert used < time.time()
        os.utime(result.folder / "meta.json", (used, used))
    keep_map(map_of(np.ones((400, 400), bool), seed=3))
    assert [find_map(result.key) is not None for result in (first, second)] == [False, True]


# Written piece by piece


def test_a_folder_written_elsewhere_is_moved_in(expected, own_data_dir):
    folder = expected.save(own_data_dir / "written")
    kept = keep_folder(folder, expected.key)
    assert not folder.exists()
    assert same(find_map(expected.key), expected)
    again = expected.save(own_data_dir / "again")
    assert keep_folder(again, expected.key) == kept
    assert again.exists(), "it was there already: nothing is moved"


# Several processes

PAIR = """
import random, sys
import numpy as np
from types import SimpleNamespace
from glacier_core.inference import cache, verifying
from glacier_core.memory import memory
from inference.drawn import map_of

name, keys, rounds, megabytes = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3]), sys.argv[4]
cache.settings = lambda: SimpleNamespace(cache_megabytes=float(megabytes))
results = [map_of(np.ones((20, 24), bool), seed=int(key)) for key in keys]
chance = random.Random(name)
for _ in range(rounds):
    result = chance.choice(results)
    cache.keep_map(result)
    memory().forget()
    verifying._known.clear()
    for other in results:
        found = cache.find_map(other.key)
        assert found is None or found.data.identical(other.data), other.key
print("done")
"""


@pytest.mark.parametrize(
    ("first", "second", "megabytes"),
    [("1", "1", 1.0), ("1,2,3", "3,4,5", 0.06)],
    ids=["the same map", "several maps and too little room"],
)
def test_two_processes_share_the_cache(own_data_dir, maps, caplog, first, second, megabytes):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PAIR, name, keys, "12", str(megabytes)],
            cwd=Path(__file__).parents[1],
            env=os.environ | {"GLACIER_DATA_DIR": str(own_data_dir), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name, keys in (("one", first), ("two", second))
    ]
    told = [process.communicate(timeout=120) for process in processes]
    assert [out for out, _ in told] == ["done\n", "done\n"], told
    assert "damaged" not in "".join(err for _, err in told), "nothing is put aside for no reason"
    keep_map(map_of(np.ones(SHAPE, bool), seed=1))
    assert {name.split("-")[0] for name in names(maps)} <= {
        ".lock",
        *(f"{int(key):064x}" for key in f"{first},{second}".split(",")),
    }


def test_readers_never_meet_half_an_entry(monkeypatch, caplog):
    """One thread makes two maps push each other out, others read both."""
    results = [map_of(np.ones(SHAPE, bool), seed=seed) for seed in (1, 2)]
    size = bytes_in(keep_map(results[0]).folder)
    limited = settings().model_copy(update={"cache_megabytes": 1.5 * size / 1e6})
    monkeypatch.setattr(cache, "settings", lambda: limited)
    wrong, over = [], threading.Event()

    def read():
        while not over.is_set():
            forget()
            for result in results:
                found = find_map(result.key)
                if found is not None and not found.data.identical(result.data):
                    wrong.append(result.key)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for turn in range(10):
        keep_map(results[turn % 2])
    over.set()
    for reader in readers:
        reader.join(60)
    assert wrong == []
