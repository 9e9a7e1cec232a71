import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from torch import nn

from glacier_core.inference.device import cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes.winograd import (
    WinogradConvolution,
    WinogradNetwork,
    is_available,
)
from glacier_core.models.architectures import ARCHITECTURES

from .networks import TINY, all_small, location_of, settled, small_size, smooth_windows

pytestmark = pytest.mark.skipif(not is_available(), reason="needs a torch with NNPACK")


@pytest.mark.parametrize("config", dict(all_small()).values(), ids=dict(all_small()))
def test_every_architecture_gives_what_pytorch_gives(config):
    network = settled(config)
    eager, rearranged = (
        Runner(network, location_of(network), cpu(""), 2, print, runtime=name)
        for name in ("torch", "winograd")
    )
    for number in (2, 1, 3):
        inputs = smooth_windows(number, small_size(config), seed=number)
        expected, found = eager.probabilities(inputs), rearranged.probabilities(inputs)
        assert rearranged.runtime == "winograd"
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("bias", [True, False])
def test_a_winograd_convolution_is_a_convolution(bias):
    torch.manual_seed(0)
    plain = nn.Conv2d(20, 24, 3, padding=1, bias=bias).requires_grad_(False)
    x = torch.randn(3, 20, 13, 30)
    expected = nn.functional.conv2d(
        x.double(), plain.weight.double(), plain.bias.double() if bias else None, padding=1
    )
    found = WinogradConvolution(plain)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-4)


def test_only_what_suits_is_rearranged():
    network = nn.Sequential(
        nn.Conv2d(16, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.Conv2d(16, 16, 3, padding=1, stride=2),
        nn.Conv2d(16, 16, 3),
        nn.Conv2d(16, 16, 3, padding=2, dilation=2),
        nn.Conv2d(16, 16, 3, padding=1, groups=2),
        nn.Conv2d(16, 16, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(16, 8, 3, padding=1),
        nn.Conv2d(8, 16, 1),
        nn.BatchNorm2d(16),
    )
    found = [type(module) for module in WinogradNetwork.copy_of(network)]
    assert found == [WinogradConvolution, nn.Identity, *[nn.Conv2d] * 7, nn.Identity]
    assert isinstance(network[0], nn.Conv2d)  # the caller's is left alone
    assert isinstance(network[1], nn.BatchNorm2d)


def test_two_threads_at_once_do_not_disturb_each_other():
    network = settled(ARCHITECTURES["resunet"].small)
    made = WinogradNetwork(network, torch.device("cpu"), "exact")
    inputs = [smooth_windows(1, 64, seed=seed) for seed in range(4)]
    alone = [made.run(each, None, None) for each in inputs]
    found = {}

    def run(number):
        found[number] = [made.run(inputs[number], None, None) for _ in range(5)]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for number, expected in enumerate(alone):
        for each in found[number]:
            np.testing.assert_array_equal(each, expected)


def test_its_name_is_told():
    made = WinogradNetwork(settled(TINY["no location"]), torch.device("cpu"), "exact")
    version = torch.__version__.partition("+")[0]
    assert made.description == f"PyTorch {version} with Winograd convolutions, float32"


def test_it_makes_itself_ready():
    """In a process of its own, where nothing has asked for NNPACK before."""
    code = (
        "import numpy as np, torch\n"
        "from torch import nn\n"
        "from glacier_core.inference.runtimes.winograd import WinogradNetwork\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Conv2d(16, 16, 3, padding=1)\n"
        "    def forward(self, inputs, location=None):\n"
        "        return self.layer(inputs['optical'])\n"
        "made = WinogradNetwork(Net(), torch.device('cpu'), 'exact')\n"
        "print(made.run({'optical': np.ones((1, 16, 64, 64), np.float32)}, None, None).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(1, 64, 64)"


def test_a_torch_without_nnpack_is_told(monkeypatch):
    monkeypatch.setattr(torch, "_nnpack_available", lambda: False)
    told = []
    network = settled(TINY["no location"])
    runner = Runner(network, None, cpu(""), 2, told.append, runtime="winograd")
    runner.probabilities(smooth_windows(1, 64))
    assert runner.runtime == "torch"
    assert told == [
        "PyTorch with Winograd convolutions cannot run this network (this torch has no NNPACK, or "
        "none for this processor); PyTorch does."
    ]
