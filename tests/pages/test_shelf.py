"""What is kept for all readers: made once, bounded by size, never what is shown."""

import threading
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pytest
import shapely
import torch
import xarray as xr
from tiny_world import tiny_map, tiny_scene

from glacier_core.settings import settings


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setenv("GLACIER_PAGE_MEGABYTES", "4")
    settings.cache_clear()


@pytest.fixture
def shelf():
    from pages.components.shelf import Shelf

    return Shelf()


def megabyte():
    return np.zeros(1_000_000, np.uint8)


def test_a_thing_is_made_once(shelf):
    first = shelf.get("scene", "a", megabyte)
    assert shelf.get("scene", "a", lambda: pytest.fail("made twice")) is first
    assert shelf.get("map", "a", megabyte) is not first
    shelf.forget("scene", "a")
    assert shelf.get("scene", "a", megabyte) is not first


def test_what_was_used_longest_ago_leaves_when_all_are_too_large(shelf):
    for name in "abcd":
        shelf.get("scene", name, megabyte)
    shelf.get("scene", "a", megabyte)
    shelf.get("scene", "e", megabyte)
    assert shelf.bytes() == 4_000_000
    kept = []
    for name in "acde":
        shelf.get("scene", name, lambda: kept.append("made") or megabyte())
    assert kept == []
    shelf.get("scene", "b", lambda: kept.append("made") or megabyte())
    assert kept == ["made"]


def test_the_newest_of_a_kind_stay_however_large(shelf):
    huge = [shelf.get("scene", name, lambda: np.zeros(9_000_000, np.uint8)) for name in "abc"]
    shelf.get("map", "a", megabyte)
    for name, one in zip("bc", huge[1:], strict=True):
        assert shelf.get("scene", name, lambda: pytest.fail("evicted")) is one
    assert shelf.get("scene", "a", megabyte) is not huge[0]


def test_a_failure_is_not_remembered(shelf):
    def failing():
        raise OSError("gone (test)")

    with pytest.raises(OSError, match="gone"):
        shelf.get("scene", "a", failing)
    assert shelf.get("scene", "a", megabyte).size == 1_000_000


def test_many_who_ask_at_once_wait_for_one(shelf):
    gate, made, found = threading.Event(), [], []

    def slow():
        assert gate.wait(30)
        made.append(1)
        return megabyte()

    threads = [
        threading.Thread(target=lambda: found.append(shelf.get("scene", "a", slow)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join(30)
    assert len(made) == 1
    assert len(found) == 8
    assert len({id(one) for one in found}) == 1


def test_arguments_with_an_underscore_do_not_count():
    from pages.components.shelf import forget, shared

    calls = []

    @shared()
    def made(name, _how):
        calls.append(name)
        return _how

    assert made("a", 1) == made("a", _how=2) == 1
    assert made("b", 3) == 3
    forget(made, "a")
    assert made("a", 4) == 4
    assert calls == ["a", "b", "a"]


CIRCLES = gpd.GeoSeries([shapely.Point(0, 0).buffer(1, quad_segs=250)] * 9).to_frame("g")


@dataclass
class Holder:
    one: object
    other: object


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (np.zeros((10, 10), np.float32), 400),
        (xr.Dataset({"a": ("x", np.zeros(50))}), 400),
        (torch.nn.Linear(9, 10, bias=False), 360),
        ({"a": np.zeros(100)}, 800 + 50),
        (
            gpd.GeoSeries([shapely.Point(0, 0).buffer(1, quad_segs=250)] * 9).to_frame("g"),
            9 * 16016,
        ),
    ],
)
def test_sizes_are_about_right(value, size):
    from pages.components.shelf import bytes_of

    assert size <= bytes_of(value) <= size + 400


def test_what_is_held_twice_counts_once():
    from pages.components.shelf import bytes_of

    array = megabyte()
    assert bytes_of(Holder(array, [array, array])) < 1_001_000


def test_a_scene_and_a_map_count_with_their_layers():
    from pages.components.shelf import bytes_of

    scene = tiny_scene()
    assert scene.data.nbytes <= bytes_of(scene) <= scene.data.nbytes + 10_000
    result = tiny_map(scene)
    assert result.data.nbytes <= bytes_of(result) <= result.data.nbytes + 10_000
