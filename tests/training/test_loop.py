import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from glacier_core.errors import ModelError, StorageError
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training import loop
from glacier_core.training.loop import LOG, draw_batch, make_batch, train_network


@pytest.fixture
def scenes(make_scene, tmp_path):
    paths = [tmp_path / f"{seed}.npz" for seed in range(4)]
    for seed, path in enumerate(paths):
        make_scene(seed).save(path)
    return paths


def silent(line):
    pass


class Killed(BaseException):
    pass


def kill_after(step):
    def progress(line):
        if line.startswith(f"Step {step} "):
            raise Killed

    return progress


def test_killed_and_resumed_equals_uninterrupted_bit_for_bit(tiny_recipe, scenes, tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir()
    parts.mkdir()
    expected, _ = train_network(tiny_recipe, scenes, whole, silent)
    with pytest.raises(Killed):
        train_network(tiny_recipe, scenes, parts, kill_after(4))
    resumed, _ = train_network(tiny_recipe, scenes, parts, silent)
    for name, value in expected.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_resumed_training_takes_only_the_missing_steps(tiny_recipe, scenes, tmp_path, monkeypatch):
    with pytest.raises(Killed):
        train_network(tiny_recipe, scenes, tmp_path, kill_after(4))
    taken = []
    real = loop._take_step
    monkeypatch.setattr(
        loop,
        "_take_step",
        lambda r, state, batch: taken.append(state.step) or real(r, state, batch),
    )
    train_network(tiny_recipe, scenes, tmp_path, silent)
    assert taken == [4, 5]


def test_another_recipe_does_not_take_up_the_checkpoint(tiny_recipe, scenes, tmp_path):
    train_network(tiny_recipe, scenes, tmp_path, silent)
    with pytest.raises(StorageError, match="another recipe"):
        train_network(replace(tiny_recipe, learning_rate=1e-3), scenes, tmp_path, silent)


def test_training_learns_what_is_easy(tiny_recipe, scenes, make_scene, tmp_path):
    recipe = replace(tiny_recipe, steps=60, learning_rate=1e-2)
    network, _ = train_network(recipe, scenes, tmp_path, silent)
    scene = make_scene(99)
    batch = make_batch(recipe, [scene])
    predicted = network(batch.inputs).argmax(dim=1)[0].numpy().astype(bool)
    assert (predicted == scene.glacier).mean() > 0.95


def test_log_has_one_header_and_the_last_step_once(tiny_recipe, scenes, tmp_path):
    train_network(tiny_recipe, scenes, tmp_path, silent)
    train_network(tiny_recipe, scenes, tmp_path, silent)
    lines = list(csv.reader((tmp_path / LOG).read_text().splitlines()))
    assert [line[0] for line in lines] == ["step", "6"]


def test_learning_rate_falls_from_full_to_zero(tiny_recipe):
    rates = [loop._rate(tiny_recipe, step) for step in range(7)]
    assert rates[0] == tiny_recipe.learning_rate
    assert rates[3] == pytest.approx(tiny_recipe.learning_rate / 2)
    assert rates[6] == pytest.approx(0.0, abs=1e-12)
    assert rates == sorted(rates, reverse=True)


def test_batches_repeat_with_the_generator(tiny_recipe, scenes):
    first, second = (draw_batch(tiny_recipe, scenes, np.random.default_rng(5)) for _ in range(2))
    assert torch.equal(first.inputs["optical"], second.inputs["optical"])
    assert torch.equal(first.weight, second.weight)


def test_unseen_pixels_are_zero_and_do_not_count(tiny_recipe, make_scene):
    scene = make_scene(0, 32)
    scene.optical[2, 5, 6] = np.nan
    batch = make_batch(tiny_recipe, [scene])
    assert batch.weight[0, 5, 6] == 0
    assert batch.weight.sum() == 32 * 32 - 1
    assert batch.inputs["optical"][0, 2, 5, 6] == 0


def test_surfaces_weigh_as_the_recipe_says(tiny_recipe, make_scene):
    recipe = replace(tiny_recipe, surface_weights=((SurfaceClass.DEBRIS, 1.5),), shadow_weight=2.0)
    scene = make_scene(0, 32)
    scene.surface[4, 4] = SurfaceClass.DEBRIS
    scene.weight[4, 4] = 0.5
    scene.shadow[4, 6] = True
    weight = make_batch(recipe, [scene]).weight[0]
    assert weight[4, 4] == 0.75
    assert weight[4, 5] == 1.0
    assert weight[4, 6] == 2.0


def test_a_loss_that_is_not_finite_stops_the_training(tiny_recipe, scenes, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "deep_supervision_loss", lambda *a, **k: torch.tensor(float("nan")))
    with pytest.raises(ModelError, match="loss became nan at step 0"):
        train_network(tiny_recipe, scenes, tmp_path, silent)


def test_average_starts_quickly_and_then_moves_slowly(tiny_recipe):
    state = loop._fresh_state(tiny_recipe)
    name = "output.bias"
    state.average[name].zero_()
    with torch.no_grad():
        state.network.output.bias.fill_(1.0)
    state.step = 0
    loop._update_average(tiny_recipe, state)
    assert state.average[name].tolist() == pytest.approx([0.9, 0.9])
    state.average[name].zero_()
    state.step = 10**6
    loop._update_average(tiny_recipe, state)
    assert state.average[name].tolist() == pytest.approx([0.005, 0.005], rel=1e-4)


def test_first_weights_depend_on_the_seed_alone(tiny_recipe):
    torch.manual_seed(1)
    first = loop._fresh_state(tiny_recipe).network.state_dict()
    torch.manual_seed(2)
    again = loop._fresh_state(tiny_recipe).network.state_dict()
    other = loop._fresh_state(replace(tiny_recipe, seed=4)).network.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])
