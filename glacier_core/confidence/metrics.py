"""How well calibrated confidence is, in the measures of the literature, over one set of bins."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.confidence.pixels import Vector, scored_pixels
from glacier_core.errors import ModelError

BINS = 100
"""As in the published evaluation of GlaViTU."""


@dataclass(frozen=True)
class CalibrationMetrics:
    """Measures of one set of pixels; all NaN without any.

    Attributes
    ----------
    count : int
        Pixels.
    ece : float
        Expected calibration error over bins of equal width.
    ece_equal_mass : float
        The same over bins of equally many pixels.
    maximum_error : float
        Largest distance of confidence from accuracy in a bin of equal width.
    brier : float
        Mean square of confidence less outcome (1 right, 0 wrong).
    reliability, resolution, uncertainty, within_bin : float
        Parts of the Brier score over the bins of equal width:
        brier = reliability - resolution + uncertainty + within_bin.
    """

    count: int
    ece: float
    ece_equal_mass: float
    maximum_error: float
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bin: float


def calibration_metrics(
    confidence: ArrayLike,
    correct: ArrayLike,
    bins: int = BINS,
    weight: ArrayLike | None = None,
    *,
    fewest: int = 1,
) -> CalibrationMetrics:
    """Measure how far confidence is from accuracy.

    Parameters
    ----------
    confidence : array
        Confidence of each pixel, 0..1. Pixels of NaN are left out.
    correct : array of the same size
        Whether the class of the pixel is right.
    bins : int
        Number of bins of either kind.
    weight : array of the same size, optional
        Weight of each pixel; 0 leaves it out.
    fewest : int
        Pixels that a bin must hold to count for `maximum_error`, so that a handful of pixels
        does not decide it. NaN if no bin holds as many.

    Raises
    ------
    ModelError
        As `scored_pixels`, or if there is no bin.

    Notes
    -----
    Murphy (1973), "A new vector partition of the probability score", splits the Brier score
    exactly only where all pixels of a bin share one confidence. Otherwise the bins leave out
    the variance of confidence within them less twice its covariance with the outcome, which
    Stephenson, Coelho and Jolliffe (2008), "Two extra components in the Brier score
    decomposition", add: `within_bin`.
    """
    c, right, w = scored_pixels(confidence, correct, weight)
    wide = _binned(equal_width_places(c, bins), c, right, w)
    even = _binned(equal_mass_places(c, w, bins), c, right, w)
    if not len(c):
        return CalibrationMetrics(0, *[float("nan")] * 8)
    full = wide.gap[wide.count >= fewest]
    return CalibrationMetrics(
        count=len(c),
        ece=float(wide.share @ wide.gap),
        ece_equal_mass=float(even.share @ even.gap),
        maximum_error=float(full.max()) if len(full) else float("nan"),
        brier=float(np.average((c - right) ** 2, weights=w)),
        **_parts(wide, c, right, w),
    )


def equal_width_places(confidence: Vector, bins: int) -> NDArray[np.intp]:
    """Return the bin of each pixel, of equal width over 0..1; a bin holds its lower edge."""
    _check(bins)
    edges = np.arange(bins + 1) / bins
    return np.minimum(np.searchsorted(edges, confidence, side="right") - 1, bins - 1)


def equal_mass_places(confidence: Vector, weight: Vector, bins: int) -> NDArray[np.intp]:
    """Return the bin of each pixel, of equal weight as far as equal confidences stay together.

    Bins by rank as of Nixon et al. (2019), "Measuring calibration in deep learning", but pixels of
    one confidence all go to the bin that holds the middle of their weight, so that the order of
    pixels means nothing.
    """
    _check(bins)
    _, place = np.unique(confidence, return_inverse=True)
    mass = np.bincount(place, weight)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum() if len(mass) else mass
    return np.asarray(np.minimum((middle * bins).astype(np.intp), bins - 1)[place])


@dataclass(frozen=True)
class _Bins:
    """Filled bins; ``place`` is the bin of each pixel among them."""

    place: NDArray[np.intp]
    count: NDArray[np.intp]
    share: Vector
    confidence: Vector
    accuracy: Vector

    @property
    def gap(self) -> Vector:
        return np.abs(self.confidence - self.accuracy)


def _binned(places: NDArray[np.intp], c: Vector, right: Vector, w: Vector) -> _Bins:
    filled = np.bincount(places) > 0
    place = (np.cumsum(filled) - 1)[places]
    total = np.bincount(place, w)
    return _Bins(
        place=place,
        count=np.bincount(place),
        share=total / total.sum(),
        confidence=np.bincount(place, w * c) / total,
        accuracy=np.bincount(place, w * right) / total,
    )


def _parts(bins: _Bins, c: Vector, right: Vector, w: Vector) -> dict[str, float]:
    mean = float(bins.share @ bins.accuracy)
    apart = c - bins.confidence[bins.place]
    missed = right - bins.accuracy[bins.place]
    return {
        "reliability": float(bins.share @ (bins.confidence - bins.accuracy) ** 2),
        "resolution": float(bins.share @ (bins.accuracy - mean) ** 2),
        # Of outcomes that are shares themselves, the square; p (1 - p) where all are 0 or 1.
        "uncertainty": float(np.average((right - mean) ** 2, weights=w)),
        "within_bin": float(np.average(apart**2 - 2.0 * apart * missed, weights=w)),
    }


def _check(bins: int) -> None:
    if bins < 1:
        raise ModelError(f"Calibration is measured in one bin or more, not {bins}.")
