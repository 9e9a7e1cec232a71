"""Ground that the tests of the simulation share."""

import numpy as np
import pytest

from glacier_core.simulation.terrain import procedural_terrain

from .grounds import make_ground, random


@pytest.fixture
def generator():
    return random()


@pytest.fixture(scope="session")
def terrain():
    """Return one procedural terrain; the tests only read it."""
    return procedural_terrain(11)


@pytest.fixture
def tongue():
    """Return a glacier 40 cells wide on a slope that falls to the south."""
    rows, columns = np.mgrid[:120, :120].astype(np.float32)
    elevation = 2000.0 - 8.0 * rows + 0.15 * (columns - 60) ** 2
    on_ice = (np.abs(columns - 60) < 20) & (rows < 90)
    height = np.clip(1.0 - rows / 90.0, 0.0, 1.0)
    return make_ground(elevation, on_ice.astype(np.int32), relative_height=height)
