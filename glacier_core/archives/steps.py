"""How far a fetch of several parts has come, in one figure."""

import time
from threading import Lock
from typing import Final

from glacier_core.network.transfer import Report, TransferProgress

_TELLING: Final = 0.02
"""Share from which on the time left can be told from the time taken."""


class Steps:
    """Turns the progress of one part after the other into that of the whole, from any thread.

    Parameters
    ----------
    parts : int
        How many there are; each counts the same.
    total : int
        Bytes of the whole, an estimate.
    report : callable
    """

    def __init__(self, parts: int, total: int, report: Report) -> None:
        self._parts, self._total, self._report = parts, total, report
        self._ended = 0
        self._share = 0.0
        self._start = time.monotonic()
        self._lock = Lock()

    def of(self, message: str) -> Report:
        """Begin a part, and return what it reports to."""
        self._tell(message, self._ended / self._parts)

        def report(progress: TransferProgress) -> None:
            within = min(progress.done / progress.total, 1.0) if progress.total else 0.0
            self._tell(message, (self._ended + within) / self._parts)

        return report

    def end(self) -> None:
        """End the part that was begun last."""
        self._ended += 1

    def _tell(self, message: str, share: float) -> None:
        # Told under the lock, so that threads cannot overtake each other and it never goes back.
        with self._lock:
            self._share = max(self._share, share)
            left = None
            if self._share > _TELLING:
                left = (time.monotonic() - self._start) * (1 - self._share) / self._share
            done = round(self._share * self._total)
            self._report(TransferProgress(message, done, self._total, left))
