"""What happened to a job, line by line."""

import re
from collections import deque
from typing import Final

from glacier_core.jobs.job import JobProgress, LogLine, now

KEPT_LINES: Final = 200
"""Lines a job keeps; the oldest leave first."""

LONGEST: Final = 2000
"""Characters of a line."""


class JobLog:
    """Collects the lines of one job; not to be called by two threads at once.

    A line that says no more than that the same work has come further takes the place of the one
    before, so that "3 of 900 windows mapped" does not push out what matters.
    """

    def __init__(self) -> None:
        self._lines: deque[LogLine] = deque(maxlen=KEPT_LINES)
        self._done = 0
        self._counts = False  # whether the last line tells how far the work has come

    def add(self, text: str) -> None:
        """Add a line, unless it repeats the last one."""
        self._append(text, counts=False)

    def follow(self, progress: JobProgress) -> None:
        """Add what a progress tells."""
        further = progress.done > self._done
        self._done = progress.done
        last = self._lines[-1].text if self._lines else ""
        if (
            further
            and self._counts
            and _but_for_numbers(progress.message) == _but_for_numbers(last)
        ):
            self._lines.pop()
        self._append(progress.message, counts=further)

    def lines(self) -> tuple[LogLine, ...]:
        """Return the lines, the oldest first."""
        return tuple(self._lines)

    def _append(self, text: str, *, counts: bool) -> None:
        text = text[:LONGEST]
        if text and not (self._lines and self._lines[-1].text == text):
            self._lines.append(LogLine(now(), text))
            self._counts = counts


def _but_for_numbers(text: str) -> str:
    return re.sub(r"[\d.,]+", "#", text)
