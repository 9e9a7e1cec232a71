"""The archives, and the addresses under which this process reaches them."""

import json
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from glacier_core.errors import SourceError
from glacier_core.settings import settings

SERVICES: Final = MappingProxyType(
    {
        name: str(address)
        for name, address in json.loads(
            Path(__file__).with_name("services.json").read_text(encoding="utf-8")
        ).items()
    }
)
"""Public root address of every service, by name; every address of the project is below one."""

_BUCKET_SCHEMES: Final = ("s3", "gs")


def service(name: str) -> str:
    """Return the root address of a service, without a slash at its end.

    With ``settings().services_root`` it is ``{services_root}/{name}``: institutions with a mirror,
    and tests, run the very same client.

    Raises
    ------
    SourceError
        When no service has this name.
    """
    if name not in SERVICES:
        raise SourceError(f"{name!r} is no known service. Known are {', '.join(SERVICES)}.")
    root = settings().services_root
    return SERVICES[name] if root is None else f"{root}/{name}"


def service_of(url: str) -> str | None:
    """Return the name of the service that an address is below, or None.

    Public addresses are recognised beside those of a mirror.
    """
    found = [(len(root), name) for root, name in _roots() if _is_below(url, root)]
    return max(found)[1] if found else None


def reached_at(url: str) -> str:
    """Return the address at which this process reaches a file that an archive names.

    ``s3://`` and ``gs://`` addresses of known buckets become those of their web service, and
    with ``settings().services_root`` public addresses become those of the mirror. Anything else
    stays as it is: whether it may be asked is for
    `glacier_core.network.addresses.check_address` to say.
    """
    public = _of_bucket(url)
    if settings().services_root is None or public.startswith(f"{settings().services_root}/"):
        return public
    name = service_of(public)
    return public if name is None else service(name) + public[len(SERVICES[name]) :]


def shown(url: str) -> str:
    """Return an address as messages show it: without its query, which may hold a secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]


def _roots() -> list[tuple[str, str]]:
    return [(root, name) for name in SERVICES for root in {SERVICES[name], service(name)}]


def _is_below(url: str, root: str) -> bool:
    return url.startswith(root) and url[len(root) :][:1] in ("", "/", "?")


def _of_bucket(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in _BUCKET_SCHEMES:
        return url
    bucket, _, key = rest.partition("/")
    root = _buckets().get((scheme, bucket))
    return url if root is None else f"{root}/{key}"


@lru_cache(maxsize=1)
def _buckets() -> dict[tuple[str, str], str]:
    """Root addresses of the services that are buckets, by scheme and name."""
    found: dict[tuple[str, str], str] = {}
    for root in SERVICES.values():
        parts = urlsplit(root)
        if parts.netloc.endswith(".amazonaws.com") and ".s3." in parts.netloc:
            found["s3", parts.netloc.partition(".s3.")[0]] = root
        elif parts.netloc == "storage.googleapis.com":
            found["gs", parts.path.strip("/")] = root
    return found
