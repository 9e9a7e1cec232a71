"""Fetches for many people: joined, bounded, cancelled, and never the end of the service."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import shapely
from rasters import make_scene

from glacier_core.archives import fetch_jobs
from glacier_core.archives.areas import area_of
from glacier_core.archives.fetch_jobs import AT_ONCE, FetchService
from glacier_core.archives.found import FoundScene
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import GlacierError, JobCancelled, QueueFullError, SourceError
from glacier_core.network.transfer import TransferProgress
from glacier_core.settings import settings
from glacier_core.sources import keep_scene

AREA = area_of((7.99, 46.495, 8.01, 46.505), name="Testgletscher")


def plan_of(day=20, **more):
    scene = FoundScene(
        f"S2A {day}",
        "sentinel-2-l1c",
        "Sentinel-2A",
        datetime(2023, 8, day, tzinfo=UTC),
        shapely.box(7, 46, 9, 47),
        100.0,
    )
    return FetchPlan(AREA, (replace(scene, **more),), 20.0)


class Fetching:
    """Stands in for fetching: waits at a gate, then keeps a scene, or fails."""

    def __init__(self):
        self.gate, self.fetched, self.failure = threading.Event(), [], None
        self.running = threading.Semaphore(0)

    def __call__(self, plan, *, report, cancelled):
        self.fetched.append(plan)
        report(TransferProgress("Reading", 1, 2, 3.0))
        self.running.release()
        while not self.gate.wait(0.01):
            if cancelled():
                raise JobCancelled("stopped")
        if self.failure:
            raise self.failure
        keep_scene(make_scene(scene_id=plan.scene_id))


@pytest.fixture
def fetching(monkeypatch):
    fetching = Fetching()
    monkeypatch.setattr(fetch_jobs, "fetch_scene", fetching)
    return fetching


@pytest.fixture
def service(fetching):
    service = FetchService()
    yield service
    service.close()


def ended(service, job, seconds=30):
    deadline = time.monotonic() + seconds
    while not (now := service.job(job.id)).is_over:
        assert time.monotonic() < deadline, f"still {now.state}"
        time.sleep(0.005)
    return now


def fill(service, fetching):
    """Keep all threads busy, and return their jobs."""
    jobs = [service.submit(plan_of(day), "filler") for day in range(1, 1 + AT_ONCE)]
    for _ in jobs:
        assert fetching.running.acquire(timeout=30)
    return jobs


def test_a_job_comes_to_its_scene(service, fetching):
    plan = plan_of()
    job = service.submit(plan, "a")
    assert (job.scene_id, job.title) == (plan.scene_id, "Testgletscher, 2023-08-20")
    assert fetching.running.acquire(timeout=30)
    running = service.job(job.id)
    assert (running.state, running.place) == ("running", None)
    assert running.progress == TransferProgress("Reading", 1, 2, 3.0)
    assert service.result(job.id) is None
    fetching.gate.set()
    end = ended(service, job)
    assert (end.state, end.error) == ("done", None)
    assert end.submitted <= end.started <= end.finished
    assert service.result(job.id).id == plan.scene_id
    assert [each.id for each in service.jobs()] == [job.id]


def test_equal_plans_are_one_job(service, fetching):
    first = service.submit(plan_of(), "a")
    assert service.submit(plan_of(), "b").id == first.id
    assert service.submit(plan_of(21), "b").id != first.id
    fetching.gate.set()
    ended(service, first)
    assert len([plan for plan in fetching.fetched if plan == plan_of()]) <= 1


def test_a_joined_job_stops_only_when_nobody_wants_it(service, fetching):
    job = service.submit(plan_of(), "a")
    service.submit(plan_of(), "b")
    service.cancel(job.id, "a")
    assert fetching.running.acquire(timeout=30)
    assert service.job(job.id).state == "running"
    service.cancel(job.id, "b")
    assert ended(service, job).state == "cancelled"
    assert service.result(job.id) is None


def test_who_asks_anew_after_a_cancel_gets_a_job_of_their_own(service, fetching):
    job = service.submit(plan_of(), "a")
    service.cancel(job.id, "a")
    again = service.submit(plan_of(), "a")
    assert again.id != job.id
    fetching.gate.set()
    assert ended(service, again).state == "done"


def test_the_others_wait_in_order_and_may_leave(service, fetching):
    fill(service, fetching)
    waiting = [service.submit(plan_of(day), "a") for day in (11, 12, 13)]
    assert [service.job(job.id).place for job in waiting] == [1, 2, 3]
    service.cancel(waiting[1].id, "a")
    assert service.job(waiting[1].id).state == "cancelled"
    assert [service.job(job.id).place for job in waiting] == [1, None, 2]
    fetching.gate.set()
    assert [ended(service, job).state for job in waiting] == ["done", "cancelled", "done"]
    assert plan_of(12) not in fetching.fetched


def test_a_full_queue_refuses_in_a_sentence(service, fetching, monkeypatch):
    fill(service, fetching)
    monkeypatch.setenv("GLACIER_QUEUE_LENGTH", "1")
    settings.cache_clear()
    waiting = service.submit(plan_of(11), "a")
    with pytest.raises(QueueFullError, match="1 fetches are waiting already"):
        service.submit(plan_of(12), "a")
    assert service.submit(plan_of(11), "b").id == waiting.id


def test_surface_reflectance_is_refused_at_once(service):
    with pytest.raises(SourceError, match="insist"):
        service.submit(plan_of(reflectance="surface"))
    assert service.jobs() == []


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [
        (SourceError("The archive is away."), "The archive is away."),
        (ZeroDivisionError("oh"), "The fetch failed unexpectedly (ZeroDivisionError: oh)"),
    ],
)
def test_a_failure_is_told_and_the_service_goes_on(service, fetching, failure, sentence):
    fetching.gate.set()
    fetching.failure = failure
    job = ended(service, service.submit(plan_of()))
    assert job.state == "failed"
    assert job.error.startswith(sentence)
    fetching.failure = None
    assert ended(service, service.submit(plan_of())).state == "done"


def test_unknown_jobs_are_nobodys(service):
    assert service.job("x") is None
    assert service.result("x") is None
    service.cancel("x", "a")


def test_old_jobs_are_forgotten(service, fetching, monkeypatch):
    monkeypatch.setattr("glacier_core.jobs.queue.KEPT_JOBS", 2)
    fetching.gate.set()
    jobs = [ended(service, service.submit(plan_of(day))) for day in (1, 2, 3)]
    assert service.job(jobs[0].id) is None
    assert [job.id for job in service.jobs()] == [job.id for job in jobs[1:]]


def test_closing_stops_everything(fetching):
    service = FetchService()
    running = fill(service, fetching)
    waiting = service.submit(plan_of(11))
    service.close()
    states = [service.job(job.id).state for job in (*running, waiting)]
    assert states == ["cancelled"] * (AT_ONCE + 1)
    with pytest.raises(GlacierError, match="has been closed"):
        service.submit(plan_of(12))
