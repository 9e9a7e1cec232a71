"""Running sums from which every pixel figure follows, however many tiles there are."""

import numpy as np
from numpy.typing import NDArray

from glacier_core.deviations.pixels import PixelScores

BoolArray = NDArray[np.bool_]
BINS = 100
"""Bins of confidence, as in the published evaluation of GlaViTU."""


class Counts:
    """Pixels by what map and truth say, added up domain by domain.

    Attributes
    ----------
    scores : PixelScores
    glaciers : int or None
        Glaciers they are of; None where pixels are counted.
    """

    def __init__(self) -> None:
        self._table = np.zeros(4, np.int64)  # neither, only the map, only the truth, both
        self.glaciers: int | None = None

    def add(self, predicted: BoolArray, truth: BoolArray, glaciers: int | None) -> None:
        """Add pixels, given as vectors."""
        kind = predicted.astype(np.uint8) + 2 * truth.astype(np.uint8)
        self._table += np.bincount(kind, minlength=4)
        if glaciers is not None:
            self.glaciers = glaciers + (self.glaciers or 0)

    @property
    def scores(self) -> PixelScores:
        """What was counted."""
        neither, ours, theirs, both = map(int, self._table)
        return PixelScores(both, ours, theirs, neither)

    @property
    def count(self) -> int:
        """Glaciers where glaciers were counted, else pixels."""
        return self.scores.pixels if self.glaciers is None else self.glaciers

    def metrics(self) -> dict[str, float]:
        """Return every figure by its name; NaN where it is undefined."""
        found = self.scores
        return {
            "IoU": found.iou,
            "accuracy": _share(found.true_positives + found.true_negatives, found.pixels),
            "precision": found.precision,
            "recall": found.recall,
            "F1": found.f1,
            "called glacier": _share(
                found.false_positives, found.false_positives + found.true_negatives
            ),
        }


class ConfidenceBins:
    """Confidence against how often it was right, in bins of equal width."""

    def __init__(self) -> None:
        self._confidence = np.zeros(BINS)
        self._right = np.zeros(BINS)
        self.pixels = 0

    def add(self, confidence: NDArray[np.float32], right: BoolArray) -> None:
        """Add pixels, given as vectors; bins hold their lower edge, the last its upper too."""
        edges = np.arange(BINS + 1) / BINS
        place = np.minimum(np.searchsorted(edges, confidence, side="right") - 1, BINS - 1)
        self._confidence += np.bincount(place, confidence.astype(np.float64), minlength=BINS)
        self._right += np.bincount(place, right, minlength=BINS)
        self.pixels += len(right)

    @property
    def error(self) -> float:
        """Expected calibration error as in `confidence.reliability`; NaN without pixels."""
        return _share(float(np.abs(self._confidence - self._right).sum()), self.pixels)


def _share(part: float, whole: int) -> float:
    return part / whole if whole else float("nan")
