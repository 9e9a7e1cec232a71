"""Small pieces of larger things, kept on disk, checked when read; old ones leave first."""

import hashlib
import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock, Timeout

from glacier_core.eviction import bytes_in, last_use

_HASH: Final = 32
_WRITING: Final = "tmp-"
_ABANDONED: Final = 3600.0
"""Seconds after which a piece somebody was writing is taken for left behind."""

_KEPT_SHARE: Final = 0.9
"""Share of the limit that is left after clearing out, so that it is not done at every piece."""

_log = logging.getLogger(__name__)


class Pieces:
    """The pieces of one version of one thing.

    Several threads and processes may use the same pieces: each is written beside and renamed, and
    carries its SHA-256 in front. A disk that refuses is told to the log and costs speed only.

    Parameters
    ----------
    folder : Path
        Where they lie; see :meth:`Shelf.pieces`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> bytes | None:
        """Return a piece, or None where it is not kept whole."""
        path = self._folder / name
        try:
            kept = path.read_bytes()
            if hashlib.sha256(kept[_HASH:]).digest() == kept[:_HASH]:
                with suppress(OSError):  # a read-only folder still serves
                    os.utime(path)
                return kept[_HASH:]
            path.unlink()
        except FileNotFoundError:
            return None
        except OSError as problem:
            _log.warning("A kept piece cannot be used: %s", problem)
            return None
        _log.warning("A kept piece was damaged and is made anew: %s", path)
        return None

    def __contains__(self, name: str) -> bool:
        """Return whether there is such a piece, whole or not."""
        return (self._folder / name).is_file()

    def put(self, name: str, content: bytes) -> bool:
        """Keep a piece; return whether the disk took it."""
        beside = self._folder / f"{_WRITING}{uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(hashlib.sha256(content).digest() + content)
            beside.replace(self._folder / name)
        except OSError as problem:
            _log.warning("A piece cannot be kept, and is made anew another time: %s", problem)
            with suppress(OSError):
                beside.unlink()
            return False
        return True


@dataclass(frozen=True)
class Shelf:
    """A folder of pieces of many things.

    Attributes
    ----------
    home : Path
    limit : float
        Bytes that :meth:`clear_out` leaves at most.
    """

    home: Path
    limit: float

    def pieces(self, owner: str, version: str) -> Pieces:
        """Return the pieces of one version of one thing.

        Parameters
        ----------
        owner : str
            Tells the thing from all others.
        version : str
            Tells one version of it from the next.
        """
        return Pieces(self._of(owner) / _short_hash(version))

    def knows(self, owner: str) -> bool:
        """Return whether pieces of any version of a thing are kept."""
        return self._of(owner).is_dir()

    def clear_out(self) -> None:
        """Remove the pieces used longest ago, until the rest is within the limit."""
        if not self.home.is_dir():
            return
        with suppress(Timeout, OSError), FileLock(self.home / ".lock", timeout=0):
            found = sorted(self._all())
            total = sum(size for _, size, _ in found)
            enough = self.limit if total <= self.limit else _KEPT_SHARE * self.limit
            for used, size, path in found:
                abandoned = path.name.startswith(_WRITING) and used < time.time() - _ABANDONED
                if total > enough or abandoned:
                    total -= size
                    _remove(path)

    def _of(self, owner: str) -> Path:
        return self.home / _short_hash(owner)

    def _all(self) -> list[tuple[float, int, Path]]:
        """When each piece was last used, how large it is, and where it lies."""
        found = []
        for folder, _, names in os.walk(self.home):
            for name in names:
                path = Path(folder) / name
                with suppress(OSError):  # another process may have removed it
                    found.append((last_use(path), bytes_in(path), path))
        return [piece for piece in found if piece[2].parent != self.home]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()
        path.parent.parent.rmdir()


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
