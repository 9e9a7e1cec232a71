"""Pieces of remote files, kept on disk, checked when read; those used longest ago leave first."""

import hashlib
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from filelock import FileLock, Timeout

from glacier_core.settings import settings

BLOCK: Final = 1 << 18
"""Bytes of a piece: about what an archive sends in the time of one question and answer."""

_HASH: Final = 32
_ABANDONED: Final = 3600.0
"""Seconds after which a piece somebody was writing is taken for left behind."""

_KEPT_SHARE: Final = 0.9
"""Share of the limit that is left after clearing out, so that it is not done at every piece."""

_log = logging.getLogger(__name__)


class BlockStore:
    """The pieces of one version of one remote file.

    Several threads and processes may use the same pieces: each is written beside and renamed, and
    carries its SHA-256 in front. A disk that refuses is told to the log and costs speed only.

    Parameters
    ----------
    address : str
        Of the file, without any token.
    version : str
        What tells one version of it from the next.
    """

    def __init__(self, address: str, version: str) -> None:
        self._folder = _folder_of(address) / _short_hash(version)

    @staticmethod
    def knows(address: str) -> bool:
        """Return whether pieces of any version of a file are kept."""
        return _folder_of(address).is_dir()

    def get(self, index: int) -> bytes | None:
        """Return a piece, or None where it is not kept whole."""
        path = self._folder / str(index)
        try:
            kept = path.read_bytes()
            if hashlib.sha256(kept[_HASH:]).digest() == kept[:_HASH]:
                os.utime(path)
                return kept[_HASH:]
            path.unlink()
        except FileNotFoundError:
            return None
        except OSError as problem:
            _log.warning("A kept piece cannot be used: %s", problem)
            return None
        _log.warning("A kept piece was damaged and is fetched anew: %s", path)
        return None

    def put(self, index: int, content: bytes) -> None:
        """Keep a piece."""
        beside = self._folder / f"tmp-{uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(hashlib.sha256(content).digest() + content)
            beside.replace(self._folder / str(index))
        except OSError as problem:
            _log.warning("A piece cannot be kept, and is fetched anew another time: %s", problem)
            with suppress(OSError):
                beside.unlink()


def clear_out() -> None:
    """Remove the pieces used longest ago, until the rest is within the limit of the settings."""
    home, limit = _home(), settings().block_cache_megabytes * 1_000_000
    if not home.is_dir():
        return
    with suppress(Timeout, OSError), FileLock(home / ".lock", timeout=0):
        found = sorted(_all_pieces(home))
        total = sum(size for _, size, _ in found)
        enough = limit if total <= limit else _KEPT_SHARE * limit
        for used, size, path in found:
            left_behind = path.name.startswith("tmp-") and used < time.time() - _ABANDONED
            if total > enough or left_behind:
                total -= size
                _remove(path)


def _all_pieces(home: Path) -> list[tuple[float, int, Path]]:
    """When each piece was last used, how large it is, and where it lies."""
    found = []
    for folder, _, names in os.walk(home):
        for name in names:
            path = Path(folder) / name
            with suppress(OSError):  # another process may have removed it
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
    return [piece for piece in found if piece[2].parent != home]


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
        path.parent.rmdir()
        path.parent.parent.rmdir()


def _home() -> Path:
    return settings().data_dir / "blocks"


def _folder_of(address: str) -> Path:
    return _home() / _short_hash(address)


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
