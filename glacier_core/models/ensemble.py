"""Several networks as one: the mean of their probabilities."""

from math import log

import torch
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.models.architectures import build_network
from glacier_core.models.blocks import Network
from glacier_core.models.config import EnsembleConfig


class Ensemble(Network):
    """Trained members, side by side; it cannot be trained itself."""

    def __init__(self, config: EnsembleConfig) -> None:
        super().__init__()
        self.config = config
        self.members = nn.ModuleList(build_network(member) for member in config.members)

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
