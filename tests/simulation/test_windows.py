import numpy as np
import pytest

from glacier_core.simulation.terrain import TerrainSource
from glacier_core.simulation.windows import (
    KNOWN_SHARE,
    RESOLUTIONS,
    PreparedTerrain,
    cut_north_up,
    cut_window,
)

from .grounds import random


def prepared(*, hole=False, resolution=30.0):
    rows, columns = np.mgrid[:300, :300].astype(np.float32)
    elevation = (2000.0 + 6.0 * columns - 3.0 * rows).astype(np.float32)
    labels = np.zeros((300, 300), dtype=np.int32)
    labels[150:250, 100:150] = 1
    labels[150:250, 150:200] = 2
    if hole:
        elevation[:120] = np.nan
    return PreparedTerrain(TerrainSource("plane", elevation, labels, resolution, True, False))


def test_a_turned_window_keeps_slopes_but_for_the_relief_factor():
    terrain = prepared()
    for seed in range(6):
        ground = cut_window(terrain, random(seed), 64)
        assert RESOLUTIONS[0] <= ground.resolution <= RESOLUTIONS[1]
        down, right = np.gradient(ground.elevation, ground.resolution)
        ice = np.zeros(ground.shape, dtype=bool)
        ice[1:-1, 1:-1] = ground.glacier[1:-1, 1:-1]
        slope = np.median(np.hypot(down, right)[ice])
        assert 0.8 - 0.02 < slope / (np.hypot(6.0, 3.0) / 30.0) < 1.25 + 0.02


def test_windows_hold_ice_and_mostly_known_ground():
    terrain = prepared(hole=True)
    for seed in range(8):
        ground = cut_window(terrain, random(seed), 64)
        assert ground.glacier.any()
        assert ground.known.mean() >= KNOWN_SHARE - 0.05
        assert np.isfinite(ground.elevation).all()
        assert not (ground.glacier & ~ground.known).any()
        assert set(np.unique(ground.labels)) <= {0, 1, 2}


def test_one_seed_one_window():
    first, second = (cut_window(prepared(), random(9), 48) for _ in range(2))
    assert np.array_equal(first.elevation, second.elevation)
    assert np.array_equal(first.labels, second.labels)


def test_north_up_window_lies_as_its_source():
    ground = cut_north_up(prepared(), random(), (200.0, 150.0), 100, 30.0)
    assert ground.labels[50, 20] == 1
    assert ground.labels[50, 80] == 2
    down, right = np.gradient(ground.elevation)
    assert np.median(right[ground.glacier]) == pytest.approx(6.0, abs=0.1)
    assert np.median(down[ground.glacier]) == pytest.approx(-3.0, abs=0.1)


def test_north_up_window_moves_inside():
    corner = cut_north_up(prepared(), random(), (0.0, 0.0), 100, 30.0)
    assert corner.known.all()
    assert np.ptp(corner.elevation) > 99 * (6.0 + 3.0) - 60.0
