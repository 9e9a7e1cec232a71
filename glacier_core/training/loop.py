"""The training loop: draw patches, take a step, keep a checkpoint, again."""

import csv
import hashlib
import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.training.augmentation import draw_pair, draw_patch
from glacier_core.training.batch_norm import recalibrate_batch_norm
from glacier_core.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.losses import consistency_loss, deep_supervision_loss
from glacier_core.training.networks import build
from glacier_core.training.patches import scaled_inputs, seen
from glacier_core.training.scenes import TrainingScene

CHECKPOINT = "checkpoint.safetensors"
LOG = "log.csv"
LOG_EVERY = 10
LOG_COLUMNS = ("step", "seconds", "learning_rate", "loss")

STATISTICS = 1  # sets the draws for batch normalisation apart from those of the training

Pairs = Sequence[tuple[Path, ...]]


@dataclass(frozen=True)
class Batch:
    """Patches as the network takes them: those of single scenes, then pairs side by side."""

    inputs: dict[str, Tensor]  # scaled, (N, C, H, W)
    target: Tensor  # (N, H, W), 0 or 1
    weight: Tensor  # (N, H, W)
    pairs: int = 0  # the last 2 x pairs patches show the same ground two by two


def train_network(
    recipe: TrainingRecipe,
    scenes: list[Path],
    folder: Path,
    progress: Callable[[str], None],
    pairs: Pairs = (),
) -> tuple[nn.Module, float]:
    """Train, or go on training, and return the averaged network and the seconds it took.

    Parameters
    ----------
    recipe : TrainingRecipe
    scenes : list of Path
        Files of `TrainingScene.save`, always in the same order.
    folder : Path
        Keeps the checkpoint and ``log.csv``.
    progress : callable
        Is given a line now and then.
    pairs : sequence of pairs of Path
        Files of two images of one ground each, for recipes with paired scenes.
    """
    state = _fresh_state(recipe)
    fingerprint = recipe_fingerprint(recipe)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        load_checkpoint(state, checkpoint, fingerprint)
        progress(f"Training goes on after step {state.step}.")
    _shorten_log(folder / LOG, state.step)
    progress(f"{recipe.steps} steps in {_precision(recipe)} on {torch.get_num_threads()} threads.")
    while state.step < recipe.steps:
        loss = _timed_step(recipe, scenes, pairs, state)
        if state.step % LOG_EVERY == 0 or state.step == recipe.steps:
            _log(folder / LOG, state.step, round(state.seconds, 1), _rate(recipe, state.step), loss)
        if state.step % recipe.checkpoint_every == 0 or state.step == recipe.steps:
            save_checkpoint(state, checkpoint, fingerprint)
            progress(_progress_line(recipe, state, loss))
    return _finished(recipe, scenes, pairs, state, progress), state.seconds


def recipe_fingerprint(recipe: TrainingRecipe) -> str:
    """SHA-256 of every number of the recipe, and of the kind of its network."""
    facts = asdict(recipe) | {"architecture": type(recipe.network).__name__}
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def draw_batch(
    recipe: TrainingRecipe,
    scenes: Sequence[Path],
    generator: np.random.Generator,
    pairs: Pairs = (),
) -> Batch:
    """Cut one patch out of each of `recipe.batch` random scenes, two of each random pair."""
    size, changes = recipe.patch_size, recipe.augmentation
    patches: list[TrainingScene] = []
    if recipe.batch:
        for chosen in generator.integers(len(scenes), size=recipe.batch):
            scene = TrainingScene.load(scenes[chosen])
            patches.append(draw_patch(scene, generator, size, changes))
    if recipe.pairs:
        for chosen in generator.integers(len(pairs), size=recipe.pairs):
            first, second = map(TrainingScene.load, pairs[chosen])
            patches.extend(draw_pair((first, second), generator, size, changes))
    return replace(make_batch(recipe, patches), pairs=recipe.pairs)


def make_batch(recipe: TrainingRecipe, patches: list[TrainingScene]) -> Batch:
    """Scale patches and weigh their pixels; what was not seen does not count."""
    scaled = [scaled_inputs(patch) for patch in patches]
    weights = [pixel_weights(recipe, patch) for patch in patches]
    return Batch(
        {name: torch.from_numpy(np.stack([s[name] for s in scaled])) for name in scaled[0]},
        torch.from_numpy(np.stack([patch.glacier for patch in patches])).long(),
        torch.from_numpy(np.stack(weights)),
    )


def pixel_weights(recipe: TrainingRecipe, patch: TrainingScene) -> NDArray[np.float32]:
    """How much each pixel counts: by its surface, in shadow, and not at all where not seen."""
    factors = np.ones(256, np.float32)
    for surface, factor in recipe.surface_weights:
        factors[surface] = factor
    shadow = np.where(patch.shadow, np.float32(recipe.shadow_weight), np.float32(1.0))
    return np.asarray(patch.weight * factors[patch.surface] * shadow * seen(patch), np.float32)


def training_loss(recipe: TrainingRecipe, logits: tuple[Tensor, ...], batch: Batch) -> Tensor:
    """Focal loss of all patches, and the disagreement of the pairs among them.

    A pixel of a pair counts as much as it does in the image in which it counts less, so what is
    not seen in both does not count.
    """
    loss = deep_supervision_loss(
        logits,
        batch.target,
        batch.weight,
        supervision_share=recipe.supervision_share,
        gamma=recipe.focal_gamma,
        smoothing=recipe.label_smoothing,
    )
    if not batch.pairs:
        return loss
    output, weight = (part[-2 * batch.pairs :] for part in (logits[0], batch.weight))
    both = torch.minimum(weight[::2], weight[1::2])
    return loss + recipe.consistency_weight * consistency_loss(output[::2], output[1::2], both)


def _timed_step(
    recipe: TrainingRecipe, scenes: Sequence[Path], pairs: Pairs, state: TrainingState
) -> float:
    started = time.monotonic()
    loss = _take_step(recipe, state, draw_batch(recipe, scenes, state.generator, pairs))
    state.seconds += time.monotonic() - started
    return loss


def _take_step(recipe: TrainingRecipe, state: TrainingState, batch: Batch) -> float:
    for group in state.optimiser.param_groups:
        group["lr"] = _rate(recipe, state.step)
    state.network.train()
    with torch.autocast("cpu", torch.bfloat16, enabled=_has_bfloat16(recipe)):
        logits = state.network(batch.inputs)
    loss = training_loss(recipe, logits, batch)
    if not torch.isfinite(loss):
        raise ModelError(
            f"The loss became {loss.item()} at step {state.step}. Lower the learning rate of the "
            "recipe, or look for numbers that are not finite in its scenes."
        )
    state.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(state.network.parameters(), recipe.largest_gradient)
    state.optimiser.step()
    state.step += 1
    _update_average(recipe, state)
    return loss.item()


@torch.no_grad()
def _update_average(recipe: TrainingRecipe, state: TrainingState) -> None:
    """Move the average towards the weights, faster at first so that it forgets the start."""
    decay = min(recipe.average_decay, (1 + state.step) / (10 + state.step))
    for name, value in state.network.state_dict().items():
        if value.is_floating_point():
            state.average[name].lerp_(value, 1 - decay)
        else:
            state.average[name].copy_(value)


def _rate(recipe: TrainingRecipe, step: int) -> float:
    """Learning rate after `step` steps: one cosine to zero."""
    return recipe.learning_rate * 0.5 * (1.0 + math.cos(math.pi * step / recipe.steps))


def _fresh_state(recipe: TrainingRecipe) -> TrainingState:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build(recipe.network)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return TrainingState(
        network,
        {name: value.detach().clone() for name, value in network.state_dict().items()},
        torch.optim.AdamW(
            network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
        ),
        np.random.Generator(np.random.PCG64(recipe.seed)),
    )


def _finished(
    recipe: TrainingRecipe,
    scenes: Sequence[Path],
    pairs: Pairs,
    state: TrainingState,
    progress: Callable[[str], None],
) -> nn.Module:
    """Build the network of the averaged weights, its statistics estimated anew if asked for."""
    network = build(recipe.network)
    network.load_state_dict(state.average)
    if recipe.batch_norm_batches:
        progress(f"Estimating normalisation from {recipe.batch_norm_batches} batches.")
        # Its own generator, so that a call that only finishes again gives the same network.
        generator = np.random.Generator(np.random.PCG64([recipe.seed, STATISTICS]))
        drawn = (
            draw_batch(recipe, scenes, generator, pairs) for _ in range(recipe.batch_norm_batches)
        )
        recalibrate_batch_norm(network, (batch.inputs for batch in drawn))
    return network.eval().requires_grad_(False)


def _progress_line(recipe: TrainingRecipe, state: TrainingState, loss: float) -> str:
    left = state.seconds / state.step * (recipe.steps - state.step)
    return (
        f"Step {state.step} of {recipe.steps}: loss {loss:.4f}, {state.seconds:.0f} s, "
        f"about {left:.0f} s left"
    )


def _has_bfloat16(recipe: TrainingRecipe) -> bool:
    return recipe.mixed_precision and torch.cpu._is_avx512_bf16_supported()


def _precision(recipe: TrainingRecipe) -> str:
    if _has_bfloat16(recipe):
        return "bfloat16 where it is safe"
    return "float32" + (", as this processor has no bfloat16" if recipe.mixed_precision else "")


def _shorten_log(path: Path, step: int) -> None:
    """Start the log, or drop its lines of steps that will be taken again."""
    lines: list[list[str]] = []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            lines = [line for line in csv.reader(stream) if line[0].isdigit()]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(LOG_COLUMNS)
        writer.writerows(line for line in lines if int(line[0]) <= step)


def _log(path: Path, *values: float) -> None:
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerow(values)
