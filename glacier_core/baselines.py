"""Simple band rules to hold every network against."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.scene import BANDS, Scene

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

NDSI_THRESHOLD = 0.4
"""Usual threshold for snow and ice (Hall, Riggs, Salomonson 1995, Remote Sensing of
Environment 54(2))."""

BAND_RATIO_THRESHOLD = 2.0
"""Usual threshold of red / SWIR1 for glacier ice (Paul et al. 2016, Glacier remote sensing using
Sentinel-2, part II, Remote Sensing 8(7), 575)."""

TUNED_NDSI = "tuned NDSI"
BAND_RATIO = "tuned red/SWIR1"
BOOSTING = "per-pixel boosting"
PIXEL_BASELINES = (TUNED_NDSI, BAND_RATIO, BOOSTING)
"""What else stands beside networks, by name, in cards, tables and charts: each learnt from the
scenes that the network was trained on."""


def ndsi(scene: Scene) -> FloatArray:
    """Return the normalised difference snow index, (green - swir1) / (green + swir1).

    Returns
    -------
    ndarray of float32, (rows, columns)
        NaN without data and where the sum of the two is not positive (deep shadow in
        over-corrected surface reflectance), for there the quotient means nothing.
    """
    return snow_index(scene.data["optical"].to_numpy())


def snow_index(optical: FloatArray) -> FloatArray:
    """Return `ndsi` of the six bands (6, ...) of any image."""
    green, swir1 = _bands(optical, "green", "swir1")
    return _quotient(green - swir1, green + swir1)


def band_ratio(optical: FloatArray) -> FloatArray:
    """Return red / swir1 of the six bands (6, ...) of any image.

    Returns
    -------
    ndarray of float32
        NaN without data and where swir1 is not positive.
    """
    red, swir1 = _bands(optical, "red", "swir1")
    return _quotient(red, swir1)


def ndsi_glacier(scene: Scene, threshold: float = NDSI_THRESHOLD) -> BoolArray:
    """Return what the NDSI rule calls snow or ice, among the valid pixels of a scene.

    Parameters
    ----------
    scene : Scene
    threshold : float
        Pixels above it are called glacier.

    Returns
    -------
    ndarray of bool, (rows, columns)
    """
    glacier: BoolArray = (ndsi(scene) > threshold) & scene.valid
    return glacier


def _bands(optical: FloatArray, first: str, second: str) -> tuple[FloatArray, FloatArray]:
    return optical[BANDS.index(first)], optical[BANDS.index(second)]


def _quotient(above: FloatArray, below: FloatArray) -> FloatArray:
    quotient = np.full(below.shape, np.nan, dtype=np.float32)
    np.divide(above, below, out=quotient, where=below > 0)
    return quotient
