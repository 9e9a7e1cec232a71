"""The logit behind an entropy confidence: how far the network leans to the class it chose."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

KNOTS = 20_001
LARGEST = float(np.log((1.0 - 1e-6) / 1e-6))  # of a probability clipped at 1 - 1e-6


def _root_of_confidence(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    p = 1.0 / (1.0 + np.exp(-logit))
    entropy = -p * np.log2(p) - (1.0 - p) * np.log2(1.0 - p)
    return np.asarray(np.sqrt(np.maximum(1.0 - entropy, 0.0)))


_LOGITS = np.linspace(0.0, LARGEST, KNOTS)
_ROOTS = _root_of_confidence(_LOGITS)


def chosen_logit(confidence: ArrayLike) -> NDArray[np.float64]:
    """Return log(p / (1 - p)), p >= 1/2 the probability of the class that was chosen.

    The inverse of the entropy confidence 1 - H2(p), by a table of 20,001 knots. Confidence is
    close to the square of the logit near a half, so the table runs over its root.

    Parameters
    ----------
    confidence : array of any shape
        Raw entropy confidence, 0..1. NaN stays NaN; above that of p = 1 - 1e-6, where
        probabilities are clipped, the logit stays at 13.8.

    Returns
    -------
    ndarray of float64 of the same shape
        0 or more.
    """
    c = np.asarray(confidence, dtype=np.float64)
    return np.asarray(np.interp(np.sqrt(np.maximum(c, 0.0)), _ROOTS, _LOGITS))
