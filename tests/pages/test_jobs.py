"""The page Jobs: what is under way, what has ended, and the way on from there."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import streamlit as st
from seen_pages import address, until_mapped, words

from glacier_core.archives.fetch_jobs import FetchJob
from glacier_core.errors import SourceError
from glacier_core.inference.jobs import MapJob
from glacier_core.inference.progress import Progress
from glacier_core.inference.request import MappingOptions
from glacier_core.jobs.job import LogLine

ME = "test session id"
"""What Streamlit calls the reader of an AppTest."""

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def map_job(**facts):
    known = {
        "id": "ab" * 16,
        "title": "A *tiny* valley",
        "submitted": AT,
        "key": "cd" * 32,
        "scene_id": "tiny",
        "model_name": "tiny",
        "simulated": False,
        "rows": 60,
        "columns": 90,
        "options": MappingOptions(stride=8, batch_size=2),
        "asked_by": frozenset({"somebody else"}),
        "wanted_by": frozenset({"somebody else"}),
        "log": (LogLine(AT, "Asked for."),),
    }
    return MapJob(**known | facts)


def fetch_job(**facts):
    known = {"title": "Testgletscher", "submitted": AT, "scene_id": "fetched", "plan": None}
    return FetchJob(**known | facts)


DONE = {"state": "done", "started": AT, "finished": AT, "seconds": 12.3, "area_km2": 4.56}


class Listed:
    """Stands in for a service: a list of jobs, and what was asked of it."""

    def __init__(self, *jobs):
        self.list, self.cancelled, self.asked = list(jobs), [], []

    def jobs(self):
        return self.list

    def job(self, job_id):
        return next((job for job in self.list if job.id == job_id), None)

    def cancel(self, job_id, session):
        self.cancelled.append((job_id, session))
        self.list = [replace(job, state="cancelled", finished=AT) for job in self.list]

    def submit(self, scene, model, options, session):
        if self.asked is None:
            raise SourceError("No more of it (test).")
        self.asked.append((scene.id, model.card.name, options, session))


@pytest.fixture
def open_jobs(open_page, monkeypatch):
    """Return a function that opens the page with jobs of mapping and of fetching."""

    def open_with(*maps, fetches=()):
        services = Listed(*maps), Listed(*fetches)
        monkeypatch.setattr("pages.components.progress.map_service", lambda: services[0])
        monkeypatch.setattr("pages.components.find_sources.fetch_service", lambda: services[1])
        return open_page("jobs"), *services

    return open_with


def keys(app):
    return {button.key.split("-")[0] for button in app.button if button.key}


def test_nothing_yet_is_said_in_words(open_jobs):
    app, *_ = open_jobs()
    assert not app.exception
    assert "Nothing was mapped or fetched" in words(app)
    assert "up to 30 may wait, 3 of one visitor" in words(app)
    assert "CPU" in words(app) or "GPU" in words(app)


def test_jobs_under_way_stand_in_their_turn(open_jobs):
    running = map_job(
        id="1" * 32, state="running", progress=Progress(3, 12, 95.0, "3 of 12 windows mapped.")
    )
    second = map_job(id="3" * 32, place=2, title="Second")
    first = map_job(id="2" * 32, place=1, title="First", simulated=True)
    app, *_ = open_jobs(second, running, first)
    bars = [bar.proto.text for bar in app.get("progress")]
    assert bars == [
        "3 of 12 windows mapped. About 2 min left.",
        "Waiting: number 1 in the queue.",
        "Waiting: number 2 in the queue.",
    ]
    assert words(app).index("First") < words(app).index("Second")
    assert words(app).count("Simulated") == 1
    assert "asked for by another visitor" in words(app)
    assert "somebody else" not in words(app)
    assert keys(app) == set()


def test_own_jobs_can_be_cancelled(open_jobs):
    own = {"asked_by": frozenset({ME, "left"}), "wanted_by": frozenset({ME, "other"})}
    app, maps, _ = open_jobs(map_job(state="running", **own))
    assert "asked for by you and 1 more" in words(app)
    app.button(key="cancel-" + "ab" * 16).click().run()
    assert maps.cancelled == [("ab" * 16, ME)]
    app.run()
    assert "Stopped by who asked for it." in words(app)
    assert "cancel" not in keys(app)


@pytest.mark.parametrize("state", ["running", "done"])
@pytest.mark.parametrize(
    ("asker", "told"), [(ME, "asked for by you, "), ("me before", "asked for, ")]
)
def test_nobody_is_told_of_who_no_longer_wants_it(open_jobs, state, asker, told):
    wishes = {"asked_by": frozenset({asker, "other"}), "wanted_by": frozenset()}
    app, *_ = open_jobs(map_job(**DONE | wishes | {"state": state}))
    assert f"{told}2026" in words(app)


def test_a_job_that_is_stopping_says_so(open_jobs):
    app, *_ = open_jobs(map_job(state="running", wanted_by=frozenset()))
    assert app.get("progress")[0].proto.text == "Stopping before the next windows …"


def test_inputs_and_log_are_told(open_jobs):
    app, *_ = open_jobs(map_job(**DONE))
    told = words(app)
    assert "A *tiny* valley" in told
    assert "90 × 60 pixels" in told
    assert "**Stride, pixels:** 8" in told
    assert "**Kept maps are used:** yes" in told
    assert "**Seconds:** 12.3" in told
    assert "Location" not in told
    assert [code.value for code in app.code] == ["2026-03-04 05:06:07 UTC  Asked for."]


def test_a_result_is_told_and_opened(world, open_jobs):
    kept = world()
    app, *_ = open_jobs(map_job(**DONE, key=kept["map"]))
    assert "A map of 4.56 km² of glacier, made in 12 s." in words(app)
    app.button(key="open-" + "ab" * 16).click().run()
    assert address(app) == kept
    assert {metric.label for metric in app.metric} >= {"Glacier area"}


def test_a_kept_map_took_no_time(open_jobs):
    app, *_ = open_jobs(map_job(**DONE | {"started": None, "seconds": None}))
    assert "A map of 4.56 km² of glacier, made before and kept." in words(app)


def test_a_failure_is_told_and_can_be_tried_again(world, open_jobs):
    world()
    app, maps, _ = open_jobs(map_job(state="failed", error="The disk is full.", finished=AT))
    assert "The disk is full." in words(app)
    app.button(key="again-" + "ab" * 16).click().run()
    assert maps.asked == [("tiny", "tiny", MappingOptions(stride=8, batch_size=2), ME)]
    maps.asked = None
    app.button(key="again-" + "ab" * 16).click().run()
    assert not app.exception
    assert "No more of it (test)." in words(app)


def test_a_scene_that_is_gone_cannot_be_mapped_again(model, open_jobs):
    app, maps, _ = open_jobs(map_job(state="cancelled", finished=AT, error="Its page was closed."))
    assert "Its page was closed." in words(app)
    app.button(key="again-" + "ab" * 16).click().run()
    assert not app.exception
    assert maps.asked == []
    assert "There is no scene 'tiny'" in words(app)


def test_fetches_stand_beside_the_maps(open_jobs):
    waiting = fetch_job(place=1, asked_by=frozenset({ME}), wanted_by=frozenset({ME}))
    ended = fetch_job(state="done", finished=AT, seconds=100.0, title="Fetched glacier")
    app, maps, fetches = open_jobs(fetches=(waiting, ended))
    assert "Imagery to fetch, asked for by you" in words(app)
    assert "Fetched in 2 min." in words(app)
    app.button(key=f"cancel-{waiting.id}").click().run()
    assert (maps.cancelled, fetches.cancelled) == ([], [(waiting.id, ME)])


def test_many_ended_jobs_are_shown_when_asked_for(open_jobs):
    jobs = [
        map_job(**DONE, id=f"{number:032x}", title=f"Scene {number:02}") for number in range(12)
    ]
    app, *_ = open_jobs(*jobs)
    assert len(app.code) == 10
    app.toggle(key="all-jobs").set_value(True).run()
    assert len(app.code) == 12


def test_it_looks_again_by_itself_only_while_something_is_under_way(open_jobs, monkeypatch):
    intervals, honest = [], st.fragment
    monkeypatch.setattr(
        st, "fragment", lambda run, run_every=None: intervals.append(run_every) or honest(run)
    )
    open_jobs(map_job(**DONE))
    assert intervals == []
    open_jobs(map_job(state="running"))
    assert intervals == [1.0]


def test_the_map_of_a_visit_is_among_the_jobs(world, open_page):
    world()
    app = until_mapped(open_page("explore", scene="tiny", model="tiny"))
    app.switch_page("jobs.py").run()
    assert not app.exception
    assert "asked for by you" in words(app)
    assert "of glacier, made in" in words(app)
    (log,) = [code.value for code in app.code]
    assert "windows mapped" in log
    assert "Done after" in log
