"""How far a transfer of several files has come, in one figure."""

import time
from threading import Lock

from glacier_core.network.transfer import Report, TransferProgress


class Tally:
    """Adds up what several files tell of themselves; to be used by many threads.

    Parameters
    ----------
    message : str
        What is being done, for people.
    files : int
        How many there are.
    report : callable
        Is told whenever a file tells something.
    """

    def __init__(self, message: str, files: int, report: Report) -> None:
        self._message = message
        self._files = max(1, files)
        self._report = report
        self._bytes: dict[str, int] = {}
        self._shares: dict[str, float] = {}
        self._start = time.monotonic()
        self._lock = Lock()

    def of(self, name: str) -> Report:
        """Return the report of one file."""

        def report(progress: TransferProgress) -> None:
            with self._lock:
                self._bytes[name] = progress.done
                told = self._told()
            self._report(told)

        return report

    def finished(self, name: str, share: float) -> None:
        """Take down which share of a file is done, 0 to 1."""
        with self._lock:
            self._shares[name] = share
            told = self._told()
        self._report(told)

    def _told(self) -> TransferProgress:
        done, share = sum(self._bytes.values()), sum(self._shares.values()) / self._files
        if share == 0:
            return TransferProgress(self._message, done)
        seconds = (time.monotonic() - self._start) * (1 - share) / share
        return TransferProgress(self._message, done, round(done / share), seconds)
