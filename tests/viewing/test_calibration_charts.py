import numpy as np
import pytest

from glacier_core.confidence.choosing import Pixels, compare_calibrations
from glacier_core.models.calibration import METHODS
from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.viewing.calibration_charts import (
    LOOKS,
    RAW,
    calibration_bins,
    calibration_chart,
    calibration_table,
)


def drawn(seed):
    random = np.random.default_rng(seed)
    confidence = random.beta(0.8, 2.0, 5000)
    return Pixels(confidence, random.random(5000) < 0.5 + confidence / 2, f"scene {seed}")


@pytest.fixture(scope="module")
def found():
    return compare_calibrations(drawn(1), drawn(2), simulated=True)


def test_every_method_has_a_look_of_its_own():
    assert tuple(LOOKS) == METHODS
    assert len({color for color, _ in LOOKS.values()}) == len({m for _, m in LOOKS.values()}) == 4


def test_the_table_has_a_row_a_method_and_one_before(found):
    table = calibration_table(found).set_index("method")
    assert table.index.tolist() == [RAW, *METHODS]
    assert table.index[table["chosen"]].tolist() == [found.chosen]
    assert table.loc[RAW, "ece"] == found.raw.ece
    assert table.loc["kernel ridge", "brier"] == found.trials[3].figures.brier
    assert table["simulated"].all()
    assert (table["dataset"] == "scene 2; fitted on scene 1").all()


def test_the_chart_shows_the_bins(found):
    figure, bins = calibration_chart(found), calibration_bins(found)
    lines = [one for one in figure.data if one.type == "scatter"][1:]
    for line, method in zip(lines, METHODS, strict=True):
        chosen = bins[bins["method"] == method]
        assert list(line.x) == chosen["confidence"].tolist()
        assert list(line.y) == chosen["accuracy"].tolist()
        assert ("chosen" in line.name) == (method == found.chosen)
    bars = {one.y[0]: one.x[0] for one in figure.data if one.type == "bar"}
    assert bars == {one.method: one.figures.ece for one in found.trials}
    assert "(simulated)" in figure.layout.title.text


def test_without_trials_the_figure_says_why():
    found = CalibrationComparison(
        chosen="isotonic", reason="Only one scene.", dataset="nothing", simulated=False
    )
    figure = calibration_chart(found)
    assert not figure.data
    assert figure.layout.annotations[0].text == "Only one scene."
    assert calibration_table(found).empty
