import hashlib
import subprocess
import sys

import numpy as np
import pytest
import torch

from glacier_core.errors import JobCancelled
from glacier_core.inference.device import cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes import openvino
from glacier_core.inference.runtimes.keeping import SHELF
from glacier_core.inference.runtimes.making import Maker
from glacier_core.inference.runtimes.openvino import OpenVinoNetwork, settings_of_exact
from glacier_core.models.opinions import TurnedNetwork
from glacier_core.settings import settings

from .networks import TINY, all_small, location_of, settled, small_size, smooth_windows


def both(network):
    location = location_of(network)
    return [
        Runner(network, location, cpu(""), 2, print, runtime=name) for name in ("torch", "openvino")
    ]


@pytest.mark.parametrize(
    ("name", "config"), [pytest.param(*pair, id=pair[0]) for pair in all_small()]
)
def test_every_architecture_gives_what_pytorch_gives(name, config):
    eager, compiled = both(settled(config))
    for number in (2, 1, 3, 4):  # made ready at one number, run at others
        inputs = smooth_windows(number, small_size(config), seed=number)
        expected, found = eager.probabilities(inputs), compiled.probabilities(inputs)
        assert (eager.runtime, compiled.runtime) == ("torch", "openvino")
        assert found.dtype == np.float32
        assert found.shape == expected.shape
        assert expected.std() > 0.01
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


def test_a_turned_view_is_another_network():
    network = settled(TINY["no location"])
    inputs = smooth_windows(2, 64)
    turned = TurnedNetwork(network, 1, True, 0.9)
    eager, compiled = both(turned)
    expected = eager.probabilities(inputs)
    np.testing.assert_allclose(compiled.probabilities(inputs), expected, rtol=0, atol=1e-4)
    assert abs(both(network)[1].probabilities(inputs) - expected).max() > 0.01


def test_location_is_asked_for_at_every_batch():
    network = settled(TINY["region"])
    inputs = smooth_windows(1, 64)
    eager, compiled = both(network)
    found = []
    for position in (0, 5):
        vector = np.zeros(12, np.float32)
        vector[position] = 1.0
        eager.location = compiled.location = vector
        found.append(compiled.probabilities(inputs))
        np.testing.assert_allclose(found[-1], eager.probabilities(inputs), rtol=0, atol=1e-4)
    assert abs(found[0] - found[1]).max() > 0.01


def test_features_that_the_network_does_not_take_are_left_out():
    network = settled(TINY["no location"])
    inputs = smooth_windows(1, 64)
    more = {"thermal": np.ones((1, 1, 64, 64), np.float32)} | inputs
    made = OpenVinoNetwork.compile(network, more, None)
    np.testing.assert_array_equal(made.run(more, None, None), made.run(inputs, None, None))


def test_a_network_in_training_is_left_so():
    network = settled(TINY["no location"]).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    OpenVinoNetwork.compile(network, smooth_windows(1, 64), None)
    assert all(module.training for module in network.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_it_computes_in_float32_where_the_processor_could_do_less():
    made = OpenVinoNetwork.compile(settled(TINY["no location"]), smooth_windows(1, 64), None)
    chosen = made._compiled.get_property("INFERENCE_PRECISION_HINT")
    assert chosen.to_string() == "f32"
    assert made._compiled.get_property("INFERENCE_NUM_THREADS") == torch.get_num_threads()
    assert settings_of_exact()["EXECUTION_MODE_HINT"] == "ACCURACY"


def test_cancel_is_heard_within_a_batch():
    made = OpenVinoNetwork.compile(settled(TINY["no location"]), smooth_windows(1, 64), None)
    with pytest.raises(JobCancelled):
        made.run(smooth_windows(64, 64), None, lambda: True)
    assert np.isfinite(made.run(smooth_windows(1, 64), None, lambda: False)).all()


def test_a_later_process_finds_what_was_compiled(monkeypatch):
    network, inputs = settled(TINY["no location"]), smooth_windows(1, 64)
    expected = Runner(network, None, cpu(""), 2, print, runtime="openvino").probabilities(inputs)
    SHELF.clear()  # as a new process has it
    monkeypatch.setattr(OpenVinoNetwork, "compile", None)
    assert Maker(network, cpu(""), "exact").ready("openvino", inputs)
    runner = Runner(network, None, cpu(""), 2, print, runtime="openvino")
    np.testing.assert_array_equal(runner.probabilities(inputs), expected)
    assert runner.runtime == "openvino"


def test_what_was_compiled_is_for_these_weights_this_code_and_this_processor(monkeypatch):
    network, inputs = settled(TINY["no location"]), smooth_windows(1, 64)
    maker = Maker(network, cpu(""), "exact")
    maker.make("openvino", inputs, None)
    SHELF.clear()
    assert maker.ready("openvino", inputs)
    assert not maker.ready("openvino", smooth_windows(1, 32))
    assert not Maker(settled(TINY["no location"], 1), cpu(""), "exact").ready("openvino", inputs)
    for name in ("processor", "code_version", "version"):
        with monkeypatch.context() as patched:
            patched.setattr(openvino, name, lambda: "another")
            assert not maker.ready("openvino", inputs)
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    assert not maker.ready("openvino", inputs)
    torch.set_num_threads(threads)
    assert maker.ready("openvino", inputs)


def test_what_openvino_cannot_read_is_compiled_anew():
    network, inputs = settled(TINY["no location"]), smooth_windows(1, 64)
    maker = Maker(network, cpu(""), "exact")
    maker.make("openvino", inputs, None)
    (file,) = (settings().data_dir / "networks").glob("*.network")
    nonsense = b"no network"
    file.write_bytes(hashlib.sha256(nonsense).digest() + nonsense)  # whole, but of another kind
    SHELF.clear()
    assert np.isfinite(maker.make("openvino", inputs, None).run(inputs, None, None)).all()
    assert file.stat().st_size > 1000


def test_nobody_is_told_of_the_use_of_openvino(tmp_path):
    """Its package for that is never imported, and leaves no file in the home of the user."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from glacier_core.inference.runtimes.openvino import library\n"
            "library()\n"
            "from openvino.tools.ovc import telemetry_utils\n"
            "print(telemetry_utils.tm.__name__)\n"
            "print(sorted(n for n, m in sys.modules.items() if m and 'openvino_telemetry' in n))",
        ],
        env={"HOME": str(tmp_path), "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert told == ["openvino.tools.ovc.telemetry_stub", "[]"]
    assert not (tmp_path / "intel").exists()
