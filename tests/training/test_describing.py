from dataclasses import replace

import torch

from glacier_core.training.augmentation import Augmentation
from glacier_core.training.describing import describe_training, deviations_of
from glacier_core.training.hyperparameters import EnsembleRecipe
from glacier_core.training.published_augmentation import PublishedAugmentation


def test_description_follows_the_recipe(tiny_recipe, data):
    text = describe_training(tiny_recipe, data, 150.0, 0.2)
    assert text.startswith("Only simulated scenes: 4 of 320 x 320 pixels. Strategy 'global'")
    assert "6 steps of 2 patches of 32 pixels, AdamW 0.002 along one cosine" in text
    assert "3 minutes on" in text or "2 minutes on" in text
    assert "shifted by +0.20" in text
    assert torch.cuda.is_available() or f"on {torch.get_num_threads()} thread(s) of" in text
    assert text.endswith("Limits.")


def test_every_deviation_from_the_published_training_has_its_reason(tiny_recipe, data):
    text = describe_training(tiny_recipe, data, 1.0, 0.0)
    assert "no label smoothing, as with focal loss it draws sure pixels to" in text
    assert "AdamW instead of Adam" in text
    smoothed = replace(tiny_recipe, label_smoothing=0.1, weight_decay=0.0)
    text = describe_training(smoothed, data, 1.0, 0.0)
    assert "no label smoothing" not in text
    assert "AdamW" not in text
    published = replace(tiny_recipe, augmentation=PublishedAugmentation())
    assert "Other than" not in describe_training(published, data, 1.0, 0.0)
    assert deviations_of(published) == ()
    paired = replace(tiny_recipe, pairs=1, paired_scenes=1)
    assert any("must agree" in each.change for each in deviations_of(paired))
    assert not any("must agree" in each.change for each in deviations_of(tiny_recipe))
    assert isinstance(tiny_recipe.augmentation, Augmentation)


def test_pairs_statistics_and_patience_are_told(tiny_recipe, data):
    recipe = replace(
        tiny_recipe,
        pairs=3,
        paired_scenes=5,
        consistency_weight=0.4,
        batch_norm_batches=7,
        patience=9,
    )
    text = describe_training(recipe, data, 1.0, 0.0)
    assert "2 patches of 32 pixels and 3 pairs of patches of 32 pixels" in text
    assert "(weight of their disagreement 0.4)" in text
    assert "estimated anew from 7 batches" in text
    assert "stopped after 9 checkpoints without a better IoU" in text


def test_all_members_are_told(tiny_recipe, data):
    other = replace(tiny_recipe, name="other", seed=99)
    text = describe_training(EnsembleRecipe("both", "Two", (tiny_recipe, other)), data, 1.0, 0.0)
    assert "2 networks, each trained by itself" in text
    assert "seed 3;" in text
    assert "seed 99;" in text
    assert "recipe 'both'" in text
