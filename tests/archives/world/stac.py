"""Searching STAC items and handing them out in pages, each service in its own manner."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import shapely

DEFAULT_LIMIT = 10


class BadSearchError(Exception):
    """A search that the service answers with 400."""


@dataclass(frozen=True)
class Catalogue:
    """The items of one service, and how it pages.

    `paging` is "next token" (Earth Search: the next link is a whole POST, there even where
    nothing follows), "page number" (LandsatLook) or "token" (Planetary Computer: GET).
    """

    title: str
    paging: str
    items: list[dict[str, Any]]
    most: int = 250
    collections: tuple[str, ...] = field(default=())

    def search(self, asked: dict[str, Any], *, home: str, method: str) -> dict[str, Any]:
        """Return the page of items that a search asks for."""
        limit = int(asked.get("limit", DEFAULT_LIMIT))
        if not 1 <= limit <= 10_000:
            raise BadSearchError("limit must be between 1 and 10000")
        found = sorted((item for item in self.items if matches(item, asked)), key=newest_first)
        start = self._start(asked, found, limit)
        page = found[start : start + limit]
        answer = {
            "type": "FeatureCollection",
            "stac_version": "1.0.0",
            "features": page,
            "links": [{"rel": "root", "type": "application/json", "href": home}],
        }
        if self.paging != "token":
            answer["context"] = {"limit": limit, "matched": len(found), "returned": len(page)}
            answer["numberMatched"], answer["numberReturned"] = len(found), len(page)
        follow = self._next(asked, found, start, page, limit)
        if follow:
            answer["links"].insert(0, next_link(asked, follow, home=home, method=method))
        return answer

    def _start(self, asked, found, limit) -> int:
        if self.paging == "page number":
            return (int(asked.get("page", 1)) - 1) * limit
        token = asked.get("next") if self.paging == "next token" else asked.get("token")
        if not token:
            return 0
        tokens = [_token(self.paging, item) for item in found]
        if token not in tokens:
            raise BadSearchError(f"invalid token {token}")
        return tokens.index(token) + 1

    def _next(self, asked, found, start, page, limit) -> dict[str, Any] | None:
        if not page:
            return None
        more = start + limit < len(found)
        if self.paging == "page number":
            return {"page": int(asked.get("page", 1)) + 1, "limit": limit} if more else None
        if self.paging == "token":
            return {"token": _token(self.paging, page[-1])} if more else None
        return {"next": _token(self.paging, page[-1])}


def _token(paging: str, item: dict[str, Any]) -> str:
    if paging == "token":
        return f"next:{item['collection']}:{item['id']}"
    return f"{item['properties']['datetime']},{item['id']},{item['collection']}"


def next_link(asked, follow, *, home: str, method: str) -> dict[str, Any]:
    """Return a link to the next page, which asks in the manner of the page before."""
    link = {"rel": "next", "type": "application/geo+json", "method": method}
    link["href"] = f"{home}/search"
    together = {**asked, **follow}
    if method == "GET":
        flat = {key: _flat(value) for key, value in together.items()}
        return {**link, "href": f"{home}/search?{urlencode(flat)}"}
    return {**link, "merge": False, "body": together}


def _flat(value: Any) -> Any:
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return value


def newest_first(item: dict[str, Any]) -> tuple:
    taken = instant(item["properties"]["datetime"]).timestamp()
    return -taken, item["id"], item["collection"]


def instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise BadSearchError(f"'{text}' is no date") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def matches(item: dict[str, Any], asked: dict[str, Any]) -> bool:
    """Tell whether an item answers a search."""
    if asked.get("collections") and item["collection"] not in asked["collections"]:
        return False
    if asked.get("ids") and item["id"] not in asked["ids"]:
        return False
    return (
        _when(item, asked.get("datetime"))
        and _where(item, asked)
        and _queried(item["properties"], asked.get("query") or {})
        and _filtered(item, asked.get("filter"))
    )


def _when(item, asked: str | None) -> bool:
    if not asked:
        return True
    start, _, end = asked.partition("/")
    end = end or (start if "/" not in asked else "")
    taken = instant(item["properties"]["datetime"])
    late_enough = start in ("", "..") or taken >= instant(start)
    return late_enough and (end in ("", "..") or taken <= instant(end))


def _where(item, asked) -> bool:
    footprint = shapely.geometry.shape(item["geometry"])
    if asked.get("bbox"):
        if asked.get("intersects"):
            raise BadSearchError("bbox and intersects exclude each other")
        return any(footprint.intersects(box) for box in boxes(asked["bbox"]))
    if asked.get("intersects"):
        return footprint.intersects(shapely.geometry.shape(asked["intersects"]))
    return True


def boxes(bbox: list[float]) -> list[shapely.Geometry]:
    """Return the parts of a box: two where west exceeds east."""
    if len(bbox) != 4:
        raise BadSearchError("bbox must have 4 numbers")
    west, south, east, north = (float(part) for part in bbox)
    if south > north or not -90 <= south <= north <= 90:
        raise BadSearchError("bbox has its latitudes in the wrong order")
    if west > east:
        return [shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)]
    return [shapely.box(west, south, east, north)]


COMPARISONS = {
    "eq": lambda a, b: a == b,
    "=": lambda a, b: a == b,
    "neq": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "<": lambda a, b: a < b,
    "lte": lambda a, b: a <= b,
    "<=": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    ">": lambda a, b: a > b,
    "gte": lambda a, b: a >= b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: a in b,
}


def _queried(properties, query) -> bool:
    return all(
        name in properties and COMPARISONS[how](properties[name], value)
        for name, conditions in query.items()
        for how, value in conditions.items()
    )


def _filtered(item, asked) -> bool:
    if not asked:
        return True
    operator, arguments = asked["op"], asked["args"]
    if operator in ("and", "or"):
        each = [_filtered(item, part) for part in arguments]
        return all(each) if operator == "and" else any(each)
    name = arguments[0]["property"]
    value = item.get(name, item["properties"].get(name))
    return value is not None and COMPARISONS[operator](value, arguments[1])
