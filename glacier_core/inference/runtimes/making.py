"""Making a network ready by one of the runtimes, once for all who map with it."""

from collections.abc import Callable
from functools import partial
from hashlib import sha256

import numpy as np
import torch
from torch import nn

from glacier_core.errors import ModelError
from glacier_core.inference.device import Device, Precision
from glacier_core.inference.runtimes.cuda import CudaNetwork
from glacier_core.inference.runtimes.eager import EagerNetwork
from glacier_core.inference.runtimes.identity import identity
from glacier_core.inference.runtimes.keeping import SHELF
from glacier_core.inference.runtimes.onnx import OnnxNetwork
from glacier_core.inference.runtimes.openvino import OpenVinoNetwork, is_kept
from glacier_core.inference.runtimes.prepared import (
    TITLES,
    FloatArray,
    Prepared,
    Runtime,
)
from glacier_core.inference.runtimes.winograd import WinogradNetwork

TOLERANCE = 1e-4
"""Largest difference in probability from PyTorch in float32 that a runtime may show."""


class Maker:
    """Makes one network ready, for windows of one size.

    Parameters
    ----------
    network : torch.nn.Module
    device : Device
    precision : {"exact", "approximate"}
    """

    def __init__(self, network: nn.Module, device: Device, precision: Precision) -> None:
        self.network, self.device, self.precision = network, device, precision
        self._identity = identity(network)
        self._expected: dict[str, FloatArray] = {}

    def ready(self, runtime: Runtime, inputs: dict[str, FloatArray]) -> bool:
        """Whether the network has been made ready already, here or by an earlier process."""
        key = self._key(runtime, inputs)
        return key is not None and (key in SHELF or (runtime == "openvino" and is_kept(key)))

    def make(
        self, runtime: Runtime, inputs: dict[str, FloatArray], location: FloatArray | None
    ) -> Prepared:
        """Make the network ready, or find it made.

        Parameters
        ----------
        runtime : {"torch", "winograd", "openvino", "onnx"}
        inputs : dict of float32 arrays (N, C, H, W)
            Windows like those to come; only the first is looked at.
        location : ndarray of float32 (L,) or None

        Raises
        ------
        ModelError
            If a runtime other than PyTorch gives other probabilities than PyTorch.
        Exception
            Whatever a runtime raises that cannot take the network over.
        """
        one = {name: array[:1] for name, array in inputs.items()}
        make = partial(self._make, runtime, one, location)
        key = self._key(runtime, inputs)
        return make() if key is None else SHELF.find_or_make(key, make)

    def _make(
        self, runtime: Runtime, one: dict[str, FloatArray], location: FloatArray | None
    ) -> Prepared:
        if runtime == "torch":
            device = self.device.torch_device
            kind = CudaNetwork if device.type == "cuda" else EagerNetwork
            return kind(self.network, device, self.precision)
        key = self._key(runtime, one)
        if runtime == "openvino" and key and (kept := OpenVinoNetwork.find(key, self.network, one)):
            return kept  # it was checked before it was kept
        made = _exporters()[runtime](self.network, one, location)
        self._check(made, one, location)
        if key and isinstance(made, OpenVinoNetwork):
            made.keep(key)
        return made

    def _check(
        self, made: Prepared, one: dict[str, FloatArray], location: FloatArray | None
    ) -> None:
        expected = self._by_torch(one, location)
        difference = float(np.abs(made.run(one, location, None) - expected).max())
        if not difference <= TOLERANCE:
            raise ModelError(
                f"{TITLES[made.runtime]} gives probabilities that differ by up to {difference:.1g}"
            )

    def _by_torch(self, one: dict[str, FloatArray], location: FloatArray | None) -> FloatArray:
        """Answer of PyTorch to a window; the last one is remembered, for the next runtime."""
        arrays = [*one.values(), *([] if location is None else [location])]
        question = sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()
        if question not in self._expected:
            answer = self.make("torch", one, location).run(one, location, None)
            self._expected = {question: answer}
        return self._expected[question]

    def _key(self, runtime: Runtime, inputs: dict[str, FloatArray]) -> str | None:
        if self._identity is None:
            return None
        parts = [self._identity, runtime, str(self.device.torch_device), self.precision]
        if runtime != "torch":
            parts += [f"{name} {array.shape[1:]}" for name, array in inputs.items()]
            parts.append(f"{torch.get_num_threads()} threads")
        return "\n".join(parts)


def _exporters() -> dict[Runtime, Callable[..., Prepared]]:
    return {
        "winograd": lambda network, *_: WinogradNetwork(network, torch.device("cpu"), "exact"),
        "openvino": OpenVinoNetwork.compile,
        "onnx": OnnxNetwork,
    }
