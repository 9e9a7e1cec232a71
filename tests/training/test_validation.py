from dataclasses import replace

import pytest

from glacier_core.models.architectures import build_network
from glacier_core.training import loop, validation
from glacier_core.training.logbook import LOG
from glacier_core.training.loop import train_network
from glacier_core.training.material import Material, SceneFiles, pair_files
from glacier_core.training.validation import validation_score


@pytest.fixture
def material(make_scene, tmp_path):
    paths = [tmp_path / f"{seed}.npz" for seed in range(3)]
    for seed, path in enumerate(paths):
        replace(make_scene(seed), region="ALP").save(path)
    pairs = pair_files([(paths[0], paths[1])])
    return Material(SceneFiles(paths[:2]), validation=SceneFiles(paths[2:]), watched_pairs=pairs)


def scores(monkeypatch, values):
    given = iter(values)
    monkeypatch.setattr(loop, "validation_score", lambda *arguments: next(given))


def test_training_stops_when_patience_ends(tiny_recipe, material, tmp_path, monkeypatch):
    recipe = replace(tiny_recipe, steps=20, checkpoint_every=2, patience=2)
    scores(monkeypatch, [0.5, 0.7, 0.6, 0.65, 0.9])
    lines = []
    train_network(recipe, material, tmp_path, lines.append)
    assert [line.split()[1] for line in lines if line.startswith("Step")] == ["2", "4", "6", "8"]
    assert lines[-1] == "Stopped: no better score for 2 checkpoints."
    column = [line.split(",")[-1] for line in (tmp_path / LOG).read_text().splitlines()]
    assert column == ["validation", "0.5", "0.7", "0.6", "0.65"]


def test_a_stopped_training_stays_stopped(tiny_recipe, material, tmp_path, monkeypatch):
    recipe = replace(tiny_recipe, steps=20, checkpoint_every=2, patience=1)
    scores(monkeypatch, [0.5, 0.4])
    first, _ = train_network(recipe, material, tmp_path, print)
    lines = []
    again, _ = train_network(recipe, material, tmp_path, lines.append)
    assert not [line for line in lines if line.startswith("Step")]
    for name, value in first.state_dict().items():
        assert value.equal(again.state_dict()[name])


def test_the_best_weights_are_those_of_the_best_checkpoint(
    tiny_recipe, material, tmp_path, monkeypatch
):
    recipe = replace(tiny_recipe, steps=6, checkpoint_every=2, patience=9)
    kept = []
    real = loop._averaged

    def keep(run, weights):
        kept.append({name: value.clone() for name, value in weights.items()})
        return real(run, weights)

    monkeypatch.setattr(loop, "_averaged", keep)
    scores(monkeypatch, [0.1, 0.8, 0.3])
    network, _ = train_network(recipe, material, tmp_path, print)
    name = "output.weight"
    assert network.state_dict()[name].equal(kept[1][name])
    assert not network.state_dict()[name].equal(kept[2][name])


def test_score_is_the_iou_on_validation_scenes(tiny_recipe, material, monkeypatch):
    network = build_network(tiny_recipe.network).eval()
    monkeypatch.setattr(validation, "agreement", lambda *arguments: 0.25)
    watched = replace(tiny_recipe, watch="agreement")
    assert validation_score(network, watched, material) == 0.25
    assert 0.0 <= validation_score(network, tiny_recipe, material) <= 1.0


def test_networks_told_the_region_are_scored_with_and_without(tiny_recipe, material, monkeypatch):
    config = replace(tiny_recipe.network, location="region")
    recipe = replace(tiny_recipe, strategy="region-encoding", network=config)
    told = []
    real = validation.score_scenes

    def listen(*arguments, unknown_region):
        told.append(unknown_region)
        return real(*arguments, unknown_region=unknown_region)

    monkeypatch.setattr(validation, "score_scenes", listen)
    network = build_network(config).eval()
    validation_score(network, recipe, material)
    assert told == [False, True]
