import json
from dataclasses import replace

import numpy as np
import pytest

from glacier_core.errors import ModelError, StorageError
from glacier_core.models.card import Accuracy
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.registry import load_model
from glacier_core.settings import settings
from glacier_core.training import measuring, recipe, scenes
from glacier_core.training.data import scene_batches
from glacier_core.training.hyperparameters import EnsembleRecipe, members_of
from glacier_core.training.published_augmentation import PublishedAugmentation
from glacier_core.training.recipe import RECIPES, train
from glacier_core.training.scenes import TrainingScene


@pytest.fixture(autouse=True)
def no_samples(monkeypatch):
    monkeypatch.delenv("GLACIER_SAMPLES_MIRROR", raising=False)
    settings.cache_clear()
    real = Accuracy(dataset="a real scene", metric="IoU", value=0.5, simulated=False)
    monkeypatch.setattr(measuring, "real_figures", lambda model: [real])


@pytest.mark.slow
def test_the_smoke_recipe_goes_all_the_way_and_is_not_repeated(tmp_path, monkeypatch):
    lines = []
    folder = train("smoke", tmp_path, progress=lines.append)
    model = load_model(folder)
    assert folder.name == "smoke"
    assert model.card.calibration is not None
    assert all(figure.simulated for figure in model.card.accuracy)
    assert model.card.command == "glacier-core train --recipe smoke --out FOLDER"
    assert any("all ground is procedural" in line for line in lines)
    before = (folder / "weights.safetensors").read_bytes()

    def drawn_again(*arguments):
        raise AssertionError("scenes are there already")

    monkeypatch.setattr(scenes, "_draw_all", drawn_again)
    again = train(RECIPES["smoke"], tmp_path)
    assert (again / "weights.safetensors").read_bytes() == before


def test_unknown_recipes_name_the_known_ones(tmp_path):
    with pytest.raises(ModelError, match=r"glavitu-small, .*published, smoke"):
        train("glavitu-huge", tmp_path)


def test_scenes_with_and_without_real_terrain_are_not_mixed(tmp_path):
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / "terrain.json").write_text(json.dumps({"real_terrain": True}))
    with pytest.raises(StorageError, match="were drawn with real terrain"):
        train("smoke", tmp_path)


def test_no_scene_serves_two_purposes():
    for some in RECIPES.values():
        seen, shared = set(), members_of(some)[0]
        for batch in scene_batches(shared).values():
            seeds = {(batch.split, batch.first + number) for number in range(batch.count)}
            assert not seen & seeds
            seen |= seeds
        splits = {purpose: batch.split for purpose, batch in scene_batches(shared).items()}
        assert splits.pop("training") == splits.pop("training-pairs") == "training"
        assert set(splits.values()) == {"held-out"}


def test_recipes_refuse_what_cannot_work(tiny_recipe):
    with pytest.raises(ModelError, match="no multiple of 8"):
        replace(tiny_recipe, patch_size=36)
    with pytest.raises(ModelError, match="only 16"):
        replace(tiny_recipe, scene_size=16)
    with pytest.raises(ModelError, match="1 or more"):
        replace(tiny_recipe, steps=0)
    for lonely in ({"pairs": 1}, {"paired_scenes": 3}, {"training_scenes": 0}):
        with pytest.raises(ModelError, match="both numbers of each"):
            replace(tiny_recipe, **lonely)


def test_the_default_recipe_never_names_the_real_test_scene():
    assert "athabasca" not in repr(RECIPES["glavitu-small"]).lower()
    assert recipe.find_recipe("glavitu-small") is RECIPES["glavitu-small"]


def test_stored_scenes_come_back(make_scene, tmp_path):
    scene = replace(make_scene(1, 40), procedural=False)
    scene.optical[0, 3, 3] = np.nan
    scene.save(tmp_path / "scene.npz")
    back = TrainingScene.load(tmp_path / "scene.npz")
    assert back.procedural is False
    assert np.array_equal(back.elevation, scene.elevation)
    assert np.isnan(back.optical[0, 3, 3])
    assert back.optical[1] == pytest.approx(scene.optical[1], abs=1e-3)
    assert [file.name for file in tmp_path.iterdir()] == ["scene.npz"]


def test_members_of_an_ensemble_share_their_scenes(tiny_recipe):
    other = replace(tiny_recipe, name="other", seed=4)
    assert members_of(EnsembleRecipe("both", "Two", (tiny_recipe, other))) == (tiny_recipe, other)
    assert members_of(tiny_recipe) == (tiny_recipe,)
    with pytest.raises(ModelError, match="training_scenes must be the same"):
        EnsembleRecipe("both", "Two", (tiny_recipe, replace(other, training_scenes=5)))
    for lonely in ((tiny_recipe,), (tiny_recipe, tiny_recipe)):
        with pytest.raises(ModelError, match="two or more members of different names"):
            EnsembleRecipe("both", "Two", lonely)


def test_the_published_recipe_has_the_published_numbers():
    published = RECIPES["published"]
    assert isinstance(published.augmentation, PublishedAugmentation)
    assert (published.batch, published.patch_size, published.label_smoothing) == (8, 384, 0.1)
    assert (published.learning_rate, published.cycles) == (5e-4, (10, 20, 40, 80))
    assert published.weight_decay == published.average_decay == 0.0
    assert published.network == GlaViTUConfig()
    assert published.steps == 150 * published.checkpoint_every
