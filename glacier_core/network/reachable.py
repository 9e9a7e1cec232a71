"""Whether an archive can be reached at all, told sooner than any request would give up."""

import socket
import threading
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from glacier_core.network.services import service

PATIENCE: float = 1.2
"""Seconds; long enough for a connection around the Earth, short enough for a person who waits."""


def is_reachable(name: str, *, seconds: float = PATIENCE) -> bool:
    """Return whether a connection to a service, or to the proxy on the way to it, can be made.

    Nothing is asked over it. A yes promises no answer; a no saves the wait for one.

    Parameters
    ----------
    name : str
        In `glacier_core.network.services`.
    seconds : float
        How long to try; looking up the host's address, which may hang, included.

    Raises
    ------
    SourceError
        When no service has this name.
    """
    host, port = _door(service(name))
    answered = threading.Event()

    def knock() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
        except OSError:
            return
        answered.set()

    knocking = threading.Thread(target=knock, name="glacier-reachable", daemon=True)
    knocking.start()
    knocking.join(seconds)
    return answered.is_set()


def _door(address: str) -> tuple[str, int]:
    """Return host and port that a request for an address would connect to."""
    proxy = select_proxy(address, get_environ_proxies(address))
    parts = urlsplit(proxy or address)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
