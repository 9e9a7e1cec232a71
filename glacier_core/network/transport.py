"""How archives are asked: addresses checked at every hop, patience with trouble, a time limit."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from socket import socket
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse
from urllib3.util.retry import Retry

from glacier_core.errors import JobCancelled
from glacier_core.network.addresses import check_named, check_peer, check_place
from glacier_core.network.services import reached_at, service_of
from glacier_core.network.transfer import IsCancelled, never
from glacier_core.settings import settings

RETRIES: Final = 4
"""How often a request is repeated that met trouble on the other side."""

_SILENCES: Final = 2
"""How often a request is repeated that got no answer at all: each costs the whole limit of time."""

_LONGEST_CONNECTING: Final = 10.0
LONGEST_PAUSE: Final = 30.0
"""Seconds: no archive's wish to be left alone (Retry-After) is granted beyond this."""

_TROUBLE: Final = (429, 500, 502, 503, 504)
_THROTTLED: Final = {"earth-search": (*_TROUBLE, 403)}
"""Earth Search answers 403 to too many requests (its issue 19); nothing of it needs an account."""

_MOST_REDIRECTS: Final = 5
_STEP: Final = 0.1
_PIECE: Final = 1 << 16
_CONNECTIONS: Final = 32
"""To one host, kept open; more are made where needed, and closed after."""


_of_thread = threading.local()


class ArchiveSession(requests.Session):
    """Session whose every request, redirects included, goes to a known archive.

    Raises
    ------
    SourceError
        When a request or a redirect leads elsewhere.
    JobCancelled
        When it is stopped while it waits to ask again; see `stoppable`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.max_redirects = _MOST_REDIRECTS
        self.auth = _unchanged
        self.headers.update({"User-Agent": f"glacier-explorer/{_version()}"})
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self.mount(scheme, _shared_adapter())

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Ask for what lies at an address, at the mirror where one is set."""
        reached = reached_at(str(url))
        check_named(reached)
        return super().request(method, reached, *args, **kwargs)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where an answer leads, at the mirror where one is set."""
        target = super().get_redirect_target(resp)
        return None if target is None else reached_at(target)

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Take every credential off a request that is led to another host."""
        old, new = response.request.url, prepared_request.url
        strip: bool = self.should_strip_auth(old, new)  # type: ignore[no-untyped-call]
        if strip:
            for name in list(prepared_request.headers):
                if name.lower() in _SECRET_HEADERS or name.lower().startswith("x-amz-"):
                    del prepared_request.headers[name]


_SECRET_HEADERS: Final = ("authorization", "cookie", "ocp-apim-subscription-key")


@contextmanager
def stoppable(cancelled: IsCancelled) -> Iterator[None]:
    """Let requests of this thread be stopped while they wait to ask again."""
    before = _stopped()
    _of_thread.cancelled = cancelled
    try:
        yield
    finally:
        _of_thread.cancelled = before


def pause(seconds: float, cancelled: IsCancelled) -> None:
    """Wait, and notice within a moment when nobody wants the result any more.

    Raises
    ------
    JobCancelled
        When it is stopped.
    """
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        check_wanted(cancelled)
        time.sleep(min(_STEP, left))


def check_wanted(cancelled: IsCancelled) -> None:
    """Raise JobCancelled if somebody stopped the transfer."""
    if cancelled():
        raise JobCancelled("The transfer was stopped.")


def pieces(
    response: requests.Response, cancelled: IsCancelled, *, unpack: bool = True
) -> Iterator[bytes]:
    """Yield the body of an answer as it comes, however small the pieces.

    Raises
    ------
    urllib3.exceptions.HTTPError
        When it breaks off or cannot be unpacked; `glacier_core.network.faults.told` says so.
    JobCancelled
    """
    while piece := response.raw.read1(_PIECE, decode_content=unpack):
        check_wanted(cancelled)
        yield piece


def _stopped() -> IsCancelled:
    found: IsCancelled = getattr(_of_thread, "cancelled", never)
    return found


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from adding passwords of a .netrc file of its own accord."""
    return request


def _version() -> str:
    try:
        return version("glacier-explorer")
    except PackageNotFoundError:
        return "unknown"


class _Patience(Retry):
    """Pauses that grow, follow the archive's wish within reason, and can be cut short."""

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        wish = self.get_retry_after(response) if response is not None else None
        pause(min(wish or self.get_backoff_time(), LONGEST_PAUSE), _stopped())


@lru_cache(maxsize=1)
def _shared_adapter() -> "_ArchiveAdapter":
    """Return the adapter of all sessions: threads come and go, connections stay open."""
    return _ArchiveAdapter(pool_maxsize=_CONNECTIONS)


class _ArchiveAdapter(HTTPAdapter):
    """Used by many threads, so what belongs to a request is kept with its thread."""

    @property
    def max_retries(self) -> Retry:
        found: Retry = getattr(_of_thread, "patience", Retry(0))
        return found

    @max_retries.setter
    def max_retries(self, patience: Retry) -> None:
        _of_thread.patience = patience

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        check_named(str(request.url))
        check_wanted(_stopped())
        self.max_retries = _patience(str(request.url))
        limit = settings().download_timeout
        patient = timeout or (min(limit, _LONGEST_CONNECTING), limit)
        return super().send(request, stream, patient, verify, cert, proxies)


def _patience(url: str) -> Retry:
    return _Patience(
        total=RETRIES,
        connect=_SILENCES,
        read=_SILENCES,
        status_forcelist=_THROTTLED.get(service_of(url) or "", _TROUBLE),
        allowed_methods=None,
        backoff_factor=settings().retry_pause,
        backoff_max=LONGEST_PAUSE,
        redirect=False,
        raise_on_status=False,
    )


class _CheckedConnection(HTTPConnection):
    """Connection that is made to public places only.

    The name is looked up once before, and the address really reached is looked at once more: a
    name server may answer differently the second time.
    """

    def _new_conn(self) -> socket:
        return _checked(self, super()._new_conn)


class _CheckedTlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket:
        return _checked(self, super()._new_conn)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _CheckedConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTlsConnection


def _checked(connection: HTTPConnection, connect: Any) -> socket:
    port = connection.port or connection.default_port
    check_place(connection.host, port)
    made: socket = connect()
    try:
        check_peer(connection.host, port, str(made.getpeername()[0]))
    except BaseException:
        made.close()
        raise
    return made
