"""How much larger or smaller a mapped glacier is than an expert's, and how much experts differ."""

from dataclasses import dataclass


@dataclass(frozen=True)
class HumanBand:
    """By how much experts' own outlines of one glacier differ in area, in percent either way.

    Attributes
    ----------
    clean : float
        Clean ice in good contrast.
    debris_covered : float
        Glaciers covered by debris.
    source : str
    """

    clean: float
    debris_covered: float
    source: str


HUMAN_BAND = HumanBand(
    clean=5.0,
    debris_covered=30.0,
    source=(
        "Paul et al. (2013), On the accuracy of glacier outlines derived from remote-sensing "
        "data, Annals of Glaciology 54(63), 171-182"
    ),
)
"""Published spread of repeated digitisations by several analysts."""


def area_deviation(predicted_km2: float, expert_km2: float) -> float:
    """Return 100 (A_predicted - A_expert) / A_expert, in percent; NaN without expert area.

    Parameters
    ----------
    predicted_km2, expert_km2 : float
        Areas in one equal-area projection.
    """
    if not expert_km2 > 0:
        return float("nan")
    return 100 * (predicted_km2 - expert_km2) / expert_km2
