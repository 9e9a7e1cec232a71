import json

import pytest
from pydantic import ValidationError

from glacier_core.models.calibration import CalibrationCurve, PlattScaling, TemperatureScaling
from glacier_core.models.calibration_comparison import (
    CalibrationComparison,
    CalibrationFigures,
    CalibrationTrial,
)
from glacier_core.models.card import ModelCard, read_card
from glacier_core.models.registry import SHIPPED

FIGURES = CalibrationFigures(
    count=10,
    ece=0.1,
    ece_equal_mass=0.1,
    maximum_error=0.2,
    brier=0.2,
    reliability=0.01,
    resolution=0.03,
    uncertainty=0.21,
    within_bin=0.01,
)


def trial(method, monotone=True):
    return CalibrationTrial(method=method, monotone=monotone, figures=FIGURES, bins=())


TRIED = (trial("temperature scaling"),)


def comparison(chosen="temperature scaling", trials=TRIED):
    return CalibrationComparison(
        chosen=chosen, reason="Lowest error.", dataset="2 scenes", simulated=True, trials=trials
    )


@pytest.fixture
def shipped_card():
    return read_card(SHIPPED / "glavitu-small" / "card.json")


def with_changes(card, **changes):
    return ModelCard.model_validate(card.model_dump() | changes)


def test_it_travels_in_a_card(shipped_card, tmp_path):
    card = with_changes(
        shipped_card,
        calibration=TemperatureScaling(temperature=0.5),
        calibration_comparison=comparison(),
    )
    path = tmp_path / "card.json"
    path.write_text(card.model_dump_json())
    assert read_card(path) == card


def test_a_card_of_before_there_was_a_choice_reads_as_ever(shipped_card, tmp_path):
    facts = shipped_card.model_dump(mode="json")
    facts.pop("calibration_comparison")
    curve = CalibrationCurve(x=(0.0, 1.0), y=(0.5, 1.0), fitted_on="some scenes")
    facts["calibration"] = curve.model_dump(mode="json")
    facts["calibration"].pop("method")
    path = tmp_path / "card.json"
    path.write_text(json.dumps(facts))
    read = read_card(path)
    assert read.calibration_comparison is None
    assert read.calibration == curve


def test_the_card_holds_the_calibration_that_was_chosen(shipped_card):
    with pytest.raises(ValidationError, match="was chosen by the comparison"):
        with_changes(
            shipped_card,
            calibration=PlattScaling(slope=1.0, intercept=0.0),
            calibration_comparison=comparison(),
        )


@pytest.mark.parametrize("trials", [(trial("isotonic"),), (trial("temperature scaling", False),)])
def test_what_was_not_tried_or_falls_cannot_be_chosen(trials):
    with pytest.raises(ValidationError, match="not among the monotone methods"):
        comparison(trials=trials)


def test_without_trials_the_reason_alone_tells():
    assert comparison(trials=()).trials == ()
