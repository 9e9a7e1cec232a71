from types import SimpleNamespace

import numpy as np
import pytest

from glacier_core.errors import JobCancelled, ModelError
from glacier_core.inference.device import cpu
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes import choosing, making
from glacier_core.inference.runtimes.choosing import WORTH_TIMING, Chooser
from glacier_core.inference.runtimes.making import Maker
from glacier_core.inference.runtimes.paces import recall
from glacier_core.settings import settings

from ..stubs import Brightness, Broken
from .networks import TINY, settled, smooth_windows

INPUTS = {"optical": np.zeros((2, 6, 16, 16), np.float32)}


class Clock:
    """Time that passes only where a stub says so."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


class Stub:
    """A runtime that takes so many seconds a window, and so many to make ready."""

    def __init__(self, clock, runtime, pace):
        self.clock, self.runtime, self.pace = clock, runtime, pace
        self.description, self.bytes = f"{runtime} stub", 0

    def run(self, inputs, location, cancel):
        number = len(inputs["optical"])
        self.clock.now += self.pace * number
        return np.full((number, 16, 16), 0.5, np.float32)


class StubMaker:
    def __init__(self, clock, paces, preparing, ready=(), failing=()):
        self.network = SimpleNamespace(config="stub")
        self.device, self.precision = cpu(""), "exact"
        self.clock, self.paces, self.preparing = clock, paces, preparing
        self.on_hand, self.failing, self.made = set(ready), set(failing), []

    def ready(self, runtime, inputs):
        return runtime in self.on_hand

    def make(self, runtime, inputs, location):
        if runtime in self.failing:
            raise RuntimeError(f"{runtime} fails (test)\nand says why at length")
        if runtime not in self.on_hand:
            self.clock.now += self.preparing[runtime]
            self.on_hand.add(runtime)
            self.made.append(runtime)
        return Stub(self.clock, runtime, self.paces[runtime])


def counted(run, runs):
    def counting(stub, *args):
        runs.append(stub.runtime)
        return run(stub, *args)

    return counting


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(choosing, "time", clock)
    monkeypatch.setattr(choosing, "_runtimes", lambda: ["torch", "openvino", "onnx"])
    return clock


@pytest.fixture
def maker(clock):
    return StubMaker(
        clock,
        {"torch": 2.0, "openvino": 1.0, "onnx": 1.5},
        {"torch": 0.0, "openvino": 10.0, "onnx": 3.0},
    )


def test_nothing_known_begins_with_pytorch(maker):
    assert Chooser(maker, print).begin(INPUTS, None, 1000).runtime == "torch"
    assert maker.made == ["torch"]


def test_timing_takes_the_fastest_tells_it_and_remembers_it(maker):
    told = []
    chooser = Chooser(maker, told.append)
    assert chooser.time_all(INPUTS, None, None).runtime == "openvino"
    assert told == [
        "OpenVINO is the fastest on this machine: a window takes 2 s by PyTorch, 1 s by OpenVINO, "
        "1.5 s by ONNX Runtime."
    ]
    known = recall(chooser._situation(INPUTS))
    assert {name: pace.seconds for name, pace in known.items()} == maker.paces
    assert {name: pace.preparing for name, pace in known.items()} == maker.preparing


def test_who_is_hopeless_after_one_turn_is_not_timed_again(maker, monkeypatch):
    runs = []
    monkeypatch.setattr(choosing, "HOPELESS", 1.6)
    monkeypatch.setattr(Stub, "run", counted(Stub.run, runs))
    Chooser(maker, print).time_all(INPUTS, None, None)
    assert runs == ["torch", *["openvino", "onnx"] * choosing.TURNS]


@pytest.mark.parametrize(
    ("windows", "ready", "expected"),
    [
        (5, (), "torch"),  # 10 s, against 10 + 5 and 3 + 7.5
        (8, (), "onnx"),  # 3 + 12 s, against 16 and 10 + 8
        (100, (), "openvino"),
        (1, ("openvino",), "openvino"),  # nothing left to prepare
    ],
)
def test_what_is_known_to_be_done_first_begins(clock, maker, windows, ready, expected):
    Chooser(maker, print).time_all(INPUTS, None, None)
    later = StubMaker(clock, maker.paces, maker.preparing, ready)
    chooser = Chooser(later, print)
    assert chooser.begin(INPUTS, None, windows).runtime == expected
    assert not chooser.worth_timing(1e9)  # once is enough


def test_timing_is_worth_it_once_and_for_long_work_only(maker):
    chooser = Chooser(maker, print)
    assert not chooser.worth_timing(WORTH_TIMING - 1)
    assert chooser.worth_timing(WORTH_TIMING)
    assert not chooser.worth_timing(WORTH_TIMING)


def test_a_runtime_that_fails_is_told_and_left_out(maker):
    maker.failing = {"openvino"}
    told = []
    assert Chooser(maker, told.append).time_all(INPUTS, None, None).runtime == "onnx"
    assert told[0] == "OpenVINO cannot run this network (openvino fails (test)); PyTorch does."
    told.clear()
    Chooser(maker, told.append).begin(INPUTS, None, 10**6)
    assert told == []  # what is remembered leaves it out from the beginning


@pytest.mark.parametrize("place", ["argument", "settings"])
def test_a_wish_comes_before_what_is_faster(maker, monkeypatch, place):
    Chooser(maker, print).time_all(INPUTS, None, None)
    if place == "settings":
        monkeypatch.setenv("GLACIER_RUNTIME", "onnx")
        settings.cache_clear()
    chooser = Chooser(maker, print, "onnx" if place == "argument" else None)
    assert chooser.begin(INPUTS, None, 10**6).runtime == "onnx"
    assert not chooser.worth_timing(1e9)


def test_an_unknown_wish_is_an_error(maker):
    with pytest.raises(ModelError, match="no runtime 'tpu': choose auto, torch"):
        Chooser(maker, print, "tpu")


def test_whoever_cancels_is_not_taken_for_a_fault(maker):
    def cancelled(*_):
        raise JobCancelled("stop (test)")

    maker.make = cancelled
    with pytest.raises(JobCancelled):
        Chooser(maker, print, "openvino").begin(INPUTS, None, 1)


def test_a_fault_of_the_network_itself_is_not_hidden():
    told = []
    runner = Runner(Broken(), None, cpu(""), 2, told.append, runtime="openvino")
    with pytest.raises(ZeroDivisionError):
        runner.probabilities(INPUTS)


def test_a_runtime_that_gives_other_probabilities_is_refused(monkeypatch):
    from glacier_core.inference.runtimes import openvino

    class Wrong(openvino.OpenVinoNetwork):
        def run(self, inputs, location, cancel):
            return super().run(inputs, location, cancel) + np.float32(2e-4)

    monkeypatch.setattr(making, "OpenVinoNetwork", Wrong)
    told = []
    network = settled(TINY["no location"])
    runner = Runner(network, None, cpu(""), 2, told.append, runtime="openvino")
    runner.probabilities(smooth_windows(1, 64))
    assert runner.runtime == "torch"
    assert told == [
        "OpenVINO cannot run this network (OpenVINO gives probabilities that differ by up to "
        "0.0002); PyTorch does."
    ]


def test_a_map_is_of_one_runtime_throughout(monkeypatch):
    """The batch that showed how slow PyTorch is comes from the faster one as well."""
    monkeypatch.setattr(choosing, "WORTH_TIMING", 0.0)
    monkeypatch.setattr(choosing, "_runtimes", lambda: ["torch", "openvino"])
    paces = iter((2.0, 1.0))
    monkeypatch.setattr(choosing, "HOPELESS", float("inf"))
    monkeypatch.setattr(choosing, "median", lambda _: next(paces))
    network, inputs, told = settled(TINY["no location"]), smooth_windows(2, 64), []
    runner = Runner(network, None, cpu(""), 2, told.append)
    runner.expect(4)
    first = runner.probabilities(inputs)
    assert runner.runtime == "openvino"
    assert runner.description.startswith("OpenVINO ")
    assert "float32, " in runner.description
    np.testing.assert_array_equal(first, runner.probabilities(inputs))
    known = Runner(network, None, cpu(""), 2, told.append, runtime="openvino")
    np.testing.assert_array_equal(first, known.probabilities(inputs))
    assert len(told) == 1


def test_small_work_is_not_kept_waiting():
    network, told = settled(TINY["no location"]), []
    runner = Runner(network, None, cpu(""), 2, told.append)
    runner.expect(2)
    runner.probabilities(smooth_windows(2, 64))
    assert (runner.runtime, told) == ("torch", [])


def test_one_network_serves_all_runners():
    network, other = settled(TINY["no location"]), settled(TINY["no location"])
    inputs = smooth_windows(1, 64)
    for runtime in ("torch", "openvino"):
        first, second = (
            Maker(each, cpu(""), "exact").make(runtime, inputs, None) for each in (network, other)
        )
        assert first is second
    own = [Maker(Brightness(), cpu(""), "exact").make("torch", inputs, None) for _ in range(2)]
    assert own[0] is not own[1]
