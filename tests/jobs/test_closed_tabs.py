"""Jobs of a closed browser tab end after a grace time; those of a hiccup go on."""

import time

import pytest

from glacier_core.jobs import queue
from glacier_core.settings import settings

from .queues import Tray


class Browser:
    """Tabs that open and close, and the clock of a test."""

    def __init__(self, monkeypatch):
        monkeypatch.setattr(queue, "SECONDS_BETWEEN_LOOKS", 1e6)  # the test looks itself
        self.open, self.now = {"a", "b"}, 1000.0
        self.tray = Tray(is_open=lambda name: name in self.open, clock=lambda: self.now)

    def wait(self, seconds):
        self.tray.queue.dismiss_absent()
        self.now += seconds
        self.tray.queue.dismiss_absent()


@pytest.fixture
def browser(monkeypatch):
    browser = Browser(monkeypatch)
    yield browser
    browser.tray.queue.close()


def test_a_closed_tab_ends_its_jobs_after_the_grace_time(browser):
    tray = browser.tray
    running, _ = tray.hold("running", "a")
    waiting, other = tray.put("waiting", "a"), tray.put("other", "b")
    browser.open.remove("a")
    browser.wait(29.0)
    assert [tray.queue.job(job.id).state for job in (running, waiting)] == ["running", "waiting"]
    browser.wait(1.0)
    sentence = "Stopped, as its page was closed for 30 s and nobody else wanted it."
    for job in (running, waiting):
        end = tray.ended(job)
        assert (end.state, end.error) == ("cancelled", sentence)
        assert end.log[-1].text == sentence
    assert tray.ended(other).state == "done"


def test_who_comes_back_in_time_loses_nothing(browser):
    job, held = browser.tray.hold("running", "a")
    browser.open.remove("a")
    browser.wait(20.0)
    browser.open.add("a")
    browser.wait(20.0)
    browser.open.remove("a")
    browser.wait(20.0)
    assert browser.tray.queue.job(job.id).wanted_by == {"a"}
    held.gate.set()
    assert browser.tray.ended(job).state == "done"


def test_a_job_that_another_open_tab_wants_goes_on(browser):
    job, held = browser.tray.hold("running", "a")
    browser.tray.put("running", "b")
    browser.open.remove("a")
    browser.wait(40.0)
    assert browser.tray.queue.job(job.id).wanted_by == {"b"}
    held.gate.set()
    assert browser.tray.ended(job).state == "done"


def test_a_tab_loaded_anew_joins_under_its_new_name(browser):
    job, held = browser.tray.hold("running", "a")
    browser.open.remove("a")
    browser.wait(10.0)
    browser.open.add("a again")
    browser.tray.queue.join(job.id, "a again")
    browser.wait(40.0)
    held.gate.set()
    assert browser.tray.ended(job).state == "done"


def test_the_grace_time_is_a_setting(browser, monkeypatch):
    monkeypatch.setenv("GLACIER_CLOSED_TAB_SECONDS", "2")
    settings.cache_clear()
    job, _ = browser.tray.hold("running", "a")
    browser.open.remove("a")
    browser.wait(2.0)
    assert browser.tray.ended(job).error.startswith("Stopped, as its page was closed for 2 s")


def test_the_queue_looks_by_itself(monkeypatch):
    monkeypatch.setattr(queue, "SECONDS_BETWEEN_LOOKS", 0.01)
    monkeypatch.setenv("GLACIER_CLOSED_TAB_SECONDS", "0.05")
    settings.cache_clear()
    closed = set()
    tray = Tray(is_open=lambda name: name not in closed)
    try:
        job, _ = tray.hold("running", "a")
        closed.add("a")
        assert tray.ended(job).state == "cancelled"
    finally:
        tray.queue.close()


def test_the_wall_clock_does_not_matter(browser, monkeypatch):
    """Only the clock of the queue does: setting the wall clock back holds nothing up."""
    job, _ = browser.tray.hold("running", "a")
    browser.open.remove("a")
    monkeypatch.setattr(time, "time", lambda: 0.0)
    browser.wait(30.0)
    assert browser.tray.ended(job).state == "cancelled"


def test_a_notebook_has_no_tabs_to_look_at():
    tray = Tray()
    try:
        _, held = tray.hold()
        assert len(tray.queue._threads) == 1
        tray.queue.dismiss_absent()
        held.gate.set()
    finally:
        tray.queue.close()


def test_a_tab_loaded_anew_cancels_at_once(browser):
    job, _ = browser.tray.hold("running", "a")
    browser.open.remove("a")
    browser.open.add("a again")
    browser.tray.queue.join(job.id, "a again")
    browser.tray.queue.cancel(job.id, "a again")
    assert browser.tray.ended(job).state == "cancelled"


def test_nobody_ends_the_jobs_of_others_by_a_word_about_them(browser):
    job, held = browser.tray.hold("running", "a")
    browser.open.remove("a")
    browser.tray.queue.cancel(job.id, "b")
    assert browser.tray.queue.job(job.id).wanted_by == {"a"}
    held.gate.set()
    assert browser.tray.ended(job).state == "done"
