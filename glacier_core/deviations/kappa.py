"""Fleiss' kappa: how far several raters agree beyond what chance would have them agree."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.errors import OutlineError


def fleiss_kappa(counts: ArrayLike) -> float:
    """Return Fleiss' kappa of subjects that were each put into a category by every rater.

    Parameters
    ----------
    counts : array_like of int, (subjects, categories)
        How many raters put a subject into a category; the same number of raters, at least two,
        for every subject.

    Returns
    -------
    float
        1 for perfect agreement, 0 for that of chance. NaN without subjects, and where all put
        everything into one category: chance alone would agree wholly, too.

    Raises
    ------
    OutlineError
        When subjects were rated by different numbers of raters, or by fewer than two.

    References
    ----------
    Fleiss (1971), Measuring nominal scale agreement among many raters, Psychological Bulletin
    76(5), 378-382.
    """
    rated = np.atleast_2d(np.asarray(counts, dtype=np.float64))
    if rated.size == 0:
        return float("nan")
    raters = rated.sum(axis=1)
    if raters.min() != raters.max() or raters[0] < 2:
        raise OutlineError(
            f"Agreement needs the same two or more raters for all: here it is {raters.min():g} to "
            f"{raters.max():g}. Leave out what not all have rated."
        )
    return _kappa(rated, float(raters[0]))


def _kappa(rated: NDArray[np.float64], raters: float) -> float:
    agreement = ((rated**2).sum(axis=1) - raters) / (raters * (raters - 1))
    by_chance = float(((rated.sum(axis=0) / rated.sum()) ** 2).sum())
    if np.isclose(by_chance, 1.0):
        return float("nan")
    return (float(agreement.mean()) - by_chance) / (1 - by_chance)


def vote_kappa(votes: NDArray[np.bool_]) -> float:
    """Return Fleiss' kappa of votes on glacier or no glacier.

    Parameters
    ----------
    votes : ndarray of bool, (experts, pixels)
        Two experts or more; NaN with one.
    """
    experts = len(votes)
    if experts < 2:
        return float("nan")
    glacier = votes.sum(axis=0)
    return fleiss_kappa(np.stack([glacier, experts - glacier], axis=1))
