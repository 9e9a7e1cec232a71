import pytest
import torch

from glacier_core.errors import DeviceError
from glacier_core.inference.device import choose_device


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def broken_gpu(monkeypatch):
    """A GPU that this torch has no kernels for."""

    def ones(*_, device=None):
        raise RuntimeError("CUDA error: no kernel image is available\nCompile with …")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", ones)


def test_auto_without_a_gpu_says_that_the_cpu_stands_in(no_gpu):
    device = choose_device("auto")
    assert device.torch_device.type == "cpu"
    assert not device.is_gpu
    assert device.sentence == "No NVIDIA GPU found. The CPU stands in."
    assert device.description == f"CPU, {torch.get_num_threads()} threads"


def test_asking_for_a_gpu_that_is_not_there_is_an_error(no_gpu):
    with pytest.raises(DeviceError, match=r"No NVIDIA GPU found.*device='cpu'"):
        choose_device("cuda")


def test_the_cpu_can_be_asked_for():
    assert choose_device("cpu").sentence == "The CPU is used, as asked."


def test_a_gpu_that_does_not_compute_is_told_of(broken_gpu):
    device = choose_device("auto")
    assert not device.is_gpu
    assert device.sentence == (
        "The NVIDIA GPU does not work with the installed torch (CUDA error: no kernel image is "
        "available). The CPU stands in."
    )
    with pytest.raises(DeviceError, match="no kernel image"):
        choose_device("cuda")


def test_an_unknown_device_is_an_error():
    with pytest.raises(DeviceError, match="no device 'tpu': choose auto, cpu, cuda"):
        choose_device("tpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_gpu_is_taken_where_there_is_one():
    device = choose_device("auto")
    assert device.is_gpu
    assert torch.cuda.get_device_name(0) in device.sentence
