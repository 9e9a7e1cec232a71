"""The interval of the glacier area of a whole map."""

import numpy as np

from glacier_core.confidence.area_interval import (
    DRAWS,
    LEVEL,
    SIMULATED_ERRORS,
    AreaErrors,
    AreaInterval,
    area_interval,
    glacier_probability,
)
from glacier_core.confidence.mapped import Mapped
from glacier_core.grid import AREA_BLOCK, pixel_areas


def mapped_area_interval(
    result: Mapped,
    level: float = LEVEL,
    *,
    errors: AreaErrors = SIMULATED_ERRORS,
    draws: int = DRAWS,
    seed: int = 0,
) -> AreaInterval:
    """Return between which areas the true glacier area of a map's scene lies.

    Parameters
    ----------
    result : GlacierMap
        With calibrated confidence.
    level : float
        Above 0, below 1.
    errors : AreaErrors
        How errors hang together; by default as on simulated scenes.
    draws, seed : int
        As for `area_interval`.

    Returns
    -------
    AreaInterval
        Areas on the ellipsoid, of the mapped part of the scene.

    Raises
    ------
    ModelError
        If nothing was mapped, or level or draws make no sense.
    """
    rows, columns = result.shape
    blocks = pixel_areas(result.transform, (rows, columns), result.crs) / 1e6
    pixel_km2 = np.repeat(np.repeat(blocks, AREA_BLOCK, axis=0), AREA_BLOCK, axis=1)
    probability = glacier_probability(result.confidence.to_numpy(), result.glacier.to_numpy())
    return area_interval(
        probability,
        pixel_km2[:rows, :columns],
        level,
        pixel_m=result.resolution,
        errors=errors,
        draws=draws,
        seed=seed,
    )
