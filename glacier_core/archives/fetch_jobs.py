"""Fetching for many people: a few plans at a time, in the order they were asked for.

A job belongs to its plan, never to a page: who asks for the same plan joins the job under way.
"""

import logging
import threading
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from glacier_core.archives.checks import check_kind
from glacier_core.archives.describing import place_name
from glacier_core.archives.fetching import fetch_scene, find_fetched
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import GlacierError, JobCancelled, QueueFullError
from glacier_core.network.transfer import TransferProgress
from glacier_core.scene import Scene
from glacier_core.settings import settings

State = Literal["waiting", "running", "done", "failed", "cancelled"]

AT_ONCE: Final = 2
"""Plans that are carried out at the same time; each reads several files at once already."""

KEPT_JOBS: Final = 200
"""Ended jobs that can still be asked about."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FetchJob:
    """The state of a fetch at the moment of asking.

    Attributes
    ----------
    id : str
    scene_id : str
        Under which the scene is kept: `glacier_core.sources.open_scene` opens it once it is done.
    title : str
        What is fetched, for people.
    submitted : datetime.datetime
        In UTC, as `started` and `finished`.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    place : int or None
        Place in the queue while waiting: 1 is next.
    progress : TransferProgress or None
        None before it runs.
    error : str or None
        What went wrong, in a sentence, if it failed.
    started, finished : datetime.datetime or None
    """

    id: str
    scene_id: str
    title: str
    submitted: datetime
    state: State = "waiting"
    place: int | None = None
    progress: TransferProgress | None = None
    error: str | None = None
    started: datetime | None = None
    finished: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end, whichever."""
        return self.state in ("done", "failed", "cancelled")


@dataclass(eq=False)
class _Task:
    """A job from the inside."""

    job: FetchJob
    plan: FetchPlan
    sessions: set[str]
    unwanted: threading.Event = field(default_factory=threading.Event)
    future: Future[None] | None = None


class FetchService:
    """A bounded queue and the few threads that fetch, shared by all sessions of a process.

    Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._tasks: dict[str, _Task] = {}  # by id, the oldest first
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="glacier-fetches")
        self._closed = False

    def submit(self, plan: FetchPlan, session: str = "") -> FetchJob:
        """Ask for a plan to be carried out; where it is already, the session joins that job.

        Parameters
        ----------
        plan : FetchPlan
        session : str
            Who asks; needed to cancel.

        Returns
        -------
        FetchJob

        Raises
        ------
        SourceError
            When the plan is of surface reflectance and nobody insists on it.
        QueueFullError
            When ``settings().queue_length`` plans are waiting already.
        """
        check_kind(plan.scenes, allow_surface=plan.allow_surface)
        with self._lock:
            if self._closed:
                raise GlacierError("The fetching service has been closed; start it again.")
            task = self._under_way(plan)
            if task is None:
                task = self._begin(plan)
            task.sessions.add(session)
            return self._snapshot(task)

    def job(self, job_id: str) -> FetchJob | None:
        """Return a job as it stands, or None if it is unknown or long ended."""
        with self._lock:
            task = self._tasks.get(job_id)
            return None if task is None else self._snapshot(task)

    def jobs(self) -> list[FetchJob]:
        """Return all jobs that can be asked about, the oldest first."""
        with self._lock:
            return [self._snapshot(task) for task in self._tasks.values()]

    def result(self, job_id: str) -> Scene | None:
        """Return the scene a job made, read from where it is kept; None if it made none."""
        with self._lock:
            task = self._tasks.get(job_id)
        if task is None or task.job.state != "done":
            return None
        return find_fetched(task.plan)

    def cancel(self, job_id: str, session: str) -> None:
        """Say that a session no longer wants a job; it stops when no other session wants it.

        A running job stops before its next piece; what came so far is kept for another time.
        """
        with self._lock:
            task = self._tasks.get(job_id)
            if task is None or task.job.is_over:
                return
            task.sessions.discard(session)
            if not task.sessions:
                self._stop(task)

    def close(self) -> None:
        """Cancel everything and end the threads."""
        with self._lock:
            self._closed = True
            for task in self._tasks.values():
                self._stop(task)
        self._pool.shutdown(wait=True)

    def _under_way(self, plan: FetchPlan) -> _Task | None:
        scene_id = plan.scene_id
        for task in self._tasks.values():
            active = not task.job.is_over and not task.unwanted.is_set()
            if active and task.job.scene_id == scene_id:
                return task
        return None

    def _begin(self, plan: FetchPlan) -> _Task:
        waiting = len(self._waiting())
        if waiting >= settings().queue_length:
            raise QueueFullError(
                f"{waiting} fetches are waiting already, which is the most "
                "(GLACIER_QUEUE_LENGTH). Try again in a moment."
            )
        title = f"{place_name(plan.area)}, {plan.dates[-1]}"
        job = FetchJob(uuid.uuid4().hex, plan.scene_id, title, datetime.now(UTC))
        task = _Task(job, plan, set())
        self._forget()
        self._tasks[job.id] = task
        task.future = self._pool.submit(self._run, task)
        return task

    def _waiting(self) -> list[str]:
        return [name for name, task in self._tasks.items() if task.job.state == "waiting"]

    def _snapshot(self, task: _Task) -> FetchJob:
        if task.job.state != "waiting":
            return task.job
        return replace(task.job, place=self._waiting().index(task.job.id) + 1)

    def _stop(self, task: _Task) -> None:
        task.unwanted.set()
        if task.future is not None and task.future.cancel():
            self._change(task, state="cancelled", finished=datetime.now(UTC))

    def _change(self, task: _Task, **facts: Any) -> None:
        with self._lock:
            task.job = replace(task.job, **facts)

    def _run(self, task: _Task) -> None:
        """Run a job to its end, whatever that is: the threads outlive every failure."""
        self._change(task, state="running", started=datetime.now(UTC))
        state, error = self._outcome(task)
        self._change(task, state=state, error=error, finished=datetime.now(UTC))

    def _outcome(self, task: _Task) -> tuple[State, str | None]:
        try:
            fetch_scene(
                task.plan,
                report=lambda progress: self._change(task, progress=progress),
                cancelled=task.unwanted.is_set,
            )
        except JobCancelled:
            return "cancelled", None
        except GlacierError as problem:
            return "failed", str(problem)
        except Exception as problem:
            _log.exception("A fetch failed unexpectedly")
            return "failed", (
                f"The fetch failed unexpectedly ({type(problem).__name__}: {problem}). "
                "The server's log tells more."
            )
        return "done", None

    def _forget(self) -> None:
        """Let go of the oldest ended jobs."""
        ended = [name for name, task in self._tasks.items() if task.job.is_over]
        for name in ended[: max(0, len(ended) - KEPT_JOBS + 1)]:
            del self._tasks[name]
