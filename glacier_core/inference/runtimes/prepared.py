"""What every runtime makes of a network: something that turns inputs into probabilities."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from glacier_core.inference.progress import Cancel

FloatArray = NDArray[np.float32]

Runtime = Literal["torch", "winograd", "openvino", "onnx"]

TITLES: dict[Runtime, str] = {
    "torch": "PyTorch",
    "winograd": "PyTorch with Winograd convolutions",
    "openvino": "OpenVINO",
    "onnx": "ONNX Runtime",
}
"""What people call each runtime."""

POLL = 0.05
"""Seconds between two looks at whether somebody wants to stop."""


class Prepared(Protocol):
    """A network made ready by a runtime; several threads may run it at once.

    Attributes
    ----------
    runtime : str
        Its name, out of `TITLES`.
    description : str
        Runtime, version and number format, for provenance.
    bytes : int
        Memory that its weights take.
    """

    runtime: Runtime
    description: str
    bytes: int

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Probability of glacier (N, H, W) of scaled features (N, C, H, W).

        Raises
        ------
        JobCancelled
            As soon as `cancel` says so, be the batch done or not.
        """
        ...


def weights_bytes(network: nn.Module) -> int:
    """Bytes of the weights and statistics of a network."""
    tensors = [*network.parameters(), *network.buffers()]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def glacier_probability(logits: Tensor) -> Tensor:
    """Turn class logits (N, 2, H, W) into the probability of glacier (N, H, W), in float32."""
    return logits.float().softmax(1)[:, 1]
