"""Who may read which bucket: signatures where the requester pays, tokens of the Planetary Computer.

Written from the public descriptions of AWS Signature Version 4 and of Azure's shared access
signatures, apart from the client's way of making them.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

KEY, SECRET = "testing", "testing"
REQUESTER_PAYS = {
    "landsat-s3": "us-west-2",
    "sentinel-2-l1c-s3": "eu-central-1",
    "sentinel-1-grd-s3": "eu-central-1",
}
BY_TOKEN = {
    "planetary-computer-sentinel-1-rtc": "sentinel1euwestrtc/sentinel1-grd-rtc",
    "planetary-computer-sentinel-1-grd": "sentinel1euwest/s1-grd",
    "planetary-computer-sentinel-2-l2a": "sentinel2l2a01/sentinel2-l2",
    "planetary-computer-landsat": "landsateuwest/landsat-c2",
}
COLLECTIONS = {
    "sentinel-1-rtc": "planetary-computer-sentinel-1-rtc",
    "sentinel-1-grd": "planetary-computer-sentinel-1-grd",
    "sentinel-2-l2a": "planetary-computer-sentinel-2-l2a",
    "landsat-c2-l2": "planetary-computer-landsat",
}
LASTS = timedelta(minutes=45)
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def refused(request: Request, service: str) -> Response | None:
    """Return why a file is not handed out, or None."""
    if service in REQUESTER_PAYS:
        return _without_signature(request, REQUESTER_PAYS[service])
    if service in BY_TOKEN:
        if request.scope.get("misconduct") == "expired token":
            return _azure(403, "AuthenticationFailed", "Signature not valid in the time frame")
        return _without_token(request, BY_TOKEN[service])
    return None


def _without_signature(request: Request, region: str) -> Response | None:
    given = request.headers.get("authorization", "")
    pattern = r"AWS4-HMAC-SHA256 Credential=(.+?), ?SignedHeaders=(.+?), ?Signature=(\w+)"
    found = re.fullmatch(pattern, given)
    if not found or request.headers.get("x-amz-request-payer") != "requester":
        return _amazon(403, "AccessDenied", "Access Denied")
    scope, names, signature = found.groups()
    key, _, rest = scope.partition("/")
    if key != KEY:
        return _amazon(403, "InvalidAccessKeyId", "The key does not exist in our records.")
    if rest.split("/")[1:] != [region, "s3", "aws4_request"]:
        return _amazon(400, "AuthorizationHeaderMalformed", f"expecting '{region}'")
    if not hmac.compare_digest(signature, _signature(request, rest, names)):
        return _amazon(403, "SignatureDoesNotMatch", "The signature does not match.")
    return None


def _signature(request: Request, scope: str, names: str) -> str:
    payload = request.headers.get("x-amz-content-sha256", "")
    query = "&".join(
        sorted(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in request.query_params.items())
    )
    headers = "".join(f"{name}:{request.headers[name].strip()}\n" for name in names.split(";"))
    path = quote(request.url.path, safe="/~")
    canonical = "\n".join([request.method, path, query, headers, names, payload])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", request.headers.get("x-amz-date", ""), scope, digest])
    secret = f"AWS4{SECRET}".encode()
    for part in (*scope.split("/"), text):
        last, secret = secret, hmac.new(secret, part.encode(), hashlib.sha256).digest()
    return hmac.new(last, text.encode(), hashlib.sha256).hexdigest()


def _without_token(request: Request, container: str) -> Response | None:
    given = {name: values[0] for name, values in parse_qs(request.url.query).items()}
    if "sig" not in given:
        return _azure(409, "PublicAccessNotPermitted", "Public access is not permitted.")
    if given["sig"] != _seal(container, given.get("se", "")):
        return _azure(403, "AuthenticationFailed", "Server failed to authenticate the request.")
    if datetime.strptime(given["se"], _TIME).replace(tzinfo=UTC) < datetime.now(UTC):
        return _azure(403, "AuthenticationFailed", "Signature not valid in the time frame")
    return None


def token_for(wanted: str, *, expired: bool) -> Response:
    """Answer who asks for a token, by collection or by account and container."""
    container = BY_TOKEN.get(COLLECTIONS.get(wanted, ""), wanted)
    if container not in BY_TOKEN.values():
        return JSONResponse({"detail": "Not found"}, 404)
    ends = datetime.now(UTC) + (-LASTS if expired else LASTS)
    until = ends.strftime(_TIME)
    token = f"se={quote(until, safe='')}&sp=rl&sv=2025-07-05&sr=c&sig={_seal(container, until)}"
    return JSONResponse({"msft:expiry": until, "token": token})


def _seal(container: str, until: str) -> str:
    return hashlib.sha256(f"{container} until {until}".encode()).hexdigest()[:40]


def _amazon(status: int, code: str, message: str) -> Response:
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(body, status, media_type="application/xml")


def _azure(status: int, code: str, message: str) -> Response:
    answer = _amazon(status, code, message)
    answer.headers["x-ms-error-code"] = code
    return answer
