"""Doubling and a convolution as four smaller convolutions: 9 instead of 16 multiplications.

Of four pixels that come of one by nearest neighbours, a 2x2 kernel sees: from the first this pixel
alone, so all four weights at once; from the others its right neighbour too, or the one below, or
all four. The result changes by no more than rounding.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from glacier_core.models.blocks import UpConvolution


class SubpixelConvolution(nn.Module):
    """What an up-convolution computes, at the size before doubling; normalisation folded in."""

    one: Tensor
    right: Tensor
    below: Tensor
    all_four: Tensor

    def __init__(self, up: UpConvolution) -> None:
        super().__init__()
        fused = fuse_conv_bn_eval(up.convolution, up.norm)
        weight = fused.weight.detach()
        self.bias = fused.bias
        self.register_buffer("one", weight.sum((2, 3), keepdim=True))
        self.register_buffer("right", weight.sum(2, keepdim=True))
        self.register_buffer("below", weight.sum(3, keepdim=True))
        self.register_buffer("all_four", weight)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, i, H, W) into (N, o, 2H, 2W)."""
        padded = F.pad(x, (0, 1, 0, 1))
        quarters = [
            F.conv2d(x, self.one, self.bias),
            F.conv2d(padded[:, :, :-1], self.right, self.bias),
            F.conv2d(padded[..., :-1], self.below, self.bias),
            F.conv2d(padded, self.all_four, self.bias),
        ]
        return F.pixel_shuffle(torch.stack(quarters, dim=2).flatten(1, 2), 2)


def with_subpixels(module: nn.Module) -> nn.Module:
    """Replace all up-convolutions of a network in evaluation mode, in place; return the network."""
    if isinstance(module, UpConvolution):
        return SubpixelConvolution(module)
    for name, child in module.named_children():
        setattr(module, name, with_subpixels(child))
    return module
