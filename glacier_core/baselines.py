"""Simple band rules to hold every network against."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.scene import BANDS, Scene

NDSI_THRESHOLD = 0.4
"""Usual threshold for snow and ice (Hall, Riggs, Salomonson 1995, Remote Sensing of
Environment 54(2))."""


def ndsi(scene: Scene) -> NDArray[np.float32]:
    """Return the normalised difference snow index, (green - swir1) / (green + swir1).

    Returns
    -------
    ndarray of float32, (rows, columns)
        NaN without data and where the sum of the two is not positive (deep shadow in
        over-corrected surface reflectance), for there the quotient means nothing.
    """
    optical = scene.data["optical"].to_numpy()
    green, swir1 = (optical[BANDS.index(name)] for name in ("green", "swir1"))
    total = green + swir1
    usable = total > 0
    index = np.full(total.shape, np.nan, dtype=np.float32)
    np.divide(green - swir1, total, out=index, where=usable)
    return index


def ndsi_glacier(scene: Scene, threshold: float = NDSI_THRESHOLD) -> NDArray[np.bool_]:
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
    glacier: NDArray[np.bool_] = (ndsi(scene) > threshold) & scene.valid
    return glacier
