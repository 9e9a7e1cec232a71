"""Fair, bounded, joined, stopped."""

import gc
import threading
import time
import weakref

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from glacier_core.errors import GlacierError, QueueFullError
from glacier_core.settings import settings

from .queues import Tray


def test_turns_go_round_the_sessions(tray):
    _, held = tray.hold(session="z")
    names = ["a1", "a2", "a3", "b1", "c1", "b2"]
    jobs = {name: tray.put(name, name[0]) for name in names}
    order = ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert [tray.place(jobs[name]) for name in order] == [1, 2, 3, 4, 5, 6]
    assert {job.title: job.place for job in tray.queue.jobs()}["a3"] == 6
    held.gate.set()
    tray.ended(jobs["a3"])
    assert tray.done == order


@hypothesis_settings(max_examples=25)
@given(st.lists(st.sampled_from("abcd"), max_size=9))
def test_the_place_told_is_the_true_one(sessions):
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("GLACIER_JOBS_PER_SESSION", "99")
        settings.cache_clear()
        tray = Tray()
        try:
            _, held = tray.hold()
            jobs = [tray.put(f"{n}", session) for n, session in enumerate(sessions)]
            told = sorted(jobs, key=lambda job: tray.place(job))
            held.gate.set()
            for job in jobs:
                tray.ended(job)
            assert tray.done == [job.title for job in told]
        finally:
            tray.queue.close()
            settings.cache_clear()


def test_a_session_may_have_so_many_jobs_and_no_more(tray):
    _, held = tray.hold("first", "a")
    tray.put("second", "a")
    third = tray.put("third", "a")
    with pytest.raises(QueueFullError, match=r"3 maps waiting or under way .* cancel one\."):
        tray.put("fourth", "a")
    tray.put("fourth", "b")
    assert tray.put("fourth", "a").title == "fourth"  # joins, so it costs nothing
    tray.queue.cancel(third.id, "a")
    with pytest.raises(QueueFullError):
        tray.put("fifth", "a")
    held.gate.set()
    tray.ended(tray.put("fourth", "a"))
    assert tray.ended(tray.put("fifth", "a")).state == "done"


def test_the_limit_of_a_session_is_a_setting(tray, monkeypatch):
    monkeypatch.setenv("GLACIER_JOBS_PER_SESSION", "1")
    settings.cache_clear()
    tray.hold("first", "a")
    with pytest.raises(QueueFullError, match="You have 1 maps"):
        tray.put("second", "a")


def test_a_program_may_ask_for_any_number(tray):
    tray.hold()
    jobs = [tray.put(f"{number}") for number in range(6)]
    assert [tray.place(job) for job in jobs] == [1, 2, 3, 4, 5, 6]


def test_a_full_queue_refuses_in_a_sentence(tray, monkeypatch):
    monkeypatch.setenv("GLACIER_QUEUE_LENGTH", "2")
    settings.cache_clear()
    tray.hold()
    tray.put("a", "a")
    tray.put("b", "b")
    with pytest.raises(QueueFullError, match="2 maps are waiting already"):
        tray.put("c", "c")


def test_who_joins_later_is_told_apart_and_can_stay(tray):
    job, held = tray.hold("same", "a")
    joined = tray.put("same", "b")
    assert joined.id == job.id
    assert joined.wanted_by == {"a", "b"}
    tray.queue.cancel(job.id, "a")
    now = tray.queue.job(job.id)
    assert now.wanted_by == {"b"}
    assert now.asked_by == {"a", "b"}
    held.gate.set()
    assert tray.ended(job).state == "done"


def test_a_job_is_joined_by_its_id(tray):
    job, held = tray.hold("same", "a")
    assert tray.queue.join(job.id, "b").wanted_by == {"a", "b"}
    tray.queue.cancel(job.id, "a")
    held.gate.set()
    tray.ended(job)
    assert tray.queue.join(job.id, "c").asked_by == {"a", "b"}  # over: nothing to wait for
    assert tray.queue.join("unknown", "c") is None


def test_joining_gives_the_better_turn(tray):
    tray.hold()
    tray.put("a1", "a")
    a2, b1 = tray.put("a2", "a"), tray.put("b1", "b")
    assert (tray.place(b1), tray.place(a2)) == (2, 3)
    tray.queue.join(a2.id, "c")
    assert (tray.place(b1), tray.place(a2)) == (3, 2)


def test_a_running_job_that_nobody_wants_is_stopping(tray):
    job, _ = tray.hold("held", "a")
    assert not tray.queue.job(job.id).is_stopping
    tray.queue.cancel(job.id, "a")
    end = tray.ended(job)
    assert end.state == "cancelled"
    assert end.error is None
    assert [line.text for line in end.log][-2:] == [
        "Nobody wants it any more; it stops before its next piece.",
        "Stopped.",
    ]


def test_seconds_run_by_the_clock_given():
    now = [50.0]
    tray = Tray(clock=lambda: now[0])
    try:
        job, held = tray.hold()
        assert tray.queue.job(job.id).seconds == 0.0
        now[0] = 57.5
        assert tray.queue.job(job.id).seconds == 7.5
        assert tray.queue.job(tray.put("behind").id).seconds is None
        held.gate.set()
        end = tray.ended(job)
        now[0] = 99.0
        assert tray.queue.job(job.id).seconds == end.seconds == 7.5
        assert end.log[-1].text == "Done after 7.5 s."
    finally:
        tray.queue.close()


def test_work_is_let_go_when_it_ends(tray):
    class Heavy:
        def __call__(self, note, unwanted):
            return None

    work = Heavy()
    reference = weakref.ref(work)
    tray.ended(tray.put("heavy", work=work))
    del work
    deadline = time.monotonic() + 10
    while reference() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert reference() is None


def test_closing_ends_the_threads_and_refuses(tray):
    job, _ = tray.hold()
    waiting = tray.put("waiting")
    tray.queue.close()
    assert tray.queue.job(job.id).state == "cancelled"
    assert tray.queue.job(waiting.id).state == "cancelled"
    assert not [one for one in threading.enumerate() if one in tray.queue._threads]
    with pytest.raises(GlacierError, match="has been closed"):
        tray.put("late")
