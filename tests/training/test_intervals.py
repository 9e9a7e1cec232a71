import numpy as np
import pytest

from glacier_core.training.intervals import (
    FEWEST,
    INTERVAL,
    difference_interval,
    interval_facts,
    share_interval,
)


def drawn(generator, scenes=40):
    """Scenes of unlike size and hardness; a pixel is right with a scene's own probability."""
    sizes = generator.integers(50, 400, scenes)
    hardness = generator.beta(8, 2, scenes)
    return list(zip(generator.binomial(sizes, hardness), sizes, strict=True))


def test_nine_and_a_half_of_ten_intervals_hold_the_truth():
    """The pooled share of endless scenes is that of beta(8, 2), 0.8: sizes do not depend on it."""
    generator = np.random.default_rng(5)
    held = 0
    for number in range(200):
        low, high = share_interval(drawn(generator), seed=number)
        held += low <= 0.8 <= high
    # 40 scenes: percentile intervals are known to be a little short.
    assert 0.90 <= held / 200 <= 0.99


def test_a_pixel_bootstrap_would_be_far_too_sure():
    tallies = drawn(np.random.default_rng(1))
    low, high = share_interval(tallies)
    pixels = sum(whole for _, whole in tallies)
    assert high - low > 3 * 2 * 1.96 * np.sqrt(0.8 * 0.2 / pixels)


def test_equal_scenes_leave_no_doubt():
    assert share_interval([(30, 40)] * 8) == pytest.approx((0.75, 0.75))


def test_what_makes_a_scene_hard_cancels_in_a_difference():
    before = drawn(np.random.default_rng(2))
    after = [(part - whole // 50, whole) for part, whole in before]
    low, high = difference_interval(before, after)
    assert -0.021 <= low <= high <= -0.017
    one, other = share_interval(before), share_interval(after)
    assert high - low < 0.1 * (one[1] - one[0])
    assert other[0] < one[0]


def test_too_few_scenes_have_no_interval():
    some = [(1, 2)] * (FEWEST - 1)
    assert share_interval([*some, (0, 0), (0, 0)]) is None
    assert difference_interval([*some, (0, 0)], [*some, (0, 0)]) is None
    assert share_interval([*some, (1, 2)]) is not None


def test_a_card_is_told_the_pixels_and_the_interval_if_there_is_one():
    facts = interval_facts([(30, 40)] * 8)
    assert facts == {"count": 320, "low": 0.75, "high": 0.75, "interval": INTERVAL}
    assert interval_facts([(1, 2)]) == {"count": 2}
    assert interval_facts([(0, 0)]) == {"count": None}
