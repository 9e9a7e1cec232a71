"""PyTorch as it is, operation by operation: always there, and what the others are held against."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from glacier_core.inference.device import Precision
from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.runtimes.prepared import (
    TITLES,
    FloatArray,
    Runtime,
    glacier_probability,
    weights_bytes,
)


class _Watch(threading.local):
    """Who may stop the work of this thread; other threads with the same network have their own."""

    cancel: Cancel | None = None


_watch = _Watch()


class EagerNetwork:
    """A copy of a network on a processor, channels last; on a CPU one window after the other.

    A copy, so that the caller's network stays where and as it is, for other threads too.

    Parameters
    ----------
    network : torch.nn.Module
    device : torch.device
    precision : {"exact", "approximate"}
    """

    runtime: Runtime = "torch"
    memory_format = torch.channels_last

    def __init__(self, network: nn.Module, device: torch.device, precision: Precision) -> None:
        self.device = device
        self._approximate = precision == "approximate"
        copy = self.copy_of(network).to(device)
        self.network: nn.Module = copy.to(memory_format=self.memory_format)  # type: ignore[call-overload]
        for module in self.network.modules():
            module.register_forward_pre_hook(_stop_here)
        self.bytes = weights_bytes(self.network)
        kind = "bfloat16" if self._approximate else "float32"
        version = torch.__version__.partition("+")[0]
        name = TITLES[self.runtime].replace("PyTorch", f"PyTorch {version}")
        self.description = f"{name}, {kind}"

    @staticmethod
    def copy_of(network: nn.Module) -> nn.Module:
        """Return a copy of a network, in evaluation mode."""
        return deepcopy(network).eval()

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Run a batch; `cancel` is asked before every layer, see `Prepared.run`."""
        number = len(next(iter(inputs.values())))
        step = at_once(self.device, number)
        with watched(cancel), torch.inference_mode():
            found = [
                self._found({name: array[n : n + step] for name, array in inputs.items()}, location)
                for n in range(0, number, step)
            ]
        return np.concatenate(found)

    def probability(self, tensors: dict[str, Tensor], locations: Tensor | None) -> Tensor:
        """Probability of glacier (N, H, W) on the device."""
        with self._number_format(), _exact_convolutions(self.device):
            return glacier_probability(self.network(tensors, locations))

    def _found(self, inputs: dict[str, FloatArray], location: FloatArray | None) -> FloatArray:
        tensors = {name: self._tensor(array) for name, array in inputs.items()}
        probability = self.probability(tensors, self._locations(location, tensors))
        return np.asarray(probability.cpu().numpy(), dtype=np.float32)

    def _tensor(self, array: FloatArray) -> Tensor:
        return torch.from_numpy(array).to(self.device, memory_format=self.memory_format)

    def _locations(self, location: FloatArray | None, tensors: dict[str, Tensor]) -> Tensor | None:
        if location is None:
            return None
        number = len(next(iter(tensors.values())))
        return torch.from_numpy(location).to(self.device).expand(number, -1)

    def _number_format(self) -> AbstractContextManager[Any]:
        if not self._approximate:
            return nullcontext()
        # Every weight is used once, and a CUDA graph must not lean on what was kept before it.
        return torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=False)


def at_once(device: torch.device, number: int) -> int:
    """Return how many windows of a batch pass through the network together.

    On a CPU the layers of a second one would push those of the first out of its caches.
    """
    return 1 if device.type == "cpu" else number


@contextmanager
def watched(cancel: Cancel | None) -> Iterator[None]:
    """Let `cancel` stop what this thread runs meanwhile."""
    _watch.cancel = cancel
    try:
        yield
    finally:
        _watch.cancel = None


def _stop_here(_module: nn.Module, _inputs: Any) -> None:
    stop_if_cancelled(_watch.cancel)


def _exact_convolutions(device: torch.device) -> AbstractContextManager[None]:
    """TF32 would keep ten bits of each factor, and a GPU's map would not equal a CPU's."""
    if device.type != "cuda":
        return nullcontext()
    flags: Callable[..., AbstractContextManager[None]] = torch.backends.cudnn.flags
    return flags(enabled=True, allow_tf32=False)
