"""Slope of the terrain."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage


def horn_slope(elevation: ArrayLike, resolution: float) -> NDArray[np.float32]:
    """Slope in degrees by Horn's third-order finite difference.

    Parameters
    ----------
    elevation : array_like, (rows, columns)
        Metres; NaN where there is none.
    resolution : float
        Side of a pixel in metres.

    Returns
    -------
    ndarray of float32, (rows, columns)
        Degrees, NaN where the elevation is NaN. Gaps take the nearest elevation while
        the gradient is formed, so that a hole does not eat into its surroundings.

    References
    ----------
    Horn (1981), Hill shading and the reflectance map, Proceedings of the IEEE 69(1).
    """
    heights = np.asarray(elevation, dtype=np.float64)
    missing = ~np.isfinite(heights)
    if missing.all():
        return np.full(heights.shape, np.nan, dtype=np.float32)
    if missing.any():
        nearest = ndimage.distance_transform_edt(
            missing, return_distances=False, return_indices=True
        )
        heights = heights[tuple(nearest)]
    per_metre = 1 / (8 * resolution)
    gradient = np.hypot(
        ndimage.sobel(heights, axis=0, mode="nearest") * per_metre,
        ndimage.sobel(heights, axis=1, mode="nearest") * per_metre,
    )
    slope = np.degrees(np.arctan(gradient)).astype(np.float32)
    slope[missing] = np.nan
    return slope
