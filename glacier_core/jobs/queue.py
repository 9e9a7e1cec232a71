"""A bounded queue and the threads that work it off, shared by all sessions of a process."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, TypeVar

from glacier_core.errors import GlacierError, JobCancelled, QueueFullError
from glacier_core.jobs.absences import Absences, Clock, IsOpen, always_open
from glacier_core.jobs.job import Job, JobProgress, State, now
from glacier_core.jobs.log import JobLog
from glacier_core.jobs.turns import Turns
from glacier_core.settings import settings

KEPT_JOBS: Final = 200
"""Ended jobs that can still be asked about."""

SECONDS_BETWEEN_LOOKS: Final = 1.0
"""How often it is looked who has closed the page."""

J = TypeVar("J", bound=Job)

Note = Callable[[JobProgress], None]
Work = Callable[[Note, threading.Event], dict[str, Any] | None]
"""Does a job: tells its progress, stops with JobCancelled soon after the event is set, and
returns what else is to be known of the job, by the names of its fields."""

_log = logging.getLogger(__name__)


def _nothing_left(note: Note, unwanted: threading.Event) -> None:
    """Stand for the work of a job that has ended, whose inputs are let go."""


@dataclass(frozen=True)
class Words:
    """How people call what a queue does.

    Attributes
    ----------
    one, many : str
        ``"map"`` and ``"maps"``.
    doing : str
        ``"mapping"``.
    """

    one: str
    many: str
    doing: str


@dataclass(eq=False)
class _Task(Generic[J]):
    """A job from the inside."""

    job: J
    key: str
    work: Work
    asked_by: set[str] = field(default_factory=set)
    wanted_by: set[str] = field(default_factory=set)
    log: JobLog = field(default_factory=JobLog)
    unwanted: threading.Event = field(default_factory=threading.Event)
    reason: str | None = None  # why it is unwanted, if not by a word of who asked
    began: float | None = None
    worker: threading.Thread | None = None

    @property
    def is_under_way(self) -> bool:
        return not self.job.is_over and not self.unwanted.is_set()


class JobQueue(Generic[J]):
    """Works off jobs, a few at a time, going round the sessions that asked for them.

    A job belongs to its inputs, never to a page: who asks for the same joins the job under way.
    It goes on while any session wants it. Sessions whose page was closed for
    ``settings().closed_tab_seconds`` want nothing any more. Whatever a job does, the queue
    outlives it. Every method may be called from any thread.

    Parameters
    ----------
    words : Words
    workers : int
        Jobs that run at the same time.
    is_open : callable
        Tells whether the page of a session is open in a browser.
    clock : callable
        Seconds since whenever; never goes back.
    """

    def __init__(
        self,
        words: Words,
        *,
        workers: int = 1,
        is_open: IsOpen = always_open,
        clock: Clock = time.monotonic,
    ) -> None:
        self._words, self._clock = words, clock
        self._changed = threading.Condition(threading.RLock())
        self._tasks: dict[str, _Task[J]] = {}  # by id, the oldest first
        self._waiting: list[_Task[J]] = []  # the oldest first
        self._ended: list[_Task[J]] = []  # what ended first first
        self._turns = Turns()
        self._absences = Absences(is_open, clock)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._targets = [self._work_off] * workers
        if is_open is not always_open:
            self._targets.append(self._watch_sessions)

    def put(self, job: J, key: str, work: Work, session: str = "", *, is_done: bool = False) -> J:
        """Ask for a job; where one of the same key is under way, the session joins that.

        Parameters
        ----------
        job : Job
        key : str
            Equal for jobs of the same outcome.
        work : callable
            Let go of when the job ends, with all that it holds.
        session : str
            Who asks; empty for a program, of which any number of jobs is taken.
        is_done : bool
            Whether there is nothing to do any more, so that the job does not wait; it is the one
            that did it, where that is known still.

        Returns
        -------
        Job

        Raises
        ------
        QueueFullError
            When ``settings().queue_length`` jobs are waiting already, or
            ``settings().jobs_per_session`` of the session are not done yet.
        """
        with self._changed:
            if self._closing.is_set():
                raise GlacierError(f"The {self._words.doing} service has been closed.")
            self._tend()
            task = self._under_way(key)
            if task is not None:
                self._join(task, session)
                return self._snapshot(task)
            task = self._done_before(key) if is_done else None
            if task is not None:
                task.asked_by.add(session)
                return self._snapshot(task)
            task = _Task(job, key, work, {session}, {session})
            if not is_done:
                self._enqueue(task, session)
            self._tasks[job.id] = task
            if is_done:
                task.log.add("It was made before and kept.")
                self._finish(task, "done")
            return self._snapshot(task)

    def join(self, job_id: str, session: str) -> J | None:
        """Ask for a job that somebody asked for already; None if it is unknown."""
        with self._changed:
            task = self._tasks.get(job_id)
            if task is None:
                return None
            if task.is_under_way:
                self._join(task, session)
            return self._snapshot(task)

    def job(self, job_id: str) -> J | None:
        """Return a job as it stands, or None if it is unknown or long ended."""
        with self._changed:
            self._tend()
            task = self._tasks.get(job_id)
            return None if task is None else self._snapshot(task)

    def jobs(self) -> list[J]:
        """Return all jobs that can be asked about, the oldest first."""
        with self._changed:
            self._tend()
            places = self._places()
            return [self._snapshot(task, places) for task in self._tasks.values()]

    def cancel(self, job_id: str, session: str) -> None:
        """Say that a session no longer wants a job; it stops when no other session wants it.

        Sessions whose page is closed leave with it, however short ago that was: a page that was
        loaded anew has another name, and its reader's word would not count before the grace time.
        """
        with self._changed:
            task = self._tasks.get(job_id)
            if task is None or session not in task.wanted_by:
                return
            others = task.wanted_by - {session}
        away = self._absences.away(others)
        with self._changed:
            for leaving in (session, *away):
                self._leave(task, leaving)

    def dismiss_absent(self) -> None:
        """Let the sessions leave whose page has been closed for too long.

        A thread of the queue does so every second.
        """
        with self._changed:
            active = [task for task in self._tasks.values() if task.is_under_way]
            sessions = {session for task in active for session in task.wanted_by}
        grace = settings().closed_tab_seconds
        for session in self._absences.gone_for(grace, sessions):
            reason = f"Stopped, as its page was closed for {grace:g} s and nobody else wanted it."
            with self._changed:
                for task in active:
                    self._leave(task, session, reason)

    def close(self, timeout: float | None = 30.0) -> None:
        """Cancel everything and end the threads."""
        with self._changed:
            self._closing.set()
            for task in self._tasks.values():
                task.unwanted.set()
            for task in self._waiting:
                self._finish(task, "cancelled")
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout)

    def _under_way(self, key: str) -> _Task[J] | None:
        for task in self._tasks.values():
            if task.key == key and task.is_under_way:
                return task
        return None

    def _done_before(self, key: str) -> _Task[J] | None:
        for task in reversed(self._ended):
            if task.key == key and task.job.state == "done":
                return task
        return None

    def _join(self, task: _Task[J], session: str) -> None:
        if session not in task.wanted_by:
            task.log.add("Somebody else asked for the same and waits for it too.")
        task.asked_by.add(session)
        task.wanted_by.add(session)

    def _leave(self, task: _Task[J], session: str, reason: str | None = None) -> None:
        if session not in task.wanted_by or not task.is_under_way:
            return
        task.wanted_by.remove(session)
        if task.wanted_by:
            return
        task.reason = reason
        task.unwanted.set()
        if task in self._waiting:
            self._waiting.remove(task)
            self._finish(task, "cancelled", reason)
        else:
            task.log.add("Nobody wants it any more; it stops before its next piece.")

    def _enqueue(self, task: _Task[J], session: str) -> None:
        waiting = len(self._waiting)
        if waiting >= settings().queue_length:
            raise QueueFullError(
                f"{waiting} {self._words.many} are waiting already, which is the most "
                "(GLACIER_QUEUE_LENGTH). Try again in a moment."
            )
        own = [one for one in self._tasks.values() if one.is_under_way and session in one.wanted_by]
        if session and len(own) >= settings().jobs_per_session:
            raise QueueFullError(
                f"You have {len(own)} {self._words.many} waiting or under way already, which is "
                "the most for one visitor (GLACIER_JOBS_PER_SESSION). Wait until one is done, or "
                "cancel one."
            )
        task.log.add("Asked for.")
        self._waiting.append(task)
        self._changed.notify()

    def _in_turn(self) -> list[_Task[J]]:
        order = self._turns.order([task.wanted_by for task in self._waiting])
        return [self._waiting[index] for index in order]

    def _places(self) -> dict[str, int]:
        return {task.job.id: place for place, task in enumerate(self._in_turn(), start=1)}

    def _seconds(self, task: _Task[J]) -> float | None:
        return None if task.began is None else self._clock() - task.began

    def _snapshot(self, task: _Task[J], places: dict[str, int] | None = None) -> J:
        if places is None:
            places = self._places() if task in self._waiting else {}
        return replace(
            task.job,
            place=places.get(task.job.id),
            seconds=task.job.seconds if task.job.is_over else self._seconds(task),
            log=task.log.lines(),
            asked_by=frozenset(task.asked_by),
            wanted_by=frozenset(task.wanted_by),
        )

    def _tend(self) -> None:
        """Start the threads, and others for those that died; what those did has failed."""
        if self._closing.is_set():
            return
        for task in self._tasks.values():
            if task.worker is not None and not task.worker.is_alive() and not task.job.is_over:
                self._finish(task, "failed", f"The {self._words.doing} ended without a word.")
        for index, target in enumerate(self._targets):
            if index < len(self._threads) and self._threads[index].is_alive():
                continue
            name = f"glacier-{self._words.many}-{index}"
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads[index : index + 1] = [thread]
            thread.start()

    def _watch_sessions(self) -> None:
        while not self._closing.wait(SECONDS_BETWEEN_LOOKS):
            self.dismiss_absent()

    def _work_off(self) -> None:
        while (task := self._next()) is not None:
            state, error = self._outcome(task)
            self._finish(task, state, error)

    def _next(self) -> _Task[J] | None:
        """Wait for a job and take it; None once the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing.is_set() or self._waiting)
            if self._closing.is_set():
                return None
            task = self._in_turn()[0]
            self._waiting.remove(task)
            self._turns.served(task.wanted_by)
            task.worker, task.began = threading.current_thread(), self._clock()
            task.job = replace(task.job, state="running", started=now())
            return task

    def _outcome(self, task: _Task[J]) -> tuple[State, str | None]:
        """Run a job to its end, whatever that is: the threads outlive every failure."""
        doing = self._words.doing
        try:
            facts = task.work(lambda progress: self._note(task, progress), task.unwanted)
            with self._changed:
                task.job = replace(task.job, **(facts or {}))
        except JobCancelled:
            return "cancelled", task.reason
        except GlacierError as error:
            return "failed", str(error)
        except MemoryError:
            return "failed", (
                f"Memory ran out, and the {doing} was given up. Close other programs, or take a "
                "smaller scene, then try again."
            )
        except BaseException as error:  # SystemExit and the like end a job, never the thread
            _log.exception("A %s failed unexpectedly", doing)
            return "failed", (
                f"The {doing} failed unexpectedly ({type(error).__name__}: {error}). "
                "The server's log tells more."
            )
        return "done", None

    def _note(self, task: _Task[J], progress: JobProgress) -> None:
        with self._changed:
            task.job = replace(task.job, progress=progress)
            task.log.follow(progress)

    def _finish(self, task: _Task[J], state: State, error: str | None = None) -> None:
        with self._changed:
            seconds = self._seconds(task)
            if state == "done" and seconds is not None:
                task.log.add(f"Done after {seconds:.1f} s.")
            task.log.add(error or ("Stopped." if state == "cancelled" else ""))
            task.job = replace(task.job, state=state, error=error, finished=now(), seconds=seconds)
            task.work = _nothing_left
            self._ended.append(task)
            while len(self._ended) > KEPT_JOBS:
                del self._tasks[self._ended.pop(0).job.id]
