"""Pixel scores: IoU, F1, precision and recall of the glacier class."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class PixelScores:
    """Counts of the glacier class over the mapped pixels of a domain, and what follows.

    Attributes
    ----------
    true_positives, false_positives, false_negatives, true_negatives : int
        Mapped pixels that both, only the prediction, only the expert, and neither call glacier.
    unmapped : int
        Pixels of the domain that could not be mapped; they count nowhere else.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int
    unmapped: int = 0

    @property
    def pixels(self) -> int:
        """Mapped pixels of the domain."""
        return (
            self.true_positives + self.false_positives + self.false_negatives + self.true_negatives
        )

    @property
    def iou(self) -> float:
        """Intersection over union; NaN where neither calls anything glacier."""
        wrong = self.false_positives + self.false_negatives
        return _share(self.true_positives, self.true_positives + wrong)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall (the Dice coefficient); NaN as for IoU."""
        wrong = self.false_positives + self.false_negatives
        return _share(2 * self.true_positives, 2 * self.true_positives + wrong)

    @property
    def precision(self) -> float:
        """Share of the predicted glacier that is the expert's; NaN without prediction."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """Share of the expert's glacier that was predicted; NaN without expert."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def unmapped_percent(self) -> float:
        """Share of the domain that could not be mapped, in percent."""
        return 100 * _share(self.unmapped, self.unmapped + self.pixels)

    def as_row(self) -> dict[str, float]:
        """Return scores and counts under the names used in every table."""
        return {
            "iou": self.iou,
            "f1": self.f1,
            "precision": self.precision,
            "recall": self.recall,
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
            "true_negatives": self.true_negatives,
            "pixels": self.pixels,
            "unmapped": self.unmapped,
            "unmapped_percent": self.unmapped_percent,
        }


def score_pixels(
    predicted: BoolArray,
    expert: BoolArray,
    mapped: BoolArray,
    domain: BoolArray | None = None,
) -> PixelScores:
    """Count agreement and disagreement over the mapped pixels of a domain.

    Parameters
    ----------
    predicted, expert : ndarray of bool, (rows, columns)
        What each calls glacier.
    mapped : ndarray of bool, (rows, columns)
        False where nothing could be mapped: neither glacier nor no glacier.
    domain : ndarray of bool, (rows, columns), optional
        Where to score; everywhere when left out.
    """
    counted = mapped if domain is None else mapped & domain
    both = int(np.count_nonzero(predicted & expert & counted))
    ours = int(np.count_nonzero(predicted & counted))
    theirs = int(np.count_nonzero(expert & counted))
    pixels = int(np.count_nonzero(counted))
    asked = predicted.size if domain is None else int(np.count_nonzero(domain))
    return PixelScores(
        true_positives=both,
        false_positives=ours - both,
        false_negatives=theirs - both,
        true_negatives=pixels - ours - theirs + both,
        unmapped=asked - pixels,
    )


def ceiling(expert: BoolArray, other_ice: BoolArray, scored: BoolArray) -> float:
    """Return the IoU of a faultless map where ice that nobody outlined lies in the domain.

    A map that is right about the neighbouring ice is scored as wrong there, so that no
    truthful map can reach more than |expert| / |expert or other ice|.

    Parameters
    ----------
    expert : ndarray of bool, (rows, columns)
        The outlined glaciers.
    other_ice : ndarray of bool, (rows, columns)
        Ice that no outline holds.
    scored : ndarray of bool, (rows, columns)
        The pixels that are scored: in the domain and mapped.
    """
    return score_pixels(expert | other_ice, expert, scored).iou


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
