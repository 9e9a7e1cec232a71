"""Networks as they were compiled for this processor, kept in the data folder."""

import hashlib
import logging
import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from glacier_core.disk import write_file
from glacier_core.errors import StorageError
from glacier_core.eviction import LEAVING, make_room
from glacier_core.settings import settings

MEGABYTE = 1_000_000
SUFFIX = ".network"
DIGEST_BYTES = hashlib.sha256().digest_size
PATIENCE = 10.0
"""Seconds to wait for another process that keeps something."""

_log = logging.getLogger(__name__)


def is_compiled(key: str) -> bool:
    """Whether something is kept under a key, be it whole or not."""
    return _file(key).is_file()


def find_compiled(key: str) -> bytes | None:
    """Return what is kept under a key, None where there is nothing, or nothing whole."""
    file = _file(key)
    try:
        digest, content = _split(file.read_bytes())
    except OSError:
        return None
    if hashlib.sha256(content).digest() != digest:
        _log.warning("%s is damaged and is made anew", file)
        return None
    with suppress(OSError):
        os.utime(file)  # used now, so it leaves later
    return content


def keep_compiled(key: str, content: bytes) -> None:
    """Keep a compiled network; those used longest ago leave for it.

    A disk that refuses is logged and else no matter: it is compiled again next time.
    """
    file = _file(key)
    folder = file.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=PATIENCE):
            write_file(file, hashlib.sha256(content).digest() + content)
            kept = [path for path in folder.glob(f"*{SUFFIX}") if path != file]
            worthless = [*folder.glob("*.part"), *folder.glob(f"{LEAVING}*")]
            limit = settings().compiled_megabytes * MEGABYTE - file.stat().st_size
            make_room(folder, kept, limit, worthless=worthless)
    except (StorageError, OSError, Timeout) as problem:
        _log.warning("a compiled network was not kept: %s", problem)


def _split(content: bytes) -> tuple[bytes, bytes]:
    return content[:DIGEST_BYTES], content[DIGEST_BYTES:]


def _file(key: str) -> Path:
    name = hashlib.sha256(key.encode()).hexdigest()
    return settings().data_dir / "networks" / f"{name}{SUFFIX}"
