"""An NVIDIA GPU: the network as one recorded CUDA graph, copies beside the computing.

Launching hundreds of small kernels one by one keeps a GPU waiting for Python; a graph is launched
once. Its memory has fixed places, so there is one graph for each number of windows, and what is
copied in goes through pinned memory, which the GPU reads by itself.
"""

import logging
import time
from statistics import median
from threading import Lock
from typing import Any

import torch
from torch import Tensor, nn

from glacier_core.inference.device import Precision
from glacier_core.inference.progress import Cancel
from glacier_core.inference.runtimes.eager import EagerNetwork
from glacier_core.inference.runtimes.exporting import LOCATION, features_taken, flat_inputs
from glacier_core.inference.runtimes.pipeline import find_piece, piece_of, run_in_pieces
from glacier_core.inference.runtimes.prepared import FloatArray

SLOTS = 2  # one computes while the other is filled
WARM_UPS = 3  # cuDNN and cuBLAS set themselves up, which may not happen while a graph is recorded
TURNS = 5
GRAPH = ", CUDA graph"

_log = logging.getLogger(__name__)


class CudaNetwork(EagerNetwork):
    """A copy of a network on an NVIDIA GPU.

    float32 without TF32 for "exact", bfloat16 by autocast for "approximate".
    """

    def __init__(self, network: nn.Module, device: torch.device, precision: Precision) -> None:
        super().__init__(network, device, precision)
        self.description += GRAPH
        self._recordable = True
        self._slots: dict[tuple[Any, ...], list[_GraphSlot]] = {}
        self._copying: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._computing: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._piece = 0
        self._one_batch_at_a_time = Lock()  # the graphs' memory has fixed places

    def run(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, cancel: Cancel | None
    ) -> FloatArray:
        """Run a batch in pieces; `cancel` is asked before each, see `Prepared.run`."""
        arrays = flat_inputs(features_taken(self.network, inputs), inputs, location)
        with self._one_batch_at_a_time:
            try:
                self._piece = self._piece or piece_of(len(next(iter(arrays.values()))))
                slots = self._recorded(arrays)
                if slots:
                    return run_in_pieces(arrays, self._piece, slots, cancel)
                return super().run(inputs, location, cancel)
            except torch.OutOfMemoryError:
                self._forget()
                raise

    def find_piece(
        self, inputs: dict[str, FloatArray], location: FloatArray | None, largest: int
    ) -> tuple[int, str]:
        """Find how many windows at once are enough, and keep to it; see `pipeline.find_piece`.

        Parameters
        ----------
        inputs : dict of float32 arrays (1, C, H, W)
        location : ndarray of float32 (L,) or None
        largest : int
        """
        arrays = flat_inputs(features_taken(self.network, inputs), inputs, location)
        with self._one_batch_at_a_time:
            self._forget()
            try:
                self._piece, sentence = find_piece(lambda n: self._seconds(arrays, n), largest)
            finally:
                self._slots.clear()
                torch.cuda.empty_cache()
        return self._piece, sentence

    def _recorded(self, arrays: dict[str, FloatArray]) -> list["_GraphSlot"]:
        """Return the slots, none where the network cannot be recorded: it runs without a graph."""
        if not self._recordable:
            return []
        try:
            return self._slots_for(arrays, self._piece)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as problem:
            _log.warning("the network cannot be recorded as a CUDA graph: %s", problem)
            self._recordable = False
            self.description = self.description.removesuffix(GRAPH)
            return []

    def _seconds(self, one: dict[str, FloatArray], number: int) -> float:
        """Median seconds of a whole piece, there and back."""
        self._slots.clear()
        torch.cuda.empty_cache()
        arrays = {name: array.repeat(number, axis=0) for name, array in one.items()}
        slot = self._slots_for(arrays, number)[0]
        seconds = []
        for _ in range(TURNS):
            started = time.perf_counter()
            slot.submit(arrays)
            slot.collect()
            seconds.append(time.perf_counter() - started)
        return median(seconds)

    def _slots_for(self, arrays: dict[str, FloatArray], piece: int) -> list["_GraphSlot"]:
        shapes = {name: (piece, *array.shape[1:]) for name, array in arrays.items()}
        key = tuple(shapes.items())
        if key not in self._slots:
            self._slots.clear()  # the graphs of another size hold memory of their own
            self._slots[key] = [_GraphSlot(self, shapes) for _ in range(SLOTS)]
        return self._slots[key]

    def _forget(self) -> None:
        self._slots.clear()
        self._piece = 0
        torch.cuda.empty_cache()

    @property
    def streams(self) -> tuple[torch.cuda.Stream, torch.cuda.Stream]:
        """Streams of copies to the GPU, and of all else."""
        return self._copying, self._computing


class _GraphSlot:
    """A recorded graph with its inputs and its output, on both sides."""

    def __init__(self, network: CudaNetwork, shapes: dict[str, tuple[int, ...]]) -> None:
        self._network = network
        self._copying, self._computing = network.streams
        self._there = {
            name: torch.empty(shape, pin_memory=True, memory_format=_format(shape)).zero_()
            for name, shape in shapes.items()
        }
        self._inputs = {
            name: torch.empty(shape, device=network.device, memory_format=_format(shape)).zero_()
            for name, shape in shapes.items()
        }
        self._copied: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._done: torch.cuda.Event = torch.cuda.Event()  # type: ignore[no-untyped-call]
        self._graph, self._output = self._record()
        self._back = torch.empty(self._output.shape, pin_memory=True)

    def submit(self, arrays: dict[str, FloatArray]) -> None:
        """Send a piece on its way: copy, compute, copy back."""
        for name, array in arrays.items():
            self._there[name].copy_(torch.from_numpy(array))
        with torch.cuda.stream(self._copying):
            for name, tensor in self._there.items():
                self._inputs[name].copy_(tensor, non_blocking=True)
            self._copied.record()
        with torch.cuda.stream(self._computing):
            self._computing.wait_event(self._copied)
            self._graph.replay()
            self._back.copy_(self._output, non_blocking=True)
            self._done.record()

    def collect(self) -> FloatArray:
        """Wait for the piece, and return its probabilities."""
        self._done.synchronize()
        found: FloatArray = self._back.numpy().copy()
        return found

    @torch.no_grad()
    def _record(self) -> tuple[torch.cuda.CUDAGraph, Tensor]:
        torch.cuda.current_stream().synchronize()
        with torch.cuda.stream(self._computing):
            for _ in range(WARM_UPS):
                self._probability()
        self._computing.synchronize()
        graph = torch.cuda.CUDAGraph()
        # Of this thread only: others may use the GPU meanwhile.
        with torch.cuda.graph(graph, stream=self._computing, capture_error_mode="thread_local"):
            output = self._probability()
        return graph, output

    def _probability(self) -> Tensor:
        features = {name: tensor for name, tensor in self._inputs.items() if name != LOCATION}
        return self._network.probability(features, self._inputs.get(LOCATION))


def _format(shape: tuple[int, ...]) -> torch.memory_format:
    return torch.channels_last if len(shape) == 4 else torch.contiguous_format
