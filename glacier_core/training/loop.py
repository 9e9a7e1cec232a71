"""The training loop: draw patches, take a step, keep a checkpoint, again."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from glacier_core.errors import ModelError
from glacier_core.inference.device import Device, choose_device
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.training.batch_norm import recalibrate_batch_norm
from glacier_core.training.batches import Batch, draw_batch
from glacier_core.training.checkpoint import TrainingState, load_checkpoint, save_checkpoint
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.logbook import LOG, begin_log, log
from glacier_core.training.losses import consistency_loss, deep_supervision_loss
from glacier_core.training.material import Material
from glacier_core.training.networks import first_network
from glacier_core.training.schedule import learning_rate
from glacier_core.training.validation import validation_score

CHECKPOINT = "checkpoint.safetensors"
BEFORE = "before"  # folder of the training that another goes on from
LOG_EVERY = 10
STATISTICS = 1  # sets the draws for batch normalisation apart from those of the training


@dataclass(frozen=True)
class Run:
    """One training as it runs: what stays the same from step to step."""

    recipe: TrainingRecipe
    material: Material
    folder: Path
    device: Device
    tell: Callable[[str], None]


def train_network(
    recipe: TrainingRecipe,
    material: Material,
    folder: Path,
    progress: Callable[[str], None],
    device: Device | None = None,
) -> tuple[Network, float]:
    """Train, or go on training, and return the averaged network and the seconds it all took.

    Parameters
    ----------
    recipe : TrainingRecipe
    material : Material
        Scenes, always in the same order.
    folder : Path
        Keeps the checkpoint and ``log.csv``; those of a training that comes first lie in the
        folder ``before`` in it.
    progress : callable
        Is given a line now and then.
    device : Device, optional
        Chosen by `choose_device` when left out.
    """
    run = Run(recipe, material, folder, device or choose_device(), progress)
    start, before = _train_first(recipe.after, run) if recipe.after else (None, 0.0)
    folder.mkdir(parents=True, exist_ok=True)
    state = fresh_state(recipe, run.device, start)
    fingerprint = recipe_fingerprint(recipe)
    checkpoint = folder / CHECKPOINT
    if checkpoint.exists():
        load_checkpoint(state, checkpoint, fingerprint)
        progress(f"Training goes on after step {state.step}.")
    begin_log(folder / LOG, state.step)
    progress(
        f"{recipe.steps} steps {run.device.place} in {_precision(run)}, "
        f"{torch.get_num_threads()} threads."
    )
    while state.step < recipe.steps and not has_stopped(recipe, state):
        _step_and_keep(run, state, checkpoint, fingerprint)
    return _finished(run, state), before + state.seconds


def _train_first(recipe: TrainingRecipe, run: Run) -> tuple[Network, float]:
    run.tell(f"First comes {recipe.name}.")
    return train_network(recipe, run.material, run.folder / BEFORE, run.tell, run.device)


def recipe_fingerprint(recipe: TrainingRecipe) -> str:
    """SHA-256 of every number of the recipe that is not the default.

    Defaults are left out, so that a checkpoint outlives new options that it does not use.
    """
    usual = {
        option.name: option.default_factory()
        if option.default_factory is not MISSING
        else option.default
        for option in fields(recipe)
    }
    chosen = {name: value for name, value in asdict(recipe).items() if value != usual[name]}
    if recipe.after:
        chosen["after"] = recipe_fingerprint(recipe.after)
    facts = json.dumps(chosen, sort_keys=True, default=str)
    return hashlib.sha256(facts.encode()).hexdigest()


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


def has_stopped(recipe: TrainingRecipe, state: TrainingState) -> bool:
    """Whether the validation score has not risen for as long as the recipe has patience."""
    return 0 < recipe.patience <= state.waited


def fresh_state(
    recipe: TrainingRecipe, device: Device, start: Network | None = None
) -> TrainingState:
    """Return the state before the first step, with the weights of a network to start from."""
    network = first_network(recipe)
    if start is not None:
        network.load_state_dict(start.state_dict())
    network = network.to(device.torch_device)
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return TrainingState(
        network,
        {name: value.detach().clone() for name, value in network.state_dict().items()},
        torch.optim.AdamW(
            network.parameters(),
            recipe.learning_rate,
            eps=recipe.epsilon,
            weight_decay=recipe.weight_decay,
        ),
        np.random.Generator(np.random.PCG64(recipe.seed)),
    )


def _step_and_keep(run: Run, state: TrainingState, checkpoint: Path, fingerprint: str) -> None:
    """Take a step; log it and keep a checkpoint if it is time."""
    recipe = run.recipe
    started = time.monotonic()
    loss = take_step(run, state)
    last = state.step == recipe.steps
    due = last or state.step % recipe.checkpoint_every == 0
    score = _validate(run, state) if due and recipe.patience else None
    state.seconds += time.monotonic() - started
    if last or score is not None or state.step % LOG_EVERY == 0:
        rate = learning_rate(recipe, state.step)
        log(run.folder / LOG, state.step, round(state.seconds, 1), rate, loss, score)
    if due:
        save_checkpoint(state, checkpoint, fingerprint)
        run.tell(progress_line(recipe, state, loss, score))
        if has_stopped(recipe, state) and not last:
            run.tell(f"Stopped: no better score for {state.waited} checkpoints.")


def take_step(run: Run, state: TrainingState) -> float:
    """Draw a batch, update the weights and their average, and return the loss."""
    batch = draw_batch(run.recipe, run.material, state.generator)
    return update_weights(run, state, batch.to(run.device.torch_device))


def update_weights(run: Run, state: TrainingState, batch: Batch) -> float:
    """Update the weights and their average by one batch, and return the loss.

    Raises
    ------
    ModelError
        If the loss is no number any more.
    """
    recipe = run.recipe
    for group in state.optimiser.param_groups:
        group["lr"] = learning_rate(recipe, state.step)
    state.network.train()
    kind = run.device.torch_device.type
    with torch.autocast(kind, torch.bfloat16, enabled=_has_bfloat16(run)):
        logits = state.network(batch.inputs, batch.location)
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
    update_average(recipe, state)
    return loss.item()


@torch.no_grad()
def update_average(recipe: TrainingRecipe, state: TrainingState) -> None:
    """Move the average towards the weights, faster at first so that it forgets the start."""
    decay = min(recipe.average_decay, (1 + state.step) / (10 + state.step))
    for name, value in state.network.state_dict().items():
        if value.is_floating_point():
            state.average[name].lerp_(value, 1 - decay)
        else:
            state.average[name].copy_(value)


def progress_line(
    recipe: TrainingRecipe, state: TrainingState, loss: float, score: float | None = None
) -> str:
    """Tell how far the training is, and how long it will still take."""
    left = state.seconds / state.step * (recipe.steps - state.step)
    watched = "" if score is None else f", {recipe.watch} {score:.4f}"
    return (
        f"Step {state.step} of {recipe.steps}: loss {loss:.4f}{watched}, {state.seconds:.0f} s, "
        f"about {left:.0f} s left"
    )


def _validate(run: Run, state: TrainingState) -> float:
    """Score the averaged weights, and keep them if they are the best so far."""
    network = _averaged(run, state.average)
    score = validation_score(network, run.recipe, run.material)
    if score > state.best_score:
        state.best = {name: value.clone() for name, value in network.state_dict().items()}
        state.best_score, state.waited = score, 0
    else:
        state.waited += 1
    return score


def _finished(run: Run, state: TrainingState) -> Network:
    """Build the network of the averaged weights, on the CPU."""
    network = _averaged(run, state.best or state.average)
    return network.cpu().eval().requires_grad_(False)


def _averaged(run: Run, weights: dict[str, Tensor]) -> Network:
    """Build the network of some weights, its statistics estimated anew if asked for."""
    recipe, device = run.recipe, run.device.torch_device
    network = build_network(recipe.network).to(device)
    network.load_state_dict(weights)
    if recipe.batch_norm_batches:
        # Its own generator, so that a call that only finishes again gives the same network.
        generator = np.random.Generator(np.random.PCG64([recipe.seed, STATISTICS]))
        drawn = (
            draw_batch(recipe, run.material, generator).to(device)
            for _ in range(recipe.batch_norm_batches)
        )
        recalibrate_batch_norm(network, drawn)
    return network.eval()


def _has_bfloat16(run: Run) -> bool:
    supported = (
        torch.cuda.is_bf16_supported()
        if run.device.is_gpu
        else torch.cpu._is_avx512_bf16_supported()
    )
    return run.recipe.mixed_precision and supported


def _precision(run: Run) -> str:
    if _has_bfloat16(run):
        return "bfloat16 where it is safe"
    absent = ", as this processor has no bfloat16" if run.recipe.mixed_precision else ""
    return "float32" + absent
