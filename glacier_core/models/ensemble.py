"""Several networks as one: the mean of their probabilities."""

from collections.abc import Iterable
from math import log

import torch
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig, NetworkConfig


class MeanNetwork(Network):
    """Networks side by side; they cannot be trained together.

    Parameters
    ----------
    config : NetworkConfig
        What all of them take.
    members : iterable of Network
        They are put into the mode of the whole whenever that changes.
    """

    def __init__(self, config: NetworkConfig, members: Iterable[Network]) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(members)

    def forward(self, inputs: dict[str, Tensor], location: Tensor | None = None) -> Tensor:
        """Log of the mean of the members' probabilities (N, 2, H, W), see `Network.forward`.

        Raises
        ------
        ModelError
            In training mode, or as the members do.
        """
        if self.training:
            raise ModelError(
                "An ensemble is not trained as a whole: train its members one by one, then "
                "put their weights together and call eval()."
            )
        logs = [member(inputs, location).float().log_softmax(1) for member in self.members]
        # The mean of the logs' exponentials, without leaving the logs.
        return torch.stack(logs).logsumexp(0) - log(len(logs))


class Ensemble(MeanNetwork):
    """Members that were each trained alone, built by a config."""

    config: EnsembleConfig

    def __init__(self, config: EnsembleConfig) -> None:
        super().__init__(config, [build_network(member) for member in config.members])


def averaged(networks: Iterable[Network]) -> Network:
    """Make one network of several that take the same: it gives the mean of their probabilities.

    It is ready for mapping: it and the networks are put into evaluation mode.

    Parameters
    ----------
    networks : iterable of Network
        Of the same config; their tensors are shared, not copied.

    Returns
    -------
    Network
        Gives logs of probabilities, see `MeanNetwork.forward`.

    Raises
    ------
    ModelError
        If there is none, or their configs differ.
    """
    members = list(networks)
    if not members:
        raise ModelError("There is no network to average. Give one or more.")
    config = members[0].config
    if any(member.config != config for member in members):
        raise ModelError(
            "Networks of different configs cannot be averaged here. Describe them by an "
            "EnsembleConfig, and build that."
        )
    return MeanNetwork(config, members).eval()
