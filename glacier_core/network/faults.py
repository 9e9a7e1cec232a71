"""What an archive's refusal means, in sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import (
    DecodeError,
    HTTPError,
    MaxRetryError,
    ProtocolError,
    ReadTimeoutError,
)

from glacier_core.errors import GlacierError, MissingError, SourceError
from glacier_core.network.services import service_of, shown
from glacier_core.network.transfer import never
from glacier_core.network.transport import pieces

_EXPIRED: Final = ("expired", "specified time frame", "signature not valid")
"""Words by which S3, Azure and Earthdata tell that a signature was good once."""

_READ: Final = 4000


class ExpiredError(SourceError):
    """An archive refused a signature or token that has run out."""


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn whatever goes wrong while an archive is asked into one sentence.

    Raises
    ------
    SourceError
        For every failure of the network or the archive.
    """
    try:
        yield
    except GlacierError:
        raise
    except (requests.RequestException, HTTPError, OSError) as problem:
        cause = _cause(problem)
        if cause is not None:
            raise cause from problem
        raise SourceError(_of_failure(_reason(problem), url)) from problem


def check_answer(response: requests.Response, url: str) -> None:
    """Refuse an answer that is none.

    Raises
    ------
    MissingError
        When the archive does not hold what was asked for.
    SourceError
        For every other status from 400.
    """
    status = response.status_code
    if status < 400:
        return
    where, at = archive_name(url), shown(url)
    if status in (404, 410):
        raise MissingError(f"{where} does not hold {at}: it answered {status}.")
    if status in (401, 403):
        raise _refusal(response, where, at)
    if status == 429:
        raise SourceError(
            f"{where} is asked too often: it answered 429 again and again. Wait some minutes, then "
            "try again; what is here already is not fetched twice."
        )
    if status >= 500:
        raise SourceError(
            f"{where} is in trouble: it answered {status} again and again at {at}. Try again "
            "later, or choose another archive."
        )
    raise SourceError(
        f"{where} did not understand the request for {at}: it answered {status} "
        f"({_said(response)!r}). Narrow the request; if it stays so, the archive has changed."
    )


def archive_name(url: str) -> str:
    """Return the archive of an address as messages name it."""
    host = urlsplit(url).hostname or "nothing"
    name = service_of(url)
    return f"The archive {host}" if name is None else f"The archive {name} ({host})"


def _refusal(response: requests.Response, where: str, at: str) -> SourceError:
    said = _said(response)
    status = response.status_code
    if any(word in said.lower() for word in _EXPIRED):
        return ExpiredError(
            f"{where} refused {at} ({status}): the permission has run out. Fetch again; if it "
            "stays so, renew the credentials in the environment and check this machine's clock."
        )
    return SourceError(
        f"{where} refused {at} ({status}): it wants an account, the account has no right to it, or "
        "it is asked too often. See docs/archives.md for the variables it needs, or choose an "
        "archive without account."
    )


def _said(response: requests.Response) -> str:
    """Return the beginning of what a refusal says, as one line of plain text."""
    try:
        text = next(pieces(response, never), b"")[:_READ].decode("utf-8", "replace")
    except (HTTPError, OSError):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _cause(problem: BaseException) -> GlacierError | None:
    """Find our own error inside the wrappings of urllib3 and requests."""
    seen: BaseException | None = problem
    while seen is not None:
        if isinstance(seen, GlacierError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _reason(problem: Exception) -> Exception:
    """Return what ended the last attempt, where urllib3 gave up after several."""
    inner = problem.args[0] if problem.args else None
    if isinstance(inner, MaxRetryError) and isinstance(inner.reason, ReadTimeoutError):
        return inner.reason
    return problem


def _of_failure(problem: Exception, url: str) -> str:
    where = archive_name(url)
    if isinstance(problem, requests.TooManyRedirects):
        return f"{where} sends requests round in circles. Try again later."
    if isinstance(problem, requests.Timeout | ReadTimeoutError):
        return (
            f"{where} gave no answer in time. Try again later, or give it longer by setting "
            "GLACIER_DOWNLOAD_TIMEOUT."
        )
    if isinstance(problem, requests.exceptions.SSLError):
        return (
            f"{where} could not prove who it is ({_first_line(problem)}). Nothing was sent. Check "
            "this machine's clock and certificates, and whether a proxy stands between."
        )
    if isinstance(problem, DecodeError):
        return f"{where} sent what cannot be unpacked. Try again later."
    if isinstance(problem, ProtocolError):
        return f"{where} broke off in the middle of its answer, again and again. Try again later."
    if isinstance(problem, requests.exceptions.ProxyError):
        return f"The proxy on the way to {where[4:]} refused. Check HTTPS_PROXY and NO_PROXY."
    return (
        f"{where} cannot be reached ({type(problem).__name__}). Check the network and try again; "
        "simulated scenes and what was fetched before need none."
    )


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [""])[0][:120]
