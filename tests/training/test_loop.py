import csv
from dataclasses import replace

import numpy as np
import pytest
import torch

from glacier_core.errors import ModelError, StorageError
from glacier_core.inference.device import choose_device
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training import loop
from glacier_core.training.batches import draw_batch, make_batch
from glacier_core.training.logbook import LOG
from glacier_core.training.loop import train_network, training_loss
from glacier_core.training.material import NO_SCENES, Material, SceneFiles, pair_files
from glacier_core.training.schedule import learning_rate


@pytest.fixture
def scenes(make_scene, tmp_path):
    paths = [tmp_path / f"{seed}.npz" for seed in range(4)]
    for seed, path in enumerate(paths):
        make_scene(seed).save(path)
    return Material(SceneFiles(paths))


CPU = choose_device("cpu")


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


def test_a_training_goes_on_from_the_weights_of_the_one_before(tiny_recipe, scenes, tmp_path):
    still = replace(tiny_recipe, name="still", after=tiny_recipe, learning_rate=1e-12, steps=8)
    first, _ = train_network(tiny_recipe, scenes, tmp_path / "alone", silent)
    told = []
    with pytest.raises(Killed):
        train_network(still, scenes, tmp_path / "both", kill_after(8))
    network, seconds = train_network(still, scenes, tmp_path / "both", told.append)
    for name, value in first.named_parameters():
        assert torch.allclose(value, network.get_parameter(name), atol=1e-6), name
    assert "Training goes on after step 6." in told
    assert "Training goes on after step 8." in told
    assert seconds > 0
    again = replace(still, after=replace(tiny_recipe, seed=9))
    assert loop.recipe_fingerprint(again) != loop.recipe_fingerprint(still)
    with pytest.raises(ModelError, match="same network"):
        replace(still, after=replace(tiny_recipe, network=replace(tiny_recipe.network, width=16)))


def test_resumed_training_takes_only_the_missing_steps(tiny_recipe, scenes, tmp_path, monkeypatch):
    with pytest.raises(Killed):
        train_network(tiny_recipe, scenes, tmp_path, kill_after(4))
    taken = []
    real = loop.take_step
    monkeypatch.setattr(
        loop, "take_step", lambda run, state: taken.append(state.step) or real(run, state)
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
    rates = [learning_rate(tiny_recipe, step) for step in range(7)]
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
    state = loop.fresh_state(tiny_recipe, CPU)
    name = "output.bias"
    state.average[name].zero_()
    with torch.no_grad():
        state.network.output.bias.fill_(1.0)
    state.step = 0
    loop.update_average(tiny_recipe, state)
    assert state.average[name].tolist() == pytest.approx([0.9, 0.9])
    state.average[name].zero_()
    state.step = 10**6
    loop.update_average(tiny_recipe, state)
    assert state.average[name].tolist() == pytest.approx([0.005, 0.005], rel=1e-4)


def test_first_weights_depend_on_the_seed_alone(tiny_recipe):
    torch.manual_seed(1)
    first = loop.fresh_state(tiny_recipe, CPU).network.state_dict()
    torch.manual_seed(2)
    again = loop.fresh_state(tiny_recipe, CPU).network.state_dict()
    other = loop.fresh_state(replace(tiny_recipe, seed=4), CPU).network.state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["output.weight"], other["output.weight"])


@pytest.fixture
def paired_recipe(tiny_recipe):
    return replace(tiny_recipe, batch=1, pairs=2, paired_scenes=2, consistency_weight=1.0)


@pytest.fixture
def pairs(make_scene, tmp_path):
    files = [(tmp_path / f"p{seed}-a.npz", tmp_path / f"p{seed}-b.npz") for seed in range(2)]
    for seed, (one, other) in enumerate(files):
        scene = make_scene(seed)
        scene.save(one)
        replace(scene, optical=scene.optical * 0.7).save(other)
    return pair_files(files)


def test_pairs_lie_side_by_side_behind_the_single_patches(paired_recipe, scenes, pairs):
    changes = replace(paired_recipe.augmentation, hole_share=0.0, no_dem_share=0.0)
    recipe = replace(paired_recipe, augmentation=changes)
    batch = draw_batch(recipe, replace(scenes, pairs=pairs), np.random.default_rng(1))
    assert (len(batch.target), batch.pairs) == (5, 2)
    for first in (1, 3):
        assert torch.equal(batch.target[first], batch.target[first + 1])
        assert torch.equal(batch.inputs["dem"][first], batch.inputs["dem"][first + 1])
        optical = batch.inputs["optical"]
        assert not torch.equal(optical[first], optical[first + 1])
    assert not torch.equal(batch.inputs["dem"][0], batch.inputs["dem"][1])


def test_only_pixels_seen_in_both_images_must_agree(paired_recipe, scenes, pairs):
    batch = draw_batch(paired_recipe, replace(scenes, pairs=pairs), np.random.default_rng(1))
    batch.weight[:] = 1.0
    batch.weight[1, :16] = batch.weight[4, 16:] = 0.0
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 2, 32, 32, generator=generator)
    apart = training_loss(replace(paired_recipe, consistency_weight=0.0), (logits,), batch)
    p = logits.softmax(dim=1)[:, 1]
    unlike = ((p[1, 16:] - p[2, 16:]) ** 2).sum() + ((p[3, :16] - p[4, :16]) ** 2).sum()
    expected = apart + 3.0 * unlike / (2 * 16 * 32)
    loss = training_loss(replace(paired_recipe, consistency_weight=3.0), (logits,), batch)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)


def test_training_on_pairs_makes_two_images_agree(tiny_recipe, pairs, tmp_path):
    unlike = []
    for weight in (0.0, 30.0):
        recipe = replace(
            tiny_recipe,
            batch=0,
            training_scenes=0,
            pairs=1,
            paired_scenes=2,
            consistency_weight=weight,
            steps=25,
            learning_rate=1e-2,
        )
        folder = tmp_path / str(weight)
        folder.mkdir()
        material = Material(NO_SCENES, pairs)
        network, _ = train_network(recipe, material, folder, silent)
        batch = draw_batch(recipe, material, np.random.default_rng(0))
        p = network(batch.inputs).softmax(dim=1)[:, 1]
        unlike.append(((p[0] - p[1]) ** 2).mean().item())
    assert unlike[1] < 0.5 * unlike[0]


def test_progress_tells_the_seconds_left(tiny_recipe, scenes, tmp_path):
    lines = []
    train_network(tiny_recipe, scenes, tmp_path, lines.append)
    steps = [line for line in lines if line.startswith("Step")]
    assert [line.split()[1] for line in steps] == ["2", "4", "6"]
    assert steps[-1].endswith("about 0 s left")
    state = loop.fresh_state(tiny_recipe, CPU)
    state.step, state.seconds = 2, 30.0
    assert loop.progress_line(tiny_recipe, state, 0.5).endswith("30 s, about 60 s left")


def test_recipes_of_other_architectures_have_other_fingerprints(tiny_recipe):
    same = replace(tiny_recipe)
    assert loop.recipe_fingerprint(same) == loop.recipe_fingerprint(tiny_recipe)
    for change in ({"consistency_weight": 0.5}, {"batch_norm_batches": 3}):
        other = loop.recipe_fingerprint(replace(tiny_recipe, **change))
        assert other != loop.recipe_fingerprint(tiny_recipe)


def test_normalisation_of_the_result_is_that_of_the_averaged_weights(tiny_recipe, scenes, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    plain, _ = train_network(tiny_recipe, scenes, first, silent)
    recipe = replace(tiny_recipe, batch_norm_batches=3)
    network, _ = train_network(recipe, scenes, second, silent)
    again, _ = train_network(recipe, scenes, second, silent)
    states = [some.state_dict() for some in (plain, network, again)]
    for name, value in states[0].items():
        assert torch.equal(states[1][name], states[2][name])
        statistic = "running" in name or "num_batches" in name
        assert torch.equal(value, states[1][name]) != statistic, name
    assert not network.training
