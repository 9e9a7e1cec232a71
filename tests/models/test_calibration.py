import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError
from scipy.special import expit

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.models.calibration import (
    METHODS,
    AnyCalibration,
    CalibrationCurve,
    KernelRidgeCurve,
    PlattScaling,
    TemperatureScaling,
)

EVERY = (
    CalibrationCurve(x=(0.1, 0.9), y=(0.5, 1.0), fitted_on="twelve scenes"),
    TemperatureScaling(temperature=2.0, fitted_on="twelve scenes"),
    PlattScaling(slope=0.5, intercept=-0.1, fitted_on="twelve scenes"),
    KernelRidgeCurve(x=(0.0, 1.0), dual=(0.0, 1.0), fitted_on="twelve scenes"),
)
ADAPTER = TypeAdapter(AnyCalibration)
SURE = np.array([0.5, 0.6, 0.9, 0.99])


def test_every_method_is_tried_here():
    assert tuple(one.method for one in EVERY) == METHODS


@pytest.mark.parametrize("calibration", EVERY, ids=METHODS)
def test_it_goes_to_a_plain_dict_and_back(calibration):
    assert ADAPTER.validate_python(calibration.model_dump()) == calibration
    assert ADAPTER.validate_json(calibration.model_dump_json()) == calibration


@pytest.mark.parametrize("calibration", EVERY, ids=METHODS)
def test_it_gives_shares_of_any_shape_and_keeps_what_is_missing(calibration):
    found = calibration.apply(np.array([[0.0, 0.5], [1.0, np.nan]], np.float32))
    assert found.shape == (2, 2)
    assert found.dtype == np.float32
    assert np.isnan(found[1, 1])
    assert np.nanmin(found) >= 0
    assert np.nanmax(found) <= 1
    assert calibration.monotone
    assert (np.diff(calibration.apply(np.linspace(0, 1, 101))) >= 0).all()


def test_a_calibration_without_a_method_is_isotonic():
    read = ADAPTER.validate_python({"x": [0.0, 1.0], "y": [0.5, 1.0], "fitted_on": ""})
    assert read == CalibrationCurve(x=(0, 1), y=(0.5, 1))


@pytest.mark.parametrize(
    "facts",
    [
        {"method": "magic", "x": [0.0], "y": [0.5]},
        {"method": "temperature scaling", "temperature": 0.0},
        {"method": "temperature scaling", "slope": 1.0, "intercept": 0.0},
        {"method": "Platt scaling", "slope": float("nan"), "intercept": 0.0},
        {"method": "kernel ridge", "x": [0.0, 1.0], "dual": [1.0]},
        {"x": [0.0, 1.0], "y": [0.6, 0.5]},
    ],
)
def test_what_is_no_calibration_is_refused(facts):
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(facts)


def test_temperature_divides_the_logit():
    found = TemperatureScaling(temperature=2.0).apply(entropy_confidence(SURE))
    expected = expit(np.log(SURE / (1 - SURE)) / 2)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_temperature_one_is_the_probability_of_the_chosen_class():
    found = TemperatureScaling(temperature=1.0).apply(entropy_confidence(1 - SURE))
    np.testing.assert_allclose(found, SURE, atol=1e-4)


def test_platt_is_a_line_in_logits():
    found = PlattScaling(slope=0.5, intercept=0.25).apply(entropy_confidence(SURE))
    np.testing.assert_allclose(found, expit(0.5 * np.log(SURE / (1 - SURE)) + 0.25), atol=1e-4)


def test_platt_that_falls_says_so():
    assert not PlattScaling(slope=-0.1, intercept=2.0).monotone


def test_kernel_ridge_by_hand():
    curve = KernelRidgeCurve(x=(0.0, 0.5), dual=(0.2, 0.4))
    expected = 0.2 * np.exp(-0.25) + 0.4 * np.exp(-0.25)
    assert curve.apply(0.25) == pytest.approx(expected, abs=1e-6)


def test_kernel_ridge_that_falls_anywhere_says_so():
    assert not KernelRidgeCurve(x=(0.5,), dual=(0.9,)).monotone
    # A valley between knots, not at them.
    assert not KernelRidgeCurve(x=(0.0, 1.0), dual=(0.5, 0.52)).monotone
    assert KernelRidgeCurve(x=(0.0, 1.0), dual=(-5.0, 0.0)).monotone  # clipped to 0 all along
