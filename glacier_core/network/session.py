"""Questions to archives: short answers, within limits of size and time."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import requests
from urllib3.exceptions import ProtocolError

from glacier_core.errors import SourceError
from glacier_core.network.faults import archive_name, check_answer, told
from glacier_core.network.services import reached_at, shown
from glacier_core.network.transfer import IsCancelled, never
from glacier_core.network.transport import ArchiveSession, pieces, stoppable
from glacier_core.settings import settings

_MOST_JSON: Final = 64_000_000
_ATTEMPTS: Final = 3
"""How often an answer that breaks off is asked for."""

_PATIENCE: Final = 10
"""An answer may take this many times the limit of silence, however steadily it trickles."""

_of_thread = threading.local()


def session() -> ArchiveSession:
    """Return this thread's session: every address checked, trouble met with patience.

    Returns
    -------
    requests.Session
        To be used by this thread only, by pystac-client for instance.
    """
    if not hasattr(_of_thread, "session"):
        _of_thread.session = ArchiveSession()
    found: ArchiveSession = _of_thread.session
    return found


def get_json(
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
    cancelled: IsCancelled = never,
) -> Any:
    """Ask an archive a question that it answers in JSON.

    Parameters
    ----------
    url : str
    params : mapping, optional
        Query of the address.
    body : anything JSON can hold, optional
        Asks by POST instead of GET.
    headers : mapping of str to str, optional
    cancelled : callable, optional

    Raises
    ------
    SourceError
        Whatever went wrong, in one sentence: no answer, too many requests, refused, nonsense.
    MissingError
        When the archive does not hold what was asked for.
    JobCancelled
    """
    url = reached_at(url)
    content = _asked(url, _MOST_JSON, params, body, headers, cancelled)
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise SourceError(
            f"{archive_name(url)} answered {shown(url)} with nonsense instead of JSON "
            f"({_beginning(content)!r}). Try again later; a log-in page of the network would do so "
            "too."
        ) from problem


def get_bytes(
    url: str,
    *,
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    cancelled: IsCancelled = never,
) -> bytes:
    """Fetch something small as a whole.

    Parameters
    ----------
    url : str
    most_bytes : int
        Unpacked; a longer answer is refused.
    headers : mapping of str to str, optional
    cancelled : callable, optional

    Raises
    ------
    SourceError
        As `get_json` does, and when the answer is too long.
    MissingError
    JobCancelled
    """
    return _asked(reached_at(url), most_bytes, None, None, headers, cancelled)


def _asked(
    url: str,
    most_bytes: int,
    params: Mapping[str, Any] | None,
    body: Any,
    headers: Mapping[str, str] | None,
    cancelled: IsCancelled,
) -> bytes:
    """Return a whole answer, asking anew where it breaks off."""
    with told(url), stoppable(cancelled):
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with session().request(
                    "GET" if body is None else "POST",
                    url,
                    params=None if params is None else dict(params),
                    json=body,
                    headers=None if headers is None else dict(headers),
                    stream=True,
                ) as response:
                    check_answer(response, url)
                    return whole_content(response, url, most_bytes, cancelled)
            except ProtocolError:
                if attempt == _ATTEMPTS:
                    raise
    raise AssertionError("every attempt returns or raises")


def whole_content(
    response: requests.Response, url: str, most_bytes: int, cancelled: IsCancelled
) -> bytes:
    """Return the body of an answer, within limits of size and time.

    Raises
    ------
    SourceError
        When it is longer, or comes drop by drop.
    urllib3.exceptions.HTTPError
        When it breaks off; `glacier_core.network.faults.told` says so.
    JobCancelled
    """
    until = time.monotonic() + _PATIENCE * settings().download_timeout
    content = bytearray()
    for piece in pieces(response, cancelled):
        content += piece
        if len(content) > most_bytes:
            raise SourceError(
                f"{archive_name(url)} answered {shown(url)} with more than {most_bytes:,} bytes, "
                "which is more than such an answer can need. Nothing of it was used."
            )
        if time.monotonic() > until:
            raise SourceError(
                f"{archive_name(url)} answers {shown(url)} drop by drop. Try again later."
            )
    return bytes(content)


def _beginning(content: bytes) -> str:
    return content[:60].decode("utf-8", "replace")


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
