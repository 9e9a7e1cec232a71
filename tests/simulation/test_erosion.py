import numpy as np
import pytest

from glacier_core.simulation.erosion import (
    ALL_OPEN,
    distance_to_open_side,
    drainage,
    fail_slopes,
    uplift_and_cut,
)

from .grounds import random


def test_no_slope_outlasts_its_talus():
    ground = 500.0 * random().random((40, 40))
    stable = fail_slopes(ground, 10.0, 0.8, rounds=30)
    assert (stable <= ground).all()
    assert np.abs(np.diff(stable, axis=0)).max() <= 0.8 * 10.0 + 1e-9
    assert np.abs(stable[1:, 1:] - stable[:-1, :-1]).max() <= 0.8 * 10.0 * 2**0.5 + 1e-9
    gentle = np.add.outer(np.arange(20.0), np.zeros(20))
    assert np.array_equal(fail_slopes(gentle, 10.0, 0.8, rounds=3), gentle)


def test_distance_counts_cells_from_the_sides_that_are_open():
    assert distance_to_open_side(5, ALL_OPEN)[2, 2] == 3.0
    left_only = distance_to_open_side(5, (False, False, False, True))
    assert left_only[3] == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0])
    assert (distance_to_open_side(4, (False,) * 4) == 4.0).all()


def test_rivers_bring_steady_uplift_to_the_slopes_of_the_stream_power_law():
    """In balance, uplift = erodibility sqrt(area) slope along every river.

    One cell a column drains a ramp to its open end, with a whole row's uplift to carry.
    """
    uplift = np.ones((3, 40))
    uplift[:, 0] = 0.0
    rivers = drainage((3, 40), 100.0, (False, False, False, True))
    ground = uplift_and_cut(0.01 * random().random((3, 40)), uplift, rivers, 100.0, 4000)
    rivers.graph.update_routes(ground)
    area = rivers.graph.accumulate(1.0)
    receiver = rivers.graph.impl().receivers[:, 0]
    far = rivers.graph.impl().receivers_distance[:, 0]
    flat = ground.ravel()
    inner = far > 0.0
    slope = (flat - flat[receiver])[inner] / far[inner]
    expected = 100.0 / np.sqrt(area.ravel()[inner])
    assert slope == pytest.approx(expected, rel=0.02)
