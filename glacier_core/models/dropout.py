"""Monte-Carlo dropout as GlaViTU's authors do it: units left out where they leave them out.

Maslov et al. (2025), https://doi.org/10.1038/s41467-024-54956-x; Gal and Ghahramani (2016),
"Dropout as a Bayesian approximation". A pass is a network of its own with masks that are drawn
once and multiply what flows through it. So the same units are missing in every window of a scene
(the authors draw anew for every batch, whose windows then do not fit together), nothing depends
on the size of batches, and a pass exports like any network.

The weights never saw units dropped, neither theirs nor ours (`glacier_core.models.glavitu`).
"""

from collections.abc import Iterator
from copy import deepcopy
from itertools import chain
from typing import Final

import torch
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.models.blocks import (
    FusionBranch,
    LocationEncodingBlock,
    Network,
    ResidualUnit,
    TransformerBlock,
    VisionTransformer,
)
from glacier_core.models.config import EnsembleConfig, NetworkConfig
from glacier_core.models.ensemble import averaged
from glacier_core.models.opinions import check_rate

RATE: Final = 0.1
"""Share of units that the authors leave out."""

ARCHITECTURES: Final = ("glavitu", "resunet", "setr")
"""Those whose places of dropout are known."""


class Mask(nn.Module):
    """Zeros for what is left out, and 1 / (1 - rate) elsewhere, so that the mean stays.

    Parameters
    ----------
    shape : tuple of int
        One number for each unit; 1 where units go together, such as the pixels of a channel.
    rate : float
        Share of units left out.
    generator : torch.Generator
        What draws them.
    """

    factors: Tensor

    def __init__(self, shape: tuple[int, ...], rate: float, generator: torch.Generator) -> None:
        super().__init__()
        kept = torch.rand(shape, generator=generator) >= rate
        self.register_buffer("factors", kept / (1.0 - rate), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Mask a tensor (N, …) whose other dimensions are those of the mask, or stretch it.

        Raises
        ------
        ModelError
            If there are other units than the mask was drawn for.
        """
        sizes = zip(self.factors.shape, x.shape[1:], strict=True)
        if any(units not in (1, size) for units, size in sizes):
            raise ModelError(
                f"Dropout was drawn for units of shape {tuple(self.factors.shape)}; it was given "
                f"{tuple(x.shape[1:])}. Give windows of the network's native size."
            )
        return x * self.factors.to(x.dtype)


def dropped_out(network: Network, passes: int, rate: float = RATE, seed: int = 0) -> Network:
    """Average the probabilities of several passes with dropout, as GlaViTU's authors do it.

    Parameters and errors are those of `dropout_passes`.

    Returns
    -------
    Network
        It holds the weights once and the masks of every pass, see
        `glacier_core.models.ensemble.averaged`.
    """
    return averaged(dropout_passes(network, passes, rate, seed))


def dropout_passes(
    network: Network, passes: int, rate: float = RATE, seed: int = 0
) -> Iterator[Network]:
    """Yield networks that each lack some units throughout.

    Whole channels are left out at the end of every fusion branch, before it is squeezed, and of
    every residual unit's main path; single units behind each activation of a transformer's
    perceptron and at the end of the location encoding. The weights are shared, not copied.

    Parameters
    ----------
    network : Network
        A GlaViTU, ResU-Net or SETR, or an ensemble of such, every member of which gets masks of
        its own. With a transformer it then takes windows of its native size only, as a mask has
        a number for each token.
    passes : int
        How many networks.
    rate : float
        Share of units left out, above 0 and below 1.
    seed : int
        Of what is left out.

    Raises
    ------
    ModelError
        If the rate or the number of passes makes no sense, or nobody knows where the
        architecture drops units.
    """
    check_rate(rate)
    if passes < 1:
        raise ModelError(f"Dropout was asked for {passes} passes; it takes 1 or more.")
    _check_architectures(network.config)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(passes):
        yield _masked(network, rate, generator)


def _check_architectures(config: NetworkConfig) -> None:
    parts = config.members if isinstance(config, EnsembleConfig) else (config,)
    unknown = {part.architecture for part in parts} - set(ARCHITECTURES)
    if unknown:
        raise ModelError(
            f"Where {', '.join(sorted(unknown))} drops units is not known; it is for "
            f"{', '.join(ARCHITECTURES)}. Map without dropout, or choose another model."
        )


def _masked(network: Network, rate: float, generator: torch.Generator) -> Network:
    """Copy the structure of a network, not its tensors, and put masks into the copy."""
    tensors = list(chain(network.parameters(), network.buffers()))
    copy = deepcopy(network, {id(tensor): tensor for tensor in tensors})
    for part in list(copy.modules()):  # each once, even where several views share a network
        _put_masks(part, rate, generator)
    return copy.to(tensors[0].device) if tensors else copy


def _put_masks(part: nn.Module, rate: float, generator: torch.Generator) -> None:
    def mask(*shape: int) -> Mask:
        return Mask(shape, rate, generator)

    if isinstance(part, FusionBranch | ResidualUnit):
        part.convolutions.append(mask(_units(part.convolutions[0]), 1, 1))
    elif isinstance(part, LocationEncodingBlock):
        part.layers.append(mask(_units(part.layers[0])))
    elif isinstance(part, VisionTransformer):
        for mlp in (block.mlp for block in part.blocks if isinstance(block, TransformerBlock)):
            for dense, activation in ((0, 1), (2, 3)):
                drawn = mask(part.grid**2, _units(mlp[dense]))
                mlp[activation] = nn.Sequential(mlp[activation], drawn)


def _units(layer: nn.Module) -> int:
    """Count what a convolution or a dense layer gives."""
    return layer.get_parameter("weight").shape[0]
