"""Who has left: closed for long enough without a break, by a clock that nobody sets back."""

import logging

from glacier_core.jobs.absences import Absences


class Visitors:
    def __init__(self):
        self.here, self.now = set(), 1000.0
        self.absences = Absences(self.here.__contains__, lambda: self.now)

    def gone(self, *sessions, after=0.0):
        self.now += after
        return self.absences.gone_for(30.0, sessions)


def test_who_is_away_for_long_enough_is_gone():
    visitors = Visitors()
    visitors.here.add("a")
    assert visitors.gone("a", "b") == set()
    assert visitors.gone("a", "b", after=29.9) == set()
    assert visitors.gone("a", "b", after=0.1) == {"b"}


def test_who_comes_back_starts_anew():
    visitors = Visitors()
    assert visitors.gone("a") == set()
    assert visitors.gone("a", after=29.0) == set()
    visitors.here.add("a")
    assert visitors.gone("a", after=0.5) == set()
    visitors.here.remove("a")
    assert visitors.gone("a", after=5.0) == set()
    assert visitors.gone("a", after=29.0) == set()
    assert visitors.gone("a", after=1.0) == {"a"}


def test_who_is_asked_about_no_more_is_forgotten():
    visitors = Visitors()
    visitors.gone("a")
    visitors.gone(after=60.0)
    assert visitors.gone("a") == set()


def test_a_program_is_always_there():
    visitors = Visitors()
    visitors.gone("")
    assert visitors.gone("", after=100.0) == set()


def test_who_cannot_be_asked_about_stays(caplog):
    def broken(session):
        raise RuntimeError("the server is going down (test)")

    now = iter((0.0, 100.0))
    absences = Absences(broken, lambda: next(now))
    with caplog.at_level(logging.CRITICAL):
        assert absences.gone_for(30.0, ["a"]) == set()
        assert absences.gone_for(30.0, ["a"]) == set()
