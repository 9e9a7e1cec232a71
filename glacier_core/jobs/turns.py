"""Whose turn it is, when several people have work waiting."""

from collections.abc import Collection, Sequence
from typing import Final

REMEMBERED: Final = 1000
"""Sessions whose last turn is remembered; whoever was served before them counts as new."""


class Turns:
    """Goes round the sessions: next is the one served longest ago, with its oldest work.

    Who was never served comes before who was; of several such, the oldest work comes first.
    Work that several sessions wait for has its turn as soon as one of them has.
    """

    def __init__(self) -> None:
        self._last: dict[str, int] = {}  # session to number of its last turn, the latest last
        self._count = 0

    def order(self, waiting: Sequence[Collection[str]]) -> list[int]:
        """Return the order in which waiting work has its turn, if no more comes.

        Parameters
        ----------
        waiting : sequence of collections of str
            The sessions that wait for each piece of work, the oldest work first.

        Returns
        -------
        list of int
            Indices into `waiting`, the next first.
        """
        last, count = dict(self._last), self._count
        left, order = list(range(len(waiting))), []
        while left:
            # min takes the first of equals, which is the oldest
            following = min(
                left, key=lambda index: min((last.get(s, 0) for s in waiting[index]), default=0)
            )
            left.remove(following)
            order.append(following)
            count += 1
            last.update(dict.fromkeys(waiting[following], count))
        return order

    def served(self, sessions: Collection[str]) -> None:
        """Note that work of these sessions has its turn now."""
        self._count += 1
        for session in sessions:
            self._last.pop(session, None)
            self._last[session] = self._count
        while len(self._last) > REMEMBERED:
            del self._last[next(iter(self._last))]
