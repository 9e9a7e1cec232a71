import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from glacier_core.confidence.metrics import (
    calibration_metrics,
    equal_mass_places,
    equal_width_places,
)
from glacier_core.confidence.reliability import expected_calibration_error
from glacier_core.errors import ModelError

PIXELS = st.lists(
    st.tuples(st.floats(0, 1), st.booleans(), st.floats(0.1, 5)), min_size=1, max_size=80
)


def drawn(number=10_000, seed=1):
    random = np.random.default_rng(seed)
    confidence = random.beta(2, 1, number)
    return confidence, random.random(number) < confidence**2


def test_all_by_hand():
    # Two bins: 0.2, 0.4 with 0 and 1 right; 0.9 with both right.
    found = calibration_metrics([0.2, 0.4, 0.9, 0.9], [0, 1, 1, 1], bins=2)
    assert found.count == 4
    assert found.ece == pytest.approx(0.5 * 0.2 + 0.5 * 0.1)
    assert found.ece_equal_mass == pytest.approx(found.ece)  # the same two halves
    assert found.maximum_error == pytest.approx(0.2)
    assert found.brier == pytest.approx((0.04 + 0.36 + 0.01 + 0.01) / 4)
    assert found.reliability == pytest.approx((0.2**2 + 0.1**2) / 2)
    assert found.resolution == pytest.approx(0.25**2)
    assert found.uncertainty == pytest.approx(0.75 * 0.25)
    # Variance 0.01 and covariance 0.05 in the first bin, none in the second.
    assert found.within_bin == pytest.approx(0.5 * (0.01 - 2 * 0.05))


def test_equal_mass_is_another_measure():
    # One bin of equal width is all pixels; by mass they are told apart.
    confidence, right = [0.91, 0.92, 0.98, 0.99], [1, 1, 0, 0]
    found = calibration_metrics(confidence, right, bins=2)
    assert found.ece == pytest.approx(abs(0.95 - 0.5))
    assert found.ece_equal_mass == pytest.approx((1 - 0.915) / 2 + 0.985 / 2)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=8))
def test_perfectly_calibrated_bins_have_no_error(tenths):
    confidence = np.repeat(np.array(tenths) / 10, 10)
    right = np.concatenate([np.arange(10) < tenth for tenth in tenths])
    found = calibration_metrics(confidence, right, bins=11)  # each tenth has its own
    assert found.ece == pytest.approx(0, abs=1e-12)
    assert found.maximum_error == pytest.approx(0, abs=1e-12)
    assert found.reliability == pytest.approx(0, abs=1e-12)
    assert found.within_bin == pytest.approx(0, abs=1e-12)  # one confidence a bin
    assert found.brier == pytest.approx(found.uncertainty - found.resolution, abs=1e-12)


@given(PIXELS, st.integers(1, 30))
def test_the_parts_make_up_the_brier_score(pixels, bins):
    confidence, right, weight = zip(*pixels, strict=True)
    found = calibration_metrics(confidence, right, bins, weight)
    parts = found.reliability - found.resolution + found.uncertainty + found.within_bin
    assert found.brier == pytest.approx(parts, abs=1e-12)
    assert found.resolution <= found.uncertainty + 1e-12
    assert 0 <= found.ece <= found.maximum_error + 1e-12 <= 1 + 1e-9


@given(PIXELS, st.randoms())
def test_the_order_of_pixels_means_nothing(pixels, random):
    shuffled = list(pixels)
    random.shuffle(shuffled)
    one, other = (
        calibration_metrics(*(column for column in list(zip(*some, strict=True))[:2]), bins=5)
        for some in (pixels, shuffled)
    )
    assert vars(one) == pytest.approx(vars(other), abs=1e-9)


def test_weights_are_repetitions():
    random = np.random.default_rng(2)
    confidence, right = drawn(200)
    weight = random.integers(1, 5, 200)
    weighted = vars(calibration_metrics(confidence, right, 10, weight)) | {"count": 0}
    repeated = calibration_metrics(np.repeat(confidence, weight), np.repeat(right, weight), 10)
    assert weighted == pytest.approx(vars(repeated) | {"count": 0})


def test_brier_score_of_scikit_learn():
    confidence, right = drawn()
    expected = brier_score_loss(right, confidence)
    assert calibration_metrics(confidence, right).brier == pytest.approx(expected)


def test_bins_of_equal_width_of_scikit_learn():
    confidence, right = drawn()
    accuracy, mean = calibration_curve(right, confidence, n_bins=20, strategy="uniform")
    found = calibration_metrics(confidence, right, bins=20)
    assert found.maximum_error == pytest.approx(np.abs(accuracy - mean).max())
    share = np.histogram(confidence, 20, (0, 1))[0] / len(confidence)
    assert found.ece == pytest.approx(share @ np.abs(accuracy - mean))


def test_bins_of_equal_mass_of_scikit_learn():
    confidence, right = drawn()
    accuracy, mean = calibration_curve(right, confidence, n_bins=20, strategy="quantile")
    found = calibration_metrics(confidence, right, bins=20)
    # Without ties every bin holds a twentieth; scikit-learn's edges may give a pixel to another.
    assert found.ece_equal_mass == pytest.approx(np.abs(accuracy - mean).mean(), abs=1e-4)
    assert np.bincount(equal_mass_places(confidence, np.ones(10_000), 20)).tolist() == [500] * 20


def test_it_agrees_with_the_error_of_the_reliability_table():
    confidence, right = drawn()
    expected = expected_calibration_error(confidence, right)
    assert calibration_metrics(confidence, right).ece == pytest.approx(expected)


def test_equal_confidences_stay_in_one_bin():
    confidence = np.array([0.5] * 7 + [0.6] * 3)
    places = equal_mass_places(confidence, np.ones(10), 4)
    assert places.tolist() == [1] * 7 + [3] * 3


def test_bins_of_equal_width_hold_their_lower_edge():
    assert equal_width_places(np.arange(101) / 100, 100).tolist() == [*range(100), 99]


def test_a_handful_of_pixels_need_not_decide_the_largest_error():
    confidence, right = [0.95] * 20 + [0.15], [1] * 19 + [0] + [1]
    assert calibration_metrics(confidence, right, 10).maximum_error == pytest.approx(0.85)
    some = calibration_metrics(confidence, right, 10, fewest=5)
    assert some.maximum_error == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(calibration_metrics(confidence, right, 10, fewest=99).maximum_error)


def test_of_nothing_there_is_nothing_to_tell():
    found = calibration_metrics([np.nan], [1])
    assert found.count == 0
    assert np.isnan([found.ece, found.brier, found.within_bin]).all()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([0.5], [1, 0]), "1 confidences, 2 truths"),
        (([95.0], [1]), "not per cent"),
        (([0.5], [1], 0), "one bin or more"),
    ],
)
def test_unfit_arguments_are_refused(arguments, told):
    with pytest.raises(ModelError, match=told):
        calibration_metrics(*arguments)
