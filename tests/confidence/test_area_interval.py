import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from glacier_core.confidence.area_interval import (
    AreaErrors,
    KnownScene,
    area_interval,
    fit_area_errors,
    glacier_probability,
    interval_score,
)
from glacier_core.confidence.error_fields import error_fields
from glacier_core.errors import ModelError

PIXEL = 30.0  # m
KM2 = PIXEL**2 / 1e6
ALONE = AreaErrors(correlation_length_m=1.0, scene_share=0.0)
TOGETHER = AreaErrors(correlation_length_m=1.0, scene_share=1.0)
BETWEEN = AreaErrors(correlation_length_m=600.0, scene_share=0.2)


def interval(probability, errors=BETWEEN, **options):
    return area_interval(probability, KM2, pixel_m=PIXEL, errors=errors, **options)


def fields(side, correlation_length_m, count, seed):
    drawn = error_fields((side, side), PIXEL, correlation_length_m, draws=count, seed=seed)
    return np.concatenate(list(drawn))


def test_independent_pixels_have_the_interval_of_the_binomial():
    p, pixels = 0.3, 100 * 100
    found = interval(np.full((100, 100), p), ALONE, draws=2000)
    low, high = binom.ppf([0.025, 0.975], pixels, p) * KM2
    assert found.high_km2 - found.low_km2 == pytest.approx(high - low, rel=0.06)
    assert found.central_km2 == pytest.approx(p * pixels * KM2, rel=0.06)


def test_errors_of_one_sign_move_every_pixel_at_once():
    # Half of the pixels at 0.9, half at 0.4: with one number for all, the area is 0, half or all.
    p = np.repeat([0.9, 0.4], 50)[None, :].repeat(100, axis=0)
    total = p.size * KM2
    found = interval(p, TOGETHER, level=0.5, draws=2000)
    assert (found.low_km2, found.central_km2) == pytest.approx((total / 2, total / 2))
    assert found.high_km2 == pytest.approx(total)
    assert interval(p, TOGETHER, level=0.95).low_km2 == 0


def test_the_mean_area_is_that_of_the_probabilities_whatever_hangs_together():
    generator = np.random.default_rng(1)
    p = generator.uniform(0, 1, (40, 40))
    shares = []
    for level in np.arange(0.02, 1, 0.08):
        found = interval(p, BETWEEN, level=float(level), draws=2000)
        shares.append((found.low_km2 + found.high_km2) / 2)
    assert np.mean(shares) == pytest.approx(p.sum() * KM2, rel=0.05)


def test_the_more_errors_hang_together_the_wider():
    p = np.clip(np.random.default_rng(2).uniform(-0.2, 1.2, (64, 64)), 0, 1)
    lengths = [30.0, 200.0, 1000.0]
    widths = [
        found.high_km2 - found.low_km2
        for found in (interval(p, AreaErrors(length, 0.0)) for length in lengths)
    ]
    assert widths == sorted(widths)
    assert widths[2] > 3 * widths[0]
    own = interval(p, AreaErrors(30.0, 0.5))
    assert own.high_km2 - own.low_km2 > 3 * widths[0]


def test_pixels_that_share_a_number_of_the_field_change_little():
    # Fine pixels share one; coarse ones have one each.
    coarse = np.kron(np.random.default_rng(3).uniform(0, 1, (12, 12)), np.ones((4, 4)))
    widths = []
    for times in (1, 6):
        p, side = np.kron(coarse, np.ones((times, times))), PIXEL / times
        errors = AreaErrors(400.0, 0.1)
        found = area_interval(p, side**2 / 1e6, pixel_m=side, errors=errors, draws=3000)
        widths.append(found.high_km2 - found.low_km2)
    assert widths[0] == pytest.approx(widths[1], rel=0.06)


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 2**31),
    st.floats(0, 1),
    st.floats(10, 5000),
)
@settings(max_examples=40, deadline=None)
def test_an_interval_lies_between_nothing_and_all(rows, columns, seed, share, length):
    p = np.random.default_rng(seed).uniform(0, 1, (rows, columns))
    found = interval(p, AreaErrors(length, share), draws=100, seed=seed)
    assert 0 <= found.low_km2 <= found.central_km2 <= found.high_km2
    assert found.high_km2 <= rows * columns * KM2 + 1e-12


def test_intervals_hold_the_area_of_masks_made_like_their_errors():
    # 300 scenes: of 95 in 100, the binomial leaves 92 to 98 once in 80 samples; seeds are fixed.
    errors, cases, side = AreaErrors(300.0, 0.15), 300, 32
    generator = np.random.default_rng(5)
    local = fields(side, errors.correlation_length_m, cases, seed=6)
    smooth = fields(side, 400.0, cases, seed=8)
    held = 0
    for case, field in enumerate(local):
        p = ndtr(1.5 * smooth[case])
        own = generator.standard_normal()
        latent = math.sqrt(errors.scene_share) * own + math.sqrt(1 - errors.scene_share) * field
        truth = float((latent < ndtri(p)).sum()) * KM2
        found = interval(p, errors, draws=200, seed=case)
        held += found.low_km2 <= truth <= found.high_km2
    assert 0.92 * cases <= held <= 0.98 * cases


def test_the_fit_finds_errors_that_hang_together():
    def scenes(errors):
        made = []
        local = fields(32, errors.correlation_length_m, 20, seed=7)
        for number, field in enumerate(local):
            p = np.random.default_rng(number).uniform(0.1, 0.9, (32, 32))
            made.append(KnownScene(p, field < ndtri(p), PIXEL))
        return made

    far, near = (AreaErrors(length, 0.0) for length in (1500.0, 60.0))
    fitted = [fit_area_errors(scenes(errors), draws=100) for errors in (far, near)]

    def score(some, errors):
        return np.mean([interval_score(scene, errors, draws=300) for scene in some])

    assert fitted[1].correlation_length_m == 500.0
    assert fitted[1].scene_share == 0
    assert score(scenes(far), fitted[0]) < score(scenes(far), fitted[1])


def test_the_probability_follows_the_class():
    confidence = np.array([0.9, 0.8, np.nan])
    assert glacier_probability(confidence, [True, False, False]) == pytest.approx(
        [0.9, 0.2, np.nan], nan_ok=True
    )


def test_unmapped_pixels_count_neither_way():
    p = np.full((20, 20), 1.0)
    p[:5] = np.nan
    found = interval(p)
    assert (found.low_km2, found.central_km2, found.high_km2) == pytest.approx((300 * KM2,) * 3)


@pytest.mark.parametrize(("p", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_nothing_and_everything_are_sure(p, share):
    found = interval(np.full((10, 10), p))
    ends = (found.low_km2, found.central_km2, found.high_km2)
    assert ends == pytest.approx((100 * KM2 * share,) * 3)


def test_one_pixel_is_there_or_not():
    found = interval(np.array([[0.5]]))
    assert (found.low_km2, found.high_km2) == pytest.approx((0, KM2))


def test_pixels_may_differ_in_area():
    areas = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = area_interval(np.ones((2, 2)), areas, pixel_m=PIXEL, errors=BETWEEN)
    assert found.central_km2 == pytest.approx(10)


@pytest.mark.parametrize(
    ("probability", "options", "words"),
    [
        (np.full((4, 4), np.nan), {}, "Nothing was mapped"),
        (np.empty((0, 0)), {}, "Nothing was mapped"),
        (np.ones(4), {}, "rows and columns"),
        (np.full((4, 4), 95.0), {}, "0..1"),
        (np.ones((4, 4)), {"level": 95}, "between 0 and 1"),
        (np.ones((4, 4)), {"draws": 1}, "1 draws"),
    ],
)
def test_maps_that_tell_nothing_are_refused(probability, options, words):
    with pytest.raises(ModelError, match=words):
        interval(probability, **options)


@pytest.mark.parametrize(("length", "share"), [(0.0, 0.1), (math.nan, 0.1), (100.0, 1.5)])
def test_errors_that_make_no_sense_are_refused(length, share):
    with pytest.raises(ModelError, match="must be"):
        AreaErrors(length, share)


def test_a_pixel_needs_a_side():
    with pytest.raises(ModelError, match="side of a pixel"):
        area_interval(np.ones((4, 4)), KM2, pixel_m=0.0, errors=BETWEEN)


def test_too_few_scenes_are_refused():
    scene = KnownScene(np.ones((4, 4)), np.ones((4, 4), dtype=bool), PIXEL)
    with pytest.raises(ModelError, match="20 scenes"):
        fit_area_errors([scene] * 3)
