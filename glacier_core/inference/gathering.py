"""Probabilities of a scene row by row as they are finished: in memory, or in a file that lasts.

A large scene's probabilities do not fit in memory beside a network, and take long enough that a
machine may be switched off in between. They go into ``work/<key>/`` of the data folder:
``probability.f32`` holds finished rows, and ``progress.json``, written anew after them and put in
place by renaming, says how many there are and what they hash to. Whatever is killed, rows that
``progress.json`` counts are whole.
"""

import json
import os
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from glacier_core.disk import disk_errors, flush_folder, write_file
from glacier_core.errors import StorageError
from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.settings import settings

FloatArray = NDArray[np.float32]

PROBABILITY = "probability.f32"
PROGRESS = "progress.json"
LOOK_SECONDS = 0.5  # between two looks whether another process has finished the same map


class Rows(Protocol):
    """Finished rows of a raster, from the top.

    Attributes
    ----------
    made_by : dict
        What they were made by, as JSON can hold it; empty before the first are added.
    """

    made_by: dict[str, Any]

    @property
    def done(self) -> int:
        """How many there are."""
        ...

    def append(self, rows: FloatArray) -> None:
        """Add the next rows (any, columns)."""
        ...

    def read(self, first: int, end: int) -> FloatArray:
        """Return a copy of some finished rows."""
        ...


class RowsInMemory:
    """Rows of a raster that memory holds."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._values = np.empty(shape, np.float32)
        self.made_by: dict[str, Any] = {}
        self.done = 0

    def append(self, rows: FloatArray) -> None:
        """Add the next rows."""
        self._values[self.done : self.done + len(rows)] = rows
        self.done += len(rows)

    def read(self, first: int, end: int) -> FloatArray:
        """Return a copy of some rows."""
        return self._values[first:end].copy()


class RowsInFile:
    """Rows of a raster in a folder, where they outlive the process.

    Parameters
    ----------
    folder : Path
        Of this raster alone; rows found there are gone on from, if they are whole.
    shape : (int, int)

    Raises
    ------
    StorageError
        If the disk refuses.
    """

    def __init__(self, folder: Path, shape: tuple[int, int]) -> None:
        self._folder, self._columns = folder, shape[1]
        self.made_by: dict[str, Any] = {}
        self.done, self._check = self._found(shape)
        with disk_errors(folder), (folder / PROBABILITY).open("ab") as file:
            file.truncate(self.done * self._row_bytes)

    @property
    def _row_bytes(self) -> int:
        return 4 * self._columns

    def append(self, rows: FloatArray) -> None:
        """Add the next rows, and force them to the disk before they count."""
        content = np.ascontiguousarray(rows, np.float32).tobytes()
        with disk_errors(self._folder), (self._folder / PROBABILITY).open("ab") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._check = zlib.crc32(content, self._check)
        self.done += len(rows)
        progress = {
            "columns": self._columns,
            "rows": self.done,
            "crc32": self._check,
            "made_by": self.made_by,
        }
        write_file(self._folder / PROGRESS, json.dumps(progress).encode())
        flush_folder(self._folder)

    def read(self, first: int, end: int) -> FloatArray:
        """Return some rows."""
        with disk_errors(self._folder), (self._folder / PROBABILITY).open("rb") as file:
            file.seek(first * self._row_bytes)
            content = file.read((end - first) * self._row_bytes)
        rows = np.frombuffer(content, np.float32)
        if rows.size != (end - first) * self._columns:
            raise StorageError(f"{self._folder / PROBABILITY} was cut short. Map the scene again.")
        return rows.reshape(-1, self._columns).copy()

    def _found(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Return how many rows are there and whole, and their checksum; 0, 0 where none are."""
        try:
            progress = json.loads((self._folder / PROGRESS).read_bytes())
            columns, rows, check = (int(progress[name]) for name in ("columns", "rows", "crc32"))
            if columns == self._columns and 0 < rows <= shape[0] and check == self._hash(rows):
                self.made_by = dict(progress["made_by"])
                return rows, check
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return 0, 0

    def _hash(self, rows: int) -> int:
        check, left = 0, rows * self._row_bytes
        with (self._folder / PROBABILITY).open("rb") as file:
            while left and (piece := file.read(min(left, 2**24))):
                check, left = zlib.crc32(piece, check), left - len(piece)
        return -1 if left else check


@contextmanager
def work_folder(key: str, cancel: Cancel | None) -> Iterator[Path]:
    """Hold the work folder of a map; it goes when the work ends well, and stays when it does not.

    Where another process makes the same map it is waited for.

    Raises
    ------
    JobCancelled
        If `cancel` says so while waiting.
    StorageError
        If the disk refuses.
    """
    home = settings().data_dir / "work"
    folder = home / key
    with disk_errors(folder):
        home.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(home)
    with _waited_for(FileLock(home / f"{key}.lock"), cancel):
        with disk_errors(folder):
            folder.mkdir(exist_ok=True)
            os.utime(folder)
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _waited_for(lock: FileLock, cancel: Cancel | None) -> Iterator[None]:
    while True:
        stop_if_cancelled(cancel)
        with disk_errors(Path(lock.lock_file)):
            try:
                lock.acquire(timeout=LOOK_SECONDS)
            except Timeout:
                continue
        break
    try:
        yield
    finally:
        lock.release()


def _remove_abandoned(home: Path) -> None:
    """Remove work that nobody came back to for as long as the settings say."""
    oldest = time.time() - 86_400 * settings().keep_work_days
    for folder in home.iterdir():
        if not folder.is_dir() or folder.stat().st_mtime > oldest:
            continue
        lock = FileLock(home / f"{folder.name}.lock", timeout=0)
        try:
            with lock:
                shutil.rmtree(folder, ignore_errors=True)
        except Timeout:
            continue
