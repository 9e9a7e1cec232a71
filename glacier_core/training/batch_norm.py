"""Statistics of batch normalisation that belong to the weights they are used with."""

from collections.abc import Iterable

from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

Inputs = dict[str, Tensor]


def recalibrate_batch_norm(network: nn.Module, batches: Iterable[Inputs]) -> None:
    """Estimate the statistics of all batch normalisation anew, as plain means over batches.

    Averaged weights never saw the statistics that are averaged beside them: those were measured
    on the weights of single steps, and the moving averages of both lag behind differently.
    Izmailov et al. (2018), "Averaging weights leads to wider optima and better generalization",
    estimate them by one more pass over training data; so does this.

    Parameters
    ----------
    network : nn.Module
        Changed in place: running means and variances only.
    batches : iterable of dict of Tensor (N, C, H, W)
        Inputs of the network.
    """
    update_bn(batches, network)
