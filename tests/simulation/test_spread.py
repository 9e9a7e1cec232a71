import dataclasses

import numpy as np
import pytest
import shapely

from glacier_core.outlines.schema import to_schema
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.spread import area_spread, describe_glaciers
from glacier_core.simulation.world import simulate_world

from .grounds import make_ground


def squares(*sides):
    """Return a table of squares in an equal-area projection; None for one that is not drawn."""
    drawn = [(f"g{number}", side) for number, side in enumerate(sides) if side]
    return to_schema(
        [shapely.box(0, 0, side, side) for _, side in drawn],
        "ESRI:54034",
        glacier_id=[name for name, _ in drawn],
    )


def test_spread_is_the_range_over_the_mean():
    panel = [squares(1000, 1000), squares(1000, 2000), squares(1000, None)]
    spread = area_spread(panel)
    assert spread["g0"] == pytest.approx(0.0)
    assert spread["g1"] == pytest.approx(100 * 4 / (5 / 3))


def test_glaciers_are_described_by_their_true_area():
    world = simulate_world(make_ground(np.zeros((40, 40), dtype=np.float32)), 1)
    labels = np.zeros((40, 40), dtype=np.int32)
    labels[0:10, 0:10], labels[20:36, 20:36] = 1, 2
    surface = np.full((40, 40), SurfaceClass.ICE, dtype=np.uint8)
    surface[20:24, 20:36] = SurfaceClass.DEBRIS
    world = dataclasses.replace(world, labels=labels, surface=surface, shadow=labels == 1)
    table = describe_glaciers(world)
    assert table.index.tolist() == ["simulated-001", "simulated-002"]
    assert table["area_km2"].tolist() == pytest.approx([256 * 9e-4, 100 * 9e-4])
    assert table["debris_share"].tolist() == [0.25, 0.0]
    assert table["shadow_share"].tolist() == [0.0, 1.0]
    assert table["whole"].tolist() == [True, False]
