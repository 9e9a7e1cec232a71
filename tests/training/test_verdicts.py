import pytest

from glacier_core.models.card import Accuracy
from glacier_core.training.verdicts import MARKS, holds_and_fails


def figure(metric, value):
    return Accuracy(dataset="all", metric=metric, value=value, simulated=True)


def test_figures_are_held_against_their_marks():
    holds, fails = holds_and_fails(
        [
            figure("IoU of clean ice", 0.91),
            figure("recall of debris-covered ice", 0.40),
            figure("water called glacier", 0.04),
            figure("off-glacier snow called glacier", 0.46),
            figure("an unknown metric", 1.0),
        ]
    )
    assert [sentence.split(":")[0] for sentence in holds] == ["Clean ice", "Lakes and sea"]
    assert [sentence.split(":")[0] for sentence in fails] == [
        "Debris-covered ice",
        "Snow off the glaciers",
    ]
    assert "0.40 of it found on simulated held-out scenes (mark: at least 0.65)" in fails[0]


def test_the_figures_of_all_scenes_count_and_not_those_of_a_part():
    holds, fails = holds_and_fails(
        [figure("IoU of clean ice", 0.95), figure("IoU of clean ice", 0.70)]
    )
    assert "0.95" in holds[0]
    assert not fails


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: mark.metric)
def test_a_figure_on_its_mark_is_good_enough(mark):
    assert mark.reached(mark.mark)
    worse = 0.01 if mark.less else -0.01
    assert not mark.reached(mark.mark + worse)


def test_no_figures_no_verdict():
    assert holds_and_fails([]) == ((), ())
