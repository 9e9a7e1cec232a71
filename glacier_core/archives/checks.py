"""What must hold of imagery before a scene is made of it: its kind, its scale, its bands."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Imagery, Why
from glacier_core.baselines import NDSI_THRESHOLD, snow_index
from glacier_core.errors import SceneError, SourceError
from glacier_core.plausible import check_reflectance
from glacier_core.scene import BANDS, FloatArray, Reflectance

DARKEST: Final = 0.35
"""Reflectance that the darkest percent of the values of all bands stays below: water, shadow and
whatever is green are dark in some band, and snow is in the shortwave infrared."""

BRIGHTEST_MEDIAN: Final = 1.2
"""Reflectance that half of all values stay below, even where everything is sunlit snow."""

DARKEST_AIR: Final = 0.01
"""Blue reflectance below which the darkest percent of TOA imagery cannot lie: the air alone
scatters 0.03 and more below the summits of Asia, several times that at the sea."""

_FEWEST: Final = 1000
"""Clear pixels below which nothing is told from their statistics."""

_SEEN: Final = 1_000_000
"""Pixels that tell as much as all of them."""


def check_kind(scenes: Sequence[FoundScene], *, allow_surface: bool) -> Reflectance:
    """Refuse surface reflectance unless somebody insists, and two kinds in one scene always.

    Parameters
    ----------
    scenes : sequence of FoundScene
        Optical ones.
    allow_surface : bool

    Returns
    -------
    {"toa", "surface"}
        What all of them are.

    Raises
    ------
    SourceError
    """
    surface = [scene.id for scene in scenes if scene.reflectance == "surface"]
    if not surface:
        return "toa"
    if len(surface) < len(scenes):
        raise SourceError(
            f"{_some(surface)} {_are(surface)} surface reflectance, the other scenes are "
            "top-of-atmosphere reflectance: one scene cannot be made of both. Choose one kind."
        )
    if not allow_surface:
        raise SourceError(
            f"{_some(surface)} {_are(surface)} surface reflectance: what the archive thinks the "
            "ground alone reflects. GlaViTU learned from top-of-atmosphere reflectance, with the "
            "light of the air in it, so its maps would be worse here than its measured accuracy "
            "and its confidence say. Choose a Level-1 scene (sentinel-2-l1c, landsat-c2-l1); or "
            "insist (allow_surface=True), and every result will say so."
        )
    return "surface"


def check_imagery(imagery: Imagery, name: str, reflectance: Reflectance) -> tuple[str, ...]:
    """Refuse imagery that is unscaled, in percent, shifted, or with its bands out of order.

    Parameters
    ----------
    imagery : Imagery
    name : str
        What the product is called in messages.
    reflectance : {"toa", "surface"}
        What it should be.

    Returns
    -------
    tuple of str
        What looks odd, but is not impossible.

    Raises
    ------
    SourceError
    """
    told = imagery.facts.get("reflectance", reflectance)
    if told != reflectance:
        raise SourceError(
            f"The catalogue calls {name} {reflectance} reflectance, its own metadata {told}. "
            "Choose another scene."
        )
    pixels = _clear_pixels(imagery)
    if pixels.shape[1] < _FEWEST:
        return ()
    try:
        check_reflectance(pixels[:, :, None], BANDS)
    except SceneError as problem:
        raise SourceError(f"{name}: {problem} Choose another scene.") from problem
    _check_level(pixels, name)
    return tuple(_oddities(pixels, name, reflectance))


def _check_level(pixels: FloatArray, name: str) -> None:
    """Refuse what is shifted as a whole."""
    darkest, median = (float(value) for value in np.quantile(pixels, [0.01, 0.5]))
    if median <= 0:
        raise SourceError(
            f"Half of all reflectances of {name} are {median:.2f} or below, less than nothing: an "
            "offset seems to have been taken off twice. Choose another scene."
        )
    if darkest >= DARKEST or median >= BRIGHTEST_MEDIAN:
        raise SourceError(
            f"The darkest percent of all reflectances of {name} reaches up to {darkest:.2f}, half "
            f"of them to {median:.2f}: no ground is so bright in every band. Its scale or offset "
            "is wrong, or clouds cover it that no mask tells of. Choose another scene."
        )


def _oddities(pixels: FloatArray, name: str, reflectance: Reflectance) -> list[str]:
    notes = []
    blue = float(np.quantile(pixels[BANDS.index("blue")], 0.01))
    if reflectance == "toa" and blue < DARKEST_AIR:
        notes.append(
            f"The darkest blue of {name} is {blue:.3f}, less than the air alone scatters: it looks "
            "like surface reflectance, or an offset was taken off twice."
        )
    if not (snow_index(pixels[:, :, None]) > NDSI_THRESHOLD).any():
        notes.append(
            f"Nothing clear in {name} looks like snow or ice (NDSI above {NDSI_THRESHOLD:g})."
        )
    return notes


def _clear_pixels(imagery: Imagery) -> FloatArray:
    """Return clear pixels (6, n), every so many-th of them where there are very many."""
    clear: NDArray[np.bool_] = (imagery.why == Why.CLEAR) & np.isfinite(imagery.optical).all(axis=0)
    places = np.flatnonzero(clear)
    places = places[:: max(1, len(places) // _SEEN)]
    pixels: FloatArray = imagery.optical.reshape(len(BANDS), -1)[:, places]
    return pixels


def _some(names: Sequence[str]) -> str:
    """Return the first few names as people list them."""
    listed = ", ".join(names[:3])
    return listed if len(names) <= 3 else f"{listed} and {len(names) - 3} more"


def _are(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
