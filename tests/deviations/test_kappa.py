import itertools

import numpy as np
import pytest

from glacier_core.deviations.kappa import fleiss_kappa, vote_kappa
from glacier_core.errors import OutlineError

# Fourteen raters, ten subjects, five categories: the worked example, kappa 0.210.
WORKED = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def by_pairs(votes):
    """Count agreeing pairs of raters one by one, and pairs of answers drawn from the pool."""
    pairs = list(itertools.permutations(range(len(votes)), 2))
    agreed = np.mean([votes[one] == votes[other] for one, other in pairs])
    pool = [np.mean(votes == answer) for answer in (False, True)]
    chance = sum(share**2 for share in pool)
    return (agreed - chance) / (1 - chance)


def test_the_worked_example():
    assert fleiss_kappa(WORKED) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("experts", [2, 3, 5])
def test_votes_agree_with_counting_pairs(experts):
    generator = np.random.default_rng(experts)
    truth = generator.random(300) < 0.4
    votes = truth ^ (generator.random((experts, 300)) < 0.2)
    assert vote_kappa(votes) == pytest.approx(by_pairs(votes))


def test_perfect_agreement_is_one_and_chance_is_nought():
    truth = np.arange(40) % 3 == 0
    assert vote_kappa(np.stack([truth] * 4)) == pytest.approx(1.0)
    noise = np.random.default_rng(0).random((4, 200_000)) < 0.3
    assert vote_kappa(noise) == pytest.approx(0.0, abs=5e-3)


def test_where_chance_alone_agrees_there_is_no_kappa():
    assert np.isnan(vote_kappa(np.ones((3, 20), dtype=bool)))
    assert np.isnan(vote_kappa(np.ones((1, 20), dtype=bool)))
    assert np.isnan(vote_kappa(np.ones((3, 0), dtype=bool)))


@pytest.mark.parametrize("counts", [[[2, 1], [1, 1]], [[1, 0], [0, 1]]])
def test_unlike_numbers_of_raters_are_refused(counts):
    with pytest.raises(OutlineError, match="same two or more raters"):
        fleiss_kappa(counts)
