"""How far a fetch of several parts has come, in one figure."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Final

from glacier_core.network.transfer import Report, TransferProgress

_TELLING: Final = 0.02
"""Share from which on the time left can be told from the time taken."""


class Steps:
    """Turns the progress of one part after the other into that of the whole, from any thread.

    Parameters
    ----------
    weight : float
        Of all parts together.
    total : int
        Bytes of the whole, an estimate.
    report : callable

    Attributes
    ----------
    fetched : int
        Bytes that came from outside so far.
    """

    def __init__(self, weight: float, total: int, report: Report) -> None:
        self._weight, self._total, self._report = weight, total, report
        self.fetched = 0
        self._ended = 0.0
        self._share = 0.0
        self._start = time.monotonic()
        self._lock = Lock()

    @contextmanager
    def part(self, message: str, weight: float) -> Iterator[Report]:
        """Begin a part of some weight, yield what it reports to, and end it."""
        before = 0

        def report(progress: TransferProgress) -> None:
            nonlocal before
            within = min(progress.done / progress.total, 1.0) if progress.total else 0.0
            with self._lock:
                # A part of several files begins to count anew with each of them.
                self.fetched += progress.done - (before if progress.done >= before else 0)
                before = progress.done
                self._tell(message, self._ended + weight * within)

        with self._lock:
            self._tell(message, self._ended)
        yield report
        with self._lock:
            self._ended += weight
            self._tell(message, self._ended)

    def _tell(self, message: str, ended: float) -> None:
        """Report under the lock, so that no thread overtakes another and it never goes back."""
        self._share = max(self._share, min(ended / self._weight, 1.0))
        left = None
        if self._share > _TELLING:
            left = (time.monotonic() - self._start) * (1 - self._share) / self._share
        done = round(self._share * self._total)
        self._report(TransferProgress(message, done, self._total, left))
