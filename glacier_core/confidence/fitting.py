"""Pixels that a curve can be fitted to, and why others cannot be."""

import numpy as np
from numpy.typing import ArrayLike

from glacier_core.confidence.pixels import Vector, scored_pixels
from glacier_core.errors import ModelError

FEWEST = 2
"""Pixels without which nothing of more than one number can be fitted."""


def pixels_to_fit(
    method: str,
    confidence: ArrayLike,
    correct: ArrayLike,
    weight: ArrayLike | None,
    *,
    both_outcomes: bool = False,
) -> tuple[Vector, Vector, Vector]:
    """Check and flatten the pixels of a fit that needs more than one confidence.

    Parameters
    ----------
    method : str
        What is to be fitted, for the error.
    both_outcomes : bool
        Whether right pixels alone, or wrong ones alone, are of no use.

    Raises
    ------
    ModelError
        As `scored_pixels`; or if there are fewer than two pixels, all are of one confidence, or
        all are right or all wrong where both are needed.
    """
    c, right, w = scored_pixels(confidence, correct, weight)
    if len(c) < FEWEST:
        raise ModelError(
            f"{method} needs {FEWEST} pixels or more that have a confidence, a truth and a "
            f"weight; there {'is' if len(c) == 1 else 'are'} {len(c)}."
        )
    if np.ptp(c) == 0:
        raise ModelError(
            f"{method} needs pixels of different confidence: all {len(c):,} have {c[0]:.4g}. "
            "Isotonic regression gives such pixels their share of right ones."
        )
    mean = np.average(right, weights=w)
    if both_outcomes and mean in (0.0, 1.0):
        raise ModelError(
            f"{method} needs right and wrong pixels: all {len(c):,} are "
            f"{'right' if mean else 'wrong'}. Take more scenes, or isotonic regression."
        )
    return c, right, w
