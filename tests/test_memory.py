import gc
import threading
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import torch
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.memory import Memory, memory, size_of
from glacier_core.settings import settings

KILO = 1000


def kilobytes(number):
    return np.zeros(number * KILO, np.uint8)


def test_an_object_is_made_once():
    held = Memory(10 * KILO)
    first = held.get(("a",), lambda: kilobytes(1))
    assert held.get(("a",), lambda: pytest.fail("made again")) is first


def test_what_was_used_longest_ago_leaves_first():
    held = Memory(3.5 * KILO)
    for name in "abc":
        held.get((name,), lambda: kilobytes(1))
    held.get(("a",), lambda: pytest.fail("still there"))
    held.get(("d",), lambda: kilobytes(1))
    made = []
    for name in "adcb":
        held.get((name,), lambda name=name: made.append(name) or kilobytes(1))
    assert made == ["b"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60)), max_size=80))
def test_never_more_than_the_limit_is_held(asked):
    held = Memory(100 * KILO)
    for name, size in asked:
        held.get((name, size), lambda size=size: kilobytes(size))
        assert held.bytes <= 100 * KILO


def test_an_object_too_large_is_handed_out_and_shared_but_not_held():
    held = Memory(KILO)
    first = held.get(("large",), lambda: kilobytes(2))
    assert held.bytes == 0
    assert held.get(("large",), lambda: pytest.fail("made twice at once")) is first
    del first
    gc.collect()
    assert len(held.get(("large",), lambda: kilobytes(3))) == 3 * KILO


def test_what_left_is_shared_as_long_as_somebody_uses_it():
    held = Memory(1.5 * KILO)
    used = held.get(("used",), lambda: kilobytes(1))
    held.get(("next",), lambda: kilobytes(1))
    assert held.get(("used",), lambda: pytest.fail("two copies in memory")) is used


def test_what_fails_is_raised_and_tried_again():
    held = Memory(KILO)
    with pytest.raises(ZeroDivisionError):
        held.get(("a",), lambda: 1 // 0)
    assert held.get(("a",), lambda: "made") == "made"


def test_what_grows_by_being_asked_counts_as_it_is():
    @dataclass(eq=False)
    class Growing:
        side: int

        @cached_property
        def square(self):
            return kilobytes(self.side)

    held = Memory(100 * KILO)
    growing = held.get(("g",), lambda: Growing(20))
    assert held.bytes < KILO
    assert growing.square.size == 20 * KILO
    held.get(("g",), lambda: pytest.fail("there"))
    assert held.bytes >= 20 * KILO


def test_forgetting_by_the_start_of_the_key():
    held = Memory(10 * KILO)
    keep = [held.get(key, lambda: kilobytes(1)) for key in (("map", 1), ("map", 2), ("scene", 1))]
    held.forget("map")
    assert held.get(("scene", 1), lambda: pytest.fail("forgotten")) is keep[2]
    assert held.get(("map", 1), lambda: "anew") == "anew"
    held.forget()
    assert held.bytes == 0


def test_many_threads_make_each_object_once():
    held, made, lock = Memory(100 * KILO), [], threading.Lock()
    start = threading.Barrier(8)

    def make(name):
        with lock:
            made.append(name)
        return kilobytes(1)

    def work():
        start.wait(10)
        for name in range(20):
            held.get((name,), lambda name=name: make(name))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(made) == list(range(20))


def test_the_limit_is_that_of_the_settings(monkeypatch):
    monkeypatch.setenv("GLACIER_MEMORY_CACHE_MEGABYTES", "3")
    settings.cache_clear()
    memory.cache_clear()
    memory().get(("a",), lambda: np.zeros(2_000_000, np.uint8))
    memory().get(("b",), lambda: np.zeros(2_000_000, np.uint8))
    assert memory().bytes == 2_000_000


# What things take


def test_arrays_and_views_of_them():
    array = np.zeros((100, 50), np.float32)
    assert size_of(array) == 20_000
    assert size_of(array[:2]) == 20_000  # the whole array stays in memory
    assert size_of(array) <= size_of([array, array, array[::2]]) < 21_000


def test_rasters():
    data = xr.Dataset({"a": (("y", "x"), np.zeros((100, 50), np.float32))})
    assert 20_000 <= size_of(data) < 21_000
    assert 20_000 <= size_of(data["a"]) < 21_000


def test_tables_and_outlines():
    table = pd.DataFrame({"a": np.zeros(10_000), "b": ["x" * 100] * 10_000})
    assert 1_000_000 < size_of(table) < 3_000_000
    ring = shapely.Point(0, 0).buffer(1, quad_segs=25_000)
    vertices = shapely.get_num_coordinates(ring)
    outlines = gpd.GeoDataFrame({"id": ["a"]}, geometry=[ring], crs="EPSG:32611")
    assert size_of(outlines) > vertices * 16
    assert size_of(outlines.geometry) > vertices * 16


def test_networks_by_their_weights():
    network = torch.nn.Linear(100, 100)
    assert size_of(network) == 4 * (100 * 100 + 100)


def test_things_made_of_things():
    @dataclass
    class Pair:
        first: object
        second: object

    shared = kilobytes(5)
    assert 5 * KILO < size_of(Pair(shared, {"also": shared})) < 6 * KILO
    assert 10 * KILO < size_of(Pair(shared, (kilobytes(5),))) < 11 * KILO


def test_things_that_hold_each_other_end():
    first, second = [], []
    first.append(second)
    second.append(first)
    assert size_of(first) < KILO
