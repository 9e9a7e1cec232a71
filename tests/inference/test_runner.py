import numpy as np
import pytest
import torch

from glacier_core.errors import DeviceError, ModelError
from glacier_core.inference import runner as runner_module
from glacier_core.inference.device import Device, cpu
from glacier_core.inference.runner import Runner
from glacier_core.settings import settings

from .stubs import Brightness, Broken, Forgetful, Log, NotANumber, tiny_glavitu

INPUTS = {
    "optical": np.random.default_rng(0).random((4, 6, 16, 16), dtype=np.float32),
    "dem": np.random.default_rng(1).random((4, 2, 16, 16), dtype=np.float32),
}


# The CPU stands in: what matters is what happens when the memory of a GPU is short.
PRETENDED_GPU = Device(torch.device("cpu"), "pretended GPU", is_gpu=True, sentence="")


class TooLarge(Brightness):
    """Can only be moved at the second attempt."""

    def __init__(self, moves):
        super().__init__()
        self.moves = moves

    def to(self, *arguments, **options):
        self.moves.append(arguments)
        if len(self.moves) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory (test)")
        return super().to(*arguments, **options)


def make_runner(network, *, device=None, batch_size=4, location=None, tell=print):
    return Runner(network, location, device or cpu(""), batch_size, tell)


def test_probability_is_the_softmax_of_the_logits():
    found = make_runner(Brightness()).probabilities(INPUTS)
    logit = 40 * (INPUTS["optical"].mean(axis=1) - 0.11)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-logit)), rtol=1e-5)


def test_the_callers_network_is_left_alone():
    network = tiny_glavitu().network.train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    strides = [parameter.stride() for parameter in network.parameters()]
    make_runner(network).probabilities(INPUTS)  # a network in training would return a pair
    assert network.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert [parameter.stride() for parameter in network.parameters()] == strides


def test_tensors_come_channels_last_without_gradients():
    log = Log()
    make_runner(Brightness(log)).probabilities(INPUTS)
    tensors, _ = log[0]
    assert tensors["optical"].is_contiguous(memory_format=torch.channels_last)
    assert all(tensor.is_inference() for tensor in tensors.values())


def test_every_window_gets_the_location():
    log = Log()
    vector = np.array([0, 0.5, 0.5], np.float32)
    make_runner(Brightness(log), location=vector).probabilities(INPUTS)
    assert [location.tolist() for _, location in log] == [[[0, 0.5, 0.5]]] * 4


@pytest.mark.usefixtures("whole_batches")
def test_every_window_of_a_whole_batch_gets_the_location():
    log = Log()
    vector = np.array([0, 0.5, 0.5], np.float32)
    make_runner(Brightness(log), location=vector).probabilities(INPUTS)
    assert [location.tolist() for _, location in log] == [[[0, 0.5, 0.5]] * 4]


@pytest.mark.usefixtures("whole_batches")
@pytest.mark.parametrize("error", [torch.OutOfMemoryError, MemoryError, RuntimeError])
def test_short_memory_halves_the_batch(error):
    told = []
    runner = make_runner(Forgetful(1, error=error), tell=told.append)
    assert runner.probabilities(INPUTS) is None
    assert runner.batch_size == 2
    assert told == ["Memory on the CPU was too short for 4 windows at once; going on with 2."]


@pytest.mark.usefixtures("whole_batches")
def test_the_batch_that_failed_is_halved_not_the_one_wished_for():
    runner = make_runner(Forgetful(1), batch_size=1000)
    assert runner.probabilities(INPUTS) is None
    assert runner.batch_size == 2


def test_short_memory_on_a_gpu_ends_on_the_cpu(monkeypatch):
    emptied = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append(True))
    told = []
    runner = make_runner(Forgetful(0), device=PRETENDED_GPU, tell=told.append)
    one = {name: array[:1] for name, array in INPUTS.items()}
    assert runner.probabilities(one) is None
    assert told == ["Memory on the GPU was too short for a single window; the CPU goes on."]
    assert not runner.device.is_gpu
    assert emptied == [True]


def test_a_network_too_large_for_the_gpu_runs_on_the_cpu():
    told, moves = [], Log()
    runner = make_runner(TooLarge(moves), device=PRETENDED_GPU, tell=told.append)
    assert told == ["Memory on the GPU was too short for the network itself; the CPU goes on."]
    assert not runner.device.is_gpu
    np.testing.assert_array_equal(
        runner.probabilities(INPUTS), make_runner(Brightness()).probabilities(INPUTS)
    )


def test_a_cpu_too_small_for_one_window_is_an_error():
    one = {name: array[:1] for name, array in INPUTS.items()}
    with pytest.raises(DeviceError, match="single window"):
        make_runner(Forgetful(0)).probabilities(one)


def test_other_faults_are_not_taken_for_short_memory():
    with pytest.raises(ZeroDivisionError):
        make_runner(Broken()).probabilities(INPUTS)


def test_a_fault_of_the_network_that_is_a_runtime_error_is_passed_on():
    wrong = {"optical": np.zeros((1, 6, 16, 16), np.float32), "dem": INPUTS["dem"][:1]}
    network = tiny_glavitu().network
    network.output = torch.nn.Conv2d(3, 2, 1)
    with pytest.raises(RuntimeError, match="expected input"):
        make_runner(network).probabilities(wrong)


def test_values_that_are_no_numbers_are_an_error():
    with pytest.raises(ModelError, match="not finite"):
        make_runner(NotANumber()).probabilities(INPUTS)


def test_threads_follow_the_settings(monkeypatch):
    chosen = []
    monkeypatch.setenv("GLACIER_THREADS", "3")
    settings.cache_clear()
    monkeypatch.setattr(runner_module.torch, "set_num_threads", chosen.append)
    make_runner(Brightness())
    assert chosen == [3]
