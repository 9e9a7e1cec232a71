"""Whatever a job does, the queue outlives it, and people are told in a sentence."""

import logging
import threading
import time

import pytest

from glacier_core.errors import SourceError

from .queues import SECONDS


def raising(error):
    def work(note, unwanted):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SourceError("The archive is away."), "The archive is away."),
        (MemoryError(), "Memory ran out, and the mapping was given up. Close other programs"),
        (ZeroDivisionError("oh"), "The mapping failed unexpectedly (ZeroDivisionError: oh)."),
        (SystemExit(3), "The mapping failed unexpectedly (SystemExit: 3)."),
        (KeyboardInterrupt(), "The mapping failed unexpectedly (KeyboardInterrupt: )."),
        (RecursionError("deep"), "The mapping failed unexpectedly (RecursionError: deep)."),
    ],
)
def test_a_failure_is_told_and_the_queue_goes_on(tray, caplog, error, sentence):
    with caplog.at_level(logging.CRITICAL):
        end = tray.ended(tray.put("bad", work=raising(error)))
    assert end.state == "failed"
    assert end.error.startswith(sentence)
    assert end.log[-1].text == end.error
    assert tray.ended(tray.put("good")).state == "done"


def test_progress_that_cannot_be_told_ends_only_its_job(tray, caplog):
    def work(note, unwanted):
        note(None)

    with caplog.at_level(logging.CRITICAL):
        end = tray.ended(tray.put("bad", work=work))
    assert end.state == "failed"
    assert "unexpectedly" in end.error
    assert tray.ended(tray.put("good")).state == "done"


def test_what_a_job_finds_out_is_told_with_it(tray):
    end = tray.ended(tray.put("dull", work=lambda note, unwanted: {"title": "found out"}))
    assert (end.state, end.title) == ("done", "found out")


class Mortal(Exception):
    """Gets past everything."""


def test_a_thread_that_dies_is_replaced_and_its_job_has_failed(tray, monkeypatch):
    deaths = []
    monkeypatch.setattr(threading, "excepthook", lambda told: deaths.append(told.exc_type))
    honest = tray.queue._outcome

    def deadly(task):
        if task.job.title == "deadly":
            raise Mortal
        return honest(task)

    monkeypatch.setattr(tray.queue, "_outcome", deadly)
    job, behind = tray.put("deadly"), tray.put("behind")
    deadline = time.monotonic() + SECONDS
    while not deaths:
        assert time.monotonic() < deadline
        time.sleep(0.002)
    end = tray.ended(job)  # asking is enough for the thread to be replaced
    assert (end.state, end.error) == ("failed", "The mapping ended without a word.")
    assert tray.ended(behind).state == "done"
    assert deaths == [Mortal]
