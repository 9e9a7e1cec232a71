"""How much of a map lies below each of many confidences."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.errors import ModelError


def shares_below(
    confidence: ArrayLike, thresholds: ArrayLike, where: ArrayLike | None = None
) -> NDArray[np.float64]:
    """Return the share of the mapped pixels whose confidence lies below each threshold.

    The same as :func:`~glacier_core.confidence.reliability.share_below` for each threshold
    alone, in one pass over the pixels.

    Parameters
    ----------
    confidence : array of any shape
        0..1, NaN where nothing was mapped; such pixels count neither way.
    thresholds : array, (thresholds,)
        Increasing. A pixel of exactly a threshold's confidence is not below it.
    where : array of bool of the shape of ``confidence``, optional
        Which pixels count at all, the mapped glaciers for instance; all when left out.

    Returns
    -------
    ndarray of float64, (thresholds,)
        0..1, NaN where no pixel counts.

    Raises
    ------
    ModelError
        If the thresholds do not increase.
    """
    edges = np.asarray(thresholds, dtype=np.float64)
    if np.any(np.diff(edges) <= 0):
        raise ModelError("The thresholds of confidence must increase from one to the next.")
    pixels = np.asarray(confidence)
    counted = np.isfinite(pixels)
    if where is not None:
        counted &= np.asarray(where, dtype=bool)
    reached = np.searchsorted(edges, pixels[counted].astype(np.float64), side="right")
    counts = np.bincount(reached, minlength=len(edges) + 1)
    total = counts.sum()
    if not total:
        return np.full(len(edges), np.nan)
    below: NDArray[np.float64] = np.cumsum(counts)[:-1] / total
    return below
