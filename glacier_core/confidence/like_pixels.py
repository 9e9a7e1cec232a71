"""What became of pixels like this one: how many of like confidence proved right."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

from scipy.stats import binomtest

from glacier_core.errors import ModelError
from glacier_core.models.reliability import Reliability, ReliabilityBin

LEVEL = 0.95


@dataclass(frozen=True)
class LikePixels:
    """Pixels of like confidence, on data apart from training and calibration.

    Attributes
    ----------
    lower, upper : float
        Confidence of the bin they make up.
    count : int
        How many they are.
    accuracy : float
        Share of them that is right.
    low, high : float
        95 % interval of that share after Wilson (1927), as if every pixel had been drawn by
        itself. Neighbours are alike, so it is narrower than the truth; for few pixels it is a
        fair warning.
    dataset : str
        Where they lie, in words.
    simulated : bool
    """

    lower: float
    upper: float
    count: int
    accuracy: float
    low: float
    high: float
    dataset: str
    simulated: bool

    @property
    def sentence(self) -> str:
        """All of it in plain words."""
        kind = "simulated " if self.simulated else ""
        return (
            f"Of {self.count:,} {kind}pixels with a confidence of {self.lower:.0%} to "
            f"{self.upper:.0%}, {self.accuracy:.1%} were right (95 % interval {self.low:.1%} to "
            f"{self.high:.1%}, were they independent)."
        )


def like_pixels(
    confidence: float, reliability: Reliability, *, raw: bool = False
) -> LikePixels | None:
    """Look up how many pixels of like confidence proved right.

    Parameters
    ----------
    confidence : float
        Of a pixel, 0..1.
    reliability : Reliability
        Of a model card, or of `deviations.reliability.scene_reliability`.
    raw : bool
        Whether the confidence is that before calibration.

    Returns
    -------
    LikePixels or None
        None where no pixel of like confidence was ever held against the truth, or the pixel has
        no confidence (NaN).

    Raises
    ------
    ModelError
        If the confidence is not in 0..1.
    """
    if isnan(confidence):  # nothing was mapped there
        return None
    if not 0.0 <= confidence <= 1.0:
        raise ModelError(f"Confidence must be in 0..1; {confidence:g} is not.")
    found = _bin_of(confidence, reliability.raw if raw else reliability.calibrated)
    if found is None:
        return None
    low, high = wilson_interval(found.accuracy, found.count)
    return LikePixels(
        lower=found.lower,
        upper=found.upper,
        count=found.count,
        accuracy=found.accuracy,
        low=low,
        high=high,
        dataset=reliability.dataset,
        simulated=reliability.simulated,
    )


def wilson_interval(share: float, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share of `count` independent cases (Wilson 1927)."""
    cases = binomtest(round(share * count), count)
    ends = cases.proportion_ci(confidence_level=LEVEL, method="wilson")
    return float(ends.low), float(ends.high)


def _bin_of(confidence: float, bins: Iterable[ReliabilityBin]) -> ReliabilityBin | None:
    """Return the bin that holds it: its lower edge with it, the last one's upper edge as well."""
    holding = [one for one in bins if one.lower <= confidence <= one.upper]
    return max(holding, key=lambda one: one.lower, default=None)
