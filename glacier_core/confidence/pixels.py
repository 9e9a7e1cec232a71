"""Pixels of which both confidence and truth are known."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.errors import ModelError

Vector = NDArray[np.float64]


def scored_pixels(
    confidence: ArrayLike, correct: ArrayLike, weight: ArrayLike | None
) -> tuple[Vector, Vector, Vector]:
    """Check and flatten confidence, truth and weight, less unmapped and weightless pixels.

    Raises
    ------
    ModelError
        If sizes differ, a confidence or truth is not in 0..1, or a weight is negative.
    """
    c = np.asarray(confidence, dtype=np.float64).ravel()
    right = np.asarray(correct, dtype=np.float64).ravel()
    w = np.ones_like(c) if weight is None else np.asarray(weight, dtype=np.float64).ravel()
    if not len(c) == len(right) == len(w):
        raise ModelError(
            f"Every pixel needs a confidence, a truth and a weight: there are {len(c)} "
            f"confidences, {len(right)} truths, {len(w)} weights."
        )
    if not np.all((w >= 0) & np.isfinite(w)):
        raise ModelError("The weights of pixels must be finite and not negative.")
    used = np.isfinite(c) & (w > 0)
    c, right, w = c[used], right[used], w[used]
    if not np.all((c >= 0) & (c <= 1)):
        raise ModelError("Confidence must be in 0..1; it is a share, not per cent.")
    if not np.all((right >= 0) & (right <= 1)):
        raise ModelError("Truth must be in 0..1: whether the class of a pixel is right.")
    return c, right, w
