"""How far a transfer has come, and whether somebody stopped it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TransferProgress:
    """Where a transfer stands.

    Attributes
    ----------
    message : str
        What is being done, for people.
    done, total : int
        Bytes; the total is an estimate until everything is here.
    seconds_left : float, optional
        None while there is no telling.
    """

    message: str
    done: int = 0
    total: int = 0
    seconds_left: float | None = None


Report = Callable[[TransferProgress], None]
"""Takes the progress of a transfer, on any thread."""

IsCancelled = Callable[[], bool]
"""Tells whether somebody stopped a transfer; asked between two pieces of it."""


def unreported(progress: TransferProgress) -> None:
    """Take a progress and tell nobody."""


def never() -> bool:
    """Tell that nobody stopped the transfer."""
    return False
