"""The shipped weights are those the card and the recipe speak of."""

import pytest

from glacier_core.models.config import EnsembleConfig
from glacier_core.models.registry import SHIPPED, load_model
from glacier_core.settings import settings
from glacier_core.training.evaluation import NDSI
from glacier_core.training.hyperparameters import members_of
from glacier_core.training.reality import real_figures
from glacier_core.training.recipe import RECIPES


@pytest.fixture(scope="module")
def model():
    return load_model("glavitu-small")


@pytest.fixture
def figures(model):
    return {(figure.dataset, figure.metric): figure.value for figure in model.card.accuracy}


def test_weights_are_small_enough_to_travel_with_the_package():
    folder = SHIPPED / "glavitu-small"
    assert sum(file.stat().st_size for file in folder.iterdir()) <= 12e6


def test_card_speaks_of_the_recipe(model):
    members = members_of(RECIPES["glavitu-small"])
    assert model.network.config == EnsembleConfig(tuple(member.network for member in members))
    for member in members:
        assert f"{member.steps} steps of {member.batch} patches" in model.card.training
    assert f"{members[0].training_scenes} of 320 x 320 pixels" in model.card.training
    assert f"{members[0].scored_scenes} simulated" in model.card.reliability.dataset


def test_simulated_score_reaches_its_goal_and_beats_the_band_rule(figures):
    dataset = "96 simulated held-out scenes, real and procedural terrain"
    assert figures[dataset, "IoU"] >= 0.80
    assert figures[dataset, "recall of debris-covered ice"] >= 0.45
    assert figures[dataset, "IoU"] > figures[dataset, f"IoU, {NDSI}"]


def test_calibration_helps_on_scenes_it_was_not_fitted_on(model):
    reliability = model.card.reliability
    assert reliability.calibrated_error < 0.05 < reliability.raw_error


@pytest.mark.samples
def test_real_figures_of_the_card_are_what_the_weights_give(model, samples_mirror, monkeypatch):
    monkeypatch.setenv("GLACIER_SAMPLES_MIRROR", str(samples_mirror))
    settings.cache_clear()
    written = [figure for figure in model.card.accuracy if not figure.simulated]
    measured = real_figures(model)
    assert [(figure.dataset, figure.metric) for figure in measured] == [
        (figure.dataset, figure.metric) for figure in written
    ]
    # Processors round differently: a pixel or two of 21,000 may change sides.
    assert [figure.value for figure in measured] == pytest.approx(
        [figure.value for figure in written], abs=5e-4
    )
