import numpy as np
import pytest
import torch

from glacier_core.errors import SourceError
from glacier_core.models.card import Accuracy
from glacier_core.models.glavitu import GlaViTU
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training import measuring
from glacier_core.training.evaluation import NDSI, NETWORK, ScoredScene
from glacier_core.training.measuring import (
    Measured,
    describe_training,
    fit_curve,
    measure_reliability,
    simulated_figures,
    write_card,
)


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
def measured():
    scene = scene_of(0.95, 0.7)
    curve = fit_curve([scene])
    return Measured(
        curve=curve,
        reliability=measure_reliability(curve, [scene]),
        scores={
            ("all", NETWORK): {"IoU": 0.81234, "water called glacier": float("nan")},
            ("all", NDSI): {"IoU": 0.7},
        },
        counts={"all": 64},
        agreement=0.9,
    )


def test_curve_learns_the_share_of_right_pixels():
    curve = fit_curve([scene_of(0.95, 0.7)])
    # 1 - H2(0.9) = 0.531, 1 - H2(0.6) = 0.029
    assert curve.apply([0.531, 0.029]) == pytest.approx([0.95, 0.7], abs=1e-3)
    assert "apart from those scored" in curve.fitted_on


def test_reliability_is_measured_on_the_given_scenes_not_on_the_curve():
    curve = fit_curve([scene_of(0.95, 0.7)])
    same = measure_reliability(curve, [scene_of(0.95, 0.7)])
    other = measure_reliability(curve, [scene_of(0.85, 0.7)])
    assert same.calibrated_error == pytest.approx(0.0, abs=1e-3)
    assert other.calibrated_error == pytest.approx(0.05, abs=1e-3)  # half the pixels, 0.1 off
    assert same.raw_error == pytest.approx((0.95 - 0.531 + 0.7 - 0.029) / 2, abs=1e-3)
    assert same.simulated


def test_figures_say_what_they_are_and_leave_out_what_is_no_number(measured):
    figures = {figure.metric: figure for figure in simulated_figures(measured)}
    assert figures["IoU"].value == 0.8123
    assert figures[f"IoU, {NDSI}"].value == 0.7
    assert "water called glacier" not in figures
    assert all(figure.simulated for figure in figures.values())
    assert "64 simulated" in figures["IoU"].dataset


def test_card_holds_what_was_measured(measured, tiny_recipe, monkeypatch):
    real = Accuracy(dataset="a real scene", metric="IoU", value=0.79, simulated=False)
    monkeypatch.setattr(measuring, "real_figures", lambda model: [real])
    network = GlaViTU(tiny_recipe.network)
    card = write_card(tiny_recipe, network, measured, "told", print)
    assert card.reliability == measured.reliability
    assert card.calibration == measured.curve
    assert card.accuracy[-1] == real
    assert len(card.accuracy) == 4
    assert card.config == tiny_recipe.network


def test_without_the_real_scene_the_card_has_no_real_figure_and_the_log_says_why(
    measured, tiny_recipe, monkeypatch
):
    def unreachable(model):
        raise SourceError("no network")

    monkeypatch.setattr(measuring, "real_figures", unreachable)
    lines = []
    network = GlaViTU(tiny_recipe.network)
    card = write_card(tiny_recipe, network, measured, "told", lines.append)
    assert all(figure.simulated for figure in card.accuracy)
    assert lines == ["Not scored on a real scene: no network"]


def test_description_follows_the_recipe(tiny_recipe):
    text = describe_training(tiny_recipe, 150.0, 0.2, real_terrain=False)
    assert "4 of 320 x 320 pixels" in text
    assert "6 steps of 2 patches of 32 pixels" in text
    assert "all of them on procedural ground" in text
    assert "shifted by +0.20" in text
    assert f"on {torch.get_num_threads()} thread(s) of" in text
    assert "real elevation models" in describe_training(tiny_recipe, 1.0, -0.1, real_terrain=True)
