"""A file that is not whole yet, and what is known of the whole."""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import StorageError

_CONTENT_RANGE: Final = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def content_range(headers: Mapping[str, str]) -> tuple[int, int, int] | None:
    """Return first byte, last byte and size of the whole that a partial answer tells, or None."""
    found = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))


def validator(headers: Mapping[str, str]) -> str:
    """Return by what an archive tells one version of a file from the next; empty for nothing.

    A weak ETag does not promise equal bytes (RFC 9110, section 8.8.1): it counts as none.
    """
    tag = headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return headers.get("Last-Modified", "")


def _close(file: BinaryIO) -> None:
    """Close a file whose last bytes a full disk may have refused: that was said already."""
    with contextlib.suppress(OSError):
        file.close()


class PartialFile:
    """What has come of a file, kept beside its target under a name that begins with a dot.

    Parameters
    ----------
    target : Path
    source : str
        Where it comes from: parts of one address are never joined to those of another.

    Attributes
    ----------
    size : int
        Bytes that are here.
    total : int, optional
        Bytes of the whole, where the archive tells.
    """

    def __init__(self, target: Path, source: str) -> None:
        self.target = target
        self.path = target.with_name(f".{target.name}.part")
        self._note = target.with_name(f".{target.name}.part.json")
        self._source = source
        self._validator = ""
        self.total: int | None = None
        self._recall()

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def range_headers(self) -> dict[str, str]:
        """Return the headers that ask for what is missing, if the whole has not changed since."""
        if not self.size or not self._validator:
            return {}
        return {"Range": f"bytes={self.size}-", "If-Range": self._validator}

    def continued_by(self, headers: Mapping[str, str]) -> bool:
        """Return whether a partial answer goes on exactly where this file ends."""
        told = content_range(headers)
        return (
            told is not None
            and told[0] == self.size
            and told[1] + 1 == told[2] == self.total
            and validator(headers) in ("", self._validator)
        )

    def begin(self, headers: Mapping[str, str]) -> None:
        """Drop what is here, and note what the answer tells of the whole."""
        self.restart()
        self._validator = validator(headers)
        length = headers.get("Content-Length", "")
        self.total = int(length) if length.isdecimal() else None
        note = {"source": self._source, "validator": self._validator, "total": self.total}
        with disk_errors(self.target):
            self.path.touch()
        write_file(self._note, json.dumps(note).encode())

    @contextmanager
    def appending(self) -> Iterator[Callable[[bytes], None]]:
        """Yield what adds bytes to the end; a full disk takes the whole file with it."""
        with disk_errors(self.target):
            file = self.path.open("ab")

        def append(piece: bytes) -> None:
            try:
                with disk_errors(self.target):
                    file.write(piece)
                    file.flush()
            except StorageError:
                self.restart()
                raise

        try:
            yield append
        finally:
            _close(file)

    def put_in_place(self) -> None:
        """Give the file its name: it is whole."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(self.target)
        self._note.unlink(missing_ok=True)

    def drop_useless(self) -> None:
        """Remove what cannot be gone on with: nothing came, or nothing tells its version."""
        if not self.range_headers():
            self.restart()

    def restart(self) -> None:
        """Forget all that is here."""
        with disk_errors(self.target):
            self.path.unlink(missing_ok=True)
            self._note.unlink(missing_ok=True)
        self._validator, self.total = "", None

    def _recall(self) -> None:
        """Take up what an earlier process left, where its note fits."""
        try:
            note = json.loads(self._note.read_bytes())
            fits = note["source"] == self._source and self.size <= int(note["total"])
            known = str(note["validator"])
        except (OSError, ValueError, KeyError, TypeError):
            fits = False
        if not fits or not known:
            self.restart()
            return
        self._validator, self.total = known, int(note["total"])
