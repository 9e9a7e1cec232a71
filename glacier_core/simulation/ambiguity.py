"""Where a glacier leaves room for judgement: under debris, beside snow patches and in shadow.

Analysts of one image disagree where it does not show the margin. The same places are doubtful to
all of them; how far each goes there is a matter of habit (``simulation.habits``). The order in
which doubtful places are given up or taken in is ours, chosen to look like outlines that people
draw; how much of them is drawn is calibrated to published figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.graph import MCP_Geometric

from glacier_core.errors import OutlineError
from glacier_core.simulation.fields import Grid, fractal_field
from glacier_core.simulation.ground import SurfaceClass

BARE = (SurfaceClass.ICE, SurfaceClass.CREVASSED_ICE, SurfaceClass.FIRN, SurfaceClass.SNOW)
HIDING = (SurfaceClass.DEBRIS, SurfaceClass.POND)
LOOSE = (SurfaceClass.ROCK, SurfaceClass.SCREE, SurfaceClass.FORELAND)
PATCHES = (SurfaceClass.SEASONAL_SNOW, SurfaceClass.PERENNIAL_SNOW)
Floats = NDArray[np.float64]

BARE_BODY = 0.05  # km²; smaller bare ice amid debris (cliffs) does not show that the rest is ice
NARROW = 2  # px; debris narrower than twice this (moraines between ice) is ice to everybody
BEYOND = 300.0  # m; nobody draws rubble farther from a covered tongue
MARGIN = 90.0  # m over which debris grows more doubtful towards the valley side
SHADOW_REACH = 8.0  # px from the true margin within which a shadow hides it


@dataclass(frozen=True)
class Ambiguity:
    """What every analyst of one place may doubt.

    Attributes
    ----------
    labels : ndarray of int32, (rows, columns)
        Glacier number from 1, 0 off the ice.
    nearest : ndarray of int32
        Number of the nearest glacier.
    debris : ndarray of float32
        0 on bare ice. Under debris, the share of its glacier's debris that is less doubtful, up
        to 1. Beyond a covered margin, 1 and more: the rubble up to there as a share of the
        debris. Infinite elsewhere.
    snow : ndarray of float32
        Area (km²) of the snow patch that touches a glacier here; infinite elsewhere.
    shadow : ndarray of float32
        Pixels beyond the true margin (negative inside) where a shadow hides it; NaN elsewhere.
    """

    labels: NDArray[np.int32]
    nearest: NDArray[np.int32]
    debris: Grid
    snow: Grid
    shadow: Grid


def find_ambiguity(
    labels: NDArray[np.int32],
    surface: NDArray[np.uint8],
    shadow: NDArray[np.bool_],
    resolution: float,
    *,
    seed: int,
) -> Ambiguity:
    """Find what analysts may doubt.

    Parameters
    ----------
    labels : ndarray of int32, (rows, columns)
        Glacier number from 1, 0 off the ice; at least one glacier.
    surface : ndarray of uint8
        `SurfaceClass` of each pixel.
    shadow : ndarray of bool
        Cast or own shadow.
    resolution : float
        Metres.
    seed : int
        Decides the accidents of the ground that make one place more doubtful than the next.

    Raises
    ------
    OutlineError
        When the three do not have one shape, or there is no glacier.
    """
    if not labels.shape == surface.shape == shadow.shape:
        raise OutlineError(
            f"Labels {labels.shape}, surface {surface.shape} and shadow {shadow.shape} of a "
            "simulated world must have one shape. Give those of one world."
        )
    if not (labels > 0).any():
        raise OutlineError("There is no glacier in the labels, so there is nothing to doubt.")
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 8])))
    rough = fractal_field(generator, (labels.shape[0], labels.shape[1]), exponent=1.6, longest=40.0)
    outside, where = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    inside = ndimage.distance_transform_edt(labels > 0)
    bare = _without_small_bodies(np.isin(surface, BARE) & (labels > 0), resolution)
    covered = _covered((labels > 0) & np.isin(surface, (*BARE, *HIDING)) & ~bare)
    debris = np.where(labels > 0, 0.0, np.inf)
    doubt = _doubt(labels, bare, inside * resolution, rough)
    debris[covered] = _ranks(doubt[covered], labels[covered], _sizes(labels, covered))
    nearest = labels[tuple(where)]
    rubble, further = _rubble(labels, surface, outside * resolution, rough)
    rubble &= covered[tuple(where)]
    debris[rubble] = 1.0 + _ranks(further[rubble], nearest[rubble], _sizes(labels, covered))
    return Ambiguity(
        labels=labels,
        nearest=nearest,
        debris=debris.astype(np.float32),
        snow=_patch_sizes(labels > 0, surface, resolution),
        shadow=_hidden_margin(outside - inside, surface, shadow, rough),
    )


def _covered(hidden: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Debris too wide for the bare ice around it to give it away, corners and all."""
    wide = ndimage.binary_opening(hidden, iterations=NARROW)
    return np.asarray(ndimage.binary_dilation(wide, iterations=NARROW, mask=hidden))


def _without_small_bodies(ice: NDArray[np.bool_], resolution: float) -> NDArray[np.bool_]:
    parts, _ = ndimage.label(ice)
    large = np.bincount(parts.ravel()) * resolution**2 >= BARE_BODY * 1e6
    large[0] = False
    return np.asarray(large[parts])


def _doubt(
    labels: NDArray[np.int32], bare: NDArray[np.bool_], inside: Floats, rough: Grid
) -> Floats:
    """Doubt under debris: it grows away from bare ice, down the tongue, and to the sides."""
    ice = labels > 0
    count = int(labels.max()) + 1
    index = np.arange(count)
    widest = np.asarray(ndimage.maximum(inside, labels, index))[labels]
    shown = np.zeros(count, dtype=np.bool_)
    shown[labels[bare]] = True
    seeds = ice & np.where(shown[labels], bare, inside >= 0.8 * widest)
    paths = MCP_Geometric(np.where(ice, 1.0, -1.0))
    costs, _ = paths.find_costs(np.argwhere(seeds))
    reached = ice & np.isfinite(costs)
    longest = np.asarray(ndimage.maximum(np.where(reached, costs, 0.0), labels, index))[labels]
    away = np.where(reached, costs, longest) / np.maximum(longest, 1.0)
    return np.asarray(away + 0.35 * np.exp(-inside / MARGIN) + 0.12 * rough)


def _rubble(
    labels: NDArray[np.int32], surface: NDArray[np.uint8], outside: Floats, rough: Grid
) -> tuple[NDArray[np.bool_], Floats]:
    """Loose ground near ice that may pass for debris on ice, and how little it does."""
    distance = outside * np.exp(0.4 * rough)
    loose = np.isin(surface, LOOSE) & (labels == 0) & (distance <= BEYOND)
    return loose, distance * np.where(surface == SurfaceClass.ROCK, 2.0, 1.0)


def _sizes(labels: NDArray[np.int32], chosen: NDArray[np.bool_]) -> NDArray[np.int_]:
    return np.bincount(labels[chosen], minlength=int(labels.max()) + 1)


def _ranks(values: Floats, groups: NDArray[np.int32], sizes: NDArray[np.int_]) -> Floats:
    """Rank of each value within its group, from 1, as a share of the size of that group."""
    order = np.lexsort((values, groups))
    ordered = groups[order]
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values)) - np.searchsorted(ordered, ordered) + 1
    return ranks / sizes[groups]


def _patch_sizes(ice: NDArray[np.bool_], surface: NDArray[np.uint8], resolution: float) -> Grid:
    parts, count = ndimage.label(np.isin(surface, PATCHES) & ~ice)
    area = np.bincount(parts.ravel()).astype(np.float32) * resolution**2 / 1e6
    touching = np.zeros(count + 1, dtype=np.bool_)
    touching[parts[ndimage.binary_dilation(ice)]] = True
    touching[0] = False
    return np.where(touching, area, np.inf).astype(np.float32)[parts]


def _hidden_margin(
    beyond: Floats, surface: NDArray[np.uint8], shadow: NDArray[np.bool_], rough: Grid
) -> Grid:
    """Pixels beyond the margin in shadow, stretched here and shortened there by the ground."""
    dry = ~np.isin(surface, (SurfaceClass.WATER, SurfaceClass.ICEBERG))
    hidden = shadow & dry & (np.abs(beyond) <= SHADOW_REACH)
    return np.where(hidden, beyond * np.exp(0.3 * rough), np.nan).astype(np.float32)
