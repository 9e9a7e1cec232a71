"""What the page Find asks of archives and inventories: in the background, once for all readers.

A page never waits here. It takes a :class:`concurrent.futures.Future` and looks whether it is
done; an equal question joins the one under way.
"""

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from glacier_core.errors import SourceError
from pages.components.sessions import is_open

if TYPE_CHECKING:
    import geopandas as gpd

    from glacier_core.archives.areas import Area
    from glacier_core.archives.cost import Cost
    from glacier_core.archives.fetch_jobs import FetchService
    from glacier_core.archives.found import FoundScene
    from glacier_core.archives.plan import FetchPlan

MOST_SCENES = 40
HITS = 6

OFFLINE = (
    "No archive of imagery can be reached from here. Everything that is here already works as "
    "ever; once there is a network, search again."
)


@dataclass(frozen=True)
class Wish:
    """What images a reader looks for.

    Attributes
    ----------
    archives : tuple of str
    start, end : date
    months : tuple of int
        1 to 12; empty for the whole year.
    most_cloud_percent : float
        Over the area.
    """

    archives: tuple[str, ...]
    start: date
    end: date
    months: tuple[int, ...]
    most_cloud_percent: float


def glaciers_called(text: str) -> "gpd.GeoDataFrame":
    """Return glaciers by what a reader typed: a name, an id or coordinates; the best first.

    Raises
    ------
    SourceError
        When it is no place on Earth.
    """
    from glacier_core.inventories.finding import find_glaciers

    return find_glaciers(text, limit=HITS)


@dataclass(frozen=True)
class Search:
    """A search of several archives: one that fails takes nothing from the others.

    Attributes
    ----------
    asked : mapping of str to Future
        By the name of the archive.
    """

    asked: "Mapping[str, Future[list[FoundScene]]]"

    @property
    def done(self) -> bool:
        """Whether every archive answered or failed."""
        return all(one.done() for one in self.asked.values())

    def found(self) -> "list[FoundScene]":
        """Return what was found, that which shows most of the area first, then the newest."""
        from glacier_core.archives.searching import best_first

        answers = [settled(one)[0] or [] for one in self.asked.values()]
        return best_first(scene for answer in answers for scene in answer)[:MOST_SCENES]

    def problems(self) -> list[str]:
        """Return why archives failed, each sentence once."""
        told = (settled(one)[1] for one in self.asked.values())
        return list(dict.fromkeys(sentence for sentence in told if sentence))


def search(area: "Area", wish: Wish) -> Search:
    """Return the search of an area, under way or done."""
    text = area.to_text()
    return Search({name: _search(text, name, wish) for name in wish.archives})


def search_again(area: "Area", wish: Wish) -> None:
    """Forget where a search failed, so that it is asked anew."""
    for name, asked in search(area, wish).asked.items():
        if asked.done() and asked.exception() is not None:
            _search.clear(area.to_text(), name, wish)


@st.cache_resource(max_entries=64, ttl=1800, show_spinner=False)
def _search(area_text: str, archive: str, wish: Wish) -> "Future[list[FoundScene]]":
    return workers().submit(_ask, area_text, archive, wish)


def _ask(area_text: str, archive: str, wish: Wish) -> "list[FoundScene]":
    from glacier_core.archives.areas import area_from_text
    from glacier_core.archives.catalogue import archive_named
    from glacier_core.archives.searching import search_scenes
    from glacier_core.network.reachable import is_reachable

    known = archive_named(archive)
    if not is_reachable(known.service):
        raise UnreachableError(f"{known.title} cannot be reached from here.")
    return search_scenes(
        area_from_text(area_text),
        archives=[archive],
        start=wish.start,
        end=wish.end,
        months=wish.months or None,
        most_cloud_percent=wish.most_cloud_percent,
        limit=MOST_SCENES,
    )


class UnreachableError(SourceError):
    """No connection to an archive can be made."""


def offline(asked: Search) -> bool:
    """Return whether no archive at all could be reached."""
    failures = [one.exception() for one in asked.asked.values()]
    return bool(failures) and all(isinstance(one, UnreachableError) for one in failures)


@st.cache_data(max_entries=64, ttl=60, show_spinner=False)
def _cost(plan_text: str, _plan: "FetchPlan") -> "Cost":  # noqa: ARG001  (what it is kept under)
    from glacier_core.archives.cost import estimate

    return estimate(_plan)


def cost(plan: "FetchPlan") -> "Cost":
    """Return what fetching a plan costs.

    Raises
    ------
    SourceError
        When it is more than is allowed.
    """
    return _cost(plan.to_text(), plan)


def plan_of(text: str) -> "Future[FetchPlan]":
    """Return the plan of a link, its images being asked for or here."""
    return _plan_of(text)


def plan_again(text: str) -> None:
    """Forget why the plan of a link could not be had."""
    _plan_of.clear(text)


@st.cache_resource(max_entries=64, ttl=1800, show_spinner=False)
def _plan_of(text: str) -> "Future[FetchPlan]":
    from glacier_core.archives.plan import plan_from_text

    return workers().submit(plan_from_text, text)


def thumbnail(scene: "FoundScene") -> "Future[bytes]":
    """Return the small picture of a found image, under way or done."""
    return _thumbnail(scene.archive, scene.id, scene)


@st.cache_resource(max_entries=256, show_spinner=False)
def _thumbnail(
    archive: str,  # noqa: ARG001  (with the id, what it is kept under)
    scene_id: str,  # noqa: ARG001
    _scene: "FoundScene",
) -> "Future[bytes]":
    from glacier_core.archives.thumbnails import thumbnail as fetch

    return workers().submit(fetch, _scene)


@st.cache_resource(show_spinner=False)
def fetch_service() -> "FetchService":
    """Return the one service of this process that fetches scenes."""
    from glacier_core.archives.fetch_jobs import FetchService

    return FetchService(is_open)


@st.cache_resource(show_spinner=False)
def workers() -> ThreadPoolExecutor:
    """Return the threads that pages ask archives on."""
    return ThreadPoolExecutor(max_workers=8, thread_name_prefix="glacier-find")


def settled(asked: "Future[Any]") -> tuple[Any, str]:
    """Return what a finished question brought, and why it failed, empty where it did not.

    Anything but our own errors is told as what it is: a page must not die of an archive.
    """
    from glacier_core.errors import GlacierError

    problem = asked.exception()
    if problem is None:
        return asked.result(), ""
    if isinstance(problem, GlacierError):
        return None, str(problem)
    return None, (
        f"The archive's answer could not be understood ({type(problem).__name__}). Try again, or "
        "choose another archive."
    )
