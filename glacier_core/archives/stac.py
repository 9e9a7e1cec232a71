"""Searches in STAC catalogues, page by page, of whatever make the catalogue is."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, Final

from glacier_core.errors import SourceError
from glacier_core.network.services import reached_at, service
from glacier_core.network.session import get_json
from glacier_core.network.transfer import IsCancelled, never

PAGE_ITEMS: Final = 100
"""Items asked for at once; Earth Search fails above 267 (its issue 60)."""

_log = logging.getLogger(__name__)

Item = Mapping[str, Any]


def search_items(
    service_name: str,
    asked: Mapping[str, Any],
    *,
    most: int,
    cancelled: IsCancelled = never,
) -> list[Item]:
    """Return the items of a STAC catalogue that answer a search, each once.

    Follows every manner of paging: whole requests in the link to the next page, requests to be
    merged with the first, addresses to be asked by GET, links that lead to an empty page.

    Parameters
    ----------
    service_name : str
        In `glacier_core.network.services`.
    asked : mapping
        Body of the search: ``collections``, ``intersects``, ``datetime``, ``ids``, ``query``.
    most : int
        Items after which no further page is asked for.
    cancelled : callable, optional

    Returns
    -------
    list of mapping
        In the catalogue's order. What is no item of the collections asked for is left out: the
        links of some catalogues forget what was asked (Earth Search does a filter).

    Raises
    ------
    SourceError
        When the catalogue cannot be reached, or answers nonsense.
    JobCancelled
    """
    found: dict[tuple[str, str], Item] = {}
    for page in _pages(service_name, {**asked, "limit": min(most, PAGE_ITEMS)}, cancelled):
        known = len(found)
        for item in page:
            if _is_asked_for(item, asked):
                found.setdefault((item["collection"], item["id"]), item)
        if len(found) >= most or len(found) == known:
            # A page that holds nothing new is the last one, or the first of an endless circle.
            break
    return list(found.values())[:most]


def _pages(service_name: str, asked: dict[str, Any], cancelled: IsCancelled) -> Iterator[list[Any]]:
    url, body, seen = f"{service(service_name)}/search", asked, 0
    while url:
        answer = get_json(url, body=body or None, cancelled=cancelled)
        if not isinstance(answer, dict) or not isinstance(answer.get("features"), list):
            raise SourceError(
                f"The catalogue {service_name} answered a search with something that is no list "
                "of items. Try again later."
            )
        yield answer["features"]
        seen += len(answer["features"])
        if len(answer["features"]) < asked["limit"] and answer.get("numberMatched") == seen:
            # All are here, and yet Earth Search links to a next page: an empty one.
            return
        url, body = _next_request(answer, asked)


def _next_request(answer: Mapping[str, Any], asked: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return address and body of the next page; no address where there is none, no body for GET."""
    links = answer.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "next" and link.get("href"):
            return reached_at(str(link["href"])), _next_body(link, asked)
    return "", {}


def _next_body(link: Mapping[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    body = link.get("body")
    if str(link.get("method", "GET")).upper() != "POST" or not isinstance(body, dict):
        return {}
    return {**asked, **body} if link.get("merge") else body


def _is_asked_for(item: Any, asked: Mapping[str, Any]) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        _log.warning("a catalogue answered with something that is no item: %.80r", item)
        return False
    if item.get("collection") not in asked.get("collections", [item.get("collection")]):
        _log.warning("%s is none of the collections asked for", item["id"])
        return False
    return item["id"] in asked.get("ids", [item["id"]])
