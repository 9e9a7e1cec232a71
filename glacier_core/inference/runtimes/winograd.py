"""PyTorch with fewer multiplications: the same network, its convolutions computed otherwise.

On a processor that has reached its peak, only fewer multiplications help. Three rearrangements,
none of which changes the result by more than rounding does:

* 3x3 convolutions by Winograd's minimal filtering (Lavin and Gray 2016, "Fast algorithms for
  convolutional neural networks", https://arxiv.org/abs/1509.09308), as NNPACK computes them;
* doubling by nearest neighbours and a 2x2 convolution as four smaller ones
  (:mod:`glacier_core.inference.runtimes.subpixels`);
* batch normalisations folded into the convolutions before them.
"""

import threading
from copy import deepcopy
from itertools import pairwise
from typing import TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from glacier_core.errors import ModelError
from glacier_core.inference.runtimes.eager import EagerNetwork
from glacier_core.inference.runtimes.prepared import Runtime
from glacier_core.inference.runtimes.subpixels import with_subpixels

LEAST_CHANNELS = 16
"""In and out; with fewer, carrying pixels into Winograd's domain takes longer than it saves."""

# Whether NNPACK's memory between calls is one for each thread is written nowhere.
_one_at_a_time = threading.Lock()


class WinogradNetwork(EagerNetwork):
    """A rearranged copy of a network on the CPU, in float32, channel by channel."""

    runtime: Runtime = "winograd"
    memory_format = torch.contiguous_format

    @staticmethod
    def copy_of(network: nn.Module) -> nn.Module:
        """Return a rearranged copy of a network, in evaluation mode.

        Raises
        ------
        ModelError
            If there is no NNPACK.
        """
        if not is_available():  # asking also makes NNPACK ready, without which it fails
            raise ModelError("this torch has no NNPACK, or none for this processor")
        return _rearranged(with_subpixels(deepcopy(network).eval()))


class WinogradConvolution(nn.Module):
    """A 3x3 convolution as NNPACK computes it."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.weight = convolution.weight
        bias = convolution.bias
        self.bias = bias if bias is not None else nn.Parameter(torch.zeros(len(self.weight)))

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, i, H, W) into (N, o, H, W)."""
        with _one_at_a_time:
            convolved: Tensor = torch._nnpack_spatial_convolution(
                x.contiguous(), self.weight, self.bias, [1, 1], [1, 1]
            )
        return convolved


def is_available() -> bool:
    """Whether this torch was built with NNPACK, and the processor is one that it knows."""
    return bool(getattr(torch, "_nnpack_available", lambda: False)())


def _rearranged(module: nn.Module) -> nn.Module:
    if isinstance(module, nn.Sequential):
        _fold(module)
    for name, child in module.named_children():
        setattr(module, name, _rearranged(child))
    return WinogradConvolution(module) if _suits_winograd(module) else module


def _fold(sequence: nn.Sequential) -> None:
    """Fold batch normalisations, in place, into the convolutions right before them."""
    for (before, first), (name, second) in pairwise(list(sequence.named_children())):
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            setattr(sequence, before, fuse_conv_bn_eval(first, second))
            setattr(sequence, name, nn.Identity())


def _suits_winograd(module: nn.Module) -> TypeGuard[nn.Conv2d]:
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (3, 3)
        and module.stride == module.padding == module.dilation == (1, 1)
        and module.groups == 1
        and module.padding_mode == "zeros"
        and min(module.in_channels, module.out_channels) >= LEAST_CHANNELS
    )
