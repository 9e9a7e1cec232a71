"""Several networks out of one, whose answers can be compared or averaged: three ways to doubt it.

All of them are networks like any other, so a scene is mapped with each in the usual way.
Averaged as GlaViTU's authors do it: `augmented` here, `dropped_out` in
`glacier_core.models.dropout`.
"""

from collections.abc import Iterator, Sequence
from copy import deepcopy
from typing import Final, Literal

import torch
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.models.blocks import Network
from glacier_core.models.ensemble import Ensemble, averaged

Source = Literal["augmentation", "dropout", "ensemble"]

TURNS: Final = tuple((quarters, mirrored) for mirrored in (False, True) for quarters in range(4))
"""The eight ways to lay a square on itself: quarter turns, then perhaps left and right swapped."""

GAINS: Final = (1.0, 0.9, 1.1)
"""Light of the views in turn; a tenth is what calibration and haze leave open."""

PASSES: Final = 8
"""Networks that dropout draws; as many as there are views, so that the cost is the same."""

RATE: Final = 0.1
"""Share of units that dropout takes out."""

LAST_LAYER: Final = "output"
"""How every architecture calls the layer that turns features into classes."""


class TurnedNetwork(Network):
    """A network that is shown everything turned and in other light; its answer is turned back.

    Slope and elevation have no direction, so turned terrain is terrain. Radar looks from a
    side, which turns with the picture; training turns all inputs likewise.

    Parameters
    ----------
    network : Network
    quarters : int
        Quarter turns.
    mirrored : bool
        Whether left and right are then swapped.
    gain : float
        Multiplies the optical input. Scaling maps a reflectance of about -0.02 to 0, so this
        is a change of light but for that offset.
    """

    def __init__(self, network: Network, quarters: int, mirrored: bool, gain: float) -> None:
        super().__init__()
        self.config = network.config
        self.network = network
        self.quarters, self.mirrored, self.gain = quarters, mirrored, gain

    def forward(self, inputs: dict[str, Tensor], location: Tensor | None = None) -> Tensor:
        """Class logits (N, 2, H, W) of the inputs as they lie, see `Network.forward`."""
        shown = {
            name: self._turn(tensor * self.gain if name == "optical" else tensor)
            for name, tensor in inputs.items()
        }
        return self._turn_back(self.network(shown, location))

    def _turn(self, x: Tensor) -> Tensor:
        x = x.rot90(self.quarters, (-2, -1))
        return (x.flip(-1) if self.mirrored else x).contiguous()

    def _turn_back(self, x: Tensor) -> Tensor:
        x = x.flip(-1) if self.mirrored else x
        return x.rot90(-self.quarters, (-2, -1)).contiguous()


def views(network: Network, gains: Sequence[float] = GAINS) -> Iterator[Network]:
    """Yield the network as it sees each of the eight turns of a scene, the first as it lies.

    Parameters
    ----------
    network : Network
    gains : sequence of float
        Light of the views in turn, see `TurnedNetwork`.
    """
    for number, (quarters, mirrored) in enumerate(TURNS):
        yield TurnedNetwork(network, quarters, mirrored, gains[number % len(gains)])


def augmented(network: Network) -> Network:
    """Average the eight turns of a scene, as GlaViTU's authors do it at test time.

    Unlike `views` by itself, the light stays as it is.

    Raises
    ------
    ModelError
        As `glacier_core.models.ensemble.averaged`.
    """
    return averaged(views(network, gains=(1.0,)))


def thinned(
    network: Network, passes: int = PASSES, rate: float = RATE, seed: int = 0
) -> Iterator[Network]:
    """Yield networks that each lack some of what the last layer sees: Monte-Carlo dropout.

    Leaving out inputs of a layer is the same as zeroing columns of its weights, so a pass is a
    network of its own (Gal and Ghahramani 2016, "Dropout as a Bayesian approximation"). It is
    the same for the whole scene, or windows would not fit together. The others are enlarged by
    1 / (1 - rate), so that the mean stays.

    None of our architectures was trained with dropout (`glacier_core.models.glavitu` says why),
    so this is dropout put in afterwards: how large it makes the doubt depends on the rate, and
    only its pattern tells something. It is put in front of the last layer only, where every
    architecture has one; `glacier_core.models.dropout` drops units throughout, where GlaViTU's
    authors do.

    Parameters
    ----------
    network : Network
        Of any architecture; in an ensemble every member is thinned by itself.
    passes : int
        How many networks.
    rate : float
        Share of features left out, above 0 and below 1.
    seed : int
        Of what is left out.

    Raises
    ------
    ModelError
        If the rate makes no sense, or the network has no layer of that name.
    """
    check_rate(rate)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(passes):
        drawn = deepcopy(network)
        for layer in _last_layers(drawn):
            _drop(layer, rate, generator)
        yield drawn


def check_rate(rate: float) -> None:
    """Refuse a share of units to leave out that makes no sense.

    Raises
    ------
    ModelError
        If it does not lie between 0 and 1.
    """
    if not 0 < rate < 1:
        raise ModelError(f"The rate of dropout is {rate:g}; it must lie between 0 and 1.")


def members(network: Network) -> Iterator[Network]:
    """Yield the members of an ensemble.

    Raises
    ------
    ModelError
        If it is none.
    """
    if not isinstance(network, Ensemble):
        raise ModelError(
            "This model is a single network, which has no members to disagree. Choose "
            "'augmentation' or 'dropout', or an ensemble such as glavitu-small."
        )
    for member in network.members:
        if isinstance(member, Network):
            yield member


def _last_layers(network: Network) -> list[nn.Conv2d]:
    layers = [
        layer
        for name, layer in network.named_modules()
        if name.rpartition(".")[2] == LAST_LAYER and isinstance(layer, nn.Conv2d)
    ]
    if not layers:
        raise ModelError(
            f"{type(network).__name__} has no layer called {LAST_LAYER!r} in front of which "
            "features could be left out. Choose 'augmentation'."
        )
    return layers


@torch.no_grad()
def _drop(layer: nn.Conv2d, rate: float, generator: torch.Generator) -> None:
    kept = torch.rand(layer.in_channels, generator=generator) >= rate
    layer.weight.mul_((kept / (1.0 - rate)).to(layer.weight)[:, None, None])
