"""Kept maps, found again by what they were made from.

``maps/<key>/`` below the data folder holds the files of one map and ``meta.json``, which lists
their sizes and SHA-256 and is written last. An entry is written beside and renamed, so that it is
whole or not there; it is verified before it is read, and a damaged one is put aside into
``maps/quarantine/`` and counts as not there. Several processes may share the folder: whoever
changes what has a key holds its lock, and whoever writes beside that of the folder he writes.
"""

import logging
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from glacier_core.disk import disk_errors, flush_folder
from glacier_core.errors import GlacierError, StorageError
from glacier_core.eviction import LEAVING, make_room, remove
from glacier_core.inference.holding import forget_old_tellings, is_held, maps_folder
from glacier_core.inference.result import GlacierMap, open_map
from glacier_core.inference.verifying import META, verify, write_meta
from glacier_core.memory import memory
from glacier_core.settings import settings

LOCK_SECONDS = 60.0  # folders are renamed and removed under the lock, nothing is written
KEY = re.compile(r"[0-9a-f]{64}")

WRITING: Final = "tmp-"
"""Start of the name of a folder that is being written; beside it lies its lock."""

_log = logging.getLogger(__name__)


def find_map(key: str) -> GlacierMap | None:
    """Return the kept map of this key, or None if there is no whole one.

    A map that this process has open is not read again.

    Raises
    ------
    StorageError
        If the key is none.
    """
    entry = _entry(key)
    if not os.path.lexists(entry):  # a folder without access is a miss too
        return None
    try:
        identity = verify(entry)
        found = memory().get(("map", entry, identity), lambda: open_map(entry))
    except StorageError as error:
        _put_aside(entry, error)
        return None
    _mark_used(entry)
    return found


def map_folder(key: str) -> Path | None:
    """Return the folder of a kept map, verified but not opened; None if there is no whole one.

    Raises
    ------
    StorageError
        If the key is none.
    """
    entry = _entry(key)
    if not os.path.lexists(entry):
        return None
    try:
        verify(entry)
    except StorageError as error:
        _put_aside(entry, error)
        return None
    _mark_used(entry)
    return entry


def keep_map(result: GlacierMap) -> GlacierMap:
    """Keep a map under its key, and return it as it now lies on disk.

    The maps used longest ago leave when the cache outgrows ``settings().cache_megabytes``; the
    one just kept stays in any case, and so does what is shown
    (`glacier_core.inference.holding`). Where nothing can leave, the cache is larger than its
    limit for a while, which the log tells.

    Raises
    ------
    StorageError
        If the disk refuses; then nothing is left behind.
    """
    entry = _entry(result.key)
    if not _is_whole(entry):
        with _folder_beside() as beside:
            with disk_errors(entry):
                result.save(beside)
            _put_in_place(beside, entry)
    _clean(entry)
    return replace(result, folder=entry)


def keep_folder(folder: Path, key: str) -> Path:
    """Keep a map that was already written, piece by piece, into a folder; it is moved, not copied.

    Parameters
    ----------
    folder : Path
        With the files that `GlacierMap.save` writes, on the same disk as the cache.
    key : str

    Returns
    -------
    Path
        Where the map lies now. The cache makes room as by `keep_map`.

    Raises
    ------
    StorageError
        If the key is none, or the disk refuses.
    """
    entry = _entry(key)
    if not _is_whole(entry):
        _put_in_place(folder, entry)
    _clean(entry)
    return entry


def _quarantine() -> Path:
    return maps_folder() / "quarantine"


def _entry(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise StorageError(f"{key[:80]!r} is no key of a map: 64 hexadecimal digits are needed.")
    return maps_folder() / key


@contextmanager
def _locked() -> Iterator[None]:
    home = maps_folder()
    with disk_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home / ".lock", timeout=LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout as error:
            raise StorageError(
                f"{home} has been in use by another process for {LOCK_SECONDS:.0f} s."
            ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _folder_beside() -> Iterator[Path]:
    """Give a new folder to write in, which nobody takes for left behind, and remove it after."""
    beside = maps_folder() / f"{WRITING}{uuid.uuid4().hex}"
    lock = FileLock(_lock_of(beside), timeout=LOCK_SECONDS)
    with _locked(), disk_errors(beside):  # whoever cleans up meets the folder with its lock held
        lock.acquire()
        beside.mkdir()
    try:
        yield beside
    finally:
        remove(beside)
        lock.release()
        remove(_lock_of(beside))


def _lock_of(beside: Path) -> Path:
    return beside.with_name(f"{beside.name}.lock")


def _put_in_place(beside: Path, entry: Path) -> None:
    """Make an entry of a folder, unless another process was faster."""
    with disk_errors(entry):
        write_meta(beside, entry.name)
        flush_folder(beside)
    with _locked():
        if _is_whole(entry):
            return
        if os.path.lexists(entry):
            _move_to_quarantine(entry)
        with disk_errors(entry):
            beside.replace(entry)
            flush_folder(entry.parent)


def _put_aside(entry: Path, reason: GlacierError) -> None:
    """Move a damaged entry out of the way, unless another process has mended it by now."""
    try:
        with _locked():
            if not os.path.lexists(entry) or _is_whole(entry):
                return
            _log.warning("A kept map is damaged and put aside: %s", reason)
            _move_to_quarantine(entry)
    except StorageError as error:
        _log.warning("A damaged map cannot be put aside: %s", error)


def _move_to_quarantine(entry: Path) -> None:
    with disk_errors(entry):
        _quarantine().mkdir(exist_ok=True)
        entry.replace(_quarantine() / f"{entry.name}-{uuid.uuid4().hex[:8]}")


def _is_whole(entry: Path) -> bool:
    try:
        identity = verify(entry)
        memory().get(("map", entry, identity), lambda: open_map(entry))
    except StorageError:
        return False
    return True


def _mark_used(entry: Path) -> None:
    try:
        os.utime(entry / META)
    except OSError:  # a read-only cache still serves
        _log.debug("The use of %s cannot be noted.", entry)


def _clean(newest: Path) -> None:
    """Remove what was left behind, then what is damaged or used longest ago, until all fits."""
    with _locked():
        _remove_left_behind()
        forget_old_tellings()
        limit = settings().cache_megabytes * 1_000_000
        beyond = make_room(
            maps_folder(),
            [path for path in _inside(maps_folder()) if KEY.fullmatch(path.name)],
            limit,
            worthless=_inside(_quarantine()),
            stamp=META,
            stays=lambda path: path == newest or is_held(path.name),
        )
    if beyond:
        _log.warning(
            "The kept maps take %.0f MB more than GLACIER_CACHE_MEGABYTES (%.0f MB) allows: all of "
            "them are shown, or new. They leave when they are no longer shown.",
            beyond / 1e6,
            limit / 1e6,
        )


def _remove_left_behind() -> None:
    """Remove what killed processes were writing or removing."""
    for path in _inside(maps_folder()):
        if path.name.startswith(LEAVING):
            remove(path)
        elif path.name.startswith(WRITING) and not path.name.endswith(".lock"):
            _remove_unless_written(path)
    for lock in maps_folder().glob(f"{WRITING}*.lock"):
        if not lock.with_suffix("").exists():
            _remove_unless_written(lock.with_suffix(""))


def _remove_unless_written(beside: Path) -> None:
    """Remove a folder that nobody writes in any more, and its lock."""
    lock = FileLock(_lock_of(beside), timeout=0)
    with suppress(Timeout, OSError), lock:
        remove(beside)
        remove(_lock_of(beside))


def _inside(home: Path) -> list[Path]:
    return list(home.iterdir()) if home.is_dir() else []
