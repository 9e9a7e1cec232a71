"""Networks as training handles them: built, put together, and their line between classes moved."""

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.glavitu import GlaViTU

GLACIER = 1  # place of the class among the logits


def build(config: GlaViTUConfig) -> nn.Module:
    """Build a network with random weights."""
    return GlaViTU(config)


def join(configs: Sequence[GlaViTUConfig], networks: Sequence[nn.Module]) -> nn.Module:
    """Make one ensemble of trained networks, ready for use."""
    from glacier_core.models.architectures import build_network
    from glacier_core.models.config import EnsembleConfig

    ensemble = build_network(EnsembleConfig(tuple(configs)))
    for member, network in zip(ensemble.members, networks, strict=True):
        member.load_state_dict(network.state_dict())
    return ensemble.eval().requires_grad_(False)


def shift_glacier_logit(network: nn.Module, offset: float) -> None:
    """Add a number to the glacier logit of a network, or of every member of an ensemble.

    Raises
    ------
    ModelError
        If a network has no output convolution with a bias.
    """
    with torch.no_grad():
        for bias in _output_biases(network):
            bias[GLACIER] += offset


def _output_biases(network: nn.Module) -> Iterator[torch.Tensor]:
    members = getattr(network, "members", None)
    if members is not None:
        for member in members:
            yield from _output_biases(member)
        return
    bias = getattr(getattr(network, "output", None), "bias", None)
    if bias is None:
        raise ModelError(
            f"The network {type(network).__name__} has no output layer with a bias to shift."
        )
    yield bias
