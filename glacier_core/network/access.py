"""What an archive wants to see before it hands a file out: a token, or a signature."""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from glacier_core.errors import SourceError
from glacier_core.network.services import SERVICES, service, service_of
from glacier_core.network.session import get_json
from glacier_core.settings import settings

_BY_TOKEN: Final = (
    "planetary-computer-sentinel-1-rtc",
    "planetary-computer-sentinel-1-grd",
    "planetary-computer-sentinel-2-l2a",
    "planetary-computer-landsat",
)
"""Services whose files want a token of the Planetary Computer, which gives it to anybody."""

_REQUESTER_PAYS: Final = {
    "landsat-s3": "us-west-2",
    "sentinel-2-l1c-s3": "eu-central-1",
    "sentinel-1-grd-s3": "eu-central-1",
}
"""Buckets whose readers pay for the transfer with their own account, and their regions."""

_TOKENS_OF: Final = "planetary-computer-token"
_EARLY: Final = 300.0
"""Seconds before its end at which a token is asked for anew: no transfer of a piece is longer."""

_AT_LEAST: Final = 60.0
"""Seconds a token is used in any case, however wrong the clock of this machine is."""


@dataclass(frozen=True)
class _Token:
    query: str
    until: float


_tokens: dict[str, _Token] = {}
_guard = threading.Lock()


def authorise(url: str, service_name: str | None = None) -> tuple[str, dict[str, str]]:
    """Return what to ask for a file of an archive: its address and headers, signed where needed.

    Files of the Planetary Computer get a token, asked for once and renewed before it ends;
    buckets whose readers pay get a signature (AWS Signature Version 4) made from
    ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY`` and ``AWS_SESSION_TOKEN``; archives named in
    ``settings().archive_tokens`` get that token. Others are asked as they are.

    Parameters
    ----------
    url : str
        As `glacier_core.network.services.reached_at` returns it.
    service_name : str, optional
        The service the file belongs to; told from the address where left out.

    Raises
    ------
    SourceError
        When credentials are missing (the message names the variables), or the token is refused.
    """
    name = service_name or service_of(url) or ""
    if name in _REQUESTER_PAYS:
        return url, _signature(url, _REQUESTER_PAYS[name], name)
    if name in _BY_TOKEN:
        joint = "&" if urlsplit(url).query else "?"
        return f"{url}{joint}{_token(name)}", {}
    token = settings().archive_tokens.get(name)
    return url, {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}


def forget_token(url: str) -> None:
    """Drop the token kept for a file, because the archive says that it has run out."""
    name = service_of(url)
    if name in _BY_TOKEN:
        with _guard:
            _tokens.pop(_token_address(name), None)


def _token(name: str) -> str:
    address = _token_address(name)
    with _guard:
        kept = _tokens.get(address)
        if kept is None or time.monotonic() > kept.until:
            kept = _tokens[address] = _asked_token(address)
        return kept.query


def _token_address(name: str) -> str:
    """Address of the token of a container: its account and its own name say which."""
    root = urlsplit(SERVICES[name])
    account = str(root.hostname).partition(".")[0]
    return f"{service(_TOKENS_OF)}/token/{account}{root.path}"


def _asked_token(address: str) -> _Token:
    key = settings().archive_tokens.get(_TOKENS_OF)
    headers = {} if key is None else {"Ocp-Apim-Subscription-Key": key.get_secret_value()}
    answer = get_json(address, headers=headers)
    try:
        query = str(answer["token"]).lstrip("?")
        ends = datetime.fromisoformat(str(answer["msft:expiry"]))
    except (KeyError, TypeError, ValueError) as problem:
        raise SourceError(
            f"{address} gave no token that can be understood. Try again later, or choose another "
            "archive."
        ) from problem
    left = (ends.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return _Token(query, time.monotonic() + max(left - _EARLY, _AT_LEAST))


def _signature(url: str, region: str, name: str) -> dict[str, str]:
    # Imported here: it takes time, and most archives need no signature.
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest

    headers = {"x-amz-request-payer": "requester"}
    request: Any = AWSRequest(method="GET", url=url, headers=headers)
    S3SigV4Auth(_credentials(os.environ, name), "s3", region).add_auth(request)
    return {str(key): str(value) for key, value in request.headers.items()}


def _credentials(environment: Mapping[str, str], name: str) -> Any:
    from botocore.credentials import Credentials

    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if not key or not secret:
        raise SourceError(
            f"The archive {name} hands files out to readers who pay for the transfer (some cents a "
            "gigabyte). Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, "
            "where your account uses one), or choose an archive without account."
        )
    return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)
