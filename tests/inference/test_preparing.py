import pytest
import torch

from glacier_core.inference import preparing
from glacier_core.inference.device import Device, cpu
from glacier_core.inference.engine import map_glaciers
from glacier_core.inference.preparing import prepare_model
from glacier_core.inference.runner import Runner
from glacier_core.inference.runtimes import choosing
from glacier_core.models.registry import Model
from glacier_core.settings import settings

from .runtimes.networks import TINY, settled, smooth_windows
from .stubs import make_card, make_scene, tiny_glavitu


@pytest.fixture
def fastest(monkeypatch, own_data_dir):
    """OpenVINO is twice as fast as PyTorch, whatever the machine says."""
    paces = iter((2.0, 1.0))
    monkeypatch.setattr(choosing, "_runtimes", lambda: ["torch", "openvino"])
    monkeypatch.setattr(choosing, "HOPELESS", float("inf"))
    monkeypatch.setattr(choosing, "median", lambda _: next(paces))


@pytest.mark.parametrize("location", TINY)
def test_first_map_of_a_prepared_model_is_made_by_the_fastest(fastest, location):
    config = TINY[location]
    regions = ("unknown", *(f"R{number}" for number in range(11)))
    regions = regions if config.location == "region" else ()
    model, told = Model(settled(config), make_card(config, regions=regions, patch_size=64)), []
    prepare_model(model, told.append)
    assert told[0].startswith("No NVIDIA GPU") or "CPU" in told[0]
    assert told[1] == (
        "OpenVINO is the fastest on this machine: a window takes 2 s by PyTorch, 1 s by OpenVINO."
    )
    asked = "R1" if location == "region" else None
    for columns, runtime in ((150, "openvino"), (50, "torch")):  # a single window is another case
        made = map_glaciers(make_scene(40, columns), model, location=asked, cache=False)
        assert made.provenance["device"]["runtime"] == runtime


def test_who_does_not_tell_how_much_there_is_gets_the_fastest_too(fastest):
    model = Model(settled(TINY["no location"]), make_card(TINY["no location"], patch_size=64))
    prepare_model(model, print)
    runner = Runner(model.network, None, cpu(""), 2, print)
    runner.probabilities(smooth_windows(2, 64))
    assert runner.runtime == "openvino"


def test_unprepared_small_map_is_begun_at_once(fastest):
    made = map_glaciers(make_scene(40, 50), tiny_glavitu(), cache=False)
    assert made.provenance["device"]["runtime"] == "torch"


def test_wish_leaves_nothing_to_time(own_data_dir, monkeypatch):
    monkeypatch.setenv("GLACIER_RUNTIME", "winograd")
    settings.cache_clear()
    told = []
    prepare_model(tiny_glavitu(), told.append)
    assert told[1] == "GLACIER_RUNTIME asks for winograd, so there is nothing to choose."
    assert not (own_data_dir / "runtimes.json").exists()


def test_gpu_leaves_nothing_to_time(own_data_dir, monkeypatch):
    gpu = Device(torch.device("cuda"), "A GPU", True, "One NVIDIA GPU.")
    monkeypatch.setattr(preparing, "choose_device", lambda _: gpu)
    told = []
    prepare_model(tiny_glavitu(), told.append)
    assert told == [
        "One NVIDIA GPU.",
        "There is one runtime for a GPU, so there is nothing to choose.",
    ]
    assert not (own_data_dir / "runtimes.json").exists()
