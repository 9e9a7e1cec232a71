import numpy as np
import pytest

from glacier_core.simulation.terrain import TerrainSource
from glacier_core.simulation.windows import (
    FINE_RESOLUTIONS,
    FINE_SHARE,
    KNOWN_SHARE,
    REAL_RELIEF,
    RESOLUTIONS,
    PreparedTerrain,
    cut_north_up,
    cut_window,
    draw_resolution,
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


def test_resolutions_come_in_the_stated_shares():
    drawn = np.array([draw_resolution(random(seed)) for seed in range(600)])
    assert np.mean(drawn < FINE_RESOLUTIONS[1]) == pytest.approx(FINE_SHARE, abs=0.05)
    assert drawn.min() >= FINE_RESOLUTIONS[0]


def test_margins_are_the_outermost_ice():
    rows, columns = prepared().margin_cells
    edges = [rows - 150, 249 - rows, columns - 100, 199 - columns]
    assert set(np.min(edges, axis=0)) <= {0, 1}


def test_a_turned_window_keeps_slopes_but_for_the_relief_factor():
    terrain = prepared()
    for seed in range(6):
        ground = cut_window(terrain, random(seed), 64)
        assert FINE_RESOLUTIONS[0] <= ground.resolution <= RESOLUTIONS[1]
        down, right = np.gradient(ground.elevation, ground.resolution)
        ice = np.zeros(ground.shape, dtype=bool)
        ice[1:-1, 1:-1] = ground.glacier[1:-1, 1:-1]
        slope = np.median(np.hypot(down, right)[ice])
        assert REAL_RELIEF[0] - 0.02 < slope / (np.hypot(6.0, 3.0) / 30.0) < REAL_RELIEF[1] + 0.02


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
