import pytest
import torch
from torch import nn

from glacier_core.models.glavitu import GlaViTU
from glacier_core.training.batch_norm import recalibrate_batch_norm
from glacier_core.training.batches import Batch


class Normalised(nn.Module):
    """Nothing but batch normalisation of one input."""

    def __init__(self):
        super().__init__()
        self.layer = nn.BatchNorm2d(2, momentum=0.1)

    def forward(self, inputs, location):
        return self.layer(inputs["optical"])


def test_statistics_are_the_plain_means_over_all_batches():
    generator = torch.Generator().manual_seed(4)
    batches = [torch.randn(3, 2, 8, 8, generator=generator) * (i + 1) + i for i in range(4)]
    network = Normalised().eval()
    nothing = torch.zeros(3, 8, 8)
    recalibrate_batch_norm(
        network, (Batch({"optical": batch}, nothing, nothing) for batch in batches)
    )
    means = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    variances = torch.stack([batch.var((0, 2, 3)) for batch in batches]).mean(0)
    assert network.layer.running_mean.tolist() == pytest.approx(means.tolist(), rel=1e-5)
    assert network.layer.running_var.tolist() == pytest.approx(variances.tolist(), rel=1e-5)
    assert network.layer.momentum == 0.1
    assert not network.training


def test_weights_stay(tiny_recipe):
    network = GlaViTU(tiny_recipe.network).eval()
    before = {name: value.clone() for name, value in network.named_parameters()}
    inputs = {"optical": torch.rand(2, 6, 16, 16), "dem": torch.rand(2, 2, 16, 16)}
    recalibrate_batch_norm(network, [Batch(inputs, torch.zeros(2), torch.zeros(2))])
    assert all(torch.equal(before[name], value) for name, value in network.named_parameters())
    assert not network.training
