"""Which glacier of today was part of which glacier before: labels that last through time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from glacier_core.simulation.divides import label_ice_bodies

Labels = NDArray[np.int32]
Mask = NDArray[np.bool_]

MARGIN = 10  # cells around a glacier that decide how its surface is smoothed
SEPARATION = 200.0  # m that a tongue ends below the pass to the next before it counts as a glacier
MOST_ROUNDS = 4


@dataclass(frozen=True)
class Lineage:
    """Glaciers on one date, and where each came from.

    Attributes
    ----------
    labels : ndarray of int32, (rows, columns)
        Glacier number, the same on every date; 0 off the ice.
    parents : dict of int to int
        Glacier that each broke off from; 0 for those that were there first or grew anew. Numbers
        are never used twice, so a parent's is smaller than its child's.
    """

    labels: Labels
    parents: dict[int, int]


def found_lineage(
    surface: NDArray[np.float32], ice: Mask, cell: float, *, smallest_km2: float
) -> Lineage:
    """Give numbers to the glaciers of the first date, the largest first.

    Parameters
    ----------
    surface : ndarray, (rows, columns)
        Elevation of ice and ground, m.
    ice : ndarray of bool
        Where there is ice.
    cell : float
        Cell size, m.
    smallest_km2 : float
        Connected ice smaller than this is left out.
    """
    labels = label_ice_bodies(surface, ice, cell, smallest_km2=smallest_km2)
    lineage = Lineage(labels, dict.fromkeys(range(1, int(labels.max(initial=0)) + 1), 0))
    # Dividing until nothing divides leaves only what changes later to be counted as a separation.
    for _ in range(MOST_ROUNDS):
        divided = _divide(lineage, surface, cell, smallest_km2)
        if len(divided.parents) == len(lineage.parents):
            break
        lineage = Lineage(divided.labels, dict.fromkeys(divided.parents, 0))
    return lineage


def continue_lineage(
    before: Lineage,
    surface: NDArray[np.float32],
    ice: Mask,
    cell: float,
    *,
    smallest_km2: float,
) -> Lineage:
    """Give numbers to the glaciers of the next date after those before.

    Divides stay where they were, so that areas can be compared. Ice that has grown belongs to the
    glacier it grew from; glaciers that meet keep their numbers. Where one falls into several
    tongues the largest keeps the number and the others get new ones.

    Parameters
    ----------
    before : Lineage
        Of the date before.
    surface, ice, cell, smallest_km2
        As of `found_lineage`, on the new date.
    """
    ice = _without_small_parts(ice, smallest_km2 * 1e6 / cell**2)
    carried = Lineage(np.where(ice, before.labels, 0).astype(np.int32), before.parents)
    whole = _complete(carried, surface, ice, {})
    divided = _divide(whole, surface, cell, smallest_km2)
    return _complete(divided, surface, ice, _places(whole.labels))


def _divide(
    lineage: Lineage, surface: NDArray[np.float32], cell: float, smallest_km2: float
) -> Lineage:
    """Give a number of its own to every tongue but the largest of each glacier."""
    labels, parents = lineage.labels.copy(), dict(lineage.parents)
    for number, box in enumerate(ndimage.find_objects(lineage.labels), start=1):
        if box is None:
            continue
        rows, columns = (slice(max(side.start - MARGIN, 0), side.stop + MARGIN) for side in box)
        here = rows, columns
        own = lineage.labels[here] == number
        tongues = label_ice_bodies(
            surface[here], own, cell, smallest_km2=smallest_km2, depth=SEPARATION
        )
        labels[here][own] = 0
        labels[here][tongues == 1] = number
        for tongue in range(2, int(tongues.max(initial=0)) + 1):
            born = max(parents) + 1
            parents[born] = number
            labels[here][tongues == tongue] = born
    return Lineage(labels, parents)


def _complete(
    lineage: Lineage, surface: NDArray[np.float32], ice: Mask, origin: dict[int, Mask]
) -> Lineage:
    """Give ice a number that has none: as the glacier it touches, otherwise anew."""
    labels = lineage.labels
    if (ice & (labels == 0)).any() and labels.any():
        spread = watershed(surface, labels, mask=ice)  # type: ignore[no-untyped-call]
        labels = np.asarray(spread, dtype=np.int32)
    parts, count = ndimage.label(ice & (labels == 0))
    parents = dict(lineage.parents)
    labels = labels.copy()
    for part in range(1, count + 1):
        alone = parts == part
        born = max(parents, default=0) + 1
        parents[born] = next((number for number, was in origin.items() if was[alone].any()), 0)
        labels[alone] = born
    return Lineage(labels, parents)


def _places(labels: Labels) -> dict[int, Mask]:
    return {int(number): labels == number for number in np.unique(labels[labels > 0])}


def _without_small_parts(ice: Mask, cells: float) -> Mask:
    parts, _ = ndimage.label(ice)
    keep = np.bincount(parts.ravel()) >= cells
    keep[0] = False
    return np.asarray(keep[parts])
