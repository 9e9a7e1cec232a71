import numpy as np
import pytest
import torch

from glacier_core.models.glavitu import GlaViTU
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training import balance
from glacier_core.training.balance import balance_classes, best_offset
from glacier_core.training.evaluation import ScoredScene, map_scene


def scene_of(probability, glacier, *, procedural=True):
    count = len(probability)
    return ScoredScene(
        np.asarray(probability, np.float32),
        {},
        np.asarray(glacier, bool),
        np.zeros(count, bool),
        np.full(count, SurfaceClass.ROCK, np.uint8),
        procedural=procedural,
    )


def test_the_line_moves_between_ground_and_ice():
    # logit(0.42) = -0.32 is ice, logit(0.38) = -0.49 is ground: 0.35 is the first that parts them
    assert best_offset([scene_of([0.42, 0.38, 0.9], [1, 0, 1])]) == 0.35
    assert best_offset([scene_of([0.58, 0.62, 0.1], [0, 1, 0])]) == -0.35


def test_what_is_balanced_stays():
    assert best_offset([scene_of([0.9, 0.1], [1, 0])]) == 0.0
    assert best_offset([scene_of([0.9], [0])]) <= 0.0


def test_the_larger_kind_of_terrain_does_not_decide_alone():
    procedural = scene_of([0.45] * 100 + [0.9] * 100, [1] * 100 + [1] * 100)
    real = scene_of([0.48] * 9 + [0.9], [0] * 9 + [1], procedural=False)
    # Shifted: procedural rises from 1/2 to 1, real falls from 1 to 1/10.
    assert best_offset([procedural]) == 0.25
    assert best_offset([procedural, real]) == 0.0


def test_certain_pixels_do_not_break_it():
    assert best_offset([scene_of([0.0, 1.0], [0, 1])]) == 0.0


def test_the_network_itself_is_shifted(tiny_recipe, make_scene, tmp_path, monkeypatch):
    torch.manual_seed(1)
    network = GlaViTU(tiny_recipe.network).eval()
    scene = make_scene(0, 32)
    scene.save(tmp_path / "scene.npz")
    before = map_scene(network, scene, 32)
    monkeypatch.setattr(balance, "best_offset", lambda scenes: 0.5)
    assert balance_classes(network, [tmp_path / "scene.npz"], 32) == 0.5
    after = map_scene(network, scene, 32)
    logit_before, logit_after = (np.log(p / (1 - p)) for p in (before, after))
    assert logit_after - logit_before == pytest.approx(0.5, abs=1e-3)
