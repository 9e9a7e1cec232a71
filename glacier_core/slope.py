"""Slope of the terrain, and the direction it faces."""

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
    right, down, missing = _gradient(elevation, resolution)
    slope = np.degrees(np.arctan(np.hypot(down, right))).astype(np.float32)
    slope[missing] = np.nan
    return slope


def horn_aspect(elevation: ArrayLike, resolution: float) -> NDArray[np.float32]:
    """Direction in which the ground falls, by the same finite difference as the slope.

    Parameters
    ----------
    elevation : array_like, (rows, columns)
        Metres, rows from north to south; NaN where there is none.
    resolution : float
        Side of a pixel in metres.

    Returns
    -------
    ndarray of float32, (rows, columns)
        Degrees clockwise from the north of the grid, 0 to 360 (360 excluded): 90 where the ground
        falls towards the east. NaN where the elevation is NaN and where the ground is level.
    """
    right, down, missing = _gradient(elevation, resolution)
    # The ground falls against its gradient; rows grow southwards.
    aspect = (np.degrees(np.arctan2(-right, down)) % 360).astype(np.float32) % np.float32(360)
    aspect[missing | (np.hypot(right, down) == 0)] = np.nan
    return aspect


def _gradient(
    elevation: ArrayLike, resolution: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Rise per metre along the columns and along the rows, and where there is no elevation."""
    heights = np.asarray(elevation, dtype=np.float64)
    missing = ~np.isfinite(heights)
    if missing.all():
        return np.zeros(heights.shape), np.zeros(heights.shape), missing
    if missing.any():
        nearest = ndimage.distance_transform_edt(
            missing, return_distances=False, return_indices=True
        )
        heights = heights[tuple(nearest)]
    per_metre = 1 / (8 * resolution)
    right = ndimage.sobel(heights, axis=1, mode="nearest") * per_metre
    down = ndimage.sobel(heights, axis=0, mode="nearest") * per_metre
    return right, down, missing
