"""How reliable confidence is: of pixels with confidence 0.9, nine of ten should be right."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from glacier_core.confidence.pixels import scored_pixels
from glacier_core.errors import ModelError
from glacier_core.models.card import ReliabilityBin


def reliability(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 10, weight: ArrayLike | None = None
) -> pd.DataFrame:
    """Tabulate confidence against accuracy in bins of equal width.

    Parameters
    ----------
    confidence : array
        Confidence of each pixel, 0..1, raw or calibrated. Pixels of NaN are left out.
    correct : array of the same size
        Whether the class of the pixel is right.
    bins : int
        Number of bins over 0..1. A bin holds its lower edge, the last one its upper edge as well.
    weight : array of the same size, optional
        Weight of each pixel, such as the share of the image that a sampled pixel stands for.
        Pixels of weight 0 are left out.

    Returns
    -------
    DataFrame
        One row a bin that holds pixels: ``lower``, ``upper``, ``count`` (pixels), ``weight``
        (their sum), ``confidence`` (weighted mean), ``accuracy`` (weighted share right).

    Raises
    ------
    ModelError
        If sizes differ or a confidence is not in 0..1.
    """
    if bins < 1:
        raise ModelError(f"Reliability needs one bin or more, not {bins}.")
    c, right, w = scored_pixels(confidence, correct, weight)
    edges = np.arange(bins + 1) / bins
    place = np.minimum(np.searchsorted(edges, c, side="right") - 1, bins - 1)
    count = np.bincount(place, minlength=bins)
    total = np.bincount(place, w, minlength=bins)
    filled = count > 0
    lower, upper = edges[:-1][filled], edges[1:][filled]
    confidences = np.bincount(place, w * c, minlength=bins)[filled] / total[filled]
    accuracies = np.bincount(place, w * right, minlength=bins)[filled] / total[filled]
    return pd.DataFrame(
        {
            "lower": lower,
            "upper": upper,
            "count": count[filled],
            "weight": total[filled],
            "confidence": np.clip(confidences, lower, upper),  # rounding may leave the bin
            "accuracy": np.clip(accuracies, 0.0, 1.0),
        }
    )


def expected_calibration_error(
    confidence: ArrayLike, correct: ArrayLike, bins: int = 100, weight: ArrayLike | None = None
) -> float:
    """Mean distance of confidence from accuracy over bins, weighted by the pixels in each.

    ECE = sum over bins of n |confidence - accuracy| / N, 0..1 (Guo et al. 2017, "On calibration
    of modern neural networks"), with 100 bins as in the published evaluation of GlaViTU.

    Returns
    -------
    float
        NaN without pixels.

    Raises
    ------
    ModelError
        As `reliability`.
    """
    table = reliability(confidence, correct, bins, weight)
    if table.empty:
        return float("nan")
    distance = (table["confidence"] - table["accuracy"]).abs().to_numpy()
    return float(np.average(distance, weights=table["weight"].to_numpy()))


def reliability_bins(table: pd.DataFrame) -> tuple[ReliabilityBin, ...]:
    """Turn a table of `reliability` into the bins of a model card."""
    return tuple(
        ReliabilityBin(
            lower=row.lower,
            upper=row.upper,
            count=row.count,
            confidence=row.confidence,
            accuracy=row.accuracy,
        )
        for row in table.itertuples(name="Row")
    )


def share_below(confidence: ArrayLike, threshold: float, area: ArrayLike | None = None) -> float:
    """Share of the mapped area whose confidence lies below a threshold.

    Parameters
    ----------
    confidence : array
        NaN where nothing was mapped; such pixels count neither way.
    threshold : float
        A pixel of exactly this confidence is not below it.
    area : array that broadcasts to the same shape, optional
        Area of each pixel in any unit; by default all are equal.

    Returns
    -------
    float
        0..1, NaN where nothing was mapped.
    """
    c = np.asarray(confidence, dtype=np.float64)
    area = np.broadcast_to(1.0 if area is None else np.asarray(area, dtype=np.float64), c.shape)
    mapped = np.isfinite(c)
    if not mapped.any():
        return float("nan")
    return float(area[mapped & (c < threshold)].sum() / area[mapped].sum())
