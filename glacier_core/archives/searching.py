"""Which scenes the archives hold of an area."""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

import shapely

from glacier_core.archives.area_clouds import with_area_clouds
from glacier_core.archives.areas import Area
from glacier_core.archives.catalogue import USUAL_ARCHIVES, Archive, archive_named
from glacier_core.archives.duplicates import without_duplicates
from glacier_core.archives.found import FoundScene
from glacier_core.archives.found_items import found_scene
from glacier_core.archives.grids import crs_at
from glacier_core.archives.stac import search_items
from glacier_core.errors import MissingError, SourceError
from glacier_core.network.transfer import IsCancelled, never

MOST_ITEMS: Final = 500
"""Of one archive and one stretch of time; nobody looks through more."""

MOST_MEASURED: Final = 60
"""Scenes whose cloud masks are read in one search, each a transfer of its own."""

RANK_STEP: Final = 20.0
"""Percent of the area: scenes that show it this much alike are ordered by date."""

_AT_ONCE: Final = 4  # questions put to the archives side by side
_MEASURED_AT_ONCE: Final = 8  # scenes, before it is seen whether there are enough
_UNKNOWN_CLOUD: Final = 50.0  # percent, for the order only


def search_scenes(
    area: Area,
    *,
    archives: Sequence[str] | None = None,
    start: date,
    end: date,
    months: Sequence[int] | None = None,
    most_cloud_percent: float | None = None,
    limit: int = 50,
    cancelled: IsCancelled = never,
) -> list[FoundScene]:
    """Search the archives for scenes of an area.

    Parameters
    ----------
    area : Area
    archives : sequence of str, optional
        Names in :data:`~glacier_core.archives.catalogue.ARCHIVES`; those of reflectance at the
        top of the atmosphere if left out.
    start, end : datetime.date
        First and last day, in UTC.
    months : sequence of int, optional
        1 to 12; scenes of other months are left out.
    most_cloud_percent : float, optional
        Most cloud over the *area*, 0 to 100. The archive's masks are then read over the area, for
        the :data:`MOST_MEASURED` best scenes at most; for others, and where they cannot be read,
        the cloud over the whole scene counts, and ``area_cloud_percent`` stays None. Radar sees
        through clouds.
    limit : int
        Most scenes returned.
    cancelled : callable, optional

    Returns
    -------
    list of FoundScene
        Those that show most of the area first, and of these (within :data:`RANK_STEP` percent)
        the newest. Every acquisition comes once, in its newest processing.

    Raises
    ------
    SourceError
        When an archive cannot be asked, or nothing could answer such a question.
    JobCancelled
    """
    _check(start, end, months, most_cloud_percent, limit)
    chosen = [archive_named(name) for name in (archives or USUAL_ARCHIVES)]
    questions = [
        (archive, stretch)
        for archive in chosen
        for stretch in stretches(max(start, date(archive.years[0], 1, 1)), end, months)
    ]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(lambda asked: _ask(area, asked[0], asked[1], cancelled), questions))
    found = without_duplicates([scene for answer in answers for scene in answer])
    ranked = best_first(found, area)
    if most_cloud_percent is not None:
        ranked = _clear(ranked, area, most_cloud_percent, limit, cancelled)
    return ranked[:limit]


def scenes_by_id(archive_name: str, ids: Sequence[str], area: Area) -> tuple[FoundScene, ...]:
    """Return scenes that somebody chose before, in the order of their ids.

    Raises
    ------
    MissingError
        When the archive does not hold one of them any more.
    SourceError
        When the archive cannot be asked.
    """
    archive = archive_named(archive_name)
    asked = {"collections": [archive.collection], "ids": list(ids)}
    items = {item["id"]: item for item in search_items(archive.service, asked, most=len(ids))}
    scenes = {each: found_scene(items[each], archive, area) for each in ids if each in items}
    missing = [each for each in ids if scenes.get(each) is None]
    if missing:
        raise MissingError(
            f"{archive.title} holds no scene {', '.join(missing)} of this area (any more). It may "
            "have been processed anew under another name: search for its date."
        )
    return tuple(scene for scene in scenes.values() if scene is not None)


def whole_pass(
    scene: FoundScene, found: Iterable[FoundScene], area: Area
) -> tuple[FoundScene, ...]:
    """Return a scene and the others of the same pass that an area on its edge needs.

    Parameters
    ----------
    scene : FoundScene
        The one that was chosen; it stays the first.
    found : iterable of FoundScene
        All that was found.
    area : Area

    Returns
    -------
    tuple of FoundScene
        Each adds at least one percent of the area; the scene alone where none does.
    """
    same = [each for each in found if _pass(each) == _pass(scene) and each.id != scene.id]
    chosen, left = [scene], area.geometry - shapely.make_valid(scene.footprint)
    enough = area.geometry.area / 100
    while same:
        best = max(same, key=lambda each: (left & shapely.make_valid(each.footprint)).area)
        gained = left & shapely.make_valid(best.footprint)
        if gained.area < enough:
            break
        chosen.append(best)
        same.remove(best)
        left = left - gained
    return tuple(chosen)


def stretches(start: date, end: date, months: Sequence[int] | None) -> list[tuple[date, date]]:
    """Return the stretches of days between two dates that lie in given months.

    Returns
    -------
    list of (first day, last day)
        The newest first, neighbouring months joined.
    """
    days = [start + timedelta(n) for n in range((end - start).days + 1)]
    runs = groupby(days, key=lambda day: months is None or day.month in months)
    wanted = [list(run) for inside, run in runs if inside]
    return [(run[0], run[-1]) for run in reversed(wanted)]


def best_first(scenes: Iterable[FoundScene], area: Area | None = None) -> list[FoundScene]:
    """Order scenes: those that show most of the area first, of the equally good the newest.

    Parameters
    ----------
    scenes : iterable of FoundScene
    area : Area, optional
        Puts those tiles of one day first whose pixels the grid of the area takes as they are;
        left out, scenes of one day stay in the order they came.
    """
    native = crs_at(*area.centre).to_epsg() if area else None

    def rank(scene: FoundScene) -> tuple[int, int, bool, float]:
        step = -round(_visible_percent(scene) / RANK_STEP)
        if area is None:
            return step, -scene.acquired.toordinal(), False, 0.0
        foreign = scene.item.get("properties", {}).get("proj:epsg") != native
        return step, -scene.acquired.toordinal(), foreign, -scene.acquired.timestamp()

    return sorted(scenes, key=rank)


def _pass(scene: FoundScene) -> tuple[str, str, date]:
    return scene.archive, scene.sensor, scene.acquired.date()


def _check(
    start: date,
    end: date,
    months: Sequence[int] | None,
    most_cloud_percent: float | None,
    limit: int,
) -> None:
    if start > end:
        raise SourceError(f"The search would start on {start} and end before, on {end}.")
    if months is not None and not (months and all(1 <= month <= 12 for month in months)):
        raise SourceError(f"The months {tuple(months)} are none: give some of 1 to 12.")
    if most_cloud_percent is not None and not 0 <= most_cloud_percent <= 100:
        raise SourceError(f"There is no cloud of {most_cloud_percent} percent: give 0 to 100.")
    if limit < 1:
        raise SourceError(f"A search for {limit} scenes finds none: ask for 1 or more.")


def _ask(
    area: Area, archive: Archive, stretch: tuple[date, date], cancelled: IsCancelled
) -> list[FoundScene]:
    asked: dict[str, Any] = {
        "collections": [archive.collection],
        "intersects": shapely.geometry.mapping(area.geometry),
        "datetime": f"{stretch[0]}T00:00:00Z/{stretch[1]}T23:59:59Z",
    }
    items = search_items(archive.service, asked, most=MOST_ITEMS, cancelled=cancelled)
    found = (found_scene(item, archive, area) for item in items)
    first, last = stretch
    return [each for each in found if each and first <= each.acquired.date() <= last]


def _visible_percent(scene: FoundScene) -> float:
    known = (scene.area_cloud_percent, scene.scene_cloud_percent, _UNKNOWN_CLOUD)
    cloud = next(each for each in known if each is not None)
    return scene.coverage_percent * (1 - cloud / 100)


def _clear(
    ranked: Sequence[FoundScene],
    area: Area,
    most_cloud_percent: float,
    limit: int,
    cancelled: IsCancelled,
) -> list[FoundScene]:
    """Measure clouds over the area, the most promising scenes first, until there are enough."""
    clear: list[FoundScene] = []
    for first in range(0, min(len(ranked), MOST_MEASURED), _MEASURED_AT_ONCE):
        some = ranked[first : first + _MEASURED_AT_ONCE]
        measured = with_area_clouds(some, area, cancelled=cancelled)
        clear += [each for each in measured if _cloud_percent(each) <= most_cloud_percent]
        if len(clear) >= limit:
            return best_first(clear, area)
    unmeasured = ranked[MOST_MEASURED:]
    clear += [each for each in unmeasured if _cloud_percent(each) <= most_cloud_percent]
    return best_first(clear, area)


def _cloud_percent(scene: FoundScene) -> float:
    """Cloud over the area, else over the scene; 0 where nobody says, as nothing speaks against."""
    known = (scene.area_cloud_percent, scene.scene_cloud_percent, 0.0)
    return next(each for each in known if each is not None)
