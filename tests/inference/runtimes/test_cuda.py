import numpy as np
import pytest
import torch

from glacier_core.errors import JobCancelled
from glacier_core.inference.device import choose_device, cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes.cuda import CudaNetwork
from glacier_core.inference.runtimes.pipeline import PIECES

from .networks import TINY, all_small, location_of, settled, small_size, smooth_windows

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")


def on_gpu(network, tell=print, batch_size=4, **options):
    device = choose_device("cuda")
    return Runner(network, location_of(network), device, batch_size, tell, **options)


def on_cpu(network):
    return Runner(network, location_of(network), cpu(""), 4, print, runtime="torch")


@pytest.mark.parametrize("config", dict(all_small()).values(), ids=dict(all_small()))
def test_every_architecture_gives_what_the_cpu_gives(config):
    network = settled(config)
    gpu, expected_by = on_gpu(network), on_cpu(network)
    for number in (8, 1, 3, 9):  # whole pieces, padded ones, a single one
        inputs = smooth_windows(number, small_size(config), seed=number)
        found, expected = gpu.probabilities(inputs), expected_by.probabilities(inputs)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)
    assert "CUDA graph" in gpu.description


def test_two_batches_of_one_size_do_not_mix():
    network = settled(TINY["no location"])
    gpu = on_gpu(network)
    batches = [smooth_windows(8, 64, seed=seed) for seed in range(3)]
    first = [gpu.probabilities(batch) for batch in batches]
    again = [gpu.probabilities(batch) for batch in reversed(batches)]
    for one, other in zip(first, reversed(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_location_may_change_between_batches():
    network = settled(TINY["region"])
    gpu, by_cpu = on_gpu(network), on_cpu(network)
    inputs = smooth_windows(4, 64)
    for position in (0, 5):
        vector = np.zeros(12, np.float32)
        vector[position] = 1.0
        gpu.location = by_cpu.location = vector
        np.testing.assert_allclose(
            gpu.probabilities(inputs), by_cpu.probabilities(inputs), rtol=0, atol=1e-4
        )


def test_approximate_is_bfloat16_and_near():
    network = settled(TINY["no location"])
    gpu = on_gpu(network, precision="approximate")
    inputs = smooth_windows(4, 64)
    difference = np.abs(gpu.probabilities(inputs) - on_cpu(network).probabilities(inputs)).max()
    assert "bfloat16" in gpu.description
    assert 1e-5 < difference < 0.2


def test_the_batch_is_found_and_told():
    told = []
    gpu = on_gpu(settled(TINY["no location"]), told.append)
    gpu.fit_batch(smooth_windows(1, 64))
    assert gpu.batch_size % PIECES == 0
    assert "windows at once on the GPU" in told[-1]
    inputs = smooth_windows(gpu.batch_size, 64)
    assert len(gpu.probabilities(inputs)) == gpu.batch_size


def test_a_network_that_cannot_be_recorded_runs_without_a_graph():
    network = settled(TINY["no location"])

    class Asking(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network
            self.config = network.config

        def forward(self, inputs, location=None):
            if float(inputs["optical"].mean()) > 1e9:  # waits for the GPU: forbidden in a graph
                raise ValueError("too bright")
            return self.network(inputs, location)

    gpu = on_gpu(Asking())
    inputs = smooth_windows(4, 64)
    expected = on_cpu(network).probabilities(inputs)
    np.testing.assert_allclose(gpu.probabilities(inputs), expected, rtol=0, atol=1e-4)
    assert "CUDA graph" not in gpu.description


def test_cancel_is_asked_before_each_piece():
    made = CudaNetwork(settled(TINY["no location"]), torch.device("cuda", 0), "exact")
    with pytest.raises(JobCancelled):
        made.run(smooth_windows(8, 64), None, lambda: True)
    assert np.isfinite(made.run(smooth_windows(8, 64), None, None)).all()
