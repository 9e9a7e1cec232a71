"""Calibration: from raw confidence to the share of pixels that prove right."""

import numpy as np
from numpy.typing import ArrayLike
from sklearn.isotonic import IsotonicRegression

from glacier_core.confidence.pixels import Vector, scored_pixels
from glacier_core.errors import ModelError
from glacier_core.models.card import CalibrationCurve

__all__ = ["CalibrationCurve", "fit_isotonic"]

HALF_OF_KNOTS = 100


def fit_isotonic(
    confidence: ArrayLike,
    correct: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    fitted_on: str = "",
) -> CalibrationCurve:
    """Fit the monotone curve that is closest to whether pixels are right, in least squares.

    Isotonic regression (Zadrozny and Elkan 2002, "Transforming classifier scores into accurate
    multiclass probability estimates"). A curve of more than 200 knots is thinned to fewer: one at
    the mean of each bin, where half of the bins are of equal width, so that rare confidences
    keep their shape, and half hold equally many pixels.

    Parameters
    ----------
    confidence : array
        Raw confidence of each pixel, 0..1; NaN is left out. Use pixels apart from those that
        are scored later.
    correct : array of the same size
        Whether the class of the pixel is right.
    weight : array of the same size, optional
        Weight of each pixel; 0 leaves it out.
    fitted_on : str
        The pixels in words, for the model card.

    Raises
    ------
    ModelError
        If no pixel is given, sizes differ, or a confidence is not in 0..1.
    """
    x, y, w = scored_pixels(confidence, correct, weight)
    if not len(x):
        raise ModelError("Calibration needs pixels: none has a confidence and a weight.")
    fitted = IsotonicRegression(y_min=0.0, y_max=1.0).fit(x, y, sample_weight=w)
    knots, values = np.asarray(fitted.X_thresholds_), np.asarray(fitted.y_thresholds_)
    if len(knots) > 2 * HALF_OF_KNOTS:
        knots, values = _thinned(x, np.interp(x, knots, values), w)
    values = np.maximum.accumulate(np.clip(values, 0.0, 1.0))  # means round in their last digit
    return CalibrationCurve(x=tuple(knots.tolist()), y=tuple(values.tolist()), fitted_on=fitted_on)


def _thinned(x: Vector, fitted: Vector, w: Vector) -> tuple[Vector, Vector]:
    order = np.argsort(x)
    ranks = np.cumsum(w[order])
    shares = np.arange(1, HALF_OF_KNOTS) / HALF_OF_KNOTS
    even_counts = x[order][np.searchsorted(ranks, shares * ranks[-1])]
    place = np.searchsorted(np.union1d(shares, even_counts), x)
    total = np.bincount(place, w)
    filled = total > 0
    mean_x = np.bincount(place, w * x)[filled] / total[filled]
    mean_fitted = np.bincount(place, w * fitted)[filled] / total[filled]
    return np.clip(mean_x, 0.0, 1.0), mean_fitted
