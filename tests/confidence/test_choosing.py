import numpy as np
import pytest

from glacier_core.confidence import choosing
from glacier_core.confidence.calibrators import CALIBRATORS
from glacier_core.confidence.choosing import (
    Pixels,
    compare_calibrations,
    figures_of,
    lowest_error,
    try_calibration,
)
from glacier_core.confidence.metrics import calibration_metrics
from glacier_core.errors import ModelError
from glacier_core.models.calibration import METHODS, PlattScaling
from glacier_core.models.logit import chosen_logit


def pixels(chance, seed, number=20_000, told="drawn pixels"):
    random = np.random.default_rng(seed)
    confidence = random.beta(0.8, 2.0, number)
    return Pixels(confidence, random.random(number) < chance(confidence), told)


def by_temperature(confidence):
    return 1 / (1 + np.exp(-2 * chosen_logit(confidence)))


def stepped(confidence):
    """Certain above a half, a coin below: no logistic curve has this shape."""
    return np.where(confidence > 0.5, 0.99, 0.6)


def compare(chance):
    return compare_calibrations(pixels(chance, 1), pixels(chance, 2), simulated=True)


@pytest.mark.parametrize(
    ("chance", "chosen"),
    [(by_temperature, ("temperature scaling", "Platt scaling")), (stepped, ("isotonic",))],
)
def test_the_method_of_the_right_shape_wins(chance, chosen):
    assert compare(chance).chosen in chosen


def test_the_chosen_has_the_lowest_error_of_those_that_never_fall():
    found = compare(by_temperature)
    assert tuple(trial.method for trial in found.trials) == METHODS
    errors = {one.method: one.figures.ece for one in found.trials if one.monotone}
    assert found.chosen == min(errors, key=errors.get)
    assert f"{errors[found.chosen]:.4f}" in found.reason


def test_what_falls_is_never_chosen_and_the_reason_says_so():
    others = pixels(by_temperature, 2)
    trials = [
        try_calibration(fit(others.confidence, others.correct), others)
        for fit in CALIBRATORS.values()
    ]
    falling = trials[0].model_copy(update={"monotone": False})
    best = falling.model_copy(update={"figures": falling.figures.model_copy(update={"ece": 0.0})})
    chosen = lowest_error([best, *trials[1:]])
    assert chosen.method != "isotonic"
    reason = choosing._reason(chosen, [best, *trials[1:]])
    assert "Isotonic regression (0.0000) is not monotone, so it was not chosen, although" in reason


def test_the_calibration_error_decides_and_not_the_brier_score():
    found = compare(stepped).trials[0]
    rows = [
        found.model_copy(
            update={"method": method, "figures": found.figures.model_copy(update=figures)}
        )
        for method, figures in (
            ("isotonic", {"ece": 0.02, "brier": 0.1}),
            ("Platt scaling", {"ece": 0.01, "brier": 0.2}),
        )
    ]
    assert lowest_error(rows).method == "Platt scaling"


def test_figures_are_of_the_pixels_not_fitted_on():
    fitted, others = pixels(by_temperature, 1), pixels(stepped, 2)
    found = compare_calibrations(fitted, others, simulated=False)
    curve = CALIBRATORS["isotonic"](fitted.confidence, fitted.correct)
    expected = calibration_metrics(curve.apply(others.confidence), others.correct)
    assert found.trials[0].figures.ece == pytest.approx(expected.ece, abs=1e-6)
    assert found.raw.ece == pytest.approx(
        calibration_metrics(others.confidence, others.correct).ece, abs=1e-6
    )
    assert found.dataset == "drawn pixels; fitted on drawn pixels"
    assert not found.simulated
    assert sum(one.count for one in found.trials[0].bins) == len(others.confidence)


def test_what_cannot_be_fitted_is_left_out_in_words():
    sure = Pixels([0.2, 0.4, 0.6], [1, 1, 1], "three pixels")
    found = compare_calibrations(sure, pixels(stepped, 2), simulated=True)
    assert found.trials[0].method == "isotonic"
    assert found.chosen == "isotonic"
    left = " ".join(found.left_out)
    assert "Temperature scaling was left out. Temperature scaling needs right and wrong" in left
    assert "Platt scaling was left out." in left


def test_one_method_alone_says_so():
    constant = Pixels([0.4] * 5, [1, 0, 1, 1, 1], "five pixels")
    found = compare_calibrations(constant, constant, simulated=True)
    assert found.reason == (
        "Isotonic regression is the only method that could be fitted and never falls."
    )
    assert len(found.left_out) == 3


@pytest.mark.parametrize("empty", ["fitted", "others"])
def test_without_pixels_nothing_is_compared(empty):
    given = {"fitted": pixels(stepped, 1), "others": pixels(stepped, 2)}
    given[empty] = Pixels([np.nan], [1], "nothing")
    with pytest.raises(ModelError, match="pixels"):
        compare_calibrations(**given, simulated=True)


def test_the_largest_error_leaves_out_handfuls_only_where_there_is_more():
    confidence, right = [0.95] * 200 + [0.15], [1] * 190 + [0] * 10 + [1]
    assert figures_of(confidence, right).maximum_error == pytest.approx(0.0, abs=1e-6)
    assert figures_of([0.15], [1]).maximum_error == pytest.approx(0.85)


def test_a_trial_tells_whether_it_falls():
    assert not try_calibration(PlattScaling(slope=-1, intercept=0), pixels(stepped, 1)).monotone
