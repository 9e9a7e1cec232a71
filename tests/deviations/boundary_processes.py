"""Deviations along boundaries, made by processes whose mean and correlation are known."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import fft

STEP = 10.0  # m


def exponential_rings(rings: int, cells: int, crossing: float, seed: int) -> NDArray[np.float64]:
    """Normal deviations on closed rings, correlation exp(-lag / crossing), (rings, cells)."""
    lag = np.minimum(np.arange(cells), cells - np.arange(cells))
    spectrum = np.sqrt(np.maximum(fft.rfft(np.exp(-lag / crossing)).real, 0.0))
    white = np.random.default_rng(seed).standard_normal((rings, cells))
    return np.asarray(fft.irfft(fft.rfft(white, axis=1) * spectrum, n=cells, axis=1))


def as_profile(distance: NDArray[np.float64], glacier_id: str = "one") -> pd.DataFrame:
    """A boundary profile of pieces of 10 m."""
    along = STEP * (np.arange(len(distance)) + 0.5)
    return pd.DataFrame(
        {"glacier_id": glacier_id, "along_m": along, "distance_m": distance, "length_m": STEP}
    )
