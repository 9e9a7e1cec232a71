"""OpenVINO: the network compiled for this processor, as a whole."""

import sys
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import nn

from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.runtimes.exporting import features_taken, flat_inputs, flattened
from glacier_core.inference.runtimes.prepared import POLL, FloatArray, Runtime, weights_bytes


class OpenVinoNetwork:
    """A network compiled by OpenVINO, in float32, for any number of windows of one size.

    Parameters
    ----------
    network : torch.nn.Module
    inputs : dict of float32 arrays (N, C, H, W)
        Windows like those to come.
    location : ndarray of float32 (L,) or None
    """

    runtime: Runtime = "openvino"

    def __init__(
        self, network: nn.Module, inputs: dict[str, FloatArray], location: FloatArray | None
    ) -> None:
        openvino = library()
        self._features = features_taken(network, inputs)
        arrays = flat_inputs(self._features, inputs, location)
        shapes = [openvino.PartialShape([-1, *array.shape[1:]]) for array in arrays.values()]
        flat, one = flattened(network, arrays)
        with torch.no_grad():
            # Checking would run it twice more; whoever makes it ready compares what it gives.
            traced = torch.jit.trace(flat, one, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=one, input=shapes)
        self._compiled = openvino.Core().compile_model(model, "CPU", settings_of_exact())
        self.bytes = weights_bytes(network)
        self.description = f"OpenVINO {version()}, float32"

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Run a batch; `cancel` is asked all along, see `Prepared.run`."""
        arrays = flat_inputs(self._features, inputs, location)
        # One request a call: the memory for what lies between the layers is given back after it.
        request = self._compiled.create_infer_request()
        request.start_async(list(arrays.values()), share_inputs=True)
        while not request.wait_for(int(1000 * POLL)):
            try:
                stop_if_cancelled(cancel)
            except BaseException:
                request.cancel()
                raise
        return np.array(request.get_output_tensor(0).data, dtype=np.float32)


def settings_of_exact() -> dict[str, Any]:
    """How a network is compiled so that it computes in float32.

    Without the hints, a processor with bfloat16 would be made use of unasked.
    """
    return {
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": torch.get_num_threads(),
    }


def version() -> str:
    """Version of OpenVINO, without its build."""
    return str(library().__version__).partition("-")[0]


@lru_cache(maxsize=1)
def library() -> Any:
    """Import OpenVINO, without the part of it that tells its makers of every use.

    With nothing in its place, OpenVINO takes a stand-in of its own that sends nothing.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino
