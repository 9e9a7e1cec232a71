import numpy as np
import pandas as pd
import pytest

from glacier_core.deviations.consensus import (
    agreed,
    consensus_outlines,
    majority_without,
    outline_of,
    staple,
    without_overlaps,
)
from glacier_core.deviations.votes import Votes, cast_votes
from glacier_core.errors import OutlineError
from glacier_core.outlines.schema import COLUMNS

from .maps import SIDE, TRANSFORM, UTM, box, experts

SHAPE = (60, 80)


def raters(sensitivity, specificity, pixels=200_000, seed=0):
    """Return a truth and votes of raters who err independently, with known rates."""
    generator = np.random.default_rng(seed)
    truth = generator.random(pixels) < 0.35
    chance = np.where(truth, np.array(sensitivity)[:, None], 1 - np.array(specificity)[:, None])
    return truth, generator.random((len(sensitivity), pixels)) < chance


def staple_by_pixel(votes, steps):
    """Do the same pixel by pixel, straight from the paper's equations."""
    experts, pixels = votes.shape
    prior = votes.mean()
    p = np.full(experts, 0.99999)
    q = np.full(experts, 0.99999)
    for _ in range(steps):
        weight = np.empty(pixels)
        for i in range(pixels):
            a, b = prior, 1 - prior
            for j in range(experts):
                a *= p[j] if votes[j, i] else 1 - p[j]
                b *= 1 - q[j] if votes[j, i] else q[j]
            weight[i] = a / (a + b)
        for j in range(experts):
            p[j] = weight[votes[j]].sum() / weight.sum()
            q[j] = (1 - weight)[~votes[j]].sum() / (1 - weight).sum()
    return weight, p, q


def test_staple_finds_the_reliability_of_raters_and_the_truth():
    sensitivity, specificity = [0.97, 0.95, 0.75, 0.7, 0.72], [0.97, 0.95, 0.85, 0.87, 0.85]
    truth, votes = raters(sensitivity, specificity)
    found = staple(votes)
    np.testing.assert_allclose(found.sensitivity, sensitivity, atol=0.01)
    np.testing.assert_allclose(found.specificity, specificity, atol=0.01)
    by_staple = ((found.probability > 0.5) == truth).mean()
    by_majority = ((votes.sum(axis=0) > 2) == truth).mean()
    assert 1 - by_staple < 0.6 * (1 - by_majority)


def test_staple_is_that_of_the_equations_pixel_by_pixel():
    _, votes = raters([0.9, 0.8, 0.7], [0.8, 0.9, 0.95], pixels=300, seed=3)
    found = staple(votes)
    weight, p, q = staple_by_pixel(votes, found.steps)
    np.testing.assert_allclose(found.probability, weight, atol=1e-6)
    np.testing.assert_allclose(found.sensitivity, p, atol=1e-6)
    np.testing.assert_allclose(found.specificity, q, atol=1e-6)


@pytest.mark.parametrize("everywhere", [True, False])
def test_staple_of_raters_who_agree_is_what_they_say(everywhere):
    votes = np.full((3, 10), everywhere)
    assert ((staple(votes).probability > 0.5) == everywhere).all()
    assert staple(np.zeros((3, 0), dtype=bool)).probability.size == 0


def test_three_experts_agree_where_two_do():
    bands = [box((10, 30), (10, end)) for end in (38, 40, 45)]
    for method in ("majority", "staple"):
        votes = cast_votes(bands, TRANSFORM, SHAPE, buffer_m=300.0)
        found = outline_of(agreed(votes, method), votes.transform, 0.0)
        if method == "majority":
            assert found.equals(bands[1])
        assert bands[0].area <= found.area <= bands[2].area


def test_two_experts_agree_on_the_line_between_them():
    inner, outer = box((10, 30), (10, 30)), box((10, 30), (10, 40))
    votes = cast_votes([inner, outer], TRANSFORM, SHAPE, buffer_m=300.0)
    found = outline_of(agreed(votes), votes.transform, 0.0)
    assert inner.area < found.area < outer.area
    across = box((20, 21), (0, 80)).intersection(found)
    assert across.area == pytest.approx(25 * SIDE**2, abs=SIDE**2)


def test_an_even_number_is_neither_larger_nor_smaller_than_the_mean():
    """Straight margins at many places: half of the ties would be lost, or won, without care."""
    generator = np.random.default_rng(1)
    ends = generator.normal(60, 6, (200, 4))
    columns = np.arange(120)
    found = []
    for row in ends:
        inside = np.repeat((columns < row[:, None])[:, None, :], 5, axis=1)
        votes = Votes(inside, inside.any(axis=0), TRANSFORM)
        found.append(majority_without(votes).sum() / 5)
    ordered = np.sort(ends, axis=1)
    middle = np.clip(ends.mean(axis=1), ordered[:, 1], ordered[:, 2])
    # the pixels up to a line are half a pixel more on average
    assert np.mean(found - middle) == pytest.approx(0.5, abs=0.1)
    assert np.abs(found - middle - 0.5).max() < 1.0


def test_the_majority_of_the_others():
    bands = [box((10, 30), (10, end)) for end in (38, 40, 45, 60)]
    votes = cast_votes(bands, TRANSFORM, SHAPE, buffer_m=300.0)
    found = outline_of(majority_without(votes, 0), votes.transform, 0.0)
    assert found.equals(bands[2])


def test_specks_and_pinholes_are_left_out():
    mask = np.zeros((40, 40), dtype=bool)
    mask[5:30, 5:30] = True
    mask[10, 10] = False
    mask[15:20, 15:20] = False
    mask[35, 35] = True
    found = outline_of(mask, TRANSFORM, 2 * SIDE**2)
    assert found.area == pytest.approx((25 * 25 - 25) * SIDE**2)
    assert len(found.geoms) == 1
    assert len(found.geoms[0].interiors) == 1


def panel(*ends, ids=("a", "b")):
    """Return two joined glaciers whose right-hand end each expert sets elsewhere."""
    return pd.concat(
        [
            experts(
                box((10, 30), (10, 30)),
                box((10, 30), (30, end)),
                ids=list(ids),
                name=["A", "B"],
                analyst=f"expert {number}",
                source="survey",
                date=f"20{10 + number}",
            )
            for number, end in enumerate(ends)
        ],
        ignore_index=True,
    )


@pytest.mark.parametrize("method", ["majority", "staple"])
def test_consensus_outlines_come_in_the_schema(method):
    found = consensus_outlines(panel(48, 50, 56), TRANSFORM, SHAPE, UTM, method)
    assert tuple(found.columns) == COLUMNS
    assert found["glacier_id"].tolist() == ["a", "b"]
    assert found["name"].tolist() == ["A", "B"]
    how = {"majority": "majority", "staple": "STAPLE consensus"}[method]
    assert set(found["analyst"]) == {f"{how} of 3 experts"}
    assert set(found["date"]) == {"2011"}
    assert set(found["source"]) == {"survey"}
    one, other = found.geometry
    assert one.equals(box((10, 30), (10, 30)))
    assert one.intersection(other).area == 0
    if method == "majority":
        assert other.equals(box((10, 30), (30, 50)))


def test_what_one_expert_alone_drew_stays():
    alone = experts(box((40, 50), (10, 20)).buffer(7.0), ids=["c"], analyst="expert 0")
    both = pd.concat([panel(48, 50, 56), alone], ignore_index=True)
    found = consensus_outlines(both, TRANSFORM, SHAPE, UTM).set_index("glacier_id")
    assert found.geometry["c"].equals(alone.geometry[0])
    assert found["analyst"]["c"] == "expert 0"


def test_the_consensus_of_one_expert_is_the_expert():
    found = consensus_outlines(panel(50), TRANSFORM, SHAPE, UTM)
    assert found.geometry.geom_equals(panel(50).geometry).all()


def test_consensus_glaciers_do_not_overlap_where_divides_differ():
    one, other = box((10, 30), (10, 32)), box((10, 30), (28, 50))
    first, second = without_overlaps([one, other])
    assert first.equals(one)
    assert second.equals(box((10, 30), (32, 50)))


def test_an_unknown_method_is_a_sentence():
    with pytest.raises(OutlineError, match="'majority' or 'staple'"):
        consensus_outlines(panel(48, 50), TRANSFORM, SHAPE, UTM, "guess")
