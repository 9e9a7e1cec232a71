"""A training that was stopped can go on: its whole state in one safetensors file."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from glacier_core.errors import StorageError


@dataclass
class TrainingState:
    """All that the next step of a training depends on.

    Attributes
    ----------
    network : nn.Module
        What is trained.
    average : dict of Tensor
        Moving average of its weights and buffers.
    optimiser : torch.optim.AdamW
    generator : numpy.random.Generator
        Draws every patch.
    step : int
        Steps done.
    seconds : float
        Time they took.
    best : dict of Tensor
        Averaged weights with the best validation score so far; empty without early stopping.
    best_score : float
        Theirs.
    waited : int
        Checkpoints since then.
    """

    network: nn.Module
    average: dict[str, Tensor]
    optimiser: torch.optim.AdamW
    generator: np.random.Generator
    step: int = 0
    seconds: float = 0.0
    best: dict[str, Tensor] = field(default_factory=dict)
    best_score: float = -math.inf
    waited: int = 0


def save_checkpoint(state: TrainingState, path: Path, fingerprint: str) -> None:
    """Write the state; the file is there whole or not at all.

    Parameters
    ----------
    fingerprint : str
        Of the recipe, so that no other training takes it up.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    tensors = {f"network/{name}": t for name, t in state.network.state_dict().items()}
    tensors |= {f"average/{name}": t for name, t in state.average.items()}
    tensors |= {f"best/{name}": t for name, t in state.best.items()}
    moments = state.optimiser.state_dict()["state"]
    tensors |= {
        f"optimiser/{i}/{key}": t for i, entry in moments.items() for key, t in entry.items()
    }
    facts = {
        "step": state.step,
        "seconds": state.seconds,
        "best_score": state.best_score,
        "waited": state.waited,
        "fingerprint": fingerprint,
        "generator": state.generator.bit_generator.state,
    }
    beside = path.with_name(path.name + ".part")
    try:
        # Clones, as safetensors keeps neither strides nor shared memory.
        whole = {
            name: t.detach().clone(memory_format=torch.contiguous_format)
            for name, t in tensors.items()
        }
        save_file(whole, beside, {"facts": json.dumps(facts)})
        beside.replace(path)
    except (OSError, SafetensorError) as error:
        raise StorageError(
            f"The checkpoint {path} cannot be written: {error}. Free some space; training goes "
            "on from the last checkpoint when it is called again."
        ) from error


def load_checkpoint(state: TrainingState, path: Path, fingerprint: str) -> None:
    """Put a fresh state of the same recipe where `save_checkpoint` left off.

    Raises
    ------
    StorageError
        If the file is damaged or belongs to another recipe.
    """
    try:
        with safe_open(path, framework="pt") as stream:
            facts = json.loads(stream.metadata()["facts"])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StorageError(
            f"The checkpoint {path} is damaged: {error}. Delete it to train from the start."
        ) from error
    if facts["fingerprint"] != fingerprint:
        raise StorageError(
            f"The checkpoint {path} belongs to another recipe. Choose another folder, or delete "
            "the file to train from the start."
        )
    state.network.load_state_dict(_part(tensors, "network"))
    for name, value in _part(tensors, "average").items():
        state.average[name].copy_(value)  # stays on its processor
    state.best = _part(tensors, "best")
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in _part(tensors, "optimiser").items():
        index, key = name.split("/")
        moments.setdefault(int(index), {})[key] = tensor
    groups = state.optimiser.state_dict()["param_groups"]
    state.optimiser.load_state_dict({"state": moments, "param_groups": groups})
    state.generator.bit_generator.state = facts["generator"]
    state.step, state.seconds = facts["step"], facts["seconds"]
    state.best_score = facts.get("best_score", -math.inf)
    state.waited = facts.get("waited", 0)


def _part(tensors: dict[str, Tensor], kind: str) -> dict[str, Tensor]:
    prefix = kind + "/"
    return {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}
