"""Whether a kept map is what was written: sizes and SHA-256 of its files, listed in ``meta.json``.

Files are hashed when a process first reads them, and not again as long as the file system says
that they are the same: same inode, size, and times of the last change of content and of state. The
last of these no program can set, so a file written to is hashed again whatever was done to hide
it. A disk that changes bytes below the file system is found out by the next process that reads.
"""

import json
import stat
import threading
import time
from pathlib import Path
from typing import Any, Final

from cachetools import LRUCache

from glacier_core.disk import FileState, file_sha256, file_state, flush_file, write_file
from glacier_core.errors import StorageError

META: Final = "meta.json"
META_VERSION: Final = 1

SETTLED_SECONDS: Final = 2.0
"""Age of a change that the times of files tell for sure; two changes within the tick of a clock
look the same."""

Identity = tuple[Any, ...]
"""What tells one state of an entry from the next, without reading it."""

_known: Final[LRUCache[Path, Identity]] = LRUCache(4096)  # entries, of about a kilobyte each
_knowing: Final = threading.Lock()


def write_meta(folder: Path, key: str) -> None:
    """List the files of a folder, forced to the disk, in its ``meta.json``.

    Raises
    ------
    StorageError
        If the disk refuses.
    OSError
        If a file cannot be read.
    """
    files = {}
    for file in sorted(folder.iterdir()):
        flush_file(file)
        files[file.name] = _describe(file)
    meta = {"version": META_VERSION, "key": key, "files": files}
    write_file(folder / META, json.dumps(meta, indent=1).encode())


def verify(entry: Path) -> Identity:
    """Return what tells this state of an entry from any other, if it is what was written.

    Raises
    ------
    StorageError
        If it is not, or belongs to another key than its name says.
    """
    try:
        told = _told(entry)
        identity = _identity(entry, told)
        with _knowing:
            if _known.get(entry) == identity:
                return identity
        files = json.loads(told)["files"]
        for name, expected in files.items():
            if _describe(entry / name) != expected:
                raise StorageError(f"{entry / name} is not what was written.")
        if _identity(entry, told) != identity:
            raise StorageError(f"{entry} was changed while it was read.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{entry} is not whole ({error}).") from error
    _remember(entry, identity)
    return identity


def _told(entry: Path) -> bytes:
    """Return the content of an entry's list of files; the time of that file tells the last use."""
    if not stat.S_ISDIR(entry.lstat().st_mode):
        raise StorageError(f"{entry} is no folder.")
    _file_identity(entry / META)
    return (entry / META).read_bytes()


def _identity(entry: Path, told: bytes) -> Identity:
    meta = json.loads(told)
    if meta["version"] != META_VERSION or meta["key"] != entry.name:
        raise StorageError(f"{entry} belongs to another key or version.")
    names = sorted(meta["files"])
    if not names or any(Path(name).name != name for name in names):
        raise StorageError(f"{entry / META} lists what cannot lie in its folder.")
    return (told, *(_file_identity(entry / name) for name in names))


def _file_identity(file: Path) -> FileState:
    if not stat.S_ISREG(file.lstat().st_mode):
        raise StorageError(f"{file} is no file, but something in the place of one.")
    return file_state(file)


def _describe(file: Path) -> dict[str, int | str]:
    return {"bytes": file.stat().st_size, "sha256": file_sha256(file)}


def _remember(entry: Path, identity: Identity) -> None:
    changed = max(facts[-1] for facts in identity[1:]) / 1e9
    with _knowing:
        if abs(time.time() - changed) > SETTLED_SECONDS:
            _known[entry] = identity
        else:
            _known.pop(entry, None)
