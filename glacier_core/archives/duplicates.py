"""One acquisition, processed more than once."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import shapely

from glacier_core.archives.found import FoundScene

SAME_GROUND: Final = 0.95
"""Share of a footprint within another's, above which one product replaces the other.

Two products of one acquisition may also be its two halves, where the recording was cut; these
share a narrow strip.
"""

_SENTINEL_2: Final = re.compile(
    r"(?P<sensor>S2\w)_MSI(?P<level>L\w\w)_(?P<sensed>\d{8}T\d{6})_N\d{4}_R\d{3}"
    r"_T(?P<place>\w{5})_(?P<processed>\d{8}T\d{6})"
)
_LANDSAT: Final = re.compile(
    r"(?P<sensor>L\w\d\d)_(?P<level>L\d)\w\w_(?P<place>\d{6})_(?P<sensed>\d{8})"
    r"_(?P<processed>\d{8})_\d\d_\w\w"
)

_Acquisition = tuple[str, str, str, str]


def without_duplicates(scenes: Sequence[FoundScene]) -> list[FoundScene]:
    """Keep the newest processing of every acquisition, and tell what it replaces.

    Agencies process archives anew and leave the older files in place: the same pixels, calibrated
    worse. Names of products tell the acquisition and when it was processed.

    Parameters
    ----------
    scenes : sequence of FoundScene

    Returns
    -------
    list of FoundScene
        In the order they came; ``replaces`` names what was left out in favour of a scene.
    """
    groups: dict[_Acquisition, list[tuple[str, FoundScene]]] = defaultdict(list)
    unique = {(scene.archive, scene.id): scene for scene in scenes}
    for scene in unique.values():
        acquisition, processed = _parsed(scene)
        groups[acquisition].append((processed, scene))
    kept: dict[tuple[str, str], FoundScene] = {}
    for group in groups.values():
        newest_first = [scene for _, scene in sorted(group, key=lambda each: each[0], reverse=True)]
        kept |= {(each.archive, each.id): each for each in _newest(newest_first)}
    return [kept[name] for name in unique if name in kept]


def _newest(newest_first: Sequence[FoundScene]) -> list[FoundScene]:
    kept: list[FoundScene] = []
    for scene in newest_first:
        same = [n for n, other in enumerate(kept) if _is_within(scene, other)]
        if same:
            newer = kept[same[0]]
            kept[same[0]] = replace(newer, replaces=(*newer.replaces, scene.id))
        else:
            kept.append(scene)
    return kept


def _is_within(scene: FoundScene, other: FoundScene) -> bool:
    shared = shapely.make_valid(scene.footprint) & shapely.make_valid(other.footprint)
    return float(shapely.area(shared)) >= SAME_GROUND * float(shapely.area(scene.footprint))


def _parsed(scene: FoundScene) -> tuple[_Acquisition, str]:
    """Return what tells acquisitions apart, and when the product was made."""
    properties = scene.item.get("properties", {})
    for name in (str(properties.get("s2:product_uri", "")), scene.id):
        found = _SENTINEL_2.match(name) or _LANDSAT.match(name)
        if found:
            acquisition = (found["sensor"], found["level"], found["place"], found["sensed"])
            return acquisition, found["processed"]
    return (scene.archive, scene.id, "", ""), ""
