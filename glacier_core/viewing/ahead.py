"""Tiles drawn before they are asked for, while nobody waits for one."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cachetools import LRUCache

from glacier_core.viewing.tiles import Picture
from glacier_core.viewing.warping import Address

WAITING: Final = 32
"""Looks that are kept until their surroundings are drawn; older ones are given up."""

REMEMBERED: Final = 10_000
"""Looks whose surroundings are not drawn again; fewer than the tiles of a day."""

_log = logging.getLogger(__name__)


class Ahead:
    """Draws what lies around the tiles that people look at, newest first, in one thread.

    Whoever waits for a tile goes first: nothing is begun meanwhile. May be used from any thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looks: list[tuple[Picture, Address]] = []
        self._seen: LRUCache[tuple[Picture, Address], bool] = LRUCache(REMEMBERED)
        self._first = 0
        self._thread: threading.Thread | None = None

    @contextmanager
    def first(self) -> Iterator[None]:
        """Draw a tile that somebody waits for: nothing is drawn ahead meanwhile."""
        with self._changed:
            self._first += 1
        try:
            yield
        finally:
            with self._changed:
                self._first -= 1
                self._changed.notify_all()

    def look(self, picture: Picture, tile: Address) -> None:
        """Note that somebody looks at a tile, so that its surroundings are drawn."""
        with self._changed:
            if (picture, tile) in self._seen:
                return
            self._seen[picture, tile] = True
            self._looks.append((picture, tile))
            del self._looks[:-WAITING]
            if self._thread is None:
                self._thread = threading.Thread(target=self._draw, name="tiles-ahead", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _draw(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._looks and not self._first)
                picture, tile = self._looks.pop()
            try:
                for address in picture.around(tile):
                    with self._changed:
                        self._changed.wait_for(lambda: not self._first)
                    picture.tile(address)
            except Exception:  # whoever asks for that tile is told; the others still get theirs
                _log.debug("not all is drawn around %s of %s", tile, picture, exc_info=True)
