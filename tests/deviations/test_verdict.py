import numpy as np
import pandas as pd
import pytest
from scipy import stats

from glacier_core.deviations.verdict import (
    EXPERTS,
    PUBLISHED,
    area_probability,
    distance_probability,
    judge,
    panel_sentence,
)

AREAS = np.array([4.8, 5.0, 5.1, 5.3, 5.6])
DISTANCES = np.array([22.0, 25.0, 31.0, 24.0, 28.0])


def test_area_is_that_of_a_t_test_of_two_samples_of_which_one_is_single():
    """A prediction interval and the test of one value against a sample are one and the same."""
    logs = np.log(AREAS)
    for predicted in (3.0, 4.9, 5.2, 7.0):
        pooled = stats.ttest_ind([np.log(predicted)], logs, equal_var=True).pvalue
        assert area_probability(predicted, AREAS) == pytest.approx(pooled)


def test_the_interval_covers_just_the_level():
    logs = np.log(AREAS)
    half = stats.t.ppf(0.975, 4) * logs.std(ddof=1) * np.sqrt(1.2)
    edge = float(np.exp(logs.mean() + half))
    inside, outside = (
        judge(edge * factor, AREAS, 20.0, DISTANCES).area_probability for factor in (0.999, 1.001)
    )
    assert outside < 0.05 < inside


def test_a_model_like_the_experts_is_within_and_one_far_off_is_not():
    alike = judge(5.15, AREAS, 26.0, DISTANCES)
    assert alike.within
    assert alike.probability > 0.5
    assert alike.judged_by == EXPERTS
    larger, farther = judge(9.0, AREAS, 26.0, DISTANCES), judge(5.15, AREAS, 90.0, DISTANCES)
    assert larger.within is False
    assert farther.within is False
    assert larger.area_probability < 0.01 < larger.distance_probability
    assert farther.distance_probability < 0.01 < farther.area_probability


def test_nobody_is_blamed_for_being_close():
    assert distance_probability(1.0, DISTANCES) == 1.0


def test_a_model_without_ice_is_outside():
    found = judge(0.0, AREAS, float("nan"), DISTANCES)
    assert found.within is False
    assert found.probability == 0
    assert np.isnan(found.distance_probability)


@pytest.mark.parametrize(
    ("predicted", "within"), [(10.4, True), (11.5, None), (14.0, False), (0.0, False)]
)
@pytest.mark.parametrize("areas", [[10.0], [9.0, 11.0], [10.0, 10.0, 10.0]])
def test_too_few_or_copied_experts_leave_published_bands(predicted, within, areas):
    found = judge(predicted, areas, 20.0, [20.0] * len(areas))
    assert found.judged_by == PUBLISHED
    assert found.within is within
    assert np.isnan(found.probability)


def members(generator, trials, experts, kind):
    """Return offsets along a margin of experts and of one more of the same kind."""
    shape = (trials, experts + 1, 60)
    hand = 0.7 * generator.standard_normal(shape)
    if kind == "heavy tails":
        hand = 0.5 * generator.standard_t(3, shape)
    if kind == "unlike hands":
        hand *= generator.uniform(0.5, 1.5, (trials, experts + 1, 1))
    if kind == "a doubtful tongue":  # a fifth of the margin moves with one habit
        hand[:, :, :12] += 6 * np.clip(generator.standard_normal((trials, experts + 1, 1)), -3, 2)
    return hand + 0.28 * generator.standard_normal((trials, experts + 1, 1))


@pytest.mark.parametrize("kind", ["alike", "heavy tails", "unlike hands", "a doubtful tongue"])
@pytest.mark.parametrize("experts", [3, 5, 9])
def test_one_in_twenty_exchangeable_experts_is_called_outside(experts, kind):
    """What is judged is one more expert, whoever it is: 95 % should be called within."""
    offsets = members(np.random.default_rng(experts), 600, experts, kind)
    areas = 1 + 0.02 * offsets.mean(axis=2)
    apart = np.abs(offsets[:, :, None] - offsets[:, None]).mean(axis=3)
    distances = apart.sum(axis=2) / experts
    outside = [
        not judge(area[0], area[1:], distance[0], distance[1:]).within
        for area, distance in zip(areas, distances, strict=True)
    ]
    # 600 trials: three standard deviations are 2.7 %
    assert 0.02 < np.mean(outside) < 0.08


def glaciers(**columns):
    row = {
        "glacier_id": "g1",
        "name": "",
        "experts": 5,
        "expert_area_min_km2": 4.8,
        "expert_area_max_km2": 5.6,
        "spread_percent": 15.0,
        "pairwise_distance_m": 24.0,
        "predicted_area_km2": 5.15,
        "distance_to_experts_m": 26.0,
        "probability": 0.62,
        "within_spread": True,
        "judged_by": EXPERTS,
    }
    table = pd.DataFrame([row | columns])
    return table.astype({"within_spread": "boolean"})


def test_one_glacier_is_told_with_its_numbers():
    told = panel_sentence(glaciers(name="Long Glacier"))
    assert "For Long Glacier the model lies within the experts' spread" in told
    assert "maps 5.15 km², 5 experts drew 4.80 to 5.60 km²" in told
    assert "about 62 would lie as far" in told
    far = panel_sentence(glaciers(within_spread=False, probability=0.0002))
    assert "outside" in far
    assert "less than one" in far


def test_many_glaciers_are_counted_and_chance_is_named():
    table = pd.concat([glaciers(), glaciers(within_spread=False, experts=4)] * 10)
    told = panel_sentence(table)
    assert "for 10 of 20 glaciers" in told
    assert "about 1.0 would lie outside by chance" in told
    assert "4 to 5 experts differ by 15 % in area" in told


def test_where_experts_are_too_few_published_bands_are_named():
    table = pd.concat(
        [
            glaciers(experts=1, judged_by=PUBLISHED, within_spread=within, probability=np.nan)
            for within in (True, pd.NA, False, False)
        ]
    )
    told = panel_sentence(table)
    assert "4 glaciers have only one expert" in told
    assert "within on 1, within only if debris covers them on 1, and outside on 2" in told
    assert "no" not in panel_sentence(glaciers()).lower().split()
    assert "No expert" in panel_sentence(table.iloc[:0])
