"""Areas on the ground of labelled pixels."""

from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from glacier_core.grid import AREA_BLOCK, pixel_areas


def label_areas_km2(
    labels: NDArray[np.integer[Any]],
    count: int,
    transform: Affine,
    crs: CRS,
    share: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """Sum the true area of the pixels of every label.

    Parameters
    ----------
    labels : ndarray of int, (rows, columns)
        0 to ``count`` - 1.
    count : int
        Number of labels.
    transform, crs
        Of a grid of square pixels in metres; areas are those on the ellipsoid
        (`glacier_core.grid.pixel_areas`).
    share : ndarray, (rows, columns), optional
        How much of each pixel counts; the whole when left out.

    Returns
    -------
    ndarray of float64, (count,)
        Square kilometres.
    """
    rows, columns = labels.shape
    total = np.zeros(count)
    for number, block_areas in enumerate(pixel_areas(transform, (rows, columns), crs)):
        strip = slice(number * AREA_BLOCK, (number + 1) * AREA_BLOCK)
        part = labels[strip]
        weights = np.broadcast_to(np.repeat(block_areas, AREA_BLOCK)[:columns], part.shape)
        if share is not None:
            weights = weights * share[strip]
        total += np.bincount(part.ravel(), weights.ravel(), minlength=count)
    return total / 1e6
