"""Kernel ridge regression of accuracy on confidence, as the published GlaViTU was calibrated."""

import warnings

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgError, LinAlgWarning, solve
from sklearn.metrics.pairwise import laplacian_kernel

from glacier_core.confidence.fitting import pixels_to_fit
from glacier_core.confidence.pixels import Vector
from glacier_core.confidence.reliability import reliability
from glacier_core.errors import ModelError
from glacier_core.models.calibration import KernelRidgeCurve

BINS = 100
PENALTY = 0.01
WEIGHT_POWER = 0.1
"""Bins, largest penalty, and power of the share of pixels that a bin weighs, of the recipe."""

FEWEST_BINS = 2


def fit_kernel_ridge(
    confidence: ArrayLike,
    correct: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    fitted_on: str = "",
) -> KernelRidgeCurve:
    """Fit the recipe of the published GlaViTU: kernels at the means of bins, and two anchors.

    Mean confidence and accuracy of 100 bins of equal width, less empty ones, and the anchors
    (0, 0) and (1, 1); a bin of n pixels weighs w = (n / most)^0.1, an anchor 1; Laplacian kernel
    exp(-|c - x|), penalty 0.01 (1 - w) at each point. Written from a description of Maslov et
    al. (2025), Nature Communications 16:43. The penalties differ from point to point, which
    scikit-learn's KernelRidge does not take, so the equations are solved by scipy; equal
    penalties give KernelRidge's very coefficients.

    Notes
    -----
    The anchor at 0 holds the curve at 0 where a class is a guess between two and about half of
    the pixels are right, so that the lowest confidences come out too low. Bins of few pixels bend
    it, so that it may fall: see `KernelRidgeCurve.monotone`.

    Parameters
    ----------
    confidence, correct, weight, fitted_on
        As `calibration.fit_isotonic`.

    Raises
    ------
    ModelError
        If the pixels do not fit together, are fewer than two, or all of one bin, or if the
        equations have no solution.
    """
    c, right, w = pixels_to_fit("Kernel ridge", confidence, correct, weight)
    bins = reliability(c, right, BINS, w)
    if len(bins) < FEWEST_BINS:
        raise ModelError(
            f"Kernel ridge needs pixels in {FEWEST_BINS} of its {BINS} bins of confidence or "
            f"more: all {len(c):,} lie between {c.min():.4g} and {c.max():.4g}. Isotonic "
            "regression needs no bins."
        )
    share = bins["weight"].to_numpy() / bins["weight"].max()
    x = np.concatenate([bins["confidence"].to_numpy(), [0.0, 1.0]])
    y = np.concatenate([bins["accuracy"].to_numpy(), [0.0, 1.0]])
    penalty = PENALTY * (1.0 - np.concatenate([share**WEIGHT_POWER, [1.0, 1.0]]))
    dual = _solve(x, y, penalty)
    return KernelRidgeCurve(x=tuple(x.tolist()), dual=tuple(dual.tolist()), fitted_on=fitted_on)


def _solve(x: Vector, y: Vector, penalty: Vector) -> Vector:
    kernel = laplacian_kernel(x[:, None], gamma=1.0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", LinAlgWarning)  # an answer without a right digit
            return np.asarray(solve(kernel + np.diag(penalty), y, assume_a="pos"))
    except (LinAlgError, LinAlgWarning) as error:
        raise ModelError(
            "Kernel ridge has no solution: a bin whose confidence is all but 0 or 1 holds most of "
            "the pixels and contradicts the anchor there. Isotonic regression has no anchors."
        ) from error
