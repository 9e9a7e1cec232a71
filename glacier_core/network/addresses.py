"""Which addresses may be asked: those of known archives, at public places, and nothing else."""

import ipaddress
import re
import socket
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

from requests.utils import get_environ_proxies, select_proxy

from glacier_core.errors import SourceError
from glacier_core.network.services import SERVICES, shown
from glacier_core.settings import settings

_PLAIN: Final = re.compile(r"[!#-;=?-Z\[\]_a-z~]+")
"""Characters of an address as RFC 3986 allows them: no blanks, quotes, backslashes, Unicode."""

_PORTS: Final = {"http": 80, "https": 443}
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv6 addresses that stand for IPv4 ones (RFC 6052)."""

_IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def check_address(url: str) -> None:
    """Refuse an address unless it belongs to a known archive and lies at a public place.

    The very host and port of ``settings().services_root`` may be asked wherever they lie. Where
    the environment names a proxy, the proxy looks names up, so that part is left to it.

    Parameters
    ----------
    url : str
        Whole address, from a catalogue or a redirect.

    Raises
    ------
    SourceError
        When the address is not plain https, its host is none of the archives', or that host
        resolves to a loopback, private, link-local or otherwise special address.
    """
    check_named(url)
    proxy = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if proxy is None:
        parts = urlsplit(url)
        check_place(str(parts.hostname), parts.port or _PORTS[parts.scheme])


def check_named(url: str) -> None:
    """Refuse an address whose scheme, host or port is none of the archives'; look nothing up.

    Raises
    ------
    SourceError
        As `check_address` does.
    """
    parts = _split(url)
    if _is_mirror(parts.scheme, parts.hostname, parts.port):
        return
    if parts.scheme != "https":
        raise SourceError(f"{shown(url)!r} is not asked: archives are reached by https only.")
    if parts.hostname not in _hosts() or parts.port not in (None, 443):
        raise SourceError(
            f"{shown(url)!r} is not asked: {parts.netloc!r} is none of the archives "
            "known here (docs/archives.md lists them). Download the file yourself and open it as "
            "your own."
        )


def check_place(host: str, port: int) -> None:
    """Refuse a host that resolves to any address that is not public.

    Raises
    ------
    SourceError
        When it does, or when the name cannot be looked up.
    """
    if _is_mirror_place(host, port):
        return
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise SourceError(
            f"{host} cannot be found: there is no network, or its name server does not answer. "
            "Check the network and try again; simulated scenes and what was fetched before need "
            "none."
        ) from problem
    for *_, place in found:
        check_peer(host, port, str(place[0]))


def check_peer(host: str, port: int, address: str) -> None:
    """Refuse a numeric address that is not public, on behalf of the host it was found for.

    Raises
    ------
    SourceError
        When it is loopback, private, link-local or otherwise special.
    """
    if _is_mirror_place(host, port) or _is_public(address):
        return
    raise SourceError(
        f"{host} is not asked: its name leads to {address}, which is no public place. A name "
        "server between here and the archive answers wrongly, or somebody tries to reach into "
        "this network."
    )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        known = bool(_PLAIN.fullmatch(url) and parts.hostname) and "@" not in parts.netloc
        _ = parts.port
    except ValueError:
        known = False
    if not known:
        raise SourceError(
            f"{url[:100]!r} is not a plain address. Archives are reached by addresses like "
            "https://host/path, without names or passwords in them."
        )
    return parts


def _is_public(address: str) -> bool:
    try:
        found: _IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    meant = _meant(found)
    return meant.is_global and not (meant.is_multicast or meant.is_reserved)


def _meant(address: _IpAddress) -> _IpAddress:
    """Return the IPv4 address that an IPv6 one stands for, or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _is_mirror(scheme: str, host: str | None, port: int | None) -> bool:
    mirror = _mirror()
    return mirror is not None and (scheme, host, port or _PORTS.get(scheme)) == mirror


def _is_mirror_place(host: str, port: int) -> bool:
    mirror = _mirror()
    return mirror is not None and (host, port) == mirror[1:]


def _mirror() -> tuple[str, str | None, int | None] | None:
    root = settings().services_root
    if root is None:
        return None
    parts = urlsplit(root)
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


@lru_cache(maxsize=1)
def _hosts() -> frozenset[str]:
    return frozenset(str(urlsplit(address).hostname) for address in SERVICES.values())
