"""Kept maps, found again by what they were made from.

``maps/<key>/`` below the data folder holds the files of one map and ``meta.json``, which lists
their sizes and SHA-256 and is written last. An entry is written beside and renamed, so that it is
whole or not there; it is verified whenever it is read, and a damaged one is put aside into
``maps/quarantine/`` and counts as not there. Several processes may share the folder: whoever
changes it holds its lock.
"""

import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from glacier_core.disk import disk_errors, file_sha256, flush_folder, write_file
from glacier_core.errors import GlacierError, StorageError
from glacier_core.inference.result import GlacierMap, open_map
from glacier_core.settings import settings

META = "meta.json"
META_VERSION = 1
LOCK_SECONDS = 60.0  # a map is written in far less
KEY = re.compile(r"[0-9a-f]{64}")

_log = logging.getLogger(__name__)


def find_map(key: str) -> GlacierMap | None:
    """Return the kept map of this key, or None if there is no whole one.

    Raises
    ------
    StorageError
        If the key is none.
    """
    entry = _entry(key)
    if not os.path.isdir(entry):  # noqa: PTH112  (a folder without access is a miss too)
        return None
    try:
        _verify(entry)
        found = open_map(entry)
    except StorageError as error:
        _put_aside(entry, error)
        return None
    _mark_used(entry)
    return found


def keep_map(result: GlacierMap) -> GlacierMap:
    """Keep a map under its key, and return it as it now lies on disk.

    The maps used longest ago leave when the cache outgrows ``settings().cache_megabytes``;
    the one just kept stays in any case.

    Raises
    ------
    StorageError
        If the disk refuses; then nothing is left behind.
    """
    entry = _entry(result.key)
    with _locked():
        _remove_abandoned()
        if entry.is_dir() and not _is_whole(entry):
            _move_to_quarantine(entry)
        if not entry.is_dir():
            _write_entry(result, entry)
        _evict(entry)
    return replace(result, folder=entry)


def _home() -> Path:
    return settings().data_dir / "maps"


def _quarantine() -> Path:
    return _home() / "quarantine"


def _entry(key: str) -> Path:
    if not KEY.fullmatch(key):
        raise StorageError(f"{key[:80]!r} is no key of a map: 64 hexadecimal digits are needed.")
    return _home() / key


@contextmanager
def _locked() -> Iterator[None]:
    home = _home()
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


def _write_entry(result: GlacierMap, entry: Path) -> None:
    beside = entry.with_name(f"tmp-{uuid.uuid4().hex}")
    try:
        with disk_errors(entry):
            result.save(beside)
            files = {file.name: _describe(file) for file in sorted(beside.iterdir())}
            meta = {"version": META_VERSION, "key": result.key, "files": files}
            write_file(beside / META, json.dumps(meta, indent=1).encode())
            flush_folder(beside)
            beside.replace(entry)
            flush_folder(entry.parent)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _describe(file: Path) -> dict[str, int | str]:
    return {"bytes": file.stat().st_size, "sha256": file_sha256(file)}


def _verify(entry: Path) -> None:
    """Raise StorageError unless every file is what was written."""
    try:
        meta = json.loads((entry / META).read_bytes())
        if meta["version"] != META_VERSION or meta["key"] != entry.name:
            raise StorageError(f"{entry} belongs to another key or version.")
        for name, expected in meta["files"].items():
            if _describe(entry / name) != expected:
                raise StorageError(f"{entry / name} is not what was written.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{entry} is not whole ({error}).") from error


def _put_aside(entry: Path, reason: GlacierError) -> None:
    """Move a damaged entry out of the way, unless another process has mended it by now."""
    try:
        with _locked():
            if not entry.is_dir() or _is_whole(entry):
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
        _verify(entry)
        open_map(entry)
    except StorageError:
        return False
    return True


def _mark_used(entry: Path) -> None:
    try:
        os.utime(entry / META)
    except OSError:  # a read-only cache still serves
        _log.debug("The use of %s cannot be noted.", entry)


def _remove_abandoned() -> None:
    """Remove what killed writers left: under the lock nobody is writing."""
    for folder in _home().glob("tmp-*"):
        shutil.rmtree(folder, ignore_errors=True)


def _evict(newest: Path) -> None:
    """Remove damaged entries first, then the maps used longest ago, until all fit."""
    limit = settings().cache_megabytes * 1_000_000
    damaged = sorted(_folders(_quarantine()), key=_last_use)
    kept = sorted((folder for folder in _folders(_home()) if folder != newest), key=_last_use)
    kept = [folder for folder in kept if KEY.fullmatch(folder.name)]
    sizes = {folder: _bytes(folder) for folder in (*damaged, *kept, newest)}
    total = sum(sizes.values())
    for folder in (*damaged, *kept):
        if total <= limit:
            return
        # Renamed first: a reader never meets half an entry under its key.
        leaving = _home() / f"tmp-{uuid.uuid4().hex}"
        try:
            folder.replace(leaving)
        except OSError as error:
            _log.warning("A map cannot be removed from the cache: %s", error)
            continue
        shutil.rmtree(leaving, ignore_errors=True)
        total -= sizes[folder]


def _folders(home: Path) -> list[Path]:
    return [path for path in home.iterdir() if path.is_dir()] if home.is_dir() else []


def _last_use(folder: Path) -> float:
    meta = folder / META
    return meta.stat().st_mtime if meta.exists() else 0.0


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
