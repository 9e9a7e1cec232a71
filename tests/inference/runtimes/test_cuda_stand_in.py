"""The order of things on a GPU, with stand-ins for streams, events and graphs on the CPU.

What only a GPU can show is in test_cuda.py.
"""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from glacier_core.inference import runner as runner_module
from glacier_core.inference.device import Device, cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes import cuda, making
from glacier_core.inference.runtimes.cuda import CudaNetwork
from glacier_core.inference.runtimes.eager import EagerNetwork
from glacier_core.inference.runtimes.keeping import SHELF
from glacier_core.inference.runtimes.pipeline import PIECES

from .networks import TINY, location_of, settled, smooth_windows

CPU = torch.device("cpu")
PRETENDED_GPU = Device(CPU, "pretended GPU", is_gpu=True, sentence="")


class Stand:
    """Stands in for torch.cuda, does all at once and writes down what was asked for."""

    def __init__(self):
        self.log, self.graphs = [], []
        self.Stream = lambda device=None: SimpleNamespace(
            synchronize=lambda: None, wait_event=lambda event: self.log.append("wait for copy")
        )
        self.Event = lambda: SimpleNamespace(
            record=lambda: None, synchronize=lambda: self.log.append("wait for answer")
        )
        self.CUDAGraph = lambda: SimpleNamespace(replay=None)
        self.empty_cache = lambda: self.log.append("empty cache")
        self.current_stream = self.Stream

    @contextmanager
    def stream(self, stream):
        yield

    @contextmanager
    def graph(self, graph, stream, capture_error_mode):
        assert capture_error_mode == "thread_local"
        self.graphs.append(graph)
        yield


class Torch:
    """torch, but for its GPU and for pinned memory."""

    def __init__(self, stand):
        self.cuda = stand

    def __getattr__(self, name):
        return getattr(torch, name)

    def empty(self, *shape, pin_memory=False, **options):
        return torch.empty(*shape, **options)


class ReplayingSlot(cuda._GraphSlot):
    """A graph of the CPU: computes again, into the same place."""

    def _record(self):
        graph, output = super()._record()
        graph.replay = lambda: output.copy_(self._probability())
        return graph, output


@pytest.fixture
def stand(monkeypatch):
    stand = Stand()
    monkeypatch.setattr(cuda, "torch", Torch(stand))
    monkeypatch.setattr(cuda, "_GraphSlot", ReplayingSlot)
    monkeypatch.setattr(making, "EagerNetwork", CudaNetwork)
    SHELF.clear()
    return stand


@pytest.fixture
def eager():
    """A network, and what it is run by as on a CPU."""
    network = settled(TINY["region"])
    made = EagerNetwork(network, CPU, "exact")
    return network, lambda inputs: made.run(inputs, location_of(network), None)


@torch.no_grad()
def test_batches_of_any_number_through_graphs_of_one_size(stand, eager):
    network, by_cpu = eager
    expected = {number: by_cpu(smooth_windows(number, 64, seed=number)) for number in (8, 3, 9, 1)}
    SHELF.clear()
    gpu = Runner(network, location_of(network), PRETENDED_GPU, 8, print)
    for number, answer in expected.items():
        found = gpu.probabilities(smooth_windows(number, 64, seed=number))
        np.testing.assert_allclose(found, answer, rtol=0, atol=1e-5)
    assert isinstance(gpu._prepared, CudaNetwork)
    assert len(stand.graphs) == 2  # recorded once for each of the two slots
    assert gpu.description.endswith("float32, CUDA graph, pretended GPU")


@torch.no_grad()
def test_short_memory_forgets_the_graphs_and_asks_for_half(stand, eager, monkeypatch):
    network, _ = eager
    told = []
    gpu = Runner(network, location_of(network), PRETENDED_GPU, 16, told.append)
    made, real = [], ReplayingSlot

    class Small(ReplayingSlot):
        def __init__(self, network, shapes):
            if shapes["optical"][0] > 2:
                raise torch.OutOfMemoryError("CUDA out of memory (test)")
            made.append(shapes["optical"][0])
            super().__init__(network, shapes)

    monkeypatch.setattr(cuda, "_GraphSlot", Small)
    monkeypatch.setattr(runner_module.torch.cuda, "is_available", lambda: False)
    inputs = smooth_windows(16, 64)
    assert gpu.probabilities(inputs) is None
    assert gpu.batch_size == 8
    assert gpu.device.is_gpu
    assert told == ["Memory on the GPU was too short for 16 windows at once; going on with 8."]
    half = {name: array[:8] for name, array in inputs.items()}
    assert gpu.probabilities(half).shape == (8, 64, 64)
    assert made == [2, 2]
    assert issubclass(Small, real)


@torch.no_grad()
def test_the_batch_is_fitted_and_told(stand, eager, monkeypatch):
    network, _ = eager
    told, seconds = [], {1: 1.0, 2: 1.1, 4: 1.2, 8: 2.4}
    gpu = Runner(network, location_of(network), PRETENDED_GPU, 2, told.append)
    monkeypatch.setattr(gpu._prepared, "_seconds", lambda arrays, number: seconds[number])
    gpu.fit_batch(smooth_windows(1, 64))
    assert gpu.batch_size == 4 * PIECES
    assert told == ["4 windows at once on the GPU, 3.33 a second; 8 give no more a second."]
    gpu.probabilities(smooth_windows(4 * PIECES, 64))
    ((shapes, _),) = gpu._prepared._slots.items()
    assert dict(shapes)["optical"] == (4, 6, 64, 64)


@torch.no_grad()
def test_timing_a_piece_asks_for_all_of_its_way(stand, eager):
    network, _ = eager
    made = CudaNetwork(network, CPU, "exact")
    arrays = smooth_windows(1, 64) | {"location": location_of(network)[None]}
    assert made._seconds(arrays, 3) > 0
    assert stand.log.count("wait for copy") == stand.log.count("wait for answer") == cuda.TURNS


@torch.no_grad()
def test_what_cannot_be_recorded_runs_without_a_graph(stand, eager, monkeypatch, caplog):
    network, by_cpu = eager
    inputs = smooth_windows(4, 64)
    expected = by_cpu(inputs)
    SHELF.clear()

    class Refusing(ReplayingSlot):
        def _record(self):
            raise RuntimeError("operation not permitted when stream is capturing (test)")

    monkeypatch.setattr(cuda, "_GraphSlot", Refusing)
    gpu = Runner(network, location_of(network), PRETENDED_GPU, 4, print)
    np.testing.assert_allclose(gpu.probabilities(inputs), expected, rtol=0, atol=1e-5)
    assert "CUDA graph" not in gpu.description
    assert "cannot be recorded" in caplog.text


def test_elsewhere_the_number_stays():
    runner = Runner(settled(TINY["no location"]), None, cpu(""), 8, print)
    runner.fit_batch(smooth_windows(1, 64))
    assert runner.batch_size == 8
