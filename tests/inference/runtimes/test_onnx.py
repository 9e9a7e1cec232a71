import threading
import time

import numpy as np
import pytest

from glacier_core.errors import JobCancelled
from glacier_core.inference.device import cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes.onnx import OnnxNetwork, is_installed
from glacier_core.models.architectures import ARCHITECTURES
from glacier_core.models.opinions import TurnedNetwork

from .networks import TINY, location_of, settled, small_size, smooth_windows

pytestmark = [
    pytest.mark.skipif(not is_installed(), reason="needs onnx and onnxruntime"),
    # torch tells on the way that it now prefers another exporter, and what it does not fold.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Constant folding"),
]
NAMES = ("glavitu", "resunet", "setr", "transunet", "deeplab", "ensemble")
CONFIGS = {name: ARCHITECTURES[name].small for name in NAMES} | TINY


def both(network, tell=print):
    location = location_of(network)
    return [Runner(network, location, cpu(""), 2, tell, runtime=n) for n in ("torch", "onnx")]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_it_gives_what_pytorch_gives(config):
    eager, exported = both(settled(config))
    for number in (2, 1, 3):
        inputs = smooth_windows(number, small_size(config), seed=number)
        expected, found = eager.probabilities(inputs), exported.probabilities(inputs)
        assert exported.runtime == "onnx"
        assert expected.std() > 0.01
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_what_it_cannot_take_over_pytorch_runs(capfd):
    told = []
    eager, exported = both(TurnedNetwork(settled(TINY["no location"]), 1, False, 1.0), told.append)
    inputs = smooth_windows(1, 64)
    expected = eager.probabilities(inputs)
    np.testing.assert_array_equal(exported.probabilities(inputs), expected)
    assert exported.runtime == "torch"
    assert len(told) == 1
    assert told[0].startswith("ONNX Runtime cannot run this network (")
    assert told[0].endswith("); PyTorch does.")


def test_cancel_is_heard_within_a_batch():
    made = OnnxNetwork(settled(ARCHITECTURES["glavitu"].small), smooth_windows(1, 64), None)
    inputs = smooth_windows(64, 64)
    started = time.monotonic()
    made.run(inputs, None, lambda: False)
    whole = time.monotonic() - started
    event = threading.Event()
    threading.Timer(0.2 * whole, event.set).start()
    started = time.monotonic()
    with pytest.raises(JobCancelled):
        made.run(inputs, None, event)
    assert time.monotonic() - started < 0.8 * whole
    assert np.isfinite(made.run(smooth_windows(1, 64), None, event.__class__())).all()
