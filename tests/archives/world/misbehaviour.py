"""What goes wrong on the way: answers spoilt on demand."""

import asyncio
import re
from dataclasses import dataclass, field, replace
from typing import Literal

Misconduct = (
    int
    | Literal[
        "slow",
        "cut",
        "wrong range",
        "no range",
        "wrong bytes",
        "redirect private",
        "expired token",
        "empty",
        "lying scale",
    ]
)
"""A status to answer with, or a name of :data:`SPOILERS`, or one of those the routes know."""

SLOW = 1.5  # seconds before a slow answer begins
PRIVATE = b"http://169.254.169.254/latest/meta-data/"
WRONG_BY = 64  # bytes


@dataclass
class _Order:
    pattern: str
    what: Misconduct
    left: int | None


@dataclass(frozen=True)
class Answer:
    """A whole answer, to be spoilt before it is sent; `sent` bytes of it go out, None for all."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes
    sent: int | None = None

    def with_body(self, body: bytes) -> "Answer":
        """Return it with other content of a length it tells rightly."""
        headers = self.headers | {b"content-length": str(len(body)).encode()}
        return replace(self, headers=headers, body=body)


def cut(answer: Answer) -> Answer:
    """Promise everything and hang up half-way."""
    return replace(answer, sent=len(answer.body) // 2)


def wrong_bytes(answer: Answer) -> Answer:
    """Flip bits, as a broken disk or proxy does."""
    return answer.with_body(bytes(byte ^ 0x5A for byte in answer.body))


def wrong_range(answer: Answer) -> Answer:
    """Say that the bytes are others than those that were asked for."""
    told = answer.headers.get(b"content-range")
    if told is None:
        return answer
    shifted = re.sub(rb"\d+(?=[-/])", lambda found: str(int(found[0]) + WRONG_BY).encode(), told)
    return replace(answer, headers=answer.headers | {b"content-range": shifted})


def empty(answer: Answer) -> Answer:
    """Answer with nothing."""
    return answer.with_body(b"")


def lying_scale(answer: Answer) -> Answer:
    """Tell scales and offsets that are not the product's."""
    body = re.sub(rb'("scale": ?)0\.0001', rb"\g<1>1.0", answer.body)
    body = re.sub(rb'("offset": ?)-?[0-9.]+', rb"\g<1>0.0", body)
    body = re.sub(rb"(<QUANTIFICATION_VALUE[^>]*>)10000<", rb"\g<1>1000<", body)
    body = re.sub(rb'(REFLECTANCE_MULT_BAND_\d+[">=: ]*?"?)(\d\.\d+E)-05', rb"\g<1>\g<2>-04", body)
    return answer.with_body(body)


def is_to_be_empty(scope) -> bool:
    """Tell whether a list is to be answered without entries, instead of with no body at all."""
    scope["emptied"] = scope.get("misconduct") == "empty"
    return scope["emptied"]


SPOILERS = {
    "cut": cut,
    "wrong bytes": wrong_bytes,
    "wrong range": wrong_range,
    "empty": empty,
    "lying scale": lying_scale,
}


@dataclass
class Misbehaviours:
    """The orders to misbehave, the newest in force first; one with a count wears off."""

    orders: list[_Order] = field(default_factory=list)

    def add(self, pattern: str, what: Misconduct, times: int | None) -> None:
        self.orders.insert(0, _Order(pattern, what, times))

    def clear(self) -> None:
        self.orders.clear()

    def due(self, path: str) -> Misconduct | None:
        """Return what is to be done to a request, and count it."""
        for order in self.orders:
            if order.pattern in path and order.left != 0:
                if order.left is not None:
                    order.left -= 1
                return order.what
        return None

    async def answer(self, app, scope, receive, send) -> None:
        """Answer a request, rightly or as ordered."""
        query = scope.get("query_string", b"").decode()
        what = self.due(scope["path"] + (f"?{query}" if query else ""))
        scope["misconduct"] = what
        if isinstance(what, int):
            await _send(_refusal(what), send)
        elif what == "redirect private":
            await _send(Answer(302, {b"location": PRIVATE, b"content-length": b"0"}, b""), send)
        elif what in SPOILERS:
            whole = await _whole(app, scope, receive)
            await _send(whole if scope.get("emptied") else SPOILERS[what](whole), send)
        else:
            if what == "slow":
                await asyncio.sleep(SLOW)
            if what == "no range":
                kept = [pair for pair in scope["headers"] if pair[0] != b"range"]
                scope = {**scope, "headers": kept}
            await app(scope, receive, send)


def _refusal(status: int) -> Answer:
    headers = {b"content-type": b"application/json"}
    if status in (429, 503):
        headers[b"retry-after"] = b"0"
    return Answer(status, headers, b"").with_body(b'{"message": "refused"}')


async def _whole(app, scope, receive) -> Answer:
    """Let the app answer, and hold the answer back."""
    parts = []

    async def keep(message) -> None:
        parts.append(message)

    await app(scope, receive, keep)
    start = next(part for part in parts if part["type"] == "http.response.start")
    body = b"".join(part.get("body", b"") for part in parts)
    return Answer(start["status"], dict(start["headers"]), body)


async def _send(answer: Answer, send) -> None:
    headers = list(answer.headers.items())
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.sent is None:
        await send({"type": "http.response.body", "body": answer.body})
        return
    part = answer.body[: answer.sent]
    await send({"type": "http.response.body", "body": part, "more_body": True})
    await asyncio.sleep(0.05)  # what was sent shall arrive before the connection goes
