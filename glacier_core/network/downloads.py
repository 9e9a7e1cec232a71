"""Whole files from archives: whole or not there, and never fetched twice."""

import hashlib
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import requests
from filelock import FileLock, Timeout
from urllib3.exceptions import HTTPError

from glacier_core.disk import disk_errors, file_sha256, flush_folder
from glacier_core.errors import SourceError, StorageError
from glacier_core.network.access import authorise, forget_token
from glacier_core.network.faults import ExpiredError, archive_name, check_answer, told
from glacier_core.network.partial import PartialFile
from glacier_core.network.services import reached_at, shown
from glacier_core.network.session import session, whole_content
from glacier_core.network.transfer import (
    IsCancelled,
    Report,
    TransferProgress,
    never,
    unreported,
)
from glacier_core.network.transport import RETRIES, check_wanted, pause, pieces, stoppable
from glacier_core.settings import settings

_PARTIAL: Final = 206
_NOTHING_LEFT: Final = 416
_SPARE: Final = 50_000_000
"""Bytes that a download leaves free on the disk."""

_MOST_PAGE: Final = 5_000_000


class PageError(SourceError):
    """A page came where a file was asked for.

    Attributes
    ----------
    page : bytes
    """

    def __init__(self, message: str, page: bytes) -> None:
        super().__init__(message)
        self.page = page


class WrongFileError(SourceError):
    """A file arrived whole, but its SHA-256 is another than that asked for."""


def is_page(response: requests.Response) -> bool:
    """Tell whether an answer is a page for people: no archive's file is one."""
    return response.headers.get("Content-Type", "").lower().startswith("text/html")


def download(
    url: str,
    target: Path,
    *,
    sha256: str | None = None,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Path:
    """Fetch a file of an archive, going on where an earlier attempt stopped.

    The file grows beside its target and gets its name when it is whole; what was stopped, killed
    or cut goes on from there, unless the archive has changed the file since.

    Parameters
    ----------
    url : str
    target : Path
        Its folder is made. A file that is there already is kept where it has the hash asked for,
        and fetched anew otherwise.
    sha256 : str, optional
        The hash it must have, in hexadecimal digits.
    report, cancelled : callable, optional

    Returns
    -------
    Path
        The target.

    Raises
    ------
    SourceError
        Whatever went wrong on the way, in one sentence.
    WrongFileError
        When the file has another hash. Nothing of it is kept; what was there before stays.
    PageError
        When a page comes instead of it. What came of the file before stays, to go on from.
    MissingError
        When the archive does not hold it.
    StorageError
        When the disk refuses or is too full.
    JobCancelled
    """
    url = reached_at(url)
    with _alone(target, cancelled):
        if sha256 is not None and target.is_file() and file_sha256(target) == sha256:
            return target
        partial = PartialFile(target, shown(url))
        try:
            _fetch(url, partial, report, cancelled)
            _finish(url, partial, target, sha256)
        finally:
            partial.drop_useless()
    return target


def _fetch(url: str, partial: PartialFile, report: Report, cancelled: IsCancelled) -> None:
    """Ask for the rest of the file until all of it is here or nothing comes any more."""
    in_vain = 0
    with told(url), stoppable(cancelled):
        while True:
            before = partial.size
            try:
                return _ask_for_rest(url, partial, report, cancelled)
            except (HTTPError, _WrongPartError, ExpiredError) as cut:
                in_vain = 0 if partial.size > before else in_vain + 1
                if in_vain > RETRIES:
                    raise
                if isinstance(cut, ExpiredError):
                    forget_token(url)
                pause(settings().retry_pause * in_vain, cancelled)


def _ask_for_rest(url: str, partial: PartialFile, report: Report, cancelled: IsCancelled) -> None:
    check_wanted(cancelled)
    address, headers = authorise(url)
    asked = session().request(
        "GET",
        address,
        headers={"Accept-Encoding": "identity"} | headers | partial.range_headers(),
        stream=True,
    )
    with asked as response:
        _check_no_page(response, url, cancelled)
        if not _continues(response, url, partial):
            partial.begin(response.headers)
        _check_room(url, partial)
        _write(response, url, partial, report, cancelled)
    if partial.total is not None and partial.size != partial.total:
        raise _wrong_part(url)


def _check_no_page(response: requests.Response, url: str, cancelled: IsCancelled) -> None:
    if response.status_code < 400 and is_page(response):
        raise PageError(
            f"{archive_name(url)} sent a page for people instead of the file {shown(url)}. Try "
            "again later; a log-in page of the network would do so too.",
            whole_content(response, url, _MOST_PAGE, cancelled),
        )


def _continues(response: requests.Response, url: str, partial: PartialFile) -> bool:
    """Return whether an answer goes on where the file ends; otherwise it begins anew."""
    if response.status_code != _NOTHING_LEFT:
        check_answer(response, url)
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise SourceError(
            f"{archive_name(url)} sent {shown(url)} packed, though asked not to. A proxy on the "
            "way may do so; try another network."
        )
    if response.status_code not in (_PARTIAL, _NOTHING_LEFT):
        return False
    if not partial.continued_by(response.headers):
        partial.restart()
        raise _wrong_part(url)
    return True


def _write(
    response: requests.Response,
    url: str,
    partial: PartialFile,
    report: Report,
    cancelled: IsCancelled,
) -> None:
    start, began, total = partial.size, time.monotonic(), partial.total or 0
    done = start
    with partial.appending() as append:
        for piece in pieces(response, cancelled, unpack=False):
            append(piece)
            done += len(piece)
            if done > _limit():
                break
            pace = (done - start) / max(time.monotonic() - began, 1e-3)
            left = (total - done) / pace if total else None
            report(TransferProgress(f"Fetching {partial.target.name}", done, total, left))
    if done > _limit():
        partial.restart()
        raise _too_large(url)


def _check_room(url: str, partial: PartialFile) -> None:
    """Refuse a file that is too large, before anything of it is written."""
    if partial.total is None:
        return
    if partial.total > _limit():
        partial.restart()
        raise _too_large(url)
    free = shutil.disk_usage(partial.target.parent).free
    if partial.total - partial.size + _SPARE > free:
        raise StorageError(
            f"{partial.target.name} has {partial.total / 1e6:,.0f} MB, but the disk of "
            f"{partial.target.parent} has only {free / 1e6:,.0f} MB left. Free some space or set "
            "GLACIER_DATA_DIR to another disk."
        )


def _finish(url: str, partial: PartialFile, target: Path, sha256: str | None) -> None:
    with disk_errors(target):
        if sha256 is not None and file_sha256(partial.path) != sha256:
            partial.restart()
            raise WrongFileError(
                f"{shown(url)} arrived, but it is not the file expected (its SHA-256 is another): "
                "it was changed there or on the way. Nothing was kept; try again later."
            )
        partial.put_in_place()
        flush_folder(target.parent)


@contextmanager
def _alone(target: Path, cancelled: IsCancelled) -> Iterator[None]:
    """Keep other threads and processes from fetching the same file at the same time."""
    locks = settings().data_dir / "locks"
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        locks.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(target.resolve()).encode()).hexdigest()[:32]
    lock = FileLock(locks / f"{name}.lock")
    while True:
        check_wanted(cancelled)
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()


class _WrongPartError(SourceError):
    """Other bytes came than were asked for."""


def _wrong_part(url: str) -> _WrongPartError:
    return _WrongPartError(
        f"{archive_name(url)} sent other parts of {shown(url)} than were asked for, again and "
        "again. None of them is used; try again later."
    )


def _limit() -> int:
    return settings().max_download_megabytes * 1_000_000


def _too_large(url: str) -> SourceError:
    return SourceError(
        f"{shown(url)} is larger than {settings().max_download_megabytes:,} MB "
        "(GLACIER_MAX_DOWNLOAD_MEGABYTES). Nothing was kept; raise the limit if the file is right."
    )
