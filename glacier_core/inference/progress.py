"""How far a mapping has come, and how long it will still take."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from glacier_core.errors import JobCancelled

REMEMBERED_BATCHES = 15  # the pace is their median: one hiccup does not spoil it


@dataclass(frozen=True)
class Progress:
    """The state of a mapping after a batch of windows.

    Attributes
    ----------
    done, total : int
        Windows.
    seconds_left : float or None
        None while there is nothing to tell it from.
    message : str
        What is being done, or what happened, in a sentence.
    """

    done: int
    total: int
    seconds_left: float | None
    message: str


class CancelEvent(Protocol):
    """Anything like `threading.Event`."""

    def is_set(self) -> bool:
        """Whether somebody wants the work to stop."""
        ...


ProgressCallback = Callable[[Progress], None]
Cancel = CancelEvent | Callable[[], bool]


class Reporter:
    """Tells progress to a callback, and how long is left."""

    def __init__(self, callback: ProgressCallback | None) -> None:
        self._callback = callback
        self._done = self._total = 0
        self._paces: deque[float] = deque(maxlen=REMEMBERED_BATCHES)  # seconds a window
        self._last = time.monotonic()

    def begin(self, total: int, message: str) -> None:
        """Start to count towards `total` windows."""
        self._total, self._last = total, time.monotonic()
        self.tell(message)

    def advance(self, windows: int, how: str) -> None:
        """Count `windows` more as done, and say how many of all now are, and how."""
        now = time.monotonic()
        self._paces.append((now - self._last) / windows)
        self._last = now
        self._done += windows
        self.tell(f"{self._done} of {self._total} windows {how}")

    def tell(self, message: str) -> None:
        """Say something without having come further."""
        if self._callback is not None:
            self._callback(Progress(self._done, self._total, self._seconds_left(), message))

    def _seconds_left(self) -> float | None:
        if not self._paces:
            return None
        return median(self._paces) * (self._total - self._done)


def stop_if_cancelled(cancel: Cancel | None) -> None:
    """Raise JobCancelled where somebody asked for it."""
    if cancel is None:
        return
    if cancel() if callable(cancel) else cancel.is_set():
        raise JobCancelled("The mapping was stopped before it was done. Nothing was kept.")
