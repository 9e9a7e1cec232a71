import gc
import os
import time

import numpy as np
import pytest

from glacier_core.inference import cache, holding
from glacier_core.inference.cache import find_map, keep_map
from glacier_core.inference.holding import hold_map, is_held, tell_shown
from glacier_core.settings import settings

from .drawn import map_of

HOUR = 3600.0


def with_settings(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"GLACIER_{name.upper()}", str(value))
    settings.cache_clear()


def big_map(seed):
    """Keep a map that takes 0.9 MB."""
    return keep_map(map_of(np.ones((400, 400), bool), seed=seed))


@pytest.fixture
def maps(own_data_dir):
    return own_data_dir / "maps"


@pytest.fixture
def small_cache(monkeypatch):
    """Room for two maps."""
    with_settings(monkeypatch, cache_megabytes=2)


@pytest.fixture
def telling(maps):
    """Return a function that tells a map as another process would, some seconds ago."""

    def tell(key, age):
        told = maps / "shown" / key
        told.parent.mkdir(parents=True, exist_ok=True)
        told.touch()
        os.utime(told, (time.time() - age, time.time() - age))
        return told

    return tell


def kept(*results):
    return [find_map(result.key) is not None for result in results]


@pytest.mark.usefixtures("small_cache")
def test_what_is_shown_stays_though_it_was_used_longest_ago():
    first, second = big_map(1), big_map(2)
    hold = hold_map(first.key)
    os.utime(first.folder / "meta.json", (1, 1))
    third = big_map(3)
    assert kept(first, second, third) == [True, False, True]
    assert hold.key == first.key


@pytest.mark.usefixtures("small_cache")
def test_what_is_no_longer_shown_leaves(monkeypatch, maps):
    first, _ = big_map(1), big_map(2)
    hold = hold_map(first.key)
    del hold
    gc.collect()
    os.utime(first.folder / "meta.json", (1, 1))
    assert is_held(first.key), "other processes may show it still"
    os.utime(maps / "shown" / first.key, (1, 1))
    assert not is_held(first.key)
    big_map(3)
    assert kept(first) == [False]
    assert list((maps / "shown").iterdir()) == []


@pytest.mark.usefixtures("small_cache")
def test_a_map_that_two_show_is_held_until_both_let_go(maps):
    first = big_map(1)
    one, two = hold_map(first.key), hold_map(first.key)
    os.utime(maps / "shown" / first.key, (1, 1))
    del one
    gc.collect()
    assert is_held(first.key)
    del two
    gc.collect()
    assert not is_held(first.key)


@pytest.mark.usefixtures("small_cache")
def test_where_all_is_shown_the_cache_grows_and_the_log_says_so(caplog):
    results = [big_map(seed) for seed in (1, 2)]
    holds = [hold_map(result.key) for result in results]
    third = big_map(3)
    assert kept(*results, third) == [True, True, True]
    assert "more than GLACIER_CACHE_MEGABYTES (2 MB) allows" in caplog.text
    holds.clear()
    gc.collect()


@pytest.mark.usefixtures("small_cache")
@pytest.mark.parametrize(
    ("age", "stays"),
    [(0, True), (9 * 60, True), (11 * 60, False), (24 * HOUR, False), (-24 * HOUR, True)],
)
def test_a_map_another_process_shows_stays_for_some_minutes(telling, age, stays):
    """A time to come is that of a clock set back: it counts, and from now on."""
    first, _ = big_map(1), big_map(2)
    told = telling(first.key, age)
    os.utime(first.folder / "meta.json", (1, 1))
    big_map(3)
    assert kept(first) == [stays]
    assert told.exists() is stays
    if stays:
        assert abs(time.time() - told.stat().st_mtime) < 10 * 60


def test_a_clock_set_back_does_not_hold_for_ever(telling, monkeypatch):
    telling("0" * 64, -365 * 24 * HOUR)
    assert is_held("0" * 64)
    ahead = time.time() + 11 * 60
    monkeypatch.setattr(holding.time, "time", lambda: ahead)
    assert not is_held("0" * 64)


@pytest.mark.usefixtures("small_cache")
def test_who_begins_to_show_a_map_while_it_leaves_keeps_it(monkeypatch):
    """Held after the last look, found missing or whole: never found and then removed."""
    first, second = big_map(1), big_map(2)
    os.utime(first.folder / "meta.json", (1, 1))
    looks = []

    def held(key):
        looks.append(key)
        return len(looks) == 2

    monkeypatch.setattr(cache, "is_held", held)
    third = big_map(3)
    assert looks == [first.key, first.key, second.key, second.key]
    assert kept(first, second, third) == [True, False, True]


def test_a_hold_is_renewed_as_long_as_it_lasts(monkeypatch, maps):
    with_settings(monkeypatch, shown_minutes=2 / 60)
    renewing = []
    monkeypatch.setattr(holding, "_renewing", renewing)  # others renew by settings of before
    first = big_map(1)
    hold = hold_map(first.key)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        assert time.time() - (maps / "shown" / first.key).stat().st_mtime < 2
        time.sleep(0.05)
    del hold
    gc.collect()
    time.sleep(2.6)
    assert not is_held(first.key)
    assert renewing == []


def test_telling_again_at_once_writes_nothing(maps):
    first = big_map(1)
    tell_shown(first.key)
    told = maps / "shown" / first.key
    os.utime(told, (time.time() - 30, time.time() - 30))
    before = told.stat().st_mtime
    tell_shown(first.key)
    assert told.stat().st_mtime == before
    os.utime(told, (time.time() - 200, time.time() - 200))
    tell_shown(first.key)
    assert told.stat().st_mtime > before


def test_holding_where_nothing_is_kept_does_no_harm(own_data_dir):
    hold = hold_map("0" * 64)
    assert is_held("0" * 64)
    assert not own_data_dir.exists()
    del hold
