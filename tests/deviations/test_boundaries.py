"""Boundaries as pieces, with or without nunataks."""

import math

import numpy as np
import pytest
import shapely

from glacier_core.deviations.boundaries import Boundary, external, face, outward_signs
from glacier_core.deviations.distance import distance_deviation
from glacier_core.errors import OutlineError


def square(side, x=0.0, y=0.0):
    return shapely.box(x, y, x + side, y + side)


def test_pieces_know_how_far_along_their_boundary_they_lie():
    outline = shapely.Polygon(square(100).exterior, [square(20, x=40, y=40).exterior])
    boundary = Boundary.of(outline, 10)
    assert boundary.length == pytest.approx(480)
    assert boundary.along.tolist() == pytest.approx([5 + 10 * i for i in range(48)])
    assert np.bincount(boundary.ring).tolist() == [40, 8]
    assert len(boundary.vertices) == 8


def test_external_drops_nunataks_and_what_lies_in_them():
    ring = square(100).difference(square(60, x=20, y=20))
    nested = shapely.MultiPolygon([ring, square(10, x=45, y=45), square(10, x=500)])
    assert external(nested).equals(shapely.union(square(100), square(10, x=500)))
    assert external(ring).equals(square(100))
    assert external(shapely.MultiPolygon()).is_empty


def test_nunataks_count_unless_only_external_rings_are_asked_for():
    """The expert drew a nunatak of 100 m, 450 m from the margin; the map has none."""
    expert = square(1000).difference(square(100, x=450, y=450))
    everything = distance_deviation(square(1000), expert)
    margin_only = distance_deviation(square(1000), expert, rings="external")
    assert everything.hausdorff == pytest.approx(450)
    assert shapely.Point(everything.largest_at).distance(square(100, x=450, y=450).boundary) == 0
    assert margin_only.hausdorff == pytest.approx(0, abs=1e-9)
    assert margin_only.signed_mean == pytest.approx(0, abs=1e-9)


def test_a_margin_inside_a_nunatak_counts_as_inside_for_external_rings():
    """The map is a block where the expert has rock: with that filled, it lies 300 m inside."""
    expert = square(1000).difference(square(600, x=200, y=200))
    block = square(400, x=300, y=300)
    assert distance_deviation(block, expert).signed_mean == pytest.approx(100)
    assert distance_deviation(block, expert, rings="external").signed_mean == (pytest.approx(-300))


def test_outward_signs():
    assert outward_signs(np.array([[5.0, 5], [15, 5]]), square(10)).tolist() == [-1, 1]


def test_rings_that_are_none():
    with pytest.raises(OutlineError, match="'all'"):
        face(square(10), square(10), rings="outer")


def test_an_outline_beyond_its_coordinate_system():
    with pytest.raises(OutlineError, match="finite"):
        face(square(10), shapely.box(0, 0, math.inf, 10))
