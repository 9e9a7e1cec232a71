"""Networks as training handles them: built, put together, and their line between classes moved."""

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig, SingleConfig
from glacier_core.models.ensemble import Ensemble
from glacier_core.models.registry import load_model
from glacier_core.models.weights import set_weights
from glacier_core.training.hyperparameters import TrainingRecipe

GLACIER = 1  # place of the class among the logits


def first_network(recipe: TrainingRecipe) -> Network:
    """Build the network that a training starts with: random, or with the weights of a model.

    Raises
    ------
    ModelError
        If the model to start from is not there, is another network, or was changed since.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        network = build_network(recipe.network)
    if recipe.start_from:
        model = load_model(recipe.start_from)
        if model.card.sha256 != recipe.start_sha256:
            raise ModelError(
                f"The model {model.card.name} to start from was changed since this training was "
                "set up. Set it up again in another folder."
            )
        set_weights(network, model.network.state_dict())
    return network


def join(networks: Sequence[Network]) -> Network:
    """Make one ensemble of trained networks, ready for use."""
    configs = tuple(cast(SingleConfig, network.config) for network in networks)
    ensemble = Ensemble(EnsembleConfig(configs))
    for member, network in zip(ensemble.members, networks, strict=True):
        member.load_state_dict(network.state_dict())
    return ensemble.eval().requires_grad_(False)


def shift_glacier_logit(network: nn.Module, offset: float) -> None:
    """Add a number to the glacier logit of a network, or of every member of an ensemble.

    Raises
    ------
    ModelError
        If a network has no output layer with a bias.
    """
    with torch.no_grad():
        for bias in _output_biases(network):
            bias[GLACIER] += offset


def _output_biases(network: nn.Module) -> Iterator[torch.Tensor]:
    if isinstance(network, Ensemble):
        for member in network.members:
            yield from _output_biases(member)
        return
    bias = getattr(getattr(network, "output", None), "bias", None)
    if bias is None:
        raise ModelError(
            f"The network {type(network).__name__} has no output layer with a bias to shift."
        )
    yield bias
