"""What goes wrong on the way: answers spoilt on demand."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Literal

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
SLOW = 1.5  # seconds before a slow answer begins


@dataclass
class _Order:
    pattern: str
    what: Misconduct
    left: int | None


@dataclass
class Misbehaviours:
    """The orders to misbehave, newest first in force; one with a count wears off."""

    orders: list[_Order] = field(default_factory=list)

    def add(self, pattern: str, what: Misconduct, times: int | None) -> None:
        self.orders.insert(0, _Order(pattern, what, times))

    def clear(self) -> None:
        self.orders.clear()

    def due(self, path: str) -> Misconduct | None:
        for order in self.orders:
            if order.pattern in path and order.left != 0:
                if order.left is not None:
                    order.left -= 1
                return order.what
        return None

    def emptied(self, request: Any) -> bool:
        return request.scope.get("misconduct") == "empty"

    async def answer(self, app, scope, receive, send) -> None:
        query = scope.get("query_string", b"").decode()
        what = self.due(scope["path"] + (f"?{query}" if query else ""))
        scope["misconduct"] = what
        if isinstance(what, int):
            await _refuse(what, send)
            return
        if what == "slow":
            await asyncio.sleep(SLOW)
        await app(scope, receive, send)


async def _refuse(status: int, send) -> None:
    headers = [(b"content-type", b"application/json")]
    if status in (429, 503):
        headers.append((b"retry-after", b"0"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"message": "refused"}'})
