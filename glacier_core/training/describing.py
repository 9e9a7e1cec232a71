"""What a model card says of a training, in words."""

import platform

import torch

from glacier_core.models.parts import Deviation
from glacier_core.training.data import TrainingData
from glacier_core.training.hyperparameters import Recipe, TrainingRecipe, members_of
from glacier_core.training.published_augmentation import PublishedAugmentation
from glacier_core.training.strategies import find_strategy


def describe_training(recipe: Recipe, data: TrainingData, seconds: float, offset: float) -> str:
    """Tell data, recipe, time and limits.

    Parameters
    ----------
    recipe : Recipe
    data : TrainingData
    seconds : float
        That the training took.
    offset : float
        By which the glacier logit was shifted in the end.
    """
    members = members_of(recipe)
    trainings = "; ".join(_describe_steps(member) for member in members)
    together = (
        f"{len(members)} networks, each trained by itself, give the mean of their probabilities: "
        if len(members) > 1
        else ""
    )
    strategy = find_strategy(members[0].strategy)
    return (
        f"{data.training} Strategy {strategy.name!r}: {_lower(strategy.title)}"
        f"{_describe_strategy(members[0])}. {together}{trainings}; {seconds / 60:.0f} minutes on "
        f"{_processor()}. The glacier logit was then shifted by {offset:+.2f}, which gave the "
        f"highest IoU on {len(data.material.validation)} {data.calibrated_on}. Made by the recipe "
        f"{recipe.name!r}. {_deviations(members[0])}{data.caveats}"
    )


def _describe_steps(recipe: TrainingRecipe) -> str:
    size = f"of {recipe.patch_size} pixels"
    singles = [f"{recipe.batch} patches {size}"] if recipe.batch else []
    pairs = [
        f"{recipe.pairs} pairs of patches {size} that show one ground in two images (weight of "
        f"their disagreement {recipe.consistency_weight:g})"
    ]
    patches = " and ".join(singles + (pairs if recipe.pairs else []))
    optimiser = "AdamW" if recipe.weight_decay else "Adam"
    cosines = "one cosine" if len(recipe.cycles) == 1 else f"{len(recipe.cycles)} cosines"
    smoothing = f", label smoothing {recipe.label_smoothing:g}" if recipe.label_smoothing else ""
    statistics = (
        f", normalisation estimated anew from {recipe.batch_norm_batches} batches"
        if recipe.batch_norm_batches
        else ""
    )
    patience = (
        f", at most; stopped after {recipe.patience} checkpoints without a better {recipe.watch}"
        if recipe.patience
        else ""
    )
    before = f"{_describe_steps(recipe.after)}, and from there on " if recipe.after else ""
    return (
        f"{before}{recipe.steps} steps of {patches}{patience}, {optimiser} "
        f"{recipe.learning_rate:g} along {cosines}, focal loss with gamma {recipe.focal_gamma:g}"
        f"{smoothing}, seed {recipe.seed}{statistics}"
    )


def _describe_strategy(recipe: TrainingRecipe) -> str:
    if recipe.start_from:
        return f" ({', '.join(recipe.regions)}; weights {recipe.start_sha256[:12]}…)"
    if recipe.regions:
        return f" ({', '.join(recipe.regions)})"
    if recipe.network.location == "region":
        return f" (hidden in {recipe.unknown_share:.0%} of the patches)"
    if recipe.modality_dropout:
        return f" (each feature dropped from {recipe.modality_dropout:.0%} of the patches)"
    return ""


def deviations_of(recipe: TrainingRecipe) -> tuple[Deviation, ...]:
    """Name each deviation from the published training (Maslov et al. 2025), and its reason."""
    if isinstance(recipe.augmentation, PublishedAugmentation):
        return ()
    possible = (
        (
            recipe.label_smoothing == 0,
            "no label smoothing",
            "with focal loss it draws sure pixels to a probability of 0.75",
        ),
        (
            len(recipe.cycles) == 1,
            "one cosine instead of four",
            "a short training allows no more",
        ),
        (
            recipe.weight_decay > 0,
            "AdamW instead of Adam",
            "its decay keeps it from learning few scenes by heart",
        ),
        (
            recipe.average_decay > 0,
            "averaged weights instead of those with the best validation score",
            "that score on simulated scenes is the wrong one to choose by",
        ),
        (
            recipe.pairs > 0,
            "pairs of images of one ground whose maps must agree",
            "light and instrument must not decide what is a glacier",
        ),
        (
            True,
            "light and noise changed in reflectance, not in scaled values",
            "every channel then changes alike",
        ),
        (
            True,
            "slopes made gentler where ground is enlarged",
            "enlarged ground is gentler ground",
        ),
    )
    return tuple(
        Deviation(change=change, reason=reason) for differs, change, reason in possible if differs
    )


def _deviations(recipe: TrainingRecipe) -> str:
    told = "; ".join(f"{each.change}, as {each.reason}" for each in deviations_of(recipe))
    return f"Other than in the published training: {told}. " if told else ""


def _processor() -> str:
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name())
    return f"{torch.get_num_threads()} thread(s) of a {platform.machine()} processor"


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]
