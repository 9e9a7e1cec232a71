"""Making room among kept folders: those used longest ago leave first, those in use never."""

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

LEAVING: Final = "leaving-"
"""Start of the name of a folder that is being removed; nothing is ever read from it."""

_log = logging.getLogger(__name__)


def make_room(
    home: Path,
    entries: Iterable[Path],
    limit: float,
    *,
    worthless: Iterable[Path] = (),
    stamp: str = "",
    stays: Callable[[Path], bool] = lambda _: False,
) -> float:
    """Remove folders until the rest fits; the caller holds the lock of their home.

    Parameters
    ----------
    home : Path
        Where what leaves is renamed to first, so that a reader never meets half a folder.
    entries : iterable of Path
        Folders, of which those used longest ago leave first.
    limit : float
        Bytes for all of them together.
    worthless : iterable of Path
        Folders that count as well, and leave before any entry.
    stamp : str
        File in every entry whose time is that of the last use; the folder's own if empty.
    stays : callable
        Tells whether an entry is in use. Asked before it leaves, and again when it has, so that
        who says first that he uses it and looks for it then never loses what he found.

    Returns
    -------
    float
        Bytes beyond the limit that could not be removed; 0 if all fits.
    """
    first = sorted(worthless, key=lambda path: last_use(path))
    then = sorted(entries, key=lambda path: last_use(path, stamp))
    sizes = {path: bytes_in(path) for path in (*first, *then)}
    beyond = sum(sizes.values()) - limit
    for path in (*first, *then):
        if beyond <= 0:
            return 0.0
        if (path in first or not stays(path)) and _remove(path, home, stays):
            beyond -= sizes[path]
    return max(float(beyond), 0.0)


def remove(path: Path) -> None:
    """Remove a folder, a file or a link, if it can be; what a link leads to stays."""
    if path.is_symlink() or path.is_file():
        with suppress(OSError):
            path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)


def bytes_in(path: Path) -> int:
    """Return the bytes of all files below a folder, or of one file; links are not followed."""
    if path.is_symlink() or path.is_file():
        return path.lstat().st_size
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):  # another process may have removed it
                total += (Path(folder) / name).lstat().st_size
    return total


def last_use(entry: Path, stamp: str = "") -> float:
    """Return when an entry was used last, in seconds since 1970; 0 where nothing tells.

    A time to come, as a clock that was set back leaves it, becomes this moment, on the disk too:
    such an entry would otherwise seem to be in use for ever.
    """
    told = entry / stamp if stamp else entry
    try:
        used, now = told.lstat().st_mtime, time.time()
        if used > now:
            os.utime(told, (now, now), follow_symlinks=False)
    except OSError:
        return 0.0
    return min(used, now)


def _remove(path: Path, home: Path, stays: Callable[[Path], bool]) -> bool:
    leaving = home / f"{LEAVING}{uuid.uuid4().hex}"
    try:
        path.replace(leaving)
    except FileNotFoundError:
        return True
    except OSError as error:
        _log.warning("%s cannot be removed to make room: %s", path, error)
        return False
    if stays(path):  # since the last look somebody has begun to use it
        with suppress(OSError):
            leaving.replace(path)
            return False
    remove(leaving)
    return True
