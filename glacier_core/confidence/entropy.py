"""Raw confidence from the entropy of the class probabilities."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

CLIP = 1e-6  # as in the published confidence (Maslov et al. 2025)


def entropy_confidence(probability: ArrayLike) -> NDArray[np.float32]:
    """One minus the base-2 Shannon entropy of two classes: 0 undecided, 1 certain.

    Parameters
    ----------
    probability : array of any shape
        Probability of glacier, 0..1, clipped to [1e-6, 1 - 1e-6]. NaN stays NaN.

    Returns
    -------
    float32 array of the same shape

    Notes
    -----
    It says how far the network is from a half, not how often it is right: for that see
    `glacier_core.confidence.calibration`.
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), CLIP, 1.0 - CLIP)
    entropy = -p * np.log2(p) - (1.0 - p) * np.log2(1.0 - p)
    return np.asarray(1.0 - entropy, dtype=np.float32)
