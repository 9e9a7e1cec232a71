import numpy as np
import pytest
import shapely

from glacier_core.deviations.votes import cast_votes

from .maps import SIDE, TRANSFORM, box

SHAPE = (60, 80)


def test_votes_are_the_pixels_of_the_outlines_in_their_window():
    votes = cast_votes(
        [box((10, 20), (10, 30)), box((12, 20), (10, 28))], TRANSFORM, SHAPE, buffer_m=90.0
    )
    assert votes.inside.shape == (2, 16, 26)
    assert votes.inside.sum(axis=(1, 2)).tolist() == [200, 144]
    west, north = votes.transform @ (0, 0)
    assert (west, north) == (TRANSFORM.c + 7 * SIDE, TRANSFORM.f - 7 * SIDE)


def test_the_domain_reaches_the_buffer_beyond_any_outline():
    votes = cast_votes([box((10, 20), (10, 30))], TRANSFORM, SHAPE, buffer_m=90.0)
    rows, columns = np.nonzero(votes.domain)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (0, 15, 0, 25)
    assert not votes.domain[0, 0]
    assert votes.counted().shape == (1, votes.domain.sum())


def test_finer_votes_lie_at_the_same_place():
    outlines = [box((10, 20), (10, 30))]
    coarse, fine = (
        cast_votes(outlines, TRANSFORM, SHAPE, buffer_m=90.0, finer=finer) for finer in (1, 3)
    )
    assert fine.transform.a == pytest.approx(SIDE / 3)
    np.testing.assert_array_equal(fine.inside, coarse.inside.repeat(3, axis=1).repeat(3, axis=2))


def test_what_lies_outside_the_grid_is_left_out():
    votes = cast_votes([box((50, 70), (70, 90))], TRANSFORM, SHAPE, buffer_m=0.0)
    assert votes.inside.shape == (1, 10, 10)
    assert votes.inside.all()
    far = cast_votes([box((500, 510), (10, 20))], TRANSFORM, SHAPE, buffer_m=90.0)
    assert far.inside.size == 0
    assert cast_votes([shapely.Polygon()], TRANSFORM, SHAPE, buffer_m=90.0).domain.size == 0


def test_depth_is_the_distance_to_the_outline_positive_inside():
    votes = cast_votes(
        [box((10, 20), (10, 30)), shapely.Polygon()], TRANSFORM, SHAPE, buffer_m=90.0
    )
    drawn, none = votes.depths
    assert drawn[:, 12].tolist() == [-3, -2, -1, 1, 2, 3, 4, 5, 5, 4, 3, 2, 1, -1, -2, -3]
    assert (none < drawn.min()).all()
