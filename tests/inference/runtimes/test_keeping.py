import threading
from types import SimpleNamespace

import pytest

from glacier_core.inference.runtimes.keeping import Shelf
from glacier_core.settings import settings


@pytest.fixture
def megabytes(monkeypatch):
    def limit(number):
        monkeypatch.setenv("GLACIER_NETWORKS_MEGABYTES", str(number))
        settings.cache_clear()

    return limit


def of(megabytes):
    return SimpleNamespace(bytes=megabytes * 1_000_000)


def test_a_network_is_made_once():
    shelf, made = Shelf(), []

    def make():
        made.append(of(1))
        return made[-1]

    assert shelf.find_or_make("a", make) is shelf.find_or_make("a", make)
    assert len(made) == 1


def test_two_at_a_time_make_it_once():
    shelf, made, entered, go = Shelf(), [], threading.Event(), threading.Event()

    def make():
        entered.set()
        assert go.wait(30)
        made.append(of(1))
        return made[-1]

    found = []
    threads = [
        threading.Thread(target=lambda: found.append(shelf.find_or_make("a", make)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert entered.wait(30)
    assert shelf.find_or_make("b", lambda: of(2)).bytes == 2_000_000  # others need not wait
    go.set()
    for thread in threads:
        thread.join(30)
    assert found == made * 3
    assert len(made) == 1


def test_what_was_used_longest_ago_leaves_first(megabytes):
    megabytes(10)
    shelf = Shelf()
    for key in "ab":
        shelf.find_or_make(key, lambda: of(4))
    shelf.find_or_make("a", lambda: of(4))
    shelf.find_or_make("c", lambda: of(4))
    assert [key in shelf for key in "abc"] == [True, False, True]


def test_the_one_in_use_stays_however_large(megabytes):
    megabytes(10)
    shelf = Shelf()
    shelf.find_or_make("small", lambda: of(1))
    shelf.find_or_make("large", lambda: of(99))
    assert "large" in shelf
    assert "small" not in shelf


def test_after_a_failure_it_is_tried_again():
    shelf = Shelf()

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        shelf.find_or_make("a", fail)
    assert shelf.find_or_make("a", lambda: of(1)).bytes == 1_000_000
