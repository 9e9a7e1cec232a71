"""Telling whether two networks are one and the same, so that one is made ready for both."""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

from glacier_core.models.config import NetworkConfig

PLAIN = (str, int, float, bool, type(None))
OF_TORCH = frozenset(nn.Module().__dict__)
MODELS = Path(__file__).parents[2] / "models"


class UnknownPartError(Exception):
    """A network has something about it that cannot be written down."""


def identity(network: nn.Module) -> str | None:
    """Return a SHA-256 that tells a network from every other, or None where nothing can.

    It is that of the kind, the numbers and the weights of all its modules, and of the source of
    the networks. Modules from elsewhere than torch and `glacier_core.models`, hooks, and
    attributes of any but the plainest kinds could change what a network does without a trace in
    them: such a network is like none but itself.
    """
    digest = hashlib.sha256(_source().encode())
    try:
        for name, module in network.named_modules():
            digest.update("\n".join(_traits(name, module)).encode())
    except UnknownPartError:
        return None
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(_content(tensor))
    return digest.hexdigest()


def _traits(name: str, module: nn.Module) -> Iterator[str]:
    kind = type(module)
    if not kind.__module__.startswith(("torch.nn.", "glacier_core.models.")):
        raise UnknownPartError
    if module._forward_hooks or module._forward_pre_hooks:
        raise UnknownPartError
    yield f"{name} {kind.__module__}.{kind.__qualname__} {module.extra_repr()}"
    for attribute, value in sorted(vars(module).items()):
        # Whether it is in training mode changes nothing: every runtime puts it in evaluation.
        if attribute not in OF_TORCH:
            yield f"{attribute} {_written(value)}"


def _written(value: Any) -> str:
    if isinstance(value, tuple | list):
        return f"{type(value).__name__}({', '.join(map(_written, value))})"
    if isinstance(value, (*PLAIN, NetworkConfig, torch.dtype)):
        return repr(value)
    raise UnknownPartError


def _content(tensor: torch.Tensor) -> bytes:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes()


@lru_cache(maxsize=1)
def _source() -> str:
    """Hash the source of all networks: a kept one may be older than the code."""
    digest = hashlib.sha256()
    for file in sorted(MODELS.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()
