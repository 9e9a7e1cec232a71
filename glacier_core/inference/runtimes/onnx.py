"""ONNX Runtime: the network in the exchange format ONNX, run by its library."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
import torch
from torch import nn

from glacier_core.errors import JobCancelled
from glacier_core.inference.progress import Cancel, stop_if_cancelled
from glacier_core.inference.runtimes.exporting import features_taken, flat_inputs, flattened
from glacier_core.inference.runtimes.prepared import POLL, FloatArray, Runtime, weights_bytes

OPSET = 18
OUTPUT = "probability"


class OnnxNetwork:
    """A network run by ONNX Runtime in float32, for any number of windows of one size.

    Parameters
    ----------
    network : torch.nn.Module
    inputs : dict of float32 arrays (N, C, H, W)
        Windows like those to come.
    location : ndarray of float32 (L,) or None
    """

    runtime: Runtime = "onnx"

    def __init__(
        self, network: nn.Module, inputs: dict[str, FloatArray], location: FloatArray | None
    ) -> None:
        import onnxruntime

        self._features = features_taken(network, inputs)
        arrays = flat_inputs(self._features, inputs, location)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session = onnxruntime.InferenceSession(
            _exported(network, arrays), options, providers=["CPUExecutionProvider"]
        )
        self._run_options = onnxruntime.RunOptions
        self.bytes = weights_bytes(network)
        self.description = f"ONNX Runtime {onnxruntime.__version__}, float32"

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Run a batch; `cancel` is asked all along, see `Prepared.run`."""
        stop_if_cancelled(cancel)
        arrays = flat_inputs(self._features, inputs, location)
        options = self._run_options()
        with _terminated_by(cancel, options):
            try:
                (found,) = self._session.run([OUTPUT], arrays, options)
            except Exception:
                # It says in words of its own that it was terminated.
                stop_if_cancelled(cancel)
                raise
        stop_if_cancelled(cancel)
        return np.asarray(found, dtype=np.float32)


def is_installed() -> bool:
    """Whether ONNX Runtime and what writes its files are there: both are optional."""
    return find_spec("onnxruntime") is not None and find_spec("onnx") is not None


def _exported(network: nn.Module, arrays: dict[str, FloatArray]) -> bytes:
    file = io.BytesIO()
    names = list(arrays)
    flat, one = flattened(network, arrays)
    torch._C._jit_set_onnx_log_enabled(False)  # else a refusal prints the whole network
    torch.onnx.export(
        flat,
        one,
        file,  # type: ignore[arg-type]
        dynamo=False,
        opset_version=OPSET,
        input_names=names,
        output_names=[OUTPUT],
        dynamic_axes={name: {0: "number"} for name in (*names, OUTPUT)},
    )
    return file.getvalue()


@contextmanager
def _terminated_by(cancel: Cancel | None, options: object) -> Iterator[None]:
    """Let another thread look after `cancel`, as this one waits for the batch."""
    if cancel is None:
        yield
        return
    done = threading.Event()

    def look() -> None:
        while not done.wait(POLL):
            try:
                stop_if_cancelled(cancel)
            except JobCancelled:
                options.terminate = True  # type: ignore[attr-defined]
                return

    watcher = threading.Thread(target=look, name="cancel of ONNX Runtime", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
