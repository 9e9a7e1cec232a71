"""Progress of a fetch: it never goes back, ends at the whole, and counts what came."""

import threading

import pytest

from glacier_core.archives import steps
from glacier_core.archives.steps import Steps
from glacier_core.network.transfer import TransferProgress


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(steps.time, "monotonic", lambda: now[0])
    return now


def test_parts_count_by_their_weight(clock):
    told = []
    whole = Steps(4, 1000, told.append)
    with whole.part("imagery", 3) as report:
        clock[0] += 6
        report(TransferProgress("", 50, 100))
    assert [progress.done for progress in told] == [0, 375, 750]
    assert told[1].seconds_left == pytest.approx(6 * 625 / 375)
    with whole.part("elevation", 1) as report:
        report(TransferProgress("", 30, 0))
    assert [progress.done for progress in told[3:]] == [750, 750, 1000]
    assert told[-1] == TransferProgress("elevation", 1000, 1000, 0.0)


def test_it_never_goes_back(clock):
    told = []
    with Steps(1, 100, told.append).part("bands, then masks", 1) as report:
        for done in (40, 100, 10, 60):
            report(TransferProgress("", done, 100))
    assert [progress.done for progress in told] == [0, 40, 100, 100, 100, 100]


def test_nothing_is_told_of_the_time_left_at_the_very_beginning(clock):
    told = []
    with Steps(1, 100, told.append).part("imagery", 1) as report:
        clock[0] += 1
        report(TransferProgress("", 1, 100))
        assert told[-1].seconds_left is None
        report(TransferProgress("", 3, 100))
        assert told[-1].seconds_left == pytest.approx(97 / 3)


def test_what_came_from_outside_is_counted_file_by_file():
    whole = Steps(2, 100, lambda progress: None)
    for _ in range(2):
        with whole.part("imagery", 1) as report:
            for done in (10, 30, 5, 25):
                report(TransferProgress("", done, 100))
    assert whole.fetched == 2 * (30 + 25)


def test_a_part_that_fails_does_not_count_as_ended():
    told = []
    whole = Steps(1, 100, told.append)
    with pytest.raises(ValueError, match="broken"), whole.part("imagery", 1):
        raise ValueError("broken")
    assert told[-1].done == 0


def test_many_threads_may_report():
    told = []
    whole = Steps(1, 1000, told.append)
    with whole.part("imagery", 1) as report:
        threads = [
            threading.Thread(
                target=lambda: [report(TransferProgress("", done, 100)) for done in range(100)]
            )
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    done = [progress.done for progress in told]
    assert done == sorted(done)
