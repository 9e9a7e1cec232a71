"""OpenVINO: the network compiled for this processor, as a whole."""

import logging
import sys
from functools import lru_cache
from importlib import metadata
from typing import Any, Final, Self

import numpy as np
import torch
from torch import nn

from glacier_core.inference.code_version import code_version
from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.runtimes.compiled_files import (
    find_compiled,
    is_compiled,
    keep_compiled,
)
from glacier_core.inference.runtimes.exporting import features_taken, flat_inputs, flattened
from glacier_core.inference.runtimes.paces import processor
from glacier_core.inference.runtimes.prepared import POLL, FloatArray, Runtime, weights_bytes

_log = logging.getLogger(__name__)


STREAMS: Final = 2
"""Windows under way at the same time, each on its share of the threads: threads that work on one
window together wait for each other between its layers. As many as the settings map at once."""


class OpenVinoNetwork:
    """A network compiled by OpenVINO, in float32, for windows of one size.

    Parameters
    ----------
    compiled : openvino.CompiledModel
    features : tuple of str
        What it takes, in this order.
    weights : int
        Bytes that its weights take.
    """

    runtime: Runtime = "openvino"

    def __init__(self, compiled: Any, features: tuple[str, ...], weights: int) -> None:
        self._compiled, self._features, self.bytes = compiled, features, weights
        self.description = f"OpenVINO {version()}, float32"

    @classmethod
    def compile(
        cls, network: nn.Module, inputs: dict[str, FloatArray], location: FloatArray | None
    ) -> Self:
        """Compile a network for this processor.

        Parameters
        ----------
        network : torch.nn.Module
        inputs : dict of float32 arrays (N, C, H, W)
            Windows like those to come.
        location : ndarray of float32 (L,) or None
        """
        openvino = library()
        features = features_taken(network, inputs)
        arrays = flat_inputs(features, inputs, location)
        shapes = [openvino.PartialShape([1, *array.shape[1:]]) for array in arrays.values()]
        flat, one = flattened(network, arrays)
        with torch.no_grad():
            # Checking would run it twice more; whoever makes it ready compares what it gives.
            traced = torch.jit.trace(flat, one, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=one, input=shapes)
        compiled = openvino.Core().compile_model(model, "CPU", settings_of_exact())
        return cls(compiled, features, weights_bytes(network))

    @classmethod
    def find(cls, key: str, network: nn.Module, inputs: dict[str, FloatArray]) -> Self | None:
        """Return the network as it was kept, None where it was not, or cannot be read any more."""
        content = find_compiled(_on_this_machine(key))
        if content is None:
            return None
        try:
            compiled = library().Core().import_model(content, "CPU", settings_of_exact())
        except RuntimeError as problem:
            _log.warning("a compiled network cannot be read and is made anew: %s", problem)
            return None
        return cls(compiled, features_taken(network, inputs), weights_bytes(network))

    def keep(self, key: str) -> None:
        """Keep the compiled network in the data folder."""
        keep_compiled(_on_this_machine(key), self._compiled.export_model().getvalue())

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Run a batch; `cancel` is asked all along, see `Prepared.run`."""
        arrays = list(flat_inputs(self._features, inputs, location).values())
        found = np.empty((len(arrays[0]), *arrays[0].shape[2:]), np.float32)
        # Requests of this call: the memory for what lies between the layers is given back after it.
        requests = [self._compiled.create_infer_request() for _ in range(min(STREAMS, len(found)))]
        try:
            for window in range(len(found) + len(requests)):
                request = requests[window % len(requests)]
                if (done := window - len(requests)) >= 0:
                    _wait(request, cancel)
                    found[done] = request.get_output_tensor(0).data[0]
                if window < len(found):
                    one = [array[window : window + 1] for array in arrays]
                    request.start_async(one, share_inputs=True)
        except BaseException:
            for request in requests:
                request.cancel()
            raise
        return found


def _wait(request: Any, cancel: Cancel | None) -> None:
    stop_if_cancelled(cancel)
    while not request.wait_for(int(1000 * POLL)):
        stop_if_cancelled(cancel)


def is_kept(key: str) -> bool:
    """Whether a network is kept under a key."""
    return is_compiled(_on_this_machine(key))


def _on_this_machine(key: str) -> str:
    """Add what else a compiled network depends on: all code, the library and the processor."""
    return "\n".join((key, code_version(), version(), processor(), str(settings_of_exact())))


def settings_of_exact() -> dict[str, Any]:
    """How a network is compiled so that it computes in float32.

    Without the hints, a processor with bfloat16 would be made use of unasked.
    """
    return {
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
        "PERFORMANCE_HINT": "THROUGHPUT",
        "NUM_STREAMS": min(STREAMS, torch.get_num_threads()),
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }


def version() -> str:
    """Version of OpenVINO; asked without importing it."""
    return metadata.version("openvino")


@lru_cache(maxsize=1)
def library() -> Any:
    """Import OpenVINO, without the part of it that tells its makers of every use.

    With nothing in its place, OpenVINO takes a stand-in of its own that sends nothing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
