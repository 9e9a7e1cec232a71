"""Writing files so that they are whole or not there, and saying why where it failed."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from glacier_core.errors import StorageError


def write_file(path: Path, content: bytes) -> None:
    """Write a file beside, force it to the disk, and put it in place.

    Of several threads or processes that write the same file at once, the last one's stands, whole.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    beside = path.with_name(f"{path.name}.{uuid4().hex}.part")
    with disk_errors(path):
        try:
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise


def flush_folder(folder: Path) -> None:
    """Force the names in a folder to the disk, where the system offers it."""
    _flush(folder)


def flush_file(file: Path) -> None:
    """Force a file that another library wrote to the disk, where the system offers it."""
    _flush(file)


def _flush(path: Path) -> None:
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


FileState = tuple[int, int, int, int, int]


def file_state(path: Path) -> FileState:
    """Return what tells a file from any other that lay or lies there, without reading it.

    Device, inode, size, and the times in nanoseconds of the last change of its content and of its
    state, the last of which no program can set. A link is told as a link.

    Raises
    ------
    OSError
        If there is none.
    """
    facts = path.lstat()
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn errors of the disk into a sentence that names the place."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            reason = "the disk is full; free some space or set GLACIER_DATA_DIR to another disk"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = "writing there is not allowed; choose another folder or change its rights"
        else:
            reason = error.strerror or str(error)
        raise StorageError(f"{path} cannot be written: {reason}.") from error
