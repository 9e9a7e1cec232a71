import pytest
import torch

from glacier_core.inference.runtimes.exporting import flattened
from glacier_core.inference.runtimes.subpixels import SubpixelConvolution
from glacier_core.models.blocks import UpConvolution
from glacier_core.models.config import GlaViTUConfig

from .networks import TINY, settled, smooth_windows


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 12)])
def test_four_small_convolutions_are_the_doubled_one(size):
    torch.manual_seed(0)
    up = UpConvolution(5, 3, GlaViTUConfig()).eval().double().requires_grad_(False)
    for statistic in (up.norm.running_mean, up.norm.running_var, up.norm.weight, up.norm.bias):
        statistic.uniform_(0.5, 2.0)
    x = torch.randn(2, 5, *size, dtype=torch.float64)
    torch.testing.assert_close(SubpixelConvolution(up)(x), up(x), rtol=0, atol=1e-12)


def test_exported_network_has_them_and_the_network_itself_does_not():
    network = settled(TINY["no location"])
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    flat, one = flattened(network, smooth_windows(1, 64))
    kinds = [type(module) for module in flat.modules()]
    assert SubpixelConvolution in kinds
    assert UpConvolution not in kinds
    assert UpConvolution in [type(module) for module in network.modules()]
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert flat(*one).shape == (1, 64, 64)
