import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from glacier_core.confidence.platt import fit_platt
from glacier_core.models.logit import chosen_logit


def pixels(number, slope, intercept, seed=1):
    random = np.random.default_rng(seed)
    confidence = random.beta(0.8, 2.0, number)
    chance = 1 / (1 + np.exp(-slope * chosen_logit(confidence) - intercept))
    return confidence, random.random(number) < chance


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (2.0, 0.5), (0.3, -0.2)])
def test_it_finds_the_curve_that_pixels_were_drawn_by(slope, intercept):
    found = fit_platt(*pixels(100_000, slope, intercept))
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept), abs=0.05)


def test_it_is_logistic_regression_without_penalty():
    confidence, right = pixels(50_000, 1.3, 0.2)
    found = fit_platt(confidence, right)
    by_sklearn = LogisticRegression(C=np.inf, tol=1e-9).fit(
        chosen_logit(confidence)[:, None], right
    )
    # Smoothed targets of so many pixels are next to 0 and 1.
    assert found.slope == pytest.approx(by_sklearn.coef_[0, 0], rel=2e-3)
    assert found.intercept == pytest.approx(by_sklearn.intercept_[0], abs=2e-3)


def test_targets_are_smoothed():
    # Separable pixels: without smoothing the slope would grow without end.
    confidence = [0.1, 0.2, 0.8, 0.9]
    found = fit_platt(confidence, [0, 0, 1, 1])
    assert found.apply(0.9) < 0.95
    # The mean of the fit is that of the targets: 3/4 and 1/4.
    assert found.apply(confidence).mean() == pytest.approx(0.5, abs=1e-5)


def test_pixels_surer_and_wronger_give_a_falling_curve_that_says_so():
    confidence, right = pixels(20_000, 1.0, 0.0)
    found = fit_platt(confidence, ~right)
    assert found.slope < 0
    assert not found.monotone
