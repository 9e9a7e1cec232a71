import threading

import pytest

from glacier_core.errors import JobCancelled
from glacier_core.inference import progress
from glacier_core.inference.progress import Progress, Reporter, stop_if_cancelled


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_time_left_is_not_spoilt_by_one_slow_batch(clock):
    told = []
    reporter = Reporter(told.append)
    reporter.begin(100, "begin")
    for seconds in (4, 4, 400, 4, 4):  # batches of 4 windows, one second each but for a hiccup
        clock[0] += seconds
        reporter.advance(4, "on")
    assert told[0] == Progress(0, 100, None, "begin")
    assert told[-1] == Progress(20, 100, 80.0, "20 of 100 windows on")


def test_time_left_follows_a_lasting_change_of_pace(clock):
    told = []
    reporter = Reporter(told.append)
    reporter.begin(100, "begin")
    for seconds in [1] * 10 + [3] * 15:
        clock[0] += seconds
        reporter.advance(1, "on")
    assert told[-1].seconds_left == 3 * 75


def test_the_end_is_zero_seconds_away(clock):
    told = []
    reporter = Reporter(told.append)
    reporter.begin(2, "begin")
    clock[0] += 1
    reporter.advance(2, "end")
    assert told[-1] == Progress(2, 2, 0.0, "2 of 2 windows end")


def test_nobody_needs_to_listen():
    Reporter(None).begin(1, "begin")


def test_cancel_is_an_event_or_a_callable():
    event = threading.Event()
    for cancel in (None, event, lambda: False):
        stop_if_cancelled(cancel)
    event.set()
    for cancel in (event, lambda: True):
        with pytest.raises(JobCancelled, match="stopped"):
            stop_if_cancelled(cancel)
