"""A file of an archive of which only the needed pieces are fetched."""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

import requests
from urllib3.exceptions import HTTPError

from glacier_core.errors import SourceError
from glacier_core.network.access import authorise, forget_token
from glacier_core.network.faults import ExpiredError, archive_name, check_answer, told
from glacier_core.network.partial import content_range, validator
from glacier_core.network.services import shown
from glacier_core.network.session import session
from glacier_core.network.transfer import IsCancelled, Report, TransferProgress
from glacier_core.network.transport import RETRIES, check_wanted, pause, pieces, stoppable
from glacier_core.pieces import Pieces, Shelf
from glacier_core.settings import settings

BLOCK: Final = 1 << 18
"""Bytes of a piece: about what an archive sends in the time of one question and answer."""

_AT_ONCE: Final = 16
"""Pieces asked for in one request: few questions, and little lost where one breaks off."""

_REMEMBERED: Final = 32
"""Pieces kept in memory: headers are read in many small steps."""

_PATIENCE: Final = 10
"""A request may take this many times the limit of silence, however steadily it trickles."""


class WrongRangeError(SourceError):
    """An archive sent other bytes than were asked for."""


class RemoteFile:
    """Bytes of a remote file by position, fetched once and kept on disk.

    May be used by several threads.

    Parameters
    ----------
    url : str
        As `glacier_core.network.services.reached_at` returns it.
    headers : mapping of str to str
        Sent with every request.
    report, cancelled : callable

    Attributes
    ----------
    size : int
        Bytes of the whole.

    Raises
    ------
    SourceError
        When the archive refuses, or cannot hand out parts of files.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], report: Report, cancelled: IsCancelled
    ) -> None:
        self._url, self._headers = url, dict(headers)
        self._report, self._cancelled = report, cancelled
        self._guard = threading.RLock()
        self._recent: OrderedDict[int, bytes] = OrderedDict()
        self._fetched = 0
        self._next, self._ahead = -1, 1
        self.size = -1
        self._version = ""
        self._store: Pieces | None = None
        self._begin()

    def read(self, start: int, count: int) -> bytes:
        """Return bytes from a position on; fewer only at the end of the file.

        Raises
        ------
        SourceError
            When they cannot be had. Wrong bytes are never returned.
        JobCancelled
        """
        stop = min(start + count, self.size)
        if start >= stop:
            return b""
        first, last = start // BLOCK, (stop - 1) // BLOCK
        with self._guard:
            joined = b"".join(self._blocks(first, last))
        return joined[start - first * BLOCK : stop - first * BLOCK]

    def close(self) -> None:
        """Let pieces used long ago leave the disk, if this file brought new ones."""
        if self._fetched:
            _shelf().clear_out()

    def _begin(self) -> None:
        """Learn size and version of the file, and get its first piece unless it is kept."""
        known = _shelf().knows(shown(self._url))
        for index, content in self._fetch_in_order(0, 0, 1 if known else BLOCK):
            if len(content) == min(BLOCK, self.size):
                self._keep(index, content)

    def _blocks(self, first: int, last: int) -> Iterator[bytes]:
        """Yield pieces in order, asking for those that follow each other together."""
        index = first
        while index <= last:
            content = self._kept(index)
            if content is not None:
                yield content
                index += 1
                continue
            end = self._end_of_question(index, last)
            for number, fetched in self._fetch_in_order(index, end, BLOCK):
                self._keep(number, fetched)
                if number <= last:
                    yield fetched
            index = end + 1

    def _end_of_question(self, first: int, last: int) -> int:
        """Return the last piece to ask for: what is needed, and more where pieces are read in turn.

        Each question that goes on where the one before ended is twice as long as that one.
        """
        self._ahead = min(2 * self._ahead, _AT_ONCE) if first == self._next else 1
        most = min(first + _AT_ONCE - 1, (self.size - 1) // BLOCK)
        wanted = min(max(last, first + self._ahead - 1), most)
        end = first
        while end < wanted and self._kept(end + 1) is None:
            end += 1
        self._next = end + 1
        return end

    def _kept(self, index: int) -> bytes | None:
        content = self._recent.get(index)
        if content is None and self._store is not None:
            content = self._store.get(str(index))
            if content is not None and len(content) == self._length(index):
                self._remember(index, content)
        return content

    def _keep(self, index: int, content: bytes) -> None:
        self._remember(index, content)
        if self._store is not None:
            self._store.put(str(index), content)

    def _remember(self, index: int, content: bytes) -> None:
        self._recent[index] = content
        if len(self._recent) > _REMEMBERED:
            self._recent.popitem(last=False)

    def _length(self, index: int) -> int:
        return min(BLOCK, self.size - index * BLOCK)

    def _fetch_in_order(self, first: int, last: int, unit: int) -> Iterator[tuple[int, bytes]]:
        """Yield pieces as they arrive, going on where a connection breaks off."""
        index, in_vain = first, 0
        with told(self._url), stoppable(self._cancelled):
            while index <= last:
                before = index
                try:
                    for content in self._ask(index, last, unit):
                        yield index, content
                        index += 1
                except (HTTPError, WrongRangeError, ExpiredError) as cut:
                    in_vain = 0 if index > before else in_vain + 1
                    if in_vain > RETRIES:
                        raise
                    if isinstance(cut, ExpiredError):
                        forget_token(self._url)
                    pause(settings().retry_pause * in_vain, self._cancelled)

    def _ask(self, first: int, last: int, unit: int) -> Iterator[bytes]:
        """Yield the pieces of one answer, each whole; raise where it is not what was asked for."""
        start, stop = first * BLOCK, last * BLOCK + unit
        if self.size >= 0:
            stop = min(stop, self.size)
        check_wanted(self._cancelled)
        address, signed = authorise(self._url)
        asked = {"Range": f"bytes={start}-{stop - 1}", "Accept-Encoding": "identity"}
        headers = {**self._headers, **signed, **asked}
        with session().request("GET", address, headers=headers, stream=True) as response:
            check_answer(response, self._url)
            stop = self._check_range(response, start, stop)
            left = stop - start
            buffer = bytearray()
            for piece in self._in_time(response):
                buffer += piece
                left -= len(piece)
                if left < 0:
                    raise self._wrong("more bytes than it promised")
                while len(buffer) >= BLOCK or (buffer and left == 0):
                    yield bytes(buffer[:BLOCK])
                    del buffer[:BLOCK]
            if left > 0:
                raise self._wrong("fewer bytes than it promised")

    def _check_range(self, response: requests.Response, start: int, stop: int) -> int:
        """Return where the answer ends; learn size and version of the file from the first one."""
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise self._wrong("packed bytes")
        if response.status_code != 206:
            raise self._wrong(f"the status {response.status_code} instead of a part of the file")
        found = content_range(response.headers)
        if found is None:
            raise self._wrong(f"{response.headers.get('Content-Range', 'no range')[:60]!r}")
        version = f"{validator(response.headers)} {found[2]}"
        if self.size < 0:
            stop = min(stop, found[2])
        if found[:2] != (start, stop - 1):
            raise self._wrong(f"bytes {found[0]} to {found[1]} instead of {start} to {stop - 1}")
        if self.size < 0:
            self.size, self._version = found[2], version
            if validator(response.headers):
                self._store = _shelf().pieces(shown(self._url), version)
        elif version != self._version:
            raise SourceError(
                f"{archive_name(self._url)} replaced {shown(self._url)} while it was read. Nothing "
                "of it is used; fetch it again."
            )
        return stop

    def _in_time(self, response: requests.Response) -> Iterator[bytes]:
        until = time.monotonic() + _PATIENCE * settings().download_timeout
        name = shown(self._url).rpartition("/")[2]
        for piece in pieces(response, self._cancelled, unpack=False):
            self._fetched += len(piece)
            self._report(TransferProgress(f"Reading {name}", self._fetched))
            yield piece
            if time.monotonic() > until:
                raise self._wrong("its bytes drop by drop")

    def _wrong(self, what: str) -> WrongRangeError:
        return WrongRangeError(
            f"{archive_name(self._url)} cannot be read piece by piece: for a part of "
            f"{shown(self._url)} it sent {what}, again and again. Nothing of it is used; try "
            "again later, or choose another archive."
        )


def _shelf() -> Shelf:
    return Shelf(settings().data_dir / "blocks", settings().block_cache_megabytes * 1_000_000)
