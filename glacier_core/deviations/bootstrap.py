"""Intervals of deviations along a boundary, by drawing stretches of it anew.

**What is asked.** The deviations along a boundary are taken for one draw of a process that goes
on in the same manner: mapped again under other conditions of the same kind, the boundary would
stray elsewhere, but as far and in stretches as long. The interval says where the mean of that
process lies. It knows nothing of errors that shift the whole boundary at once in one image and
not in another (light, snow, the date), as these leave no trace along one boundary.

**How.** Circular block bootstrap (Politis and Romano 1992, "A circular block-resampling procedure
for stationary data"): stretches of one block length are drawn with replacement from the boundary
closed to a ring, until they are as long as it. The block is twice the integral length of the
autocorrelation (`residuals`): long enough to hold what hangs together, short enough to leave
many. Three corrections make intervals of few blocks honest; each was found necessary by counting
how often intervals hold the truth (``benchmarks/coverage.py``):

- blocks cut correlations at their ends, so the draws spread too little: their distances from the
  estimate are stretched until their variance is variance x integral length / boundary length;
- that variance is itself an estimate: distances grow by Student's t over the normal quantile,
  with half as many degrees of freedom as there are integral lengths along the boundary (2 at
  least);
- distances are skewed: quantiles are the bias-corrected and accelerated ones (Efron 1987, "Better
  bootstrap confidence intervals"), acceleration being the skewness of the block means / (6 √k) for
  k blocks.
"""

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

from glacier_core.deviations.definitions import Definition
from glacier_core.deviations.residuals import (
    FEWEST_PIECES,
    Correlation,
    EvenResiduals,
    correlation,
    even_residuals,
)
from glacier_core.errors import OutlineError

FloatArray = NDArray[np.float64]

Statistic = Literal["mean", "signed_mean", "area"]
"""Mean distance (m), signed mean distance (m), or area deviation (km²)."""

LEVEL: Final = 0.95
DRAWS: Final = 2000
BLOCK: Final = 2.0
"""Integral lengths in a block."""

FEWEST_BLOCKS: Final = 4
FREEDOM: Final = 0.5
"""Degrees of freedom of the variance for each integral length along the boundary."""

FEWEST_INDEPENDENT: Final = 10.0
"""Integral lengths along a boundary below which coverage was not found to be kept."""

_SOURCE = (
    "Circular block bootstrap, Politis and Romano (1992); quantiles of Efron (1987); "
    "coverage measured in docs/uncertainty.md"
)

INTERVAL_DEFINITIONS: dict[str, Definition] = {
    "mean_low_m": Definition(
        "Mean distance, at least",
        "m",
        "2.5 % quantile of the mean absolute distance along the mapped boundary, over boundaries "
        "put together from stretches of it",
        _SOURCE,
        "Lower end of the 95 % interval of the mean distance.",
    ),
    "mean_high_m": Definition(
        "Mean distance, at most",
        "m",
        "97.5 % quantile, as the lower end",
        _SOURCE,
        "Upper end of the 95 % interval of the mean distance.",
    ),
    "signed_mean_low_m": Definition(
        "Signed mean distance, at least",
        "m",
        "2.5 % quantile of the signed mean distance along the mapped boundary, over boundaries "
        "put together from stretches of it",
        _SOURCE,
        "Lower end of the 95 % interval. Where the interval holds 0 m, the map strays from the "
        "expert but leans to neither side.",
    ),
    "signed_mean_high_m": Definition(
        "Signed mean distance, at most",
        "m",
        "97.5 % quantile, as the lower end",
        _SOURCE,
        "Upper end of the 95 % interval of the signed mean distance.",
    ),
    "area_change_low_km2": Definition(
        "Area deviation, at least",
        "km²",
        "2.5 % quantile of the sum of signed distance x length along the mapped boundary",
        _SOURCE,
        "Lower end of the 95 % interval of the area between the two outlines, to first order: "
        "exact where the boundary is straight.",
    ),
    "area_change_high_km2": Definition(
        "Area deviation, at most",
        "km²",
        "97.5 % quantile, as the lower end",
        _SOURCE,
        "Upper end of the 95 % interval of the area between the two outlines.",
    ),
    "block_length_m": Definition(
        "Block length",
        "m",
        "2 x integral of the autocorrelation of the signed distances over lags either way",
        "own rule, see docs/uncertainty.md",
        "How long the stretches of boundary are that are drawn anew: over this length deviations "
        "hang together.",
    ),
    "independent_lengths": Definition(
        "Independent stretches",
        "",
        "length of the boundary / integral of the autocorrelation over lags either way",
        "own definition",
        f"How many independent deviations the boundary holds. With fewer than "
        f"{FEWEST_INDEPENDENT:.0f} the interval is a rough one.",
    ),
}
"""Every number of `bootstrap_table` that a comparison does not hold, by its column."""


@dataclass(frozen=True)
class BootstrapInterval:
    """Where the mean of the process that made a boundary's deviations lies.

    Attributes
    ----------
    low, central, high : float
        Metres, or km² of the area deviation; ``central`` is the number of the boundary itself.
    level : float
        Share of cases in which the interval holds the truth.
    block_length_m : float
        Of the stretches drawn.
    draws : int
    statistic : {"mean", "signed_mean", "area"}
    independent_lengths : float
        Length of the boundary over the integral length of the autocorrelation.
    """

    low: float
    central: float
    high: float
    level: float
    block_length_m: float
    draws: int
    statistic: Statistic = "mean"
    independent_lengths: float = float("nan")

    @property
    def rough(self) -> bool:
        """Whether the boundary is too short for the interval to keep its level for sure."""
        return self.independent_lengths < FEWEST_INDEPENDENT


def bootstrap_deviation(
    profile: pd.DataFrame,
    statistic: Statistic = "mean",
    *,
    level: float = LEVEL,
    draws: int = DRAWS,
    seed: int = 0,
) -> BootstrapInterval:
    """Return the interval of a deviation, from how it varies along the boundary.

    Parameters
    ----------
    profile : DataFrame
        One row a piece of boundary, in order, as `boundary_profile` gives it: ``distance_m``
        (signed, positive outside the expert outline), ``length_m``; see `even_residuals`.
    statistic : {"mean", "signed_mean", "area"}
        Mean absolute distance, mean signed distance, or area deviation: the sum of signed
        distance x length of the pieces, in km². For an outline at distance d from a smooth one of
        perimeter P, it is d P; the area between them is d P + π d² along the inner, d P - π d²
        along the outer of the two (Steiner's formula): the sum is right to first order in d.
    level : float
        Above 0, below 1.
    draws : int
        100 or more.
    seed : int
        Of the draws; the same seed gives the same interval.

    Returns
    -------
    BootstrapInterval
        Of no width where all distances are the same.

    Raises
    ------
    OutlineError
        As `even_residuals`, or when level, draws or statistic make no sense.
    """
    _check(statistic, level, draws)
    residuals = even_residuals(profile)
    return _interval(residuals, statistic, level, draws, seed)


def bootstrap_table(
    profile: pd.DataFrame, *, simulated: bool, draws: int = DRAWS, seed: int = 0
) -> pd.DataFrame:
    """Return 95 % intervals of mean distance, signed mean and area deviation of every glacier.

    Parameters
    ----------
    profile : DataFrame
        Of one or more glaciers, with ``glacier_id``.
    simulated : bool
        Whether the scene was simulated.
    draws, seed : int
        As for `bootstrap_deviation`.

    Returns
    -------
    DataFrame
        ``glacier_id``, the columns of ``INTERVAL_DEFINITIONS`` and ``simulated``. A glacier with
        too few pieces of boundary has NaN.

    Raises
    ------
    OutlineError
        If a column is missing or a number in it makes no sense.
    """
    if "glacier_id" not in profile:
        raise OutlineError("The boundary profile lacks glacier_id: whose boundary is it?")
    rows = []
    for glacier_id, boundary in profile.groupby("glacier_id", sort=False):
        rows.append({"glacier_id": glacier_id} | _row(boundary, draws, seed))
    table = pd.DataFrame(rows, columns=["glacier_id", *INTERVAL_DEFINITIONS])
    return table.assign(simulated=simulated)


def _row(boundary: pd.DataFrame, draws: int, seed: int) -> dict[str, float]:
    measured = boundary["distance_m"].notna() & (boundary["length_m"] > 0)
    if measured.sum() < FEWEST_PIECES:
        return {}
    residuals = even_residuals(boundary)
    mean, signed, area = (
        _interval(residuals, statistic, LEVEL, draws, seed) for statistic in get_args(Statistic)
    )
    return {
        "mean_low_m": mean.low,
        "mean_high_m": mean.high,
        "signed_mean_low_m": signed.low,
        "signed_mean_high_m": signed.high,
        "area_change_low_km2": area.low,
        "area_change_high_km2": area.high,
        "block_length_m": signed.block_length_m,
        "independent_lengths": signed.independent_lengths,
    }


def _check(statistic: str, level: float, draws: int) -> None:
    if statistic not in get_args(Statistic):
        raise OutlineError(
            f"There is no interval of '{statistic}'. There are: {', '.join(get_args(Statistic))}."
        )
    if not 0 < level < 1:
        raise OutlineError(f"The level of an interval is {level}; it must lie between 0 and 1.")
    if draws < 100:
        raise OutlineError(f"{draws} draws give no interval; take 100 or more.")


def _interval(
    residuals: EvenResiduals, statistic: Statistic, level: float, draws: int, seed: int
) -> BootstrapInterval:
    values = residuals.sizes if statistic == "mean" else residuals.values
    unit = residuals.total_m / 1e6 if statistic == "area" else 1.0
    found = correlation(values, residuals)
    central = float(np.average(values, weights=residuals.lengths))
    block = _block_cells(found, residuals)
    low, high = central, central
    if found.variance > 0:
        means = _block_means(values, residuals.lengths, block)
        low, high = _ends(means, central, found, len(values) // block, level, draws, seed)
        low = max(low, 0.0) if statistic == "mean" else low
    return BootstrapInterval(
        low=low * unit,
        central=central * unit,
        high=high * unit,
        level=level,
        block_length_m=block * residuals.cell_m,
        draws=draws,
        statistic=statistic,
        independent_lengths=found.independent,
    )


def _block_cells(found: Correlation, residuals: EvenResiduals) -> int:
    cells = round(BLOCK * found.integral_length_m / residuals.cell_m)
    return max(1, min(cells, len(residuals.lengths) // FEWEST_BLOCKS))


def _block_means(values: FloatArray, lengths: FloatArray, block: int) -> FloatArray:
    """Mean of the stretch that begins at each cell, around the ring."""
    weighted = np.concatenate([values * lengths, (values * lengths)[:block]])
    summed = np.append(0.0, np.cumsum(weighted))
    reached = np.append(0.0, np.cumsum(np.concatenate([lengths, lengths[:block]])))
    means: FloatArray = (summed[block:-1] - summed[: -block - 1]) / (
        reached[block:-1] - reached[: -block - 1]
    )
    return means


def _ends(
    means: FloatArray,
    central: float,
    found: Correlation,
    blocks: int,
    level: float,
    draws: int,
    seed: int,
) -> tuple[float, float]:
    """Return the bias-corrected and accelerated quantiles of the stretched draws."""
    generator = np.random.default_rng(seed)
    drawn = means[generator.integers(0, len(means), (draws, blocks))].mean(axis=1)
    spread = float(drawn.std())
    if not spread > 0:  # every block holds the same values
        return central, central
    tail = (1 - level) / 2
    freedom = max(2.0, FREEDOM * found.independent)
    student = float(stdtrit(freedom, 1 - tail) / ndtri(1 - tail))
    stretch = np.sqrt(found.variance / found.independent) / spread * student
    bias = ndtri(np.clip((drawn < central).mean(), 1 / draws, 1 - 1 / draws))
    wanted = bias + ndtri(np.array([tail, 1 - tail]))
    shares = ndtr(bias + wanted / (1 - _skewness(means) / (6 * np.sqrt(blocks)) * wanted))
    low, high = central + (np.quantile(drawn, shares) - central) * stretch
    return min(float(low), central), max(float(high), central)


def _skewness(values: FloatArray) -> float:
    residual = values - values.mean()
    return float((residual**3).mean() / (residual**2).mean() ** 1.5)
