import threading
import time

import numpy as np
import pytest
import torch
from torch import nn

from glacier_core.errors import JobCancelled
from glacier_core.inference.runtimes.eager import EagerNetwork

from .networks import TINY, settled, smooth_windows

CPU = torch.device("cpu")


class Slow(nn.Module):
    """A hundred layers that take a while each."""

    def __init__(self, seconds):
        super().__init__()
        self.layers = nn.ModuleList(Wait(seconds) for _ in range(100))

    def forward(self, inputs, location=None):
        x = inputs["optical"][:, :2]
        for layer in self.layers:
            x = layer(x)
        return x


class Wait(nn.Module):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def forward(self, x):
        time.sleep(self.seconds)
        return x


def test_cancel_is_heard_between_two_layers():
    made = EagerNetwork(Slow(0.05), CPU, "exact")
    event = threading.Event()
    threading.Timer(0.3, event.set).start()
    started = time.monotonic()
    with pytest.raises(JobCancelled):
        made.run(smooth_windows(1, 64), None, event)
    assert time.monotonic() - started < 1.0  # of the five seconds that it takes


def test_who_cancels_stops_nobody_else():
    made = EagerNetwork(Slow(0.01), CPU, "exact")
    inputs = smooth_windows(1, 64)
    ended = {}

    def run(name, cancel):
        try:
            made.run(inputs, None, cancel)
            ended[name] = "done"
        except JobCancelled:
            ended[name] = "cancelled"

    event = threading.Event()
    threads = [threading.Thread(target=run, args=pair) for pair in (("a", event), ("b", None))]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    event.set()
    for thread in threads:
        thread.join(30)
    assert ended == {"a": "cancelled", "b": "done"}
    run("a", None)  # what was cancelled is not remembered
    assert ended["a"] == "done"


def test_the_callers_network_gets_no_hooks():
    network = settled(TINY["no location"])
    made = EagerNetwork(network, CPU, "exact")
    assert not any(module._forward_pre_hooks for module in network.modules())
    assert all(module._forward_pre_hooks for module in made.network.modules())


def test_approximate_is_bfloat16_and_says_so():
    network = settled(TINY["no location"])
    exact, approximate = (EagerNetwork(network, CPU, kind) for kind in ("exact", "approximate"))
    assert exact.description.endswith("float32")
    assert approximate.description.endswith("bfloat16")
    inputs = smooth_windows(2, 64)
    found = approximate.run(inputs, None, None)
    difference = np.abs(found - exact.run(inputs, None, None)).max()
    assert found.dtype == np.float32
    assert 1e-4 < difference < 0.2
