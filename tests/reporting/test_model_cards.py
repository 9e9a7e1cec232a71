from pathlib import Path

from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.models.card import Accuracy
from glacier_core.models.listing import ModelSummary
from glacier_core.models.parts import Deviation, Picture
from glacier_core.reporting.model_cards import card_text, figure_text, models_table
from tests.inference.stubs import CURVE, make_card


def summary(**facts):
    return ModelSummary("stub", make_card(**facts), 1_234_567, 4.48, Path("models") / "stub")


IOU = Accuracy(
    dataset="64 scenes",
    metric="IoU",
    value=0.8421,
    simulated=True,
    low=0.801,
    high=0.869,
    interval="95% interval, whole scenes drawn",
)
RULE = Accuracy(dataset="64 scenes", metric="IoU, NDSI > 0.4", value=0.77, simulated=True)
REAL = Accuracy(dataset="a valley", metric="change of IoU", value=-0.012, simulated=False)


def test_a_figure_has_its_interval():
    assert figure_text(IOU) == "0.842 (0.801 to 0.869)"
    assert figure_text(RULE) == "0.770"
    assert figure_text(REAL) == "−0.012"


def test_a_line_of_the_list_tells_all_that_one_chooses_by():
    head, line = models_table([summary()]).splitlines()
    assert head.split() == [
        "ID",
        "TITLE",
        "ARCHITECTURE",
        "PARAMETERS",
        "INPUTS",
        "MB",
        "LICENCE",
        "WHERE",
    ]
    for told in ("stub", "Stub", "glavitu", "1,234,567", "optical, dem", "4.5", "none"):
        assert told in line
    assert line.endswith(str(Path("models") / "stub"))


def test_the_whole_card_is_told():
    text = card_text(
        summary(
            accuracy=(IOU, RULE, REAL),
            holds=("On bare ice.",),
            fails=("On old snow.", "Under debris."),
            pictures=(Picture(file="failure-snow.jpg", caption="Snow.", sha256="0" * 64),),
            seeds=(20, 21),
            command="glacier-core train --recipe stub",
            deviations=(Deviation(change="No smoothing.", reason="It spoils confidence."),),
            calibration=CURVE.model_copy(update={"fitted_on": "48 simulated scenes"}),
            calibration_comparison=CalibrationComparison(
                chosen="isotonic", reason="Lowest error.", dataset="24 scenes", simulated=True
            ),
            sha256="ab" * 32,
        )
    )
    for told in (
        "On bare ice.",
        "On old snow.",
        "Under debris.",
        "failure-snow.jpg: Snow.",
        "20, 21",
        "glacier-core train --recipe stub",
        "No smoothing. Because: It spoils confidence.",
        "Measured on 64 scenes (simulated)",
        "Measured on a valley (observed)",
        "0.842 (0.801 to 0.869)",
        "In brackets: 95% interval, whole scenes drawn.",
        "Calibrated on 48 simulated scenes.",
        "Lowest error.",
        "ab" * 32,
    ):
        assert told in text
    assert text.count("Measured on") == 2


def test_what_a_card_does_not_say_leaves_no_heading():
    text = card_text(summary())
    for heading in ("Holds", "Fails", "Pictures", "Measured", "Differs", "Made anew", "seeds"):
        assert heading not in text
