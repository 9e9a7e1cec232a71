"""What lies at the surface of a scene and where it is in shadow: true, estimated or unknown."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.baselines import (
    BAND_RATIO_THRESHOLD,
    NDSI_THRESHOLD,
    band_ratio,
    ndsi,
)
from glacier_core.errors import SceneError
from glacier_core.scene import Scene
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.light import Sun, cosine_of_incidence, sunlit
from glacier_core.simulation.truth import SceneTruth, scene_truth

BoolArray = NDArray[np.bool_]
Codes = NDArray[np.int16]

CLEAN_ICE, DEBRIS_COVERED_ICE = "clean ice", "debris-covered ice"
TRUE_SURFACES: Final[dict[str, tuple[SurfaceClass, ...]]] = {
    CLEAN_ICE: (
        SurfaceClass.ICE,
        SurfaceClass.FIRN,
        SurfaceClass.SNOW,
        SurfaceClass.CREVASSED_ICE,
    ),
    DEBRIS_COVERED_ICE: (SurfaceClass.DEBRIS, SurfaceClass.POND),
    "snow off the glaciers": (SurfaceClass.SEASONAL_SNOW, SurfaceClass.PERENNIAL_SNOW),
    "rock, scree and plants": (
        SurfaceClass.ROCK,
        SurfaceClass.FORELAND,
        SurfaceClass.VEGETATION,
        SurfaceClass.SCREE,
    ),
    "water": (SurfaceClass.WATER, SurfaceClass.ICEBERG),
    "cloud or its shadow": (SurfaceClass.CLOUD, SurfaceClass.CLOUD_SHADOW),
}
"""Surfaces told apart where a simulation knows them, and what they are made of."""

ESTIMATED_SURFACES: Final = (
    f"{CLEAN_ICE} (estimate)",
    f"{DEBRIS_COVERED_ICE} (estimate)",
    "bright as snow, off the outlines (estimate)",
    "other ground, off the outlines (estimate)",
)
TRUE_BASIS = "truth of the simulation"
ESTIMATED_BASIS = (
    "an estimate from the image, not a map of debris: inside the expert outlines clean ice where "
    f"red / SWIR1 > {BAND_RATIO_THRESHOLD:g}, else debris-covered, which takes in shadow and "
    f"rock; outside bright as snow where NDSI > {NDSI_THRESHOLD:g}"
)
NO_SUN = (
    "Neither the scene nor its files tell where the sun stood, so shadow cannot be computed. "
    "Who knows its zenith and azimuth can give them in Python: estimate_surfaces(…, sun=…)."
)
NO_WATER = (
    "Nothing tells where lakes and sea are; only simulated scenes whose truth is known have it."
)
_UNLIT = 0.3  # share of the sun's disc below which the simulation calls a pixel shadowed
_GRAZING = 0.02  # cosine of incidence below which ground faces away from the sun


@dataclass(frozen=True, eq=False)
class Surfaces:
    """What is known of the surface of a scene, a value a pixel.

    Attributes
    ----------
    names : tuple of str
        Of the surfaces; an estimate is called so.
    codes : ndarray of int16, (rows, columns)
        Place in ``names``, -1 where not known.
    basis : str
        Where the surfaces come from, in words.
    shadow : ndarray of bool, (rows, columns), or None
        Cast or own shadow; None where it cannot be known.
    shadow_basis : str
        Where the shadow comes from, or why there is none.
    water : ndarray of bool, (rows, columns), or None
        Lakes and sea; None where they cannot be known.
    water_basis : str
        Where the water comes from, or why there is none.
    """

    names: tuple[str, ...]
    codes: Codes
    basis: str
    shadow: BoolArray | None
    shadow_basis: str
    water: BoolArray | None
    water_basis: str


def known_surfaces(scene: Scene, expert: BoolArray) -> Surfaces:
    """Return the true surfaces of a scene, an estimate where nobody knows them.

    The truth of a simulated scene is simulated again, which takes some seconds; keep it.

    Parameters
    ----------
    scene : Scene
    expert : ndarray of bool, (rows, columns)
        Inside the expert outlines.
    """
    truth = scene_truth(scene)
    return estimate_surfaces(scene, expert) if truth is None else true_surfaces(truth)


def true_surfaces(truth: SceneTruth) -> Surfaces:
    """Return the surfaces of a simulated scene."""
    codes = np.full(truth.surface.shape, -1, dtype=np.int16)
    for place, members in enumerate(TRUE_SURFACES.values()):
        codes[np.isin(truth.surface, members)] = place
    return Surfaces(
        names=tuple(TRUE_SURFACES),
        codes=codes,
        basis=TRUE_BASIS,
        shadow=truth.shadow,
        shadow_basis=TRUE_BASIS,
        water=np.isin(truth.surface, TRUE_SURFACES["water"]),
        water_basis=TRUE_BASIS,
    )


def estimate_surfaces(
    scene: Scene, expert: BoolArray, *, sun: tuple[float, float] | None = None
) -> Surfaces:
    """Estimate clean and debris-covered ice from the image.

    Debris reflects like the rock around it, so ice that an expert drew and that has not the
    spectrum of ice is taken for debris-covered; shadow and rock within the outlines are, too.

    Parameters
    ----------
    scene : Scene
    expert : ndarray of bool, (rows, columns)
        Inside the expert outlines.
    sun : (zenith, azimuth), optional
        Degrees, azimuth clockwise from north, for the shadow; without it there is none.

    Raises
    ------
    SceneError
        When the sun is not above the horizon or the mask is not on the grid of the scene.
    """
    if expert.shape != scene.shape:
        raise SceneError(
            f"The expert's mask has shape {expert.shape}, the scene {scene.shape}: rasterize the "
            "outlines on the grid of the scene."
        )
    optical = scene.data["optical"].to_numpy()
    known = np.isfinite(optical).all(axis=0)
    # A band that is not positive (deep shadow) has no ratio and shows no ice.
    bright = np.where(expert, band_ratio(optical) > BAND_RATIO_THRESHOLD, _snow(scene))
    codes = np.where(expert, 0, 2) + ~bright
    return Surfaces(
        names=ESTIMATED_SURFACES,
        codes=np.where(known, codes, -1).astype(np.int16),
        basis=ESTIMATED_BASIS,
        shadow=None if sun is None else terrain_shadow(scene, *sun),
        shadow_basis=NO_SUN if sun is None else _shadow_basis(*sun),
        water=None,
        water_basis=NO_WATER,
    )


def terrain_shadow(scene: Scene, zenith: float, azimuth: float) -> BoolArray:
    """Compute where the terrain of a scene lies in its own or a cast shadow.

    Ground beyond the border of the scene casts none.

    Parameters
    ----------
    scene : Scene
    zenith, azimuth : float
        Degrees, of the sun; azimuth clockwise from the north of the grid.

    Raises
    ------
    SceneError
        When the sun is not above the horizon.
    """
    if not 0 <= zenith < 90:
        raise SceneError(
            f"The sun stands {zenith:g}° from the zenith; it must be above the horizon, at 0 to "
            "less than 90°."
        )
    sun = Sun(zenith, azimuth, incidence_power=1.0, haze=1.0)
    heights = scene.data["elevation"].to_numpy()
    if not np.isfinite(heights).any():
        return np.zeros(heights.shape, dtype=bool)
    filled = np.where(np.isfinite(heights), heights, np.nanmin(heights)).astype(np.float32)
    unlit = sunlit(filled, scene.resolution, sun) < _UNLIT
    facing_away = cosine_of_incidence(filled, scene.resolution, sun) < _GRAZING
    shadow: BoolArray = (unlit | facing_away) & np.isfinite(heights)
    return shadow


def _snow(scene: Scene) -> BoolArray:
    return np.asarray(ndsi(scene) > NDSI_THRESHOLD)


def _shadow_basis(zenith: float, azimuth: float) -> str:
    return (
        "computed from the elevation model and the sun "
        f"({zenith:.0f}° from the zenith, azimuth {azimuth:.0f}°)"
    )
