"""Files that are made when first asked for, and then kept."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import Lock


class Shelf:
    """The files of a service by path; each is made once, on its first request."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._makers: dict[str, Callable[[], bytes]] = {}
        self._lock = Lock()

    def __contains__(self, path: str) -> bool:
        return path in self._makers

    def paths(self) -> list[str]:
        return sorted(self._makers)

    def add(self, path: str, make: Callable[[], bytes]) -> None:
        """Lay a file on the shelf."""
        if path in self._makers:
            raise ValueError(f"two files at {path}")
        self._makers[path] = make

    def read(self, path: str) -> bytes:
        """Return a file's bytes."""
        kept = self._folder / hashlib.sha256(path.encode()).hexdigest()
        with self._lock:
            if not kept.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                beside = kept.with_suffix(f".{os.getpid()}")  # other processes fill it as well
                beside.write_bytes(self._makers[path]())
                beside.replace(kept)
        return kept.read_bytes()
