"""Who has left: browser tabs that were closed, told apart from a hiccup of the network."""

import logging
from collections.abc import Callable, Iterable

IsOpen = Callable[[str], bool]
"""Tells whether the page of a session is open in a browser."""

Clock = Callable[[], float]
"""Seconds since whenever; must never go back."""

_log = logging.getLogger(__name__)


def always_open(session: str) -> bool:  # noqa: ARG001  (what a notebook or a command line has)
    """Tell that a session is open."""
    return True


class Absences:
    """Remembers since when sessions have been away.

    Parameters
    ----------
    is_open : callable
    clock : callable
    """

    def __init__(self, is_open: IsOpen, clock: Clock) -> None:
        self._is_open, self._clock = is_open, clock
        self._since: dict[str, float] = {}

    def gone_for(self, seconds: float, sessions: Iterable[str]) -> set[str]:
        """Return which of the sessions have been away for so long; one that is back starts anew.

        To be asked again and again: a session counts as away from the first time it is found so.
        """
        now = self._clock()
        self._since = {session: self._since.get(session, now) for session in self.away(sessions)}
        return {session for session, since in self._since.items() if now - since >= seconds}

    def away(self, sessions: Iterable[str]) -> set[str]:
        """Return which of the sessions are away at this moment."""
        return {session for session in sessions if not self._is_here(session)}

    def _is_here(self, session: str) -> bool:
        try:
            return not session or self._is_open(session)
        except Exception:
            # Nobody loses a job because it cannot be told whether they are there.
            _log.exception("It cannot be told whether a session is open")
            return True
