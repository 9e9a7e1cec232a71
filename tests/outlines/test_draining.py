import numpy as np

from glacier_core.outlines.draining import drained_to

COLUMN = np.tile(np.arange(20.0), (10, 1))
GROUND = np.ones(COLUMN.shape, dtype=bool)


def test_a_slope_drains_straight_down():
    """Each row to its own end: the way down a diagonal is longer, so less steep."""
    ends = np.zeros(COLUMN.shape, dtype=np.int32)
    ends[:, 0] = np.arange(1, 11)
    assert (drained_to(COLUMN, ends, GROUND, 30.0) == ends[:, :1]).all()


def test_a_roof_drains_to_either_side():
    ends = np.zeros(COLUMN.shape, dtype=np.int32)
    ends[:, 0], ends[:, -1] = 7, 8
    found = drained_to(-abs(COLUMN - 9.4), ends, GROUND, 30.0)
    assert (found[:, :10] == 7).all()
    assert (found[:, 10:] == 8).all()


def test_a_hollow_drains_over_the_lowest_place_of_its_rim():
    heights = np.full((9, 20), 100.0)
    heights[1:-1, 5:15] = 50.0  # the hollow
    heights[4, 15:] = 60.0  # its outlet, to the east
    heights[4, :5] = 70.0
    ends = np.zeros(heights.shape, dtype=np.int32)
    ends[4, 0], ends[4, -1] = 1, 2
    found = drained_to(heights, ends, np.ones(heights.shape, dtype=bool), 30.0)
    assert (found[2:-2, 6:14] == 2).all()


def test_nothing_flows_over_what_is_no_ground_or_from_nowhere():
    ends = np.zeros(COLUMN.shape, dtype=np.int32)
    ends[0, 0] = 3
    ground = GROUND.copy()
    ground[:, 10] = False
    found = drained_to(COLUMN, ends, ground, 30.0)
    assert (found[:, :10] == 3).all()
    assert (found[:, 10:] == 0).all()
    assert not drained_to(COLUMN, 0 * ends, GROUND, 30.0).any()
    off = np.zeros(COLUMN.shape, dtype=np.int32)
    off[0, 10] = 4  # an end that is no ground
    assert not drained_to(COLUMN, off, ground, 30.0).any()
