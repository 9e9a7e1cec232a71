from dataclasses import replace

import numpy as np
import pytest

from glacier_core.errors import ModelError, SourceError
from glacier_core.models.card import Accuracy
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training import measuring
from glacier_core.training.calibrating import calibrate
from glacier_core.training.evaluation import NDSI, NETWORK, ScoredScene
from glacier_core.training.measuring import (
    Measured,
    measure_reliability,
    measured_figures,
    write_card,
)
from glacier_core.training.recipe import RECIPES


def scene_of(confident_share_right: float, unsure_share_right: float) -> ScoredScene:
    """1000 pixels at p = 0.9 and 1000 at p = 0.6, with given shares of them right."""
    probability = np.repeat([0.9, 0.6], 1000).astype(np.float32)
    glacier = np.zeros(2000, bool)
    glacier[: int(1000 * confident_share_right)] = True
    glacier[1000 : 1000 + int(1000 * unsure_share_right)] = True
    return ScoredScene(
        probability,
        {NDSI: np.zeros(2000, bool)},
        glacier,
        np.zeros(2000, bool),
        np.full(2000, SurfaceClass.ICE, np.uint8),
        procedural=True,
    )


@pytest.fixture
def measured(data):
    scene = scene_of(0.95, 0.7)
    found = calibrate([scene, scene], data.calibrated_on, simulated=True)
    return Measured(
        calibration=found.calibration,
        reliability=measure_reliability(found.calibration, [scene], data),
        scores={
            ("all", NETWORK): {"IoU": 0.81234, "water called glacier": float("nan")},
            ("all", NDSI): {"IoU": 0.7},
        },
        counts={"all": 64},
        agreement=0.9,
        comparison=found.comparison,
    )


def curve_of(scene, data):
    return calibrate([scene], data.calibrated_on, simulated=True).calibration


def test_curve_learns_the_share_of_right_pixels(data):
    curve = curve_of(scene_of(0.95, 0.7), data)
    # 1 - H2(0.9) = 0.531, 1 - H2(0.6) = 0.029
    assert curve.apply([0.531, 0.029]) == pytest.approx([0.95, 0.7], abs=1e-3)
    assert "apart from those scored" in curve.fitted_on


def test_reliability_is_measured_on_the_given_scenes_not_on_the_curve(data):
    curve = curve_of(scene_of(0.95, 0.7), data)
    same = measure_reliability(curve, [scene_of(0.95, 0.7)], data)
    other = measure_reliability(curve, [scene_of(0.85, 0.7)], data)
    assert same.calibrated_error == pytest.approx(0.0, abs=1e-3)
    assert other.calibrated_error == pytest.approx(0.05, abs=1e-3)  # half the pixels, 0.1 off
    assert same.raw_error == pytest.approx((0.95 - 0.531 + 0.7 - 0.029) / 2, abs=1e-3)
    assert same.simulated


def test_figures_say_what_they_are_and_leave_out_what_is_no_number(measured, data):
    figures = {figure.metric: figure for figure in measured_figures(measured, data)}
    assert figures["IoU"].value == 0.8123
    assert figures[f"IoU, {NDSI}"].value == 0.7
    assert "water called glacier" not in figures
    assert all(figure.simulated for figure in figures.values())
    assert "64 simulated" in figures["IoU"].dataset


def test_card_holds_what_was_measured(measured, data, tiny_recipe, monkeypatch):
    real = Accuracy(dataset="a real scene", metric="IoU", value=0.79, simulated=False)
    monkeypatch.setattr(measuring, "real_figures", lambda model: [real])
    network = GlaViTU(tiny_recipe.network)
    card = write_card(replace(tiny_recipe, real_exam=True), network, measured, data, "told", print)
    assert card.reliability == measured.reliability
    assert card.calibration == measured.calibration
    assert card.calibration_comparison == measured.comparison
    assert card.calibration.method == card.calibration_comparison.chosen
    assert card.accuracy[-1] == real
    assert len(card.accuracy) == 4
    assert card.config == tiny_recipe.network


def test_without_the_real_scene_the_card_has_no_real_figure_and_the_log_says_why(
    measured, data, tiny_recipe, monkeypatch
):
    def unreachable(model):
        raise SourceError("no network")

    monkeypatch.setattr(measuring, "real_figures", unreachable)
    lines = []
    network = GlaViTU(tiny_recipe.network)
    examined = replace(tiny_recipe, real_exam=True)
    card = write_card(examined, network, measured, data, "told", lines.append)
    assert all(figure.simulated for figure in card.accuracy)
    assert lines == ["Not scored on a real scene: no network"]


def test_the_real_scene_is_an_exam_that_most_recipes_never_sit(
    measured, data, tiny_recipe, monkeypatch
):
    def never(model):
        raise AssertionError("the exam is not for trials")

    monkeypatch.setattr(measuring, "real_figures", never)
    write_card(tiny_recipe, GlaViTU(tiny_recipe.network), measured, data, "told", print)
    assert [name for name, known in RECIPES.items() if known.real_exam] == ["glavitu-small"]


def test_models_by_region_carry_the_order_of_the_regions(measured, data, tiny_recipe, monkeypatch):
    monkeypatch.setattr(measuring, "real_figures", lambda model: [])
    config = replace(tiny_recipe.network, location="region")
    recipe = replace(tiny_recipe, network=config, strategy="region-encoding")
    card = write_card(recipe, GlaViTU(config), measured, data, "told", print)
    assert card.regions == PUBLISHED_REGIONS


def test_a_model_for_other_inputs_is_not_scored_on_the_real_scene(
    measured, data, tiny_recipe, monkeypatch
):
    def lacking(model):
        raise ModelError("The model needs thermal")

    monkeypatch.setattr(measuring, "real_figures", lacking)
    lines = []
    recipe = replace(tiny_recipe, real_exam=True)
    write_card(recipe, GlaViTU(recipe.network), measured, data, "told", lines.append)
    assert lines == ["Not scored on a real scene: The model needs thermal"]


def test_without_pairs_there_is_no_agreement(measured, data):
    metrics = [f.metric for f in measured_figures(replace(measured, agreement=None), data)]
    assert metrics == ["IoU", f"IoU, {NDSI}"]


def test_figures_carry_the_interval_of_their_scenes(measured, data):
    counted = {("all", NETWORK): {"IoU": [(8, 10)] * 6}}
    figures = measured_figures(replace(measured, tallies=counted), data)
    told = {figure.metric: figure for figure in figures}
    assert (told["IoU"].low, told["IoU"].high, told["IoU"].count) == (0.8, 0.8, 60)
    assert "whole scenes" in told["IoU"].interval
    assert told[f"IoU, {NDSI}"].low is None
