"""Hypsometry: how much of a glacier lies how high."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from glacier_core.deviations.definitions import DEFINITIONS, Definition
from glacier_core.errors import SceneError
from glacier_core.grid import AREA_BLOCK, pixel_areas
from glacier_core.scene import Scene

MOST_BANDS: Final = 1000
_OWN = "own definition"

HYPSOMETRY_DEFINITIONS: dict[str, Definition] = {
    "of": Definition("Whose", "", "", _OWN, "Whose ice it is: the map's or the expert's."),
    "lower_m": Definition(
        "From", "m", "", _OWN, "Lower edge of the band; empty for ice without an elevation."
    ),
    "upper_m": Definition(
        "To", "m", "", _OWN, "Upper edge of the band, which belongs to the next."
    ),
    "area_km2": Definition(
        "Area in the band",
        "km²",
        "sum of the true areas of the pixels whose elevation lies in the band",
        _OWN,
        "The bands of one outline, with what has no elevation, add up to its area.",
    ),
    "median_elevation_m": Definition(
        "Median elevation",
        "m",
        "median of the elevations of the pixels",
        "as in glacier inventories, where it stands in for the equilibrium line",
        "Half of the ice lies higher. The same in every row of an outline.",
    ),
    "simulated": DEFINITIONS["simulated"],
}
"""Every column of `hypsometry`, by its name."""


def hypsometry(scene: Scene, masks: Mapping[str, ArrayLike], step_m: float = 50.0) -> pd.DataFrame:
    """Divide the area of glaciers by elevation.

    Parameters
    ----------
    scene : Scene
    masks : mapping of str to array_like of bool, (rows, columns)
        Where there is ice, by a name ("predicted", "expert"), on the grid of the scene.
    step_m : float
        Height of a band in metres; bands begin at multiples of it.

    Returns
    -------
    DataFrame
        A row a mask and band, from the lowest to the highest band that any mask reaches, so that
        all masks have the same bands; columns as in :data:`HYPSOMETRY_DEFINITIONS`. Ice without
        an elevation has a row of its own without edges. Without any ice the table is empty.

    Raises
    ------
    SceneError
        When the step is not a positive number, is too small for the range of heights, or a mask
        is not on the grid of the scene.
    """
    if not 0 < step_m < np.inf:
        raise SceneError(f"The bands are {step_m} m high; give a positive number of metres.")
    heights = _heights(scene)
    places = {name: _pixels(name, mask, scene) for name, mask in masks.items()}
    edges = _edges([heights[where] for where in places.values()], step_m)
    areas = pixel_areas(scene.transform, scene.shape, scene.crs) / 1e6
    rows = [
        row
        for name, (down, right) in places.items()
        for row in _bands(
            name, heights[down, right], areas[down // AREA_BLOCK, right // AREA_BLOCK], edges
        )
    ]
    columns = list(HYPSOMETRY_DEFINITIONS)[:-1]
    return pd.DataFrame(rows, columns=columns).assign(simulated=scene.simulated)


def _heights(scene: Scene) -> NDArray[np.float64]:
    if "elevation" not in scene.data:
        return np.full(scene.shape, np.nan)
    return np.asarray(scene.data["elevation"].to_numpy(), dtype=np.float64)


def _pixels(
    name: str, mask: ArrayLike, scene: Scene
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    ice = np.asarray(mask, dtype=bool)
    if ice.shape != scene.shape:
        raise SceneError(
            f"The mask {name!r} has shape {ice.shape}, the scene {scene.shape}: bring it onto the "
            "grid of the scene first."
        )
    down, right = np.nonzero(ice)
    return down, right


def _edges(heights: list[NDArray[np.float64]], step_m: float) -> NDArray[np.float64]:
    """Multiples of the step around all heights; none where there is no height."""
    seen = np.concatenate([*heights, np.zeros(0)])
    seen = seen[np.isfinite(seen)]
    if seen.size == 0:
        return np.zeros(0)
    first, last = np.floor(seen.min() / step_m), np.floor(seen.max() / step_m)
    if last - first >= MOST_BANDS:
        raise SceneError(
            f"Bands of {step_m:g} m divide {seen.max() - seen.min():.0f} m into more than "
            f"{MOST_BANDS}; take higher bands."
        )
    return step_m * np.arange(first, last + 2)


def _bands(
    name: str,
    heights: NDArray[np.float64],
    areas: NDArray[np.float64],
    edges: NDArray[np.float64],
) -> list[dict[str, Any]]:
    known = np.isfinite(heights)
    told = {
        "of": name,
        "median_elevation_m": float(np.median(heights[known])) if known.any() else float("nan"),
    }
    rows = []
    if len(edges):
        # Rounding may put a multiple of the step on the far side of its own edge.
        band = np.minimum(np.digitize(heights[known], edges[1:]), len(edges) - 2)
        sums = np.bincount(band, weights=areas[known], minlength=len(edges) - 1)
        rows = [
            told | {"lower_m": low, "upper_m": high, "area_km2": area}
            for low, high, area in zip(edges[:-1], edges[1:], sums, strict=True)
        ]
    if not known.all():
        nowhere = {"lower_m": float("nan"), "upper_m": float("nan")}
        rows.append(told | nowhere | {"area_km2": float(areas[~known].sum())})
    return rows
