"""Batches: patches drawn, changed, scaled and weighed as a recipe says."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glacier_core.training.augmentation import Inputs, draw_pair, draw_patch
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.material import Material
from glacier_core.training.patches import location_input, scaled_inputs, seen
from glacier_core.training.training_scene import TrainingScene


@dataclass(frozen=True)
class Batch:
    """Patches as the network takes them: those of single scenes, then pairs side by side."""

    inputs: dict[str, Tensor]  # scaled, (N, C, H, W)
    target: Tensor  # (N, H, W), 0 or 1
    weight: Tensor  # (N, H, W)
    location: Tensor | None = None  # (N, L)
    pairs: int = 0  # the last 2 x pairs patches show the same ground two by two

    def to(self, device: torch.device) -> Self:
        """Return the batch on a processor."""
        return replace(
            self,
            inputs={name: tensor.to(device) for name, tensor in self.inputs.items()},
            target=self.target.to(device),
            weight=self.weight.to(device),
            location=None if self.location is None else self.location.to(device),
        )


def draw_batch(recipe: TrainingRecipe, material: Material, generator: np.random.Generator) -> Batch:
    """Cut one patch out of each of `recipe.batch` random scenes, two of each random pair."""
    size, changes = recipe.patch_size, recipe.augmentation
    patches: list[TrainingScene] = []
    if recipe.batch:
        chosen = generator.integers(len(material.singles), size=recipe.batch)
        patches += [draw_patch(material.singles[i], generator, size, changes) for i in chosen]
    if recipe.pairs:
        for i in generator.integers(len(material.pairs), size=recipe.pairs):
            patches += draw_pair(material.pairs[i], generator, size, changes)
    return replace(make_batch(recipe, patches, generator), pairs=recipe.pairs)


def make_batch(
    recipe: TrainingRecipe,
    patches: list[TrainingScene],
    generator: np.random.Generator | None = None,
) -> Batch:
    """Scale patches and weigh their pixels; what was not seen does not count.

    Parameters
    ----------
    recipe : TrainingRecipe
    patches : list of TrainingScene
        All of one size.
    generator : numpy.random.Generator, optional
        Changes scaled values, drops features and hides regions as the recipe says; without it
        nothing is left to chance.
    """
    scaled = [network_inputs(recipe, patch, generator) for patch in patches]
    places = [place for p in patches if (place := _place(recipe, p, generator)) is not None]
    return Batch(
        {name: torch.from_numpy(np.stack([s[name] for s in scaled])) for name in scaled[0]},
        torch.from_numpy(np.stack([patch.glacier for patch in patches])).long(),
        torch.from_numpy(np.stack([pixel_weights(recipe, patch) for patch in patches])),
        torch.from_numpy(np.stack(places)) if places else None,
    )


def network_inputs(
    recipe: TrainingRecipe, patch: TrainingScene, generator: np.random.Generator | None
) -> Inputs:
    """Scaled features of a patch, changed and dropped as the recipe says."""
    inputs = scaled_inputs(patch, recipe.network.features)
    if generator is None:
        return inputs
    inputs = recipe.augmentation.change_scaled(inputs, generator)
    if not recipe.modality_dropout:
        return inputs
    return drop_features(inputs, recipe.modality_dropout, generator)


def drop_features(inputs: Inputs, share: float, generator: np.random.Generator) -> Inputs:
    """Set whole features to zero, the sign for missing data, but never all that there are.

    Each feature that holds anything is dropped with a probability of `share`; if that would leave
    none, one of them stays.
    """
    present = [name for name, values in inputs.items() if values.any()]
    dropped = [name for name in present if generator.random() < share]
    if present and len(dropped) == len(present):
        dropped.remove(present[int(generator.integers(len(present)))])
    return {
        name: np.zeros_like(values) if name in dropped else values
        for name, values in inputs.items()
    }


def pixel_weights(recipe: TrainingRecipe, patch: TrainingScene) -> NDArray[np.float32]:
    """How much each pixel counts: by its surface, in shadow, and not at all where not seen.

    Pixels whose surface nobody knows, as in the tiles of real imagery, count once.
    """
    factors = np.ones(256, np.float32)
    for surface, factor in recipe.surface_weights:
        factors[surface] = factor
    shadow = np.where(patch.shadow, np.float32(recipe.shadow_weight), np.float32(1.0))
    return np.asarray(patch.weight * factors[patch.surface] * shadow * seen(patch), np.float32)


def _place(
    recipe: TrainingRecipe, patch: TrainingScene, generator: np.random.Generator | None
) -> NDArray[np.float32] | None:
    location = recipe.network.location
    hidden = (
        location == "region" and generator is not None and generator.random() < recipe.unknown_share
    )
    return location_input(patch, location, unknown=hidden)
