"""Whether a model lies within the spread of the experts of one glacier, and how sure that is.

The question is put as a prediction: had one more expert of the same kind drawn this glacier, how
likely would that expert lie as far from the others as the model does? If that is less likely
than one minus the level, the model lies outside their spread.

Both measures are compared on the logarithm, where errors of 5 and of 30 percent are alike in kind,
by Student's t with one degree of freedom less than there are experts: the new value less the mean
of the experts', over their standard deviation times sqrt(1 + 1 / n) (the prediction interval of
one further value; Hahn and Meeker 1991, Statistical Intervals, Wiley). Few experts
make it wide, as they must: five are exceeded at 2.8 standard deviations either way, three at 4.3.

Ranks would need no assumption about how experts err, but the farthest of n experts and a model
is the model one time in n + 1 by chance alone: nothing could be outside at 95 % before there
were nineteen experts.

Area and distance are judged together: the smaller of the two probabilities counts twice
(Bonferroni), so that asking two questions does not find twice as many models outside. What rate
of exchangeable experts is called outside, is measured in ``tests/deviations/test_verdict.py``.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from glacier_core.deviations.area import HUMAN_BAND, area_deviation

LEVEL = 0.95
"""Share of further experts of the same kind whom the verdict calls within."""

FEWEST_EXPERTS = 3
"""With two, one distance is all there is, and it has no spread."""

ALIKE = 1e-9
"""Logarithms closer than this are of one and the same outline, copied."""

EXPERTS: Final = "experts of this glacier"
PUBLISHED: Final = "published band"
JudgedBy = Literal["experts of this glacier", "published band"]


@dataclass(frozen=True)
class Verdict:
    """Whether a model lies within the spread of experts.

    Attributes
    ----------
    within : bool or None
        None where it cannot be told: by published bands, where all hangs on whether the glacier
        is covered by debris.
    probability : float
        How likely one further expert lies as far from the others or farther, in area or in
        distance; NaN by published bands.
    area_probability, distance_probability : float
        The same of each alone; NaN where undefined.
    judged_by : {"experts of this glacier", "published band"}
    """

    within: bool | None
    probability: float
    area_probability: float
    distance_probability: float
    judged_by: JudgedBy


def judge(
    predicted_km2: float,
    expert_km2: ArrayLike,
    predicted_distance: float,
    expert_distance: ArrayLike,
    *,
    level: float = LEVEL,
) -> Verdict:
    """Judge a model by the experts of one glacier, or by published bands where they are too few.

    Parameters
    ----------
    predicted_km2 : float
        Area that the model maps for the glacier.
    expert_km2 : array_like, (experts,)
        Areas that the experts drew.
    predicted_distance : float
        Mean distance of the model to the experts; NaN where the model maps nothing.
    expert_distance : array_like, (experts,)
        The same of each expert to all others **and the model**, so that model and experts are
        treated alike.
    level : float
        Share of further experts who are to lie within.
    """
    areas = np.asarray(expert_km2, dtype=np.float64)
    if len(areas) < FEWEST_EXPERTS or not (areas > 0).all() or np.ptp(np.log(areas)) < ALIKE:
        return _by_published_band(predicted_km2, float(areas.mean()))
    by_area = area_probability(predicted_km2, areas)
    by_distance = distance_probability(predicted_distance, expert_distance)
    smaller = float(np.nanmin([by_area, by_distance]))
    probability = min(1.0, 2 * smaller) if np.isfinite(by_distance) else by_area
    return Verdict(probability >= 1 - level, probability, by_area, by_distance, EXPERTS)


def area_probability(predicted_km2: float, expert_km2: NDArray[np.float64]) -> float:
    """Probability that one further expert's area is as far from the experts' or farther.

    Parameters
    ----------
    predicted_km2 : float
        Zero is farther than anybody.
    expert_km2 : ndarray, (experts,)
        Two or more positive areas that differ.
    """
    if not predicted_km2 > 0:
        return 0.0
    logs = np.log(expert_km2)
    return _two_sided(np.log(predicted_km2), logs)


def distance_probability(predicted: float, experts: ArrayLike) -> float:
    """Probability that one further expert lies as far away on average or farther.

    Nobody is blamed for being close: below the experts' mean it is 1. Above, it is that of both
    sides, twice that of one: distances have a longer tail than their logarithms' normal
    distribution, and this makes up for it (measured, see the module).

    Parameters
    ----------
    predicted : float
        Metres; NaN gives NaN.
    experts : array_like, (experts,)
        Metres; two or more.
    """
    distances = np.asarray(experts, dtype=np.float64)
    positive = np.isfinite(distances).all() and (distances > 0).all()
    if not (positive and predicted >= 0) or np.ptp(np.log(distances)) < ALIKE:
        return float("nan")
    if predicted <= np.exp(np.log(distances).mean()):
        return 1.0
    return _two_sided(np.log(predicted), np.log(distances))


def _two_sided(value: float, others: NDArray[np.float64]) -> float:
    count = len(others)
    deviation = others.std(ddof=1) * np.sqrt(1 + 1 / count)
    return float(2 * special.stdtr(count - 1, -abs(value - others.mean()) / deviation))


def _by_published_band(predicted_km2: float, expert_km2: float) -> Verdict:
    nan = float("nan")
    away = abs(area_deviation(predicted_km2, expert_km2))
    within = None
    if away <= HUMAN_BAND.clean:
        within = True
    elif away > HUMAN_BAND.debris_covered:
        within = False
    return Verdict(within, nan, nan, nan, PUBLISHED)


def panel_sentence(glaciers: pd.DataFrame, *, level: float = LEVEL) -> str:
    """Say in plain words whether the model lies within the experts' spread.

    Parameters
    ----------
    glaciers : DataFrame
        As of ``PanelComparison.glaciers``.
    level : float
        At which it was judged.
    """
    if glaciers.empty:
        return "No expert outlined a glacier here, so that there is nothing to compare with."
    judged = glaciers[glaciers["judged_by"] == EXPERTS]
    told = [_by_experts(judged, level), _by_bands(glaciers[glaciers["judged_by"] == PUBLISHED])]
    return " ".join(filter(None, told))


def _by_experts(judged: pd.DataFrame, level: float) -> str:
    if judged.empty:
        return ""
    if len(judged) == 1:
        return glacier_sentence(judged.iloc[0])
    inside = int(judged["within_spread"].sum())
    by_chance = (1 - level) * len(judged)
    return (
        f"The model lies within the experts' spread for {inside} of {len(judged)} glaciers. "
        f"Of as many outlines by one further expert, about {by_chance:.1f} would lie outside by "
        f"chance. {_typical(judged)}"
    )


def _typical(judged: pd.DataFrame) -> str:
    median = judged.median(numeric_only=True)
    return (
        f"On the typical glacier {_experts(judged['experts'])} differ by "
        f"{median['spread_percent']:.0f} % in area and lie {median['pairwise_distance_m']:.0f} m "
        f"apart; the model lies {median['distance_to_experts_m']:.0f} m from them."
    )


def glacier_sentence(glacier: "pd.Series[float]") -> str:
    """Say the same of one glacier: a row of ``PanelComparison.glaciers`` with enough experts."""
    name = glacier["name"] or glacier["glacier_id"]
    side = "within" if glacier["within_spread"] else "outside"
    return (
        f"For {name} the model lies {side} the experts' spread: it maps "
        f"{glacier['predicted_area_km2']:.2f} km², {int(glacier['experts'])} experts drew "
        f"{glacier['expert_area_min_km2']:.2f} to {glacier['expert_area_max_km2']:.2f} km². "
        f"{_chance(float(glacier['probability']))}"
    )


def _chance(probability: float) -> str:
    if probability < 0.001:
        return "Of a thousand further experts, less than one would lie as far from the others."
    return f"Of 100 further experts, about {100 * probability:.2g} would lie as far or farther."


def _experts(counts: "pd.Series[int]") -> str:
    least, most = int(counts.min()), int(counts.max())
    return f"{least} experts" if least == most else f"{least} to {most} experts"


def _by_bands(judged: pd.DataFrame) -> str:
    if judged.empty:
        return ""
    within = judged["within_spread"]
    return (
        f"{_too_few(judged)}, so that nobody knows how far experts differ there. Held against "
        f"published figures (about {HUMAN_BAND.clean:.0f} % in area on clean ice, up to "
        f"{HUMAN_BAND.debris_covered:.0f} % under debris; Paul et al. 2013), the model is within "
        f"on {int((within == True).sum())}, within only if debris covers them on "  # noqa: E712
        f"{int(within.isna().sum())}, and outside on {int((within == False).sum())}."  # noqa: E712
    )


def _too_few(judged: pd.DataFrame) -> str:
    most = int(judged["experts"].max())
    glaciers = "1 glacier has" if len(judged) == 1 else f"{len(judged)} glaciers have"
    if most >= FEWEST_EXPERTS:
        few = f"fewer than {FEWEST_EXPERTS} experts"
        return f"{glaciers} {few}, or copies of one outline, or no data"
    return f"{glaciers} {'only one expert' if most == 1 else 'only one or two experts'}"
