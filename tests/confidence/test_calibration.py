import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression

from glacier_core.confidence.calibration import CalibrationCurve, fit_isotonic
from glacier_core.confidence.reliability import expected_calibration_error
from glacier_core.errors import ModelError


def pixels(number, seed):
    """Under-confident pixels: right with probability 1 - (1 - c)^3 / 2."""
    random = np.random.default_rng(seed)
    confidence = random.beta(0.7, 2.0, number)
    right = random.random(number) < 1 - (1 - confidence) ** 3 / 2
    return confidence, right


def test_calibrated_confidence_is_reliable_on_other_pixels():
    curve = fit_isotonic(*pixels(400_000, seed=1))
    confidence, right = pixels(400_000, seed=2)
    assert expected_calibration_error(confidence, right) > 0.3
    assert expected_calibration_error(curve.apply(confidence), right) < 0.01
    assert 100 < len(curve.x) <= 200


def test_curve_follows_the_true_share():
    confidence, right = pixels(400_000, seed=3)
    c = np.linspace(0.02, 0.8, 50)
    fitted = fit_isotonic(confidence, right).apply(c)
    np.testing.assert_allclose(fitted, 1 - (1 - c) ** 3 / 2, atol=0.03)


def test_thinning_stays_close_to_the_whole_curve():
    confidence, right = pixels(100_000, seed=4)
    whole = IsotonicRegression().fit(confidence, right).predict(confidence)
    thinned = fit_isotonic(confidence, right).apply(confidence)
    assert np.abs(thinned - whole).mean() < 2e-3
    assert thinned.mean() == pytest.approx(right.mean(), abs=1e-3)


def test_thinning_heeds_weights():
    confidence = np.linspace(0, 1, 997) ** 2
    truth = np.sqrt(confidence)
    weight = np.where(np.arange(997) % 3, 1e-9, 1.0)  # two of three pixels hardly count
    weighted = fit_isotonic(confidence, truth, weight)
    third = fit_isotonic(confidence[::3], truth[::3])
    assert len(third.x) < 200 < 997 / 3
    c = np.linspace(0, 1, 500)
    # A bin without a heavy pixel still has a knot, on the chord of the curve it bends.
    np.testing.assert_allclose(weighted.apply(c), third.apply(c), atol=1e-4)


def test_thinning_keeps_knots_where_the_weight_is():
    confidence = np.linspace(0, 1, 5000)
    curve = fit_isotonic(confidence, confidence, np.where(confidence > 0.9, 1.0, 1e-6))
    # All hundred bins of equal weight; bins of equal width alone put ten there.
    assert np.count_nonzero(np.array(curve.x) > 0.9) >= 100


def test_thinning_keeps_rare_low_confidence():
    # One pixel in five hundred is below 0.5; a coin there, sure above.
    confidence = np.concatenate([np.linspace(0, 0.5, 400), np.linspace(0.9, 1, 200_000)])
    truth = np.concatenate([np.linspace(0.5, 0.75, 400), np.linspace(0.98, 1, 200_000)])
    curve = fit_isotonic(confidence, truth)
    assert len(curve.x) <= 200
    c = np.linspace(0.01, 0.49, 30)
    np.testing.assert_allclose(curve.apply(c), 0.5 + c / 2, atol=5e-3)


def test_small_fit_is_isotonic_regression_itself():
    curve = fit_isotonic([0.1, 0.2, 0.3, 0.4], [0, 1, 0, 1])
    np.testing.assert_allclose(curve.apply([0.1, 0.2, 0.3, 0.4]), [0, 0.5, 0.5, 1])


def test_weights_count_as_repetitions():
    confidence, right, weight = [0.2, 0.4, 0.6], [1, 0, 1], [1, 3, 2]
    weighted = fit_isotonic(confidence, right, weight)
    repeated = fit_isotonic(np.repeat(confidence, weight), np.repeat(right, weight))
    assert weighted == repeated
    assert weighted.apply(0.3) == pytest.approx(0.25)


def test_pixels_without_weight_or_confidence_count_for_nothing():
    curve = fit_isotonic([0.2, 0.4, np.nan, 0.6], [0, 1, 0, 0], [1, 1, 1, 0])
    assert curve == fit_isotonic([0.2, 0.4], [0, 1])


def test_words_travel_with_the_curve():
    curve = fit_isotonic([0.5], [1], fitted_on="simulated scenes 1 to 60")
    assert curve.fitted_on == "simulated scenes 1 to 60"
    assert CalibrationCurve.model_validate_json(curve.model_dump_json()) == curve


@settings(deadline=None)
@given(
    st.integers(1, 400).flatmap(
        lambda n: st.tuples(
            arrays(np.float64, n, elements=st.floats(0, 1)),
            arrays(np.bool_, n),
            arrays(np.float64, n, elements=st.floats(0.01, 10)),
        )
    )
)
def test_every_fit_is_monotone_and_a_share(sample):
    curve = fit_isotonic(*sample)
    applied = curve.apply(np.linspace(0, 1, 301))
    assert (np.diff(applied) >= 0).all()
    assert applied.min() >= 0
    assert applied.max() <= 1
    assert len(curve.x) <= 200


@pytest.mark.parametrize(
    ("confidence", "correct", "weight", "told"),
    [
        ([], [], None, "needs pixels"),
        ([0.5], [1], [0], "needs pixels"),
        ([0.5, 0.6], [1], None, "2 confidences, 1 truths"),
        ([95.0], [1], None, "not per cent"),
        ([0.5], [2], None, "Truth"),
        ([0.5], [1], [-1], "negative"),
    ],
)
def test_unfit_pixels_are_refused(confidence, correct, weight, told):
    with pytest.raises(ModelError, match=told):
        fit_isotonic(confidence, correct, weight)
