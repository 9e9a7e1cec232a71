"""Statistics of batch normalisation that belong to the weights they are used with."""

from collections.abc import Iterable

from torch import nn
from torch.optim.swa_utils import update_bn

from glacier_core.training.batches import Batch


def recalibrate_batch_norm(network: nn.Module, batches: Iterable[Batch]) -> None:
    """Estimate the statistics of all batch normalisation anew, as plain means over batches.

    Averaged weights never saw the statistics that are averaged beside them: those were measured
    on the weights of single steps, and the moving averages of both lag behind differently.
    Izmailov et al. (2018), "Averaging weights leads to wider optima and better generalization",
    estimate them by one more pass over training data; so does this.

    Parameters
    ----------
    network : nn.Module
        Changed in place: running means and variances only.
    batches : iterable of Batch
        Anew for every call; on the processor of the network.
    """
    update_bn(batches, _OfBatch(network))


class _OfBatch(nn.Module):
    """A network that takes a batch instead of its parts."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.train(network.training)

    def forward(self, batch: Batch) -> object:
        return self.network(batch.inputs, batch.location)
