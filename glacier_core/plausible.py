"""Whether the numbers of a scene can be what they are declared as."""

import math

import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SceneError

FloatArray = NDArray[np.float32]

POSSIBLE: dict[str, tuple[float, float, str]] = {
    "elevation": (-500, 9000, "metres"),
    "slope": (0, 90, "degrees"),
    "co_pol_sar": (0, 1e16, "(linear)"),
    "cross_pol_sar": (0, 1e16, "(linear)"),
    "in_sar": (0, 1, "(linear)"),
    "thermal": (100, 400, "kelvin"),
}
"""Lowest and highest value that a layer can have, and its unit."""


def check_usable(any_usable: bool) -> None:
    """Refuse a scene of which no pixel has all that a pixel needs.

    Raises
    ------
    SceneError
    """
    if not any_usable:
        raise SceneError(
            "No pixel has all six bands and an elevation. Check that the elevation model covers "
            "the imagery and that the no-data value is declared in the files."
        )


def check_reflectance(bands: FloatArray, names: tuple[str, ...]) -> None:
    """Refuse imagery whose numbers cannot be reflectances in the declared order.

    Parameters
    ----------
    bands : ndarray of float32, (6, rows, columns)
        NaN where there is no data.
    names : tuple of str
        Of the bands; ``green`` and ``swir1`` are among them.

    Raises
    ------
    SceneError
        When a band is empty, the imagery blank, raw numbers, percent, or its bands out of order.
    """
    for name, band in zip(names, bands, strict=True):
        if not np.isfinite(band).any():
            raise SceneError(f"The {name} band holds no data at all (every pixel is NaN).")
    # A million pixels tell as much as a hundred million, in a hundredth of the time.
    step = max(1, math.isqrt(bands[0].size // 1_000_000))
    seen = bands[:, ::step, ::step]
    _check_not_blank(seen)
    bright = float(np.nanquantile(seen, 0.98)) if np.isfinite(seen).any() else 0.0
    if bright > 150:
        raise SceneError(
            f"The imagery looks like raw digital numbers (98 % of values reach up to {bright:.0f}; "
            "reflectance stays near 0 to 1). Apply the scale and offset of the product's metadata."
        )
    if bright > 3:
        raise SceneError(
            f"The imagery looks like percent (98 % of values reach up to {bright:.1f}; reflectance "
            "stays near 0 to 1). Divide by 100."
        )
    _check_band_order(bands, names)


def _check_not_blank(bands: FloatArray) -> None:
    """Refuse imagery that shows the same everywhere: a fill value, or an empty file."""
    colours = bands[:, np.isfinite(bands).all(axis=0)]
    if colours.shape[1] > 1 and (colours == colours[:, :1]).all():
        values = ", ".join(f"{value:g}" for value in colours[:, 0])
        raise SceneError(
            f"Every pixel of the imagery is the same ({values}): there is no picture in it. Is "
            "this the no-data value, not declared in the file? Declare it, or open another file."
        )


def _check_band_order(bands: FloatArray, names: tuple[str, ...]) -> None:
    """Snow is bright in the visible and dark in the shortwave infrared, never the reverse.

    Swapped bands turn it into ground that reflects five times more in SWIR1 than in green.
    Of the labelled rock of the USGS benchmark glaciers that is as bright, 99 % stays below 4.5.
    """
    green, swir1 = bands[names.index("green")], bands[names.index("swir1")]
    both = np.isfinite(green) & np.isfinite(swir1)
    reversed_snow = (swir1 > 0.4) & (swir1 > 5 * green) & both
    if reversed_snow.sum() > 0.005 * max(both.sum(), 1):
        raise SceneError(
            f"{reversed_snow.sum() / both.sum():.0%} of the pixels are bright in SWIR1 and dark in "
            "green, which no surface around glaciers is: NDSI would be upside down. The bands seem "
            f"to be in another order; declare theirs (needed: {', '.join(names)})."
        )
    if both.sum() > 1 and np.array_equal(green[both], swir1[both]):
        raise SceneError(
            "The green and the SWIR1 band are the same image, so NDSI is impossible. "
            "Declare which band is which."
        )


def check_elevation(elevation: FloatArray) -> None:
    """Refuse an elevation model that holds nothing here, or heights that cannot be (SceneError)."""
    if not np.isfinite(elevation).any():
        raise SceneError(
            "The elevation model holds no data where the imagery is: it does not overlap the "
            "scene, or every value is missing."
        )
    check_range("elevation", elevation)


def check_range(name: str, layer: FloatArray) -> None:
    """Refuse a layer of values that cannot be (SceneError).

    Parameters
    ----------
    name : str
        One of :data:`POSSIBLE`.
    layer : ndarray of float32
        NaN where there is no data.
    """
    low, high, unit = POSSIBLE[name]
    finite = layer[np.isfinite(layer)]
    if finite.size and (finite.min() < low or finite.max() > high):
        raise SceneError(
            f"The {name} runs from {finite.min():.0f} to {finite.max():.0f}; "
            f"possible are {low} to {high} {unit}. Check its unit and its no-data value."
        )
