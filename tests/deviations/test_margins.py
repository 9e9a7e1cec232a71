"""What of two glaciers' outlines is measured where experts drew a divide between them."""

import pytest

import glacier_core as gc

from .maps import SIDE, block, box, experts, glacier_map

SHAPE = (60, 80)


@pytest.fixture(scope="module")
def side_by_side():
    """Two squares of 20 pixels; the map leaves 2 bare pixels on either side of their border."""
    glacier = block(SHAPE, (20, 40), (20, 60)) & ~block(SHAPE, (20, 40), (38, 42))
    outlines = experts(box((20, 40), (20, 40)), box((20, 40), (40, 60)))
    return gc.compare(glacier_map(glacier), outlines)


def test_a_shared_border_is_no_error(side_by_side):
    """Measured are three sides of either square; the map's are right but for their length."""
    for _, glacier in side_by_side.glaciers.iterrows():
        # the last places of the expert's upper and lower sides, 60 m from the map's corners
        assert glacier["hausdorff_m"] == pytest.approx(2 * SIDE, rel=1e-3)
        assert glacier["signed_mean_m"] == pytest.approx(0, abs=2)
        assert glacier["area_deviation_percent"] == pytest.approx(-10, rel=1e-6)


def test_its_share_is_told(side_by_side):
    """Left out: the divide, 20 sides, and of the map's side beside it all but the corners.

    A place y below the top of the map's side is nearer to the divide, 2 sides away, from y = 2.
    """
    left_out = 20 + (20 - 2 * 2)
    for share in side_by_side.glaciers["boundary_left_out_percent"]:
        assert share == pytest.approx(100 * left_out / (80 + 76), abs=1)


def test_the_same_without_a_neighbour_is_an_error():
    glacier = block(SHAPE, (20, 40), (20, 38))
    alone = gc.compare(glacier_map(glacier), experts(box((20, 40), (20, 40)))).glaciers.iloc[0]
    assert alone["boundary_left_out_percent"] == pytest.approx(0, abs=1e-6)
    assert alone["signed_mean_m"] < -10
