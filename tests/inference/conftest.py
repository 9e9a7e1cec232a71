import numpy as np
import pytest

from glacier_core.inference.engine import map_glaciers
from glacier_core.inference.runtimes import eager

from .stubs import Brightness, make_scene, stub_model


@pytest.fixture
def scene():
    """A simulated scene with a corner without data."""
    valid = np.ones((40, 50), bool)
    valid[:9, :12] = False
    return make_scene(40, 50, valid=valid, simulated=True, title="Simulated: a tiny valley")


@pytest.fixture
def model():
    return stub_model(Brightness())


@pytest.fixture
def result(scene, model):
    """A map that is nowhere on disk."""
    return map_glaciers(scene, model, cache=False)


@pytest.fixture
def whole_batches(monkeypatch):
    """Let the CPU pass all windows of a batch through the network together, as a GPU does."""
    monkeypatch.setattr(eager, "at_once", lambda device, number: number)
