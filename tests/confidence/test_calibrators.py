"""What holds for every method of calibration alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.confidence.calibrators import CALIBRATORS
from glacier_core.confidence.reliability import expected_calibration_error
from glacier_core.errors import ModelError
from glacier_core.models.calibration import METHODS
from glacier_core.models.logit import chosen_logit

SHAPED = ("temperature scaling", "Platt scaling")
OTHERS = tuple(name for name in METHODS if name != "isotonic")


def sharp_pixels(number, seed):
    """Pixels right as often as a network of temperature 0.5 would be: under-confident."""
    random = np.random.default_rng(seed)
    confidence = random.beta(0.8, 2.0, number)
    return confidence, random.random(number) < 1 / (1 + np.exp(-2 * chosen_logit(confidence)))


def test_the_family_is_whole():
    assert tuple(CALIBRATORS) == METHODS


@pytest.mark.parametrize("method", METHODS)
def test_it_is_reliable_on_pixels_not_fitted_on(method):
    fitted = CALIBRATORS[method](*sharp_pixels(100_000, 1), fitted_on="drawn pixels")
    confidence, right = sharp_pixels(100_000, 2)
    raw = expected_calibration_error(confidence, right)
    error = expected_calibration_error(fitted.apply(confidence), right)
    assert raw > 0.4
    # The anchor at 0 keeps the published recipe from what is right of hardly sure pixels.
    assert error < (0.02 if method != "kernel ridge" else 0.05)
    assert fitted.method == method
    assert fitted.fitted_on == "drawn pixels"


@pytest.mark.parametrize("method", METHODS)
def test_weights_count_as_repetitions(method):
    random = np.random.default_rng(3)
    confidence, right = sharp_pixels(300, 4)
    weight = random.integers(1, 4, 300)
    weighted = CALIBRATORS[method](confidence, right, weight)
    repeated = CALIBRATORS[method](np.repeat(confidence, weight), np.repeat(right, weight))
    c = np.linspace(0, 1, 101)
    np.testing.assert_allclose(weighted.apply(c), repeated.apply(c), atol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_unmapped_pixels_count_for_nothing(method):
    confidence, right = sharp_pixels(300, 5)
    more = np.append(confidence, [np.nan] * 50), np.append(right, [False] * 50)
    assert CALIBRATORS[method](*more) == CALIBRATORS[method](confidence, right)


@pytest.mark.parametrize("method", METHODS)
@settings(deadline=None, max_examples=40)
@given(
    pixels=st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=80),
)
def test_whatever_the_pixels_it_is_a_share_or_an_error_in_words(method, pixels):
    confidence, right = zip(*pixels, strict=True)
    try:
        fitted = CALIBRATORS[method](confidence, right)
    except ModelError:
        assert method != "isotonic"
        return
    grid = np.linspace(0, 1, 201)
    applied = fitted.apply(grid)
    assert np.isfinite(applied).all()
    assert applied.min() >= 0
    assert applied.max() <= 1
    assert fitted.monotone == bool((np.diff(applied.astype(float)) >= -1e-7).all()) or (
        method == "kernel ridge"  # which may fall between the places of this grid
    )


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize(
    ("confidence", "correct", "told"),
    [
        ([], [], "2 pixels or more"),
        ([0.5], [1], "there is 1"),
        ([np.nan, np.nan, 0.4], [1, 0, 1], "there is 1"),
        ([0.4] * 5, [1, 0, 1, 1, 0], "all 5 have 0.4"),
        ([40.0, 50.0], [0, 1], "not per cent"),
        ([0.4, 0.5], [0], "2 confidences, 1 truths"),
    ],
)
def test_unfit_pixels_are_refused(method, confidence, correct, told):
    with pytest.raises(ModelError, match=told):
        CALIBRATORS[method](confidence, correct)


@pytest.mark.parametrize("method", SHAPED)
@pytest.mark.parametrize(("outcome", "told"), [(1, "are right"), (0, "are wrong")])
def test_one_outcome_alone_has_no_likeliest_curve(method, outcome, told):
    with pytest.raises(ModelError, match=told):
        CALIBRATORS[method]([0.2, 0.4, 0.6], [outcome] * 3)


def test_isotonic_takes_what_others_cannot():
    assert CALIBRATORS["isotonic"]([0.4] * 4, [1, 0, 1, 1]).apply(0.9) == pytest.approx(0.75)
    assert CALIBRATORS["isotonic"]([0.2, 0.6], [1, 1]).apply([0.0, 1.0]).tolist() == [1, 1]
