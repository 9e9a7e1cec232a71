"""Scenes that do not fit in memory: the same map, part by part, whatever happens in between."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glacier_core as gc
from glacier_core import strips
from glacier_core.errors import JobCancelled, StorageError
from glacier_core.inference import finishing
from glacier_core.settings import settings
from glacier_core.sources import read_scene, write_scene

from .stubs import Brightness, Forgetful, Log, make_scene, stub_model, tiny_glavitu

SHAPE = (150, 70)


@pytest.fixture
def valid():
    mask = np.ones(SHAPE, bool)
    mask[:40, :30] = False
    mask[-3:] = False
    return mask


@pytest.fixture
def scene(valid):
    return make_scene(*SHAPE, valid=valid, simulated=True, title="Simulated: a long valley")


@pytest.fixture
def small_memory(monkeypatch):
    """Anything larger than 1000 pixels stays on disk, and strips are short."""
    monkeypatch.setenv("GLACIER_MEMORY_PIXELS", "1000")
    settings.cache_clear()
    monkeypatch.setattr(strips, "STRIP_ROWS", 32)


@pytest.fixture
def in_memory(scene, monkeypatch):
    monkeypatch.setattr(strips, "STRIP_ROWS", 32)
    return gc.map_glaciers(scene, tiny_glavitu(), cache=False)


def test_a_map_on_disk_is_that_in_memory(scene, in_memory, small_memory):
    found = gc.map_glaciers(scene, tiny_glavitu())
    assert found.read_from == found.folder
    assert found.data.load().identical(in_memory.data)
    assert found.area_km2() == in_memory.area_km2()
    assert found.outlines().equals(in_memory.outlines())
    assert not (settings().data_dir / "work" / found.key).exists()


def test_its_files_are_those_of_a_map_in_memory(scene, in_memory, small_memory, tmp_path):
    import rasterio

    found = gc.map_glaciers(scene, tiny_glavitu())
    in_memory.save(tmp_path / "memory")
    found.save(tmp_path / "disk")
    names = {file.name for file in (tmp_path / "memory").iterdir()}
    assert {file.name for file in (tmp_path / "disk").iterdir()} == names
    for name in names - {"provenance.json"}:
        if not name.endswith(".tif"):
            continue
        with (
            rasterio.open(tmp_path / "memory" / name) as one,
            rasterio.open(tmp_path / "disk" / name) as other,
        ):
            assert np.array_equal(one.read(), other.read(), equal_nan=True)
            assert str(one.profile) == str(other.profile)  # NaN equals itself in words only
            assert one.tags() == other.tags()
            assert one.descriptions == other.descriptions
            assert one.overviews(1) == other.overviews(1)


def test_a_scene_on_disk_is_that_in_memory(scene, small_memory, tmp_path):
    write_scene(scene, tmp_path / "scene")
    lazy = read_scene(tmp_path / "scene")
    assert lazy.fingerprint() == scene.fingerprint()
    assert lazy.data.load().identical(scene.data)


def test_reading_part_of_a_scene_on_disk_leaves_the_rest_there(scene, small_memory, tmp_path):
    lazy = read_scene(write_scene(scene, tmp_path / "scene"))
    part = lazy.data["optical"].isel(y=slice(3, 9), x=slice(2, 5))
    np.testing.assert_array_equal(part, scene.data["optical"][:, 3:9, 2:5])
    assert not lazy.data["optical"].variable._in_memory


def test_a_damaged_scene_on_disk_is_refused(scene, small_memory, tmp_path):
    folder = write_scene(scene, tmp_path / "scene")
    content = bytearray((folder / "elevation.tif").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "elevation.tif").write_bytes(content)
    with pytest.raises(StorageError, match=r"damaged|not the ones that were written"):
        read_scene(folder)


def test_a_scene_on_disk_maps_to_the_same(scene, in_memory, small_memory, tmp_path):
    lazy = read_scene(write_scene(scene, tmp_path / "scene"))
    found = gc.map_glaciers(lazy, tiny_glavitu())
    assert found.key == in_memory.key
    assert np.array_equal(found.probability, in_memory.probability, equal_nan=True)


def test_a_mapping_that_was_stopped_goes_on_and_ends_the_same(scene, in_memory, small_memory):
    told = []

    def stop():
        return bool(told) and told[-1].done >= 40

    with pytest.raises(JobCancelled):
        gc.map_glaciers(scene, tiny_glavitu(), progress=told.append, cancel=stop)
    total = told[-1].total
    again = []
    found = gc.map_glaciers(scene, tiny_glavitu(), progress=again.append)
    assert any("Going on after row" in progress.message for progress in again)
    assert again[-1].total < total
    assert np.array_equal(found.probability, in_memory.probability, equal_nan=True)
    assert np.array_equal(found.confidence, in_memory.confidence, equal_nan=True)


KILLING = """
import os, random, signal, sys, time
import glacier_core as gc
from glacier_core import strips
from inference.stubs import tiny_glavitu

strips.STRIP_ROWS = 32
scene, model = gc.open_scene(sys.argv[1]), tiny_glavitu()
kills = 0
for turn in range(60):
    child = os.fork()
    if not child:
        gc.map_glaciers(scene, model, batch_size=2)
        os._exit(0)
    time.sleep(random.uniform(0.01, 0.15))
    os.kill(child, signal.SIGKILL)
    if os.waitpid(child, 0)[1] == 0:
        break
    kills += 1
print(kills)
"""


def test_killed_at_any_moment_it_goes_on_and_ends_the_same(
    scene, in_memory, small_memory, tmp_path
):
    folder, tests = write_scene(scene, tmp_path / "scene"), Path(__file__).parents[1]
    killing = subprocess.run(
        [sys.executable, "-c", KILLING, folder],
        check=True,
        capture_output=True,
        cwd=tests,
        env=os.environ | {"PYTHONPATH": str(tests.parent), "OMP_NUM_THREADS": "1"},
    )
    assert int(killing.stdout) >= 2
    found = gc.map_glaciers(read_scene(folder), tiny_glavitu(), batch_size=2)
    assert np.array_equal(found.probability, in_memory.probability, equal_nan=True)
    assert np.array_equal(found.confidence, in_memory.confidence, equal_nan=True)
    assert np.array_equal(found.glacier, in_memory.glacier)


def test_short_memory_makes_smaller_batches_of_the_same_windows(scene, small_memory):
    log = Log()
    found = gc.map_glaciers(scene, stub_model(Forgetful(1, log)), batch_size=4)
    whole = gc.map_glaciers(scene, stub_model(Brightness()), cache=False)
    assert np.array_equal(found.probability, whole.probability, equal_nan=True)


def test_classes_of_a_large_map_are_smoothed_as_those_of_a_small_one(scene, monkeypatch):
    small = gc.map_glaciers(scene, stub_model(Brightness()), smoothing=3, cache=False)
    monkeypatch.setenv("GLACIER_MEMORY_PIXELS", "1000")
    settings.cache_clear()
    large = gc.map_glaciers(scene, stub_model(Brightness()), smoothing=3)
    assert np.array_equal(large.glacier, small.glacier)
    assert np.array_equal(gc.open_map(large.folder).glacier, small.glacier)


def test_a_disk_that_refuses_is_told_and_the_work_is_not_lost(scene, small_memory, monkeypatch):
    def full(*_, **__):
        raise StorageError("The layer cannot be written: the disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(finishing, "layer_in_strips", full)
        with pytest.raises(StorageError, match="disk is full"):
            gc.map_glaciers(scene, tiny_glavitu())
    log = []
    gc.map_glaciers(scene, tiny_glavitu(), progress=log.append)
    assert any("Going on after row 150" in progress.message for progress in log)
