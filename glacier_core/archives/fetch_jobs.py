"""Fetching for many people: a few plans at a time, going round who asked for them."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from glacier_core.archives.checks import check_kind
from glacier_core.archives.describing import place_name
from glacier_core.archives.fetching import fetch_scene, find_fetched
from glacier_core.archives.plan import FetchPlan
from glacier_core.jobs.absences import Clock, IsOpen, always_open
from glacier_core.jobs.job import Job
from glacier_core.jobs.queue import JobQueue, Note, Words
from glacier_core.scene import Scene

AT_ONCE: Final = 2
"""Plans that are carried out at the same time; each reads several files at once already."""

WORDS: Final = Words(one="fetch", many="fetches", doing="fetch")


@dataclass(frozen=True, kw_only=True)
class FetchJob(Job):
    """The fetching of a scene.

    Attributes
    ----------
    scene_id : str
        Under which the scene is kept: `glacier_core.sources.open_scene` opens it once it is done.
    plan : FetchPlan
    """

    scene_id: str
    plan: FetchPlan


class FetchService(JobQueue[FetchJob]):
    """A bounded queue and the few threads that fetch, shared by all sessions of a process.

    Every method may be called from any thread; see `glacier_core.jobs.queue.JobQueue` for how
    jobs are joined, take turns and end. A job that is cancelled stops before its next piece; what
    came so far is kept for another time.

    Parameters
    ----------
    is_open : callable
        Tells whether the page of a session is open in a browser; a job that only closed pages
        want is cancelled after ``settings().closed_tab_seconds``.
    clock : callable
        Seconds since whenever; never goes back.
    """

    def __init__(self, is_open: IsOpen = always_open, clock: Clock = time.monotonic) -> None:
        super().__init__(WORDS, workers=AT_ONCE, is_open=is_open, clock=clock)

    def submit(self, plan: FetchPlan, session: str = "") -> FetchJob:
        """Ask for a plan to be carried out; where it is already, the session joins that job.

        Parameters
        ----------
        plan : FetchPlan
        session : str
            Who asks; needed to cancel. Empty for a program, which may ask for any number.

        Returns
        -------
        FetchJob

        Raises
        ------
        SourceError
            When the plan is of surface reflectance and nobody insists on it.
        QueueFullError
            When ``settings().queue_length`` plans are waiting already, or
            ``settings().jobs_per_session`` of this session are not done yet.
        """
        check_kind(plan.scenes, allow_surface=plan.allow_surface)

        def work(note: Note, unwanted: threading.Event) -> None:
            fetch_scene(plan, report=note, cancelled=unwanted.is_set)

        title = f"{place_name(plan.area)}, {plan.dates[-1]}"
        job = FetchJob(title=title, scene_id=plan.scene_id, plan=plan)
        return self.put(job, plan.scene_id, work, session)

    def result(self, job_id: str) -> Scene | None:
        """Return the scene a job made, read from where it is kept; None if it made none."""
        job = self.job(job_id)
        return find_fetched(job.plan) if job is not None and job.state == "done" else None
