"""Files that somebody shares in a public folder of Google Drive, without an account or a key.

Google documents none of this; it is what its pages do for anybody with a browser. A public folder
has a view made for other sites to embed, with a link to every file. A file is asked for at
``/uc``, which leads to the server of files; for one too large for its virus scanner, that answers
with a page whose form asks to confirm, and the form's own address gives the file. Parts of files
are given as usual (RFC 9110, section 14).
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from glacier_core.errors import SourceError
from glacier_core.network.downloads import PageError, download, is_page
from glacier_core.network.faults import check_answer, told
from glacier_core.network.pages import Page, read_page
from glacier_core.network.services import reached_at, service, shown
from glacier_core.network.session import get_bytes, session, whole_content
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.network.transport import stoppable

DRIVE: Final = "google-drive"

_FOLDER: Final = re.compile(r"/drive/(?:u/\d+/)?folders/([-\w]{10,200})(?![-\w])")
_FILE: Final = re.compile(r"/file/d/([-\w]{10,200})(?:/|$)")
_MOST_REDIRECTS: Final = 5
_MOST_PAGE: Final = 5_000_000
_MOST_FOLDERS: Final = 20
_FORM: Final = "download-form"


@dataclass(frozen=True)
class SharedFile:
    """A file in a shared folder: its name there, and its number in the whole of Drive."""

    name: str
    number: str


def shared_folder(link: str, *, cancelled: IsCancelled = never) -> str:
    """Follow a short link to the shared folder it leads to, and return the folder's number.

    Parameters
    ----------
    link : str
    cancelled : callable, optional

    Raises
    ------
    SourceError
        If it does not lead to a folder of Google Drive, or leads through other hosts than those
        known here.
    JobCancelled
    """
    address = reached_at(link)
    for _ in range(_MOST_REDIRECTS):
        found = _FOLDER.search(urlsplit(address).path)
        if found is not None and urlsplit(address).netloc == urlsplit(service(DRIVE)).netloc:
            return found[1]
        following = _next_address(address, cancelled)
        if following is None:
            break
        address = reached_at(following)
    raise SourceError(
        f"{link} leads to no shared folder of Google Drive any more (it ends at "
        f"{shown(address)}). Open it in a browser; whoever shares the files may have moved them."
    )


def shared_files(folder: str, *, cancelled: IsCancelled = never) -> tuple[SharedFile, ...]:
    """List the files of a shared folder, then those of the folders in it.

    Where several have one name, the first counts: the others are left out.

    Parameters
    ----------
    folder : str
        Number of the folder.
    cancelled : callable, optional

    Raises
    ------
    MissingError
        If there is no such folder.
    SourceError
        If it is not public, or its view has changed so that no files are found in it.
    JobCancelled
    """
    waiting, seen = [folder], {folder}
    found: dict[str, SharedFile] = {}
    while waiting:
        page = _folder_view(waiting.pop(0), cancelled)
        for link, name in page.links:
            inner = _FOLDER.search(urlsplit(link).path)
            if inner is not None and inner[1] not in seen and len(seen) < _MOST_FOLDERS:
                seen.add(inner[1])
                waiting.append(inner[1])
            number = _FILE.search(urlsplit(link).path)
            if number is not None:
                found.setdefault(name, SharedFile(name, number[1]))
    if not found:
        raise SourceError(
            f"No files were found in the shared folder {folder} of Google Drive: it is empty, is "
            "not public any more, or its view has changed. Open it in a browser."
        )
    return tuple(found.values())


def fetch_shared(
    file: SharedFile,
    target: Path,
    *,
    sha256: str | None = None,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Path:
    """Fetch a file of a shared folder, going on where an earlier attempt stopped.

    Parameters
    ----------
    file : SharedFile
    target, sha256, report, cancelled
        As `glacier_core.network.downloads.download` takes them.

    Returns
    -------
    Path
        The target.

    Raises
    ------
    SourceError
        If Google does not hand it out, for instance as too many fetched it today; and as
        `download`.
    MissingError, StorageError, JobCancelled
        As `download`.
    """
    try:
        address = _file_address(file, cancelled)
        return download(address, target, sha256=sha256, report=report, cancelled=cancelled)
    except PageError as problem:
        raise _withheld(file, read_page(problem.page)) from problem


def _next_address(address: str, cancelled: IsCancelled) -> str | None:
    """Ask for an address, and return where its answer leads."""
    with (
        told(address),
        stoppable(cancelled),
        session().request("GET", address, stream=True, allow_redirects=False) as response,
    ):
        check_answer(response, address)
        target = response.headers.get("Location")
        return None if target is None else urljoin(address, target)


def _folder_view(folder: str, cancelled: IsCancelled) -> Page:
    address = f"{service(DRIVE)}/embeddedfolderview?{urlencode({'id': folder})}"
    return read_page(get_bytes(address, most_bytes=_MOST_PAGE, cancelled=cancelled))


def _file_address(file: SharedFile, cancelled: IsCancelled) -> str:
    """Return where the file itself lies: where Drive leads to, or what its form asks for."""
    address = f"{service(DRIVE)}/uc?{urlencode({'export': 'download', 'id': file.number})}"
    with (
        told(address),
        stoppable(cancelled),
        # Only to see where it leads: one byte of a file is enough, a page comes whole.
        session().request("GET", address, headers={"Range": "bytes=0-0"}, stream=True) as response,
    ):
        check_answer(response, address)
        if not is_page(response):
            return str(response.url)
        page = read_page(whole_content(response, address, _MOST_PAGE, cancelled))
        return _confirmed(page, str(response.url), file)


def _confirmed(page: Page, address: str, file: SharedFile) -> str:
    if _FORM not in page.forms:
        raise _withheld(file, page)
    action, hidden = page.forms[_FORM]
    return reached_at(f"{urljoin(address, action).partition('?')[0]}?{urlencode(hidden)}")


def _withheld(file: SharedFile, page: Page) -> SourceError:
    return SourceError(
        f"Google Drive does not hand out {file.name}. It says: {page.sentence or 'nothing'!r}. "
        "After many fetches it closes a file for a day: try again tomorrow, or open its folder "
        "in a browser with an account of yours."
    )
