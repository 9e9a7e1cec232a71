"""Weights on disk: safetensors with a checked SHA-256. Nothing is ever unpickled."""

import hashlib
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from glacier_core.errors import ModelError, StorageError
from glacier_core.models.blocks import Network


def write_weights(network: nn.Module, path: Path) -> str:
    """Write the weights of a network as one safetensors file, and return its SHA-256.

    The file is written beside and renamed, so that a crash leaves the old one or none.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    state = {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()}
    content = save(state)
    beside = path.with_name(path.name + ".part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise StorageError(f"The weights cannot be written to {path}: {error.strerror}.") from error
    return hashlib.sha256(content).hexdigest()


def read_weights(path: Path, sha256: str) -> dict[str, Tensor]:
    """Read a safetensors file whose SHA-256 is known.

    Raises
    ------
    ModelError
        If the file is absent, is not the one with this hash, or is no safetensors file.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"The weights {path} cannot be read: {error.strerror}.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ModelError(
            f"The weights {path} are damaged or belong to another model card: their SHA-256 is "
            f"{found[:12]}…, the card says {sha256[:12]}…. Fetch or convert the model again."
        )
    try:
        return load(content)
    except SafetensorError as error:
        raise ModelError(
            f"The weights {path} are no safetensors file: {error}. Fetch or convert them again."
        ) from error


def set_weights(network: Network, weights: dict[str, Tensor]) -> None:
    """Put weights into a network, all of them and nothing else.

    Raises
    ------
    ModelError
        If names, shapes or kinds of numbers differ, or a weight is not finite.
    """
    expected = {name: (tuple(t.shape), t.dtype) for name, t in network.state_dict().items()}
    given = {name: (tuple(t.shape), t.dtype) for name, t in weights.items()}
    wrong = sorted(name for name in expected | given if expected.get(name) != given.get(name))
    if wrong:
        raise ModelError(
            "The weights do not fit the network of the model card, which is of the architecture "
            f"{network.config.architecture!r}: {len(wrong)} of {len(expected | given)} tensors are "
            f"absent, unknown or of another shape or kind, first {wrong[0]!r}: expected "
            f"{expected.get(wrong[0])}, got {given.get(wrong[0])}. Give the card of the network "
            "that they were trained in."
        )
    broken = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
    if broken:
        raise ModelError(f"The weights hold numbers that are not finite, first in {broken[0]!r}.")
    network.load_state_dict(weights)
