"""What a fetched scene tells of itself: title, date, source, licence, notes and facts."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.areas import Area
from glacier_core.archives.catalogue import ARCHIVES
from glacier_core.archives.elevation import LICENCE
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Why
from glacier_core.archives.medoid import NO_IMAGE
from glacier_core.archives.plan import FetchPlan
from glacier_core.scene import Reflectance, SceneAttributes

SURFACE: Reflectance = "surface"


def describe(
    plan: FetchPlan,
    why: NDArray[np.uint8],
    image_index: NDArray[np.uint8] | None,
    notes: Sequence[str],
    facts: Mapping[str, str],
) -> SceneAttributes:
    """Return what a scene tells of itself.

    Parameters
    ----------
    plan : FetchPlan
    why : ndarray of uint8, (rows, columns)
        A :class:`~glacier_core.archives.imagery.Why` a pixel.
    image_index : ndarray of uint8, (rows, columns), optional
        Which scene of the plan each pixel is from, where there are several.
    notes, facts
        Those of all parts.
    """
    acquired = plan.dates[-1] if image_index is None else _commonest(plan, image_index)
    surface = plan.scenes[0].reflectance == SURFACE
    sensors = _listed(scene.sensor for scene in plan.scenes)
    when = f"{plan.dates[0]}" if len(plan.dates) == 1 else f"{plan.dates[0]} to {plan.dates[-1]}"
    kind = "clear-sky composite, " if plan.composite and len(plan.scenes) > 1 else ""
    stamp = " (surface reflectance)" if surface else ""
    return SceneAttributes(
        id=plan.scene_id,
        title=f"{place_name(plan.area)}, {kind}{sensors}, {when}{stamp}",
        acquired=acquired,
        sensor=sensors,
        source=_source(plan),
        licence="; ".join([*_licences([*plan.scenes, *plan.radar]), LICENCE]),
        reflectance=SURFACE if surface else "toa",
        notes=tuple(dict.fromkeys([*_dates_note(plan, image_index), *notes, *_unmapped_note(why)])),
        facts={**_plan_facts(plan), **facts},
    )


def place_name(area: Area) -> str:
    """Return what people call an area, its centre where it has no name."""
    if area.name:
        return area.name
    longitude, latitude = area.centre
    north, east = "N" if latitude >= 0 else "S", "E" if longitude >= 0 else "W"
    return f"{abs(latitude):.2f}° {north}, {abs(longitude):.2f}° {east}"


def dates_of_pixels(
    plan: FetchPlan, image_index: NDArray[np.uint8] | None
) -> NDArray[np.int32] | None:
    """Return the date of each pixel as YYYYMMDD, 0 where no image is clear; None of one day."""
    if image_index is None or len(plan.dates) == 1:
        return None
    days = np.zeros(NO_IMAGE + 1, dtype=np.int32)
    days[: len(plan.scenes)] = [int(f"{_day(scene):%Y%m%d}") for scene in plan.scenes]
    found: NDArray[np.int32] = days[image_index]
    return found


def _day(scene: FoundScene) -> date:
    return scene.acquired.date()


def _shares(plan: FetchPlan, image_index: NDArray[np.uint8]) -> Counter[date]:
    """Return how many pixels are of each date."""
    counts: Counter[date] = Counter()
    for scene, pixels in zip(
        plan.scenes, np.bincount(image_index.ravel(), minlength=NO_IMAGE + 1), strict=False
    ):
        counts[_day(scene)] += int(pixels)
    return counts


def _commonest(plan: FetchPlan, image_index: NDArray[np.uint8]) -> date:
    return _shares(plan, image_index).most_common(1)[0][0]


def _dates_note(plan: FetchPlan, image_index: NDArray[np.uint8] | None) -> list[str]:
    if image_index is None or len(plan.dates) == 1:
        return []
    shares = _shares(plan, image_index)
    clear = max(1, shares.total())
    told = ", ".join(f"{day} {100 * shares[day] / clear:.0f} %" for day in sorted(shares))
    return [
        f"Put together from {len(plan.scenes)} images by medoid, each pixel from one of them: "
        f"{told} of the clear pixels. The date of each pixel is kept (observed); the date of the "
        "scene is that of most."
    ]


def _unmapped_note(why: NDArray[np.uint8]) -> list[str]:
    """Say what share stays unmapped, and why."""
    reasons = [reason for reason in Why if reason is not Why.CLEAR]
    shares = {reason: 100 * float((why == reason).mean()) for reason in reasons}
    told = [
        f"{reason.name.lower().replace('_', ' ')} {share:.1f} %"
        for reason, share in shares.items()
        if share >= 0.05
    ]
    return [f"Not mapped: {', '.join(told)} of the scene."] if told else []


def _source(plan: FetchPlan) -> str:
    imagery = "; ".join(
        f"{ARCHIVES[archive].title}: {_listed(each.id for each in scenes)}"
        for archive, scenes in _by_archive([*plan.scenes, *plan.radar]).items()
    )
    return f"{imagery}; elevation: Copernicus DEM"


def _licences(scenes: Sequence[FoundScene]) -> list[str]:
    return list(dict.fromkeys(ARCHIVES[scene.archive].licence for scene in scenes))


def _by_archive(scenes: Sequence[FoundScene]) -> dict[str, list[FoundScene]]:
    grouped: dict[str, list[FoundScene]] = {}
    for scene in scenes:
        grouped.setdefault(scene.archive, []).append(scene)
    return grouped


def _plan_facts(plan: FetchPlan) -> dict[str, str]:
    grid = plan.grid
    west, south, east, north = grid.bounds
    facts = {
        "plan": plan.to_text(),
        "grid": f"{grid.crs.to_string()}, {grid.resolution:g} m, west {west:.10g}, "
        f"south {south:.10g}, east {east:.10g}, north {north:.10g}",
    }
    if plan.area.glacier_ids:
        facts["glaciers"] = ", ".join(plan.area.glacier_ids)
    return facts


def _listed(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(names))
