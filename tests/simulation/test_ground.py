import numpy as np
import pytest

from .grounds import make_ground


def test_slope_and_shade_of_a_plane():
    rows, _ = np.mgrid[:40, :40].astype(np.float32)
    north_facing = make_ground(15.0 * rows)
    inner = np.s_[8:-8, 8:-8]
    assert north_facing.slope[inner] == pytest.approx(15.0 / 30.0, rel=1e-3)
    assert north_facing.shade[inner] == pytest.approx(0.5, rel=1e-3)
    assert make_ground(-15.0 * rows).shade[inner] == pytest.approx(-0.5, rel=1e-3)


def test_distances_count_metres_from_the_margin():
    labels = np.zeros((20, 20), dtype=np.int32)
    labels[:, :10] = 1
    ground = make_ground(np.zeros((20, 20)), labels, resolution=25.0)
    assert ground.distance_to_ice[5, 9:13].tolist() == [0, 25, 50, 75]
    assert ground.distance_to_margin[5, 7:11].tolist() == [75, 50, 25, 0]
    assert (make_ground(np.zeros((20, 20))).distance_to_ice == 20 * 30.0).all()


def test_hollows_are_hollow():
    rows, columns = np.mgrid[:60, :60] - 30.0
    bowl = make_ground(0.2 * (rows**2 + columns**2))
    assert bowl.hollowness[30, 30] > 1.0
    assert make_ground(-0.2 * (rows**2 + columns**2)).hollowness[30, 30] < -1.0
