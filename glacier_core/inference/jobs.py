"""One worker for many people: maps are made one after another, in the order they were asked for.

A job belongs to its inputs, never to a page: who asks for the same map joins the job under way,
and a result is found by the id of its job.
"""

import logging
import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from glacier_core.errors import GlacierError, JobCancelled, QueueFullError
from glacier_core.inference.cache import find_map
from glacier_core.inference.engine import carry_out
from glacier_core.inference.progress import Progress, ProgressCallback
from glacier_core.inference.request import MappingOptions, Request, resolve
from glacier_core.inference.result import GlacierMap
from glacier_core.models.registry import Model
from glacier_core.scene import Scene
from glacier_core.settings import settings

State = Literal["waiting", "running", "done", "failed", "cancelled"]

KEPT_JOBS = 200  # finished jobs that can still be asked about
KEPT_PIXELS = 20_000_000  # results held in memory; older ones are read from the cache again

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """The state of a job at the moment of asking.

    Attributes
    ----------
    id : str
    key : str
        Key of the map it makes, for `glacier_core.inference.cache.find_map`.
    scene_id, title, model_name : str
        What is mapped by what.
    simulated : bool
        Whether the scene is simulated.
    submitted : datetime.datetime
        In UTC, as `started` and `finished`.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    place : int or None
        Place in the queue while waiting: 1 is next.
    progress : Progress or None
        None before it runs.
    error : str or None
        What went wrong, in a sentence, if it failed.
    started, finished : datetime.datetime or None
    """

    id: str
    key: str
    scene_id: str
    title: str
    model_name: str
    simulated: bool
    submitted: datetime
    state: State = "waiting"
    place: int | None = None
    progress: Progress | None = None
    error: str | None = None
    started: datetime | None = None
    finished: datetime | None = None


@dataclass(eq=False)
class _Task:
    """A job from the inside."""

    job: Job
    sessions: set[str]
    result: GlacierMap | None = None
    unwanted: threading.Event = field(default_factory=threading.Event)

    def change(self, **facts: Any) -> None:
        self.job = replace(self.job, **facts)


class MapService:
    """A bounded queue and the one thread that maps, shared by all sessions of a process.

    Every method may be called from any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._tasks: dict[str, _Task] = {}  # by id, the oldest first
        self._waiting: dict[str, Request] = {}  # by id of the task, the next first
        self._ended: list[_Task] = []
        self._closed = False
        self._worker = threading.Thread(target=self._work, name="glacier-maps", daemon=True)
        self._worker.start()

    def submit(
        self, scene: Scene, model: Model, options: MappingOptions | None = None, session: str = ""
    ) -> Job:
        """Ask for a map.

        Where the same map is already waited for or made, the session joins that job; where it
        was made before and kept, the job is done at once.

        Parameters
        ----------
        scene : Scene
        model : Model
        options : MappingOptions, optional
        session : str
            Who asks; needed to cancel.

        Returns
        -------
        Job

        Raises
        ------
        ModelError
            If scene, model and options do not fit together.
        QueueFullError
            If ``settings().queue_length`` maps are waiting already.
        """
        request = resolve(scene, model, options or MappingOptions())
        kept = find_map(request.key) if request.cache else None
        with self._changed:
            if self._closed:
                raise GlacierError("The mapping service has been closed; start it again.")
            task = self._under_way(request.key)
            if task is not None:
                task.sessions.add(session)
                return self._snapshot(task)
            task = _Task(_new_job(request), {session})
            if kept is None:
                self._enqueue(task, request)
            self._tasks[task.job.id] = task
            if kept is not None:
                self._finish(task, "done", result=kept)
            return self._snapshot(task)

    def job(self, job_id: str) -> Job | None:
        """Return a job as it stands, or None if it is unknown or long finished."""
        with self._changed:
            task = self._tasks.get(job_id)
            return None if task is None else self._snapshot(task)

    def jobs(self) -> list[Job]:
        """Return all jobs that can be asked about, the oldest first."""
        with self._changed:
            return [self._snapshot(task) for task in self._tasks.values()]

    def result(self, job_id: str) -> GlacierMap | None:
        """Return the map a job made; None if it made none, or it is no longer kept anywhere."""
        with self._changed:
            task = self._tasks.get(job_id)
            if task is None or task.job.state != "done":
                return None
            if task.result is not None:
                return task.result
        return find_map(task.job.key)

    def find(self, key: str) -> GlacierMap | None:
        """Return the map of a key, made just now or kept; None if there is none.

        Unlike the cache alone it also knows maps that a full disk did not take.
        """
        with self._changed:
            for task in self._ended:
                if task.job.key == key and task.result is not None:
                    return task.result
        return find_map(key)

    def cancel(self, job_id: str, session: str) -> None:
        """Say that a session no longer wants a job; it stops when no other session wants it.

        A running job stops before its next batch of windows.
        """
        with self._changed:
            task = self._tasks.get(job_id)
            if task is None:
                return
            task.sessions.discard(session)
            if task.sessions:
                return
            task.unwanted.set()
            if self._waiting.pop(job_id, None) is not None:
                self._finish(task, "cancelled")

    def close(self, timeout: float | None = 30.0) -> None:
        """Cancel everything and end the worker."""
        with self._changed:
            self._closed = True
            for task in self._tasks.values():
                task.unwanted.set()
            for job_id in self._waiting:
                self._finish(self._tasks[job_id], "cancelled")
            self._waiting.clear()
            self._changed.notify_all()
        self._worker.join(timeout)

    def _under_way(self, key: str) -> _Task | None:
        for task in self._tasks.values():
            active = task.job.state in ("waiting", "running")
            if active and task.job.key == key and not task.unwanted.is_set():
                return task
        return None

    def _enqueue(self, task: _Task, request: Request) -> None:
        if len(self._waiting) >= settings().queue_length:
            raise QueueFullError(
                f"{len(self._waiting)} maps are waiting already, which is the most "
                "(GLACIER_QUEUE_LENGTH). Try again in a moment."
            )
        self._waiting[task.job.id] = request
        self._changed.notify()

    def _snapshot(self, task: _Task) -> Job:
        if task.job.id not in self._waiting:
            return task.job
        return replace(task.job, place=list(self._waiting).index(task.job.id) + 1)

    def _work(self) -> None:
        while self._run_next():
            pass

    def _run_next(self) -> bool:
        """Wait for a job and run it; False once the service is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._waiting)
            if self._closed:
                return False
            job_id = next(iter(self._waiting))
            task, request = self._tasks[job_id], self._waiting.pop(job_id)
            task.change(state="running", started=datetime.now(UTC))
        self._run(task, request)
        return True

    def _run(self, task: _Task, request: Request) -> None:
        """Run a job to its end, whatever that is: the worker outlives every failure."""
        try:
            result = carry_out(request, _progress_to(task), task.unwanted)
        except JobCancelled:
            self._finish(task, "cancelled")
        except GlacierError as error:
            self._finish(task, "failed", error=str(error))
        except Exception as error:
            _log.exception("A mapping failed unexpectedly")
            self._finish(
                task,
                "failed",
                error=f"The mapping failed unexpectedly ({type(error).__name__}: {error}). "
                "The server's log tells more.",
            )
        else:
            self._finish(task, "done", result=result)

    def _finish(
        self,
        task: _Task,
        state: State,
        *,
        error: str | None = None,
        result: GlacierMap | None = None,
    ) -> None:
        with self._changed:
            task.change(state=state, error=error, finished=datetime.now(UTC))
            task.result = result
            self._ended.append(task)
            self._forget()

    def _forget(self) -> None:
        """Let go of old jobs, and of old results earlier; the newest result stays."""
        while len(self._ended) > KEPT_JOBS:
            del self._tasks[self._ended.pop(0).job.id]
        pixels = 0
        for task in reversed(self._ended):
            if task.result is None:
                continue
            size = task.result.probability.size
            if pixels and pixels + size > KEPT_PIXELS:
                task.result = None
            else:
                pixels += size


def _new_job(request: Request) -> Job:
    return Job(
        id=uuid.uuid4().hex,
        key=request.key,
        scene_id=request.scene.id,
        title=request.scene.title,
        model_name=request.model.card.name,
        simulated=request.scene.simulated,
        submitted=datetime.now(UTC),
    )


def _progress_to(task: _Task) -> ProgressCallback:
    return lambda progress: task.change(progress=progress)
