"""A network as a fixed sequence of operations, which other runtimes can take over."""

import warnings
from copy import deepcopy

import numpy as np
import torch
from torch import Tensor, nn
from torch.jit._trace import TracerWarning

from glacier_core.inference.runtimes.prepared import FloatArray, glacier_probability
from glacier_core.inference.runtimes.subpixels import with_subpixels

LOCATION = "location"
"""Name of the location vector among the inputs of an exported network."""

# Every branch that a trace fixes is one over the size or the kind of the inputs, and these are
# the same for all batches; only their number is open. Said once: a context would silence other
# threads as well.
warnings.filterwarnings("ignore", category=TracerWarning)
warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
warnings.filterwarnings("ignore", "Constant folding", UserWarning)


class Flat(nn.Module):
    """A network that takes its inputs one after the other and gives a probability.

    Parameters
    ----------
    network : torch.nn.Module
    names : tuple of str
        Features in the order in which they come, then perhaps `LOCATION`.
    """

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *tensors: Tensor) -> Tensor:
        """Probability of glacier (N, H, W)."""
        inputs = dict(zip(self.names, tensors, strict=True))
        location = inputs.pop(LOCATION, None)
        return glacier_probability(self.network(inputs, location))


def features_taken(network: nn.Module, inputs: dict[str, FloatArray]) -> tuple[str, ...]:
    """Names of the features that a network takes out of those there are."""
    taken = getattr(getattr(network, "config", None), "features", tuple(inputs))
    return tuple(name for name in taken if name in inputs)


def flat_inputs(
    features: tuple[str, ...], inputs: dict[str, FloatArray], location: FloatArray | None
) -> dict[str, FloatArray]:
    """Arrays by the name under which an exported network takes them, the location once a window."""
    arrays = {name: inputs[name] for name in features}
    if location is not None:
        number = len(next(iter(arrays.values())))
        arrays[LOCATION] = np.tile(location, (number, 1))
    return arrays


def flattened(network: nn.Module, arrays: dict[str, FloatArray]) -> tuple[Flat, tuple[Tensor, ...]]:
    """Return a network in evaluation mode that takes its inputs in a row, and one window of them.

    The network that was given is left as it is; its weights are the very same, but for
    up-convolutions, which become four smaller convolutions.
    """
    shared = {id(tensor): tensor for tensor in (*network.parameters(), *network.buffers())}
    flat = Flat(with_subpixels(deepcopy(network, shared).eval()), tuple(arrays)).eval()
    return flat, tuple(torch.from_numpy(array[:1]) for array in arrays.values())
