import gc
import time
import weakref

import pytest

from pages.components import garbage


class Knot:
    """Only the garbage collector ever finds that nobody needs it."""

    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_what_is_alive_is_left_out_of_collections_until_it_is_garbage():
    knot = Knot()
    watch = weakref.ref(knot)
    garbage.collect_all()
    assert gc.get_freeze_count() > 0
    del knot
    gc.collect()
    assert watch() is not None
    garbage.collect_all()
    assert watch() is None


def test_collecting_goes_on_as_long_as_pages_are_run(monkeypatch, request):
    runs, turns = [0], []
    monkeypatch.setattr(garbage, "_collections", lambda: runs[0])
    monkeypatch.setattr(garbage, "collect_all", lambda: turns.append(runs[0]))
    stop = garbage.collect_now_and_then(pause=0.01)
    request.addfinalizer(stop.set)
    time.sleep(0.1)
    assert turns == []
    for run in (1, 2):
        runs[0] = run
        deadline = time.monotonic() + 10
        while turns != list(range(1, run + 1)):
            assert time.monotonic() < deadline
            time.sleep(0.005)
    time.sleep(0.1)
    assert turns == [1, 2]
