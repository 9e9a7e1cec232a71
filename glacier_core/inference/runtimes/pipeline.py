"""Batches in pieces through a processor that computes while the next piece is on its way."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Protocol

import numpy as np
import torch

from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.runtimes.prepared import FloatArray

PIECES = 4
"""A batch is cut into so many; with fewer, little of the copying happens meanwhile."""

WORTH_DOUBLING = 1.05
"""Twice the windows at once must give this much more a second, or half of them is enough."""


class Slot(Protocol):
    """A place for one piece, with memory of its own on both sides."""

    def submit(self, arrays: dict[str, FloatArray]) -> None:
        """Send a piece of full size on its way, and do not wait for it."""
        ...

    def collect(self) -> FloatArray:
        """Wait for the piece, and return its probabilities (N, H, W)."""
        ...


def run_in_pieces(
    arrays: dict[str, FloatArray], piece: int, slots: Sequence[Slot], cancel: Cancel | None
) -> FloatArray:
    """Run a batch piece by piece; each is submitted before the one before it is waited for.

    Parameters
    ----------
    arrays : dict of float32 arrays (N, ...)
    piece : int
        Windows in a piece; the last one is filled up with zeros, as the size is fixed.
    slots : sequence of Slot
        Two or more, taken in turn.
    cancel : threading.Event or callable returning bool, optional
        Asked before every piece. What is on its way is waited for even so.

    Returns
    -------
    float32 array (N, H, W)
    """
    on_their_way: deque[tuple[Slot, int]] = deque()
    found: list[FloatArray] = []
    free = deque(slots)

    def collect_first() -> None:
        slot, number = on_their_way.popleft()
        found.append(slot.collect()[:number])
        free.append(slot)

    try:
        for part, number in _pieces(arrays, piece):
            stop_if_cancelled(cancel)
            if not free:
                collect_first()
            slot = free.popleft()
            slot.submit(part)
            on_their_way.append((slot, number))
    finally:
        while on_their_way:
            collect_first()
    return np.concatenate(found)


def piece_of(number: int) -> int:
    """Windows in a piece of a batch of so many."""
    return ceil(number / PIECES)


def find_piece(seconds_of: Callable[[int], float], largest: int) -> tuple[int, str]:
    """Find how many windows at once are enough: double until it gives no more, or memory is short.

    Parameters
    ----------
    seconds_of : callable
        Seconds that so many windows at once take. May raise torch.OutOfMemoryError.
    largest : int
        Not to be exceeded.

    Returns
    -------
    int
        Windows at once.
    str
        A sentence about how they were found.

    Raises
    ------
    torch.OutOfMemoryError
        If memory is short for one window.
    """
    best, rate = 1, 1 / seconds_of(1)
    while 2 * best <= largest:
        try:
            doubled = 2 * best / seconds_of(2 * best)
        except torch.OutOfMemoryError:
            why = f"memory is too short for {2 * best}"
            break
        if doubled < WORTH_DOUBLING * rate:
            why = f"{2 * best} give no more a second"
            break
        best, rate = 2 * best, doubled
    else:
        why = "more is not tried"
    return best, f"{best} windows at once on the GPU, {rate:.3g} a second; {why}."


def _pieces(
    arrays: dict[str, FloatArray], piece: int
) -> Iterator[tuple[dict[str, FloatArray], int]]:
    total = len(next(iter(arrays.values())))
    for first in range(0, total, piece):
        part = {name: array[first : first + piece] for name, array in arrays.items()}
        number = len(next(iter(part.values())))
        if number < piece:
            part = {name: _filled_up(array, piece) for name, array in part.items()}
        yield part, number


def _filled_up(array: FloatArray, number: int) -> FloatArray:
    filled = np.zeros((number, *array.shape[1:]), np.float32)
    filled[: len(array)] = array
    return filled
