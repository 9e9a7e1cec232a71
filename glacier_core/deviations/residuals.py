"""How far along a boundary one deviation resembles the next.

An outline that lies 30 m too far out here most likely does so 10 m further on as well. Deviations
along a boundary are therefore fewer than they look: over one *integral length* (the integral of
their autocorrelation over all lags, either way) there is as much to learn as from one
independent deviation.

A boundary is first brought to cells of nearly equal length, in which the deviations' integral
along the boundary is kept. Where rings end, or pieces were left out, the run of cells ends too:
no correlation is measured across the gap.

Autocorrelation is that about the mean of the same boundary, so each product is too small by the
variance of that mean (Priestley 1981, "Spectral analysis and time series", section 5.3.3); that
variance is found from the products themselves, and added back.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import fft

from glacier_core.errors import OutlineError

FloatArray = NDArray[np.float64]

COLUMNS: Final = ("distance_m", "length_m")
FEWEST_PIECES: Final = 8
"""Pieces of boundary below which nothing can be said about how they resemble each other."""

MOST_CELLS: Final = 50_000
"""Cells of one boundary; longer ones are cut into longer cells, to bound memory."""

LONGEST_LAG: Final = 1 / 3
"""Of all cells: lags with fewer pairs of cells than the others are not looked at."""

ROUNDS: Final = 20
"""The lag at which correlation ends and the variance of the mean need each other; both settle
after a few rounds."""


@dataclass(frozen=True, eq=False)
class EvenResiduals:
    """Deviations along a boundary, in cells of nearly equal length.

    Attributes
    ----------
    values : ndarray of float64, (cells,)
        Mean signed distance of the cell, m.
    sizes : ndarray of float64, (cells,)
        Mean of its absolute value, m.
    lengths : ndarray of float64, (cells,)
        Length of the cell, m.
    runs : ndarray of int64, (cells,)
        Number of the unbroken run that the cell belongs to, from 0.
    """

    values: FloatArray
    sizes: FloatArray
    lengths: FloatArray
    runs: NDArray[np.int64]

    @property
    def total_m(self) -> float:
        """Length of the whole boundary, m."""
        return float(self.lengths.sum())

    @property
    def cell_m(self) -> float:
        """Mean length of a cell, m."""
        return self.total_m / len(self.lengths)


@dataclass(frozen=True)
class Correlation:
    """How deviations along a boundary hang together.

    Attributes
    ----------
    variance : float
        Of the deviations, m².
    first_crossing_m : float
        Lag at which the autocorrelation falls below 1/e, m.
    integral_length_m : float
        Integral of the autocorrelation over positive and negative lags, m; not below twice the
        first crossing (what it is for a correlation that falls exponentially), since it is cut
        off where noise first makes the autocorrelation negative.
    independent : float
        Length of the boundary over the integral length.
    """

    variance: float
    first_crossing_m: float
    integral_length_m: float
    independent: float


def even_residuals(profile: pd.DataFrame) -> EvenResiduals:
    """Bring a boundary profile to cells of nearly equal length.

    Parameters
    ----------
    profile : DataFrame
        One row a piece of boundary, in order: ``distance_m`` (signed), ``length_m``, and, where
        there are any, ``glacier_id``, ``ring`` and ``along_m`` (metres from the beginning of the
        ring or glacier), whose changes and jumps end a run. Pieces without a distance (NaN) or
        without a length are left out, and end a run.

    Returns
    -------
    EvenResiduals
        Cells as long as the median piece, weighted by length.

    Raises
    ------
    OutlineError
        If a column is missing, a length is negative or not finite, a distance is infinite, or
        fewer than 8 pieces are left.
    """
    distance, length = _checked(profile)
    run = np.cumsum(_begins_run(profile, length))
    kept = np.isfinite(distance) & (length > 0)
    if kept.sum() < FEWEST_PIECES:
        raise OutlineError(
            f"The boundary has {kept.sum()} pieces with a distance; {FEWEST_PIECES} or more are "
            "needed to tell how its deviations spread. Take a smaller step along the boundary."
        )
    distance, length = distance[kept], length[kept]
    gap = np.append(0, np.diff(np.flatnonzero(kept)) > 1)
    _, unbroken = np.unique(run[kept] + np.cumsum(gap), return_inverse=True)
    return _in_cells(distance, length, unbroken, _cell_length(length))


def _checked(profile: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    absent = [name for name in COLUMNS if name not in profile]
    if absent:
        raise OutlineError(
            f"The boundary profile lacks {', '.join(absent)}. Take one of `boundary_profile`."
        )
    distance, length = (profile[name].to_numpy(dtype=np.float64) for name in COLUMNS)
    if not (np.all(np.isfinite(length)) and np.all(length >= 0)):
        raise OutlineError("The pieces of a boundary profile need finite lengths of 0 m or more.")
    if np.isinf(distance).any():
        raise OutlineError(
            "A distance of the boundary profile is infinite: there was no other boundary. "
            "Leave such pieces out, or make them NaN."
        )
    return distance, length


def _begins_run(profile: pd.DataFrame, length: FloatArray) -> NDArray[np.bool_]:
    """Tell which pieces do not follow upon the one before."""
    begins = np.zeros(len(profile), dtype=np.bool_)
    for name in ("glacier_id", "ring"):
        if name in profile:
            codes = pd.factorize(profile[name])[0]
            begins[1:] |= np.diff(codes) != 0
    if "along_m" in profile:
        ahead = np.diff(profile["along_m"].to_numpy(dtype=np.float64))
        # Two pieces that touch are as far apart as their lengths at most, wherever each is marked.
        begins[1:] |= ~((ahead > -1e-6) & (ahead <= 1.01 * (length[1:] + length[:-1]) + 1e-6))
    return begins


def _cell_length(length: FloatArray) -> float:
    order = np.sort(length)
    reached = np.cumsum(order)
    median = order[np.searchsorted(reached, reached[-1] / 2)]
    return float(max(median, reached[-1] / MOST_CELLS))


def _in_cells(
    distance: FloatArray, length: FloatArray, run: NDArray[np.int64], cell: float
) -> EvenResiduals:
    """Average over cells; every run is cut into cells of its own."""
    ends = np.cumsum(length)
    runs_end = ends[np.append(np.flatnonzero(np.diff(run)), len(run) - 1)]
    runs_begin = np.append(0.0, runs_end[:-1])
    cells = np.maximum(1, np.rint((runs_end - runs_begin) / cell)).astype(np.int64)
    number = np.repeat(np.arange(len(cells)), cells)
    within = np.arange(len(number)) - np.repeat(np.cumsum(cells) - cells, cells)
    widths = ((runs_end - runs_begin) / cells)[number]
    edges = np.append(runs_begin[number] + within * widths, runs_end[-1])
    lengths = np.diff(edges)

    def average(values: FloatArray) -> FloatArray:
        integral = np.append(0.0, np.cumsum(values * length))
        means: FloatArray = np.diff(np.interp(edges, np.append(0.0, ends), integral)) / lengths
        return means

    return EvenResiduals(average(distance), average(np.abs(distance)), lengths, number)


def correlation(values: FloatArray, residuals: EvenResiduals) -> Correlation:
    """Measure how one number along a boundary hangs together.

    Parameters
    ----------
    values : ndarray, (cells,)
        ``residuals.values`` or ``residuals.sizes``.
    residuals : EvenResiduals
        Where the runs end, and how long cells are.

    Returns
    -------
    Correlation
        Lengths of one cell, where all values are the same.
    """
    products, pairs = _lag_products(values, residuals.runs)
    cell, cells = residuals.cell_m, len(values)
    if products[0] <= 1e-20 * max(1.0, float(np.square(values).mean())):
        return Correlation(0.0, cell, cell, float(cells))
    covariance = _covariance(products, pairs / cells, cells)
    share = covariance / covariance[0]
    crossing = _first_crossing(share)
    integral = _either_way(share * pairs[: len(share)] / cells)
    integral = max(integral, 2 * crossing, 1.0)
    return Correlation(float(covariance[0]), crossing * cell, integral * cell, cells / integral)


def correlogram(profile: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the autocorrelation of the signed distances along a boundary.

    Returns
    -------
    DataFrame
        ``lag_m`` and ``correlation``, up to the lag at which it is no longer positive.

    Raises
    ------
    OutlineError
        As `even_residuals`.
    """
    residuals = even_residuals(profile)
    products, pairs = _lag_products(residuals.values, residuals.runs)
    if products[0] <= 0:
        return pd.DataFrame({"lag_m": [0.0], "correlation": [1.0]})
    covariance = _covariance(products, pairs / len(residuals.values), len(residuals.values))
    lags = np.arange(len(covariance)) * residuals.cell_m
    return pd.DataFrame({"lag_m": lags, "correlation": covariance / covariance[0]})


def _lag_products(values: FloatArray, runs: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Sum products of residuals a lag apart, over all cells, and count the pairs at each lag."""
    cells = len(values)
    counts = np.bincount(runs)
    lags = max(2, min(int(cells * LONGEST_LAG), int(counts.max())))
    residual = values - values.mean()
    products, pairs = np.zeros(lags), np.zeros(lags)
    starts = np.cumsum(counts) - counts
    for start, count in zip(starts, counts, strict=True):
        spectrum = fft.rfft(residual[start : start + count], fft.next_fast_len(2 * int(count)))
        some = fft.irfft(np.abs(spectrum) ** 2, fft.next_fast_len(2 * int(count)))
        reach = min(lags, int(count))
        products[:reach] += some[:reach]
        pairs[:reach] += count - np.arange(reach)
    return products / cells, pairs


def _covariance(products: FloatArray, share: FloatArray, cells: int) -> FloatArray:
    """Autocovariance up to its first zero, freed of the variance of the mean.

    With g the products over all cells, s the share of cells that have a partner at a lag, n the
    number of cells and V the variance of the mean: g = s (covariance - V), and n V is the sum of
    s times covariance over lags either way; hence V is that sum of g over n less that of s.
    """
    reach = _first_not_positive(products)
    covariance = products[:reach]
    for _ in range(ROUNDS):
        of_mean = max(0.0, _either_way(products[:reach]) / (cells - _either_way(share[:reach])))
        freed = np.divide(products, share, out=np.full_like(share, -of_mean), where=share > 0)
        freed += of_mean
        covariance, before = freed[:reach], reach
        reach = _first_not_positive(freed)
        if reach <= before:
            return covariance[:reach]
    return covariance


def _either_way(values: FloatArray) -> float:
    return float(2 * values.sum() - values[0])


def _first_not_positive(values: FloatArray) -> int:
    ended = np.flatnonzero(values <= 0)
    return max(1, int(ended[0]) if len(ended) else len(values))


def _first_crossing(share: FloatArray) -> float:
    """Lag in cells at which correlation falls below 1/e, between lags by a straight line."""
    level = np.exp(-1.0)
    below = np.flatnonzero(share < level)
    if not len(below):
        return float(len(share)) - 0.5
    lag = int(below[0])
    return float(lag - 1 + (share[lag - 1] - level) / (share[lag - 1] - share[lag]))
