"""Tiles drawn before they are asked for, while nobody waits for one."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cachetools import LRUCache

from glacier_core.disk import FileState, file_state
from glacier_core.viewing.tiles import Picture, kept_tiles
from glacier_core.viewing.warping import Address

WAITING: Final = 32
"""Looks that are kept until their surroundings are drawn; older ones are given up."""

REMEMBERED: Final = 10_000
"""Looks whose surroundings are not drawn again; fewer than the tiles of a day."""

STOOD_BACK_S: Final = 0.1
"""Longest that the tiles of a whole picture stand back: while many people look round there is
always somebody who waits, and what is drawn for all is drawn once."""

_log = logging.getLogger(__name__)


class Ahead:
    """Draws what lies around the tiles that people look at, newest first, in one thread.

    Whoever waits for a tile goes first: nothing is begun meanwhile. In another thread all tiles of
    the large pictures that somebody looks at are drawn and kept on disk. May be used from any
    thread.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looks: list[tuple[Picture, Address]] = []
        self._seen: LRUCache[tuple[Picture, Address], bool] = LRUCache(REMEMBERED)
        self._pictures: list[Picture] = []
        self._drawn: LRUCache[tuple[Picture, FileState], bool] = LRUCache(REMEMBERED)
        self._first = 0
        self._threads: dict[str, threading.Thread] = {}

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
        """Note that somebody looks at a tile, so that its surroundings are drawn.

        So is all of a large picture, and of those that are looked at together with it.
        """
        with self._changed:
            if (picture, tile) in self._seen:
                return
            self._seen[picture, tile] = True
            self._looks.append((picture, tile))
            del self._looks[:-WAITING]
            if picture not in self._pictures:
                self._pictures.append(picture)
            self._see_to("tiles-around", self._draw_around)
            self._see_to("tiles-kept", self._draw_large)
            self._changed.notify_all()

    def _see_to(self, name: str, work: Callable[[], None]) -> None:
        if name not in self._threads:
            self._threads[name] = threading.Thread(target=work, name=name, daemon=True)
            self._threads[name].start()

    def _draw_around(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._looks and not self._first)
                picture, tile = self._looks.pop()
            try:
                for address in picture.around(tile):
                    self._stand_back()
                    picture.tile(address)
            except Exception:  # whoever asks for that tile is told; the others still get theirs
                _log.debug("not all is drawn around %s of %s", tile, picture, exc_info=True)

    def _draw_large(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pictures)
                picture = self._pictures.pop(0)
            try:
                for one in picture.relatives() if picture.is_large() else []:
                    self._draw_all(one)
            except Exception:  # as above
                _log.debug("not all is drawn of %s", picture, exc_info=True)

    def _draw_all(self, picture: Picture) -> None:
        version = picture, file_state(picture.path)
        if version in self._drawn:
            return
        for address in picture.all_tiles():
            self._stand_back(STOOD_BACK_S)
            if not picture.keep(address):
                break
        kept_tiles().clear_out()
        self._drawn[version] = True

    def _stand_back(self, longest: float | None = None) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._first, longest)
