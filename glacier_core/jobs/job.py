"""A job as it stands at the moment of asking, and what it tells of itself."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, Literal, Protocol
from uuid import uuid4

State = Literal["waiting", "running", "done", "failed", "cancelled"]


class JobProgress(Protocol):
    """How far a job has come, in whatever it counts."""

    @property
    def done(self) -> int:
        """What is done of `total`."""
        ...

    @property
    def total(self) -> int:
        """Windows, bytes: what there is to do; 0 while that is not known."""
        ...

    @property
    def seconds_left(self) -> float | None:
        """None while there is no telling."""
        ...

    @property
    def message(self) -> str:
        """What is being done, or what happened, for people."""
        ...


@dataclass(frozen=True)
class LogLine:
    """Something that happened to a job.

    Attributes
    ----------
    at : datetime.datetime
        In UTC.
    text : str
        What happened, in a sentence.
    """

    at: datetime
    text: str

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC  {self.text}"


def _new_id() -> str:
    return uuid4().hex


def now() -> datetime:
    """Return the time in UTC, as jobs tell it."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Job:
    """The state of a job at the moment of asking.

    Attributes
    ----------
    id : str
    title : str
        What is worked on, for people.
    submitted : datetime.datetime
        In UTC, as `started` and `finished`.
    state : {"waiting", "running", "done", "failed", "cancelled"}
    place : int or None
        Place in the queue while waiting: 1 is next, if nobody comes whose turn is sooner.
    progress : JobProgress or None
        None before it runs.
    error : str or None
        What went wrong, in a sentence, if it failed, or why it was stopped if nobody said so.
    started, finished : datetime.datetime or None
    seconds : float or None
        How long it has run, by a clock that nobody sets back; None before it runs.
    log : tuple of LogLine
        What happened so far, the oldest first.
    asked_by : frozenset of str
        The sessions that ever asked for it.
    wanted_by : frozenset of str
        Those that still do; only they can cancel it.
    """

    id: str = field(default_factory=_new_id)
    title: str
    submitted: datetime = field(default_factory=now)
    state: State = "waiting"
    place: int | None = None
    progress: JobProgress | None = None
    error: str | None = None
    started: datetime | None = None
    finished: datetime | None = None
    seconds: float | None = None
    log: tuple[LogLine, ...] = ()
    asked_by: frozenset[str] = field(default=frozenset(), repr=False)
    wanted_by: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def is_over(self) -> bool:
        """Whether it has come to its end, whichever."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def is_stopping(self) -> bool:
        """Whether it still runs though nobody wants it: it stops before its next piece."""
        return self.state == "running" and not self.wanted_by

    def record(self) -> dict[str, Any]:
        """Return all of it but who asked, as JSON has it; times in ISO 8601."""
        facts = _fields(self)
        for name in ("asked_by", "wanted_by", "place"):
            del facts[name]
        known: dict[str, Any] = json.loads(json.dumps(facts, default=_as_json))
        return known


def _fields(value: Any) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in fields(value)}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return _fields(value) if is_dataclass(value) else str(value)


def log_text(lines: Iterable[LogLine]) -> str:
    """Return a log as text, a line each."""
    return "\n".join(map(str, lines))
