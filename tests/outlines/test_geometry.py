"""Mending geometries."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.outlines.geometry import polygons_only

SQUARE = shapely.box(0, 0, 2, 2)
with np.errstate(invalid="ignore"):
    NOT_A_NUMBER = shapely.Polygon([(0, 0), (1, np.nan), (1, 1)])
    INFINITE = shapely.Polygon([(0, 0), (np.inf, 0), (1, 1)])


def mended(geometry):
    return polygons_only([geometry])[0]


def test_a_good_polygon_is_left_alone():
    holed = shapely.Polygon(SQUARE.exterior, [shapely.box(0.5, 0.5, 1, 1).exterior.coords])
    assert mended(holed).equals_exact(holed, 0)


def test_a_bow_tie_becomes_its_two_halves():
    bow_tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    result = mended(bow_tie)
    assert result.is_valid
    assert result.geom_type == "MultiPolygon"
    assert result.area == pytest.approx(2.0)


def test_a_spike_and_a_repeated_ring_go():
    spike = shapely.Polygon([(0, 0), (2, 0), (2, 2), (4, 4), (2, 2), (0, 2)])
    assert mended(spike).equals(SQUARE)


def test_overlapping_parts_are_one_area():
    parts = shapely.MultiPolygon([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    assert mended(parts).area == pytest.approx(6.0)


def test_lines_and_points_go_also_from_collections():
    mixed = shapely.GeometryCollection(
        [
            shapely.Point(9, 9),
            SQUARE,
            shapely.GeometryCollection([shapely.LineString([(0, 0), (5, 5)])]),
        ]
    )
    assert mended(mixed).equals_exact(SQUARE, 0)


@pytest.mark.parametrize(
    "nothing",
    [
        None,
        shapely.Point(1, 1),
        shapely.LineString([(0, 0), (1, 1)]),
        shapely.Polygon(),
        shapely.MultiPolygon(),
        shapely.GeometryCollection(),
        shapely.Polygon([(0, 0), (1, 1), (2, 2)]),
        NOT_A_NUMBER,
        INFINITE,
    ],
)
def test_what_has_no_area_becomes_empty(nothing):
    result = mended(nothing)
    assert result.is_empty
    assert result.geom_type == "Polygon"


def test_heights_are_dropped():
    assert not mended(shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)])).has_z


def test_one_part_is_a_polygon():
    assert mended(shapely.MultiPolygon([SQUARE])).geom_type == "Polygon"


def test_none_at_all():
    assert len(polygons_only([])) == 0


def test_a_ring_that_runs_twice_along_an_edge():
    twice = shapely.Polygon([(1, 1), (0, 0), (1, 0), (1, 1), (0, 0), (0, 1)])
    assert mended(twice).equals(shapely.box(0, 0, 1, 1))


def test_overlapping_polygons_of_a_collection_are_one_area():
    pair = shapely.GeometryCollection([shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)])
    assert mended(pair).equals(shapely.box(0, 0, 3, 2))


corners = st.tuples(st.integers(0, 6), st.integers(0, 6))


@settings(deadline=None, max_examples=300)
@given(st.lists(corners, min_size=3, max_size=9))
def test_any_ring_becomes_valid_area(ring):
    result = mended(shapely.Polygon(ring))
    assert result.is_valid
    assert result.geom_type in ("Polygon", "MultiPolygon")
    assert mended(result).equals_exact(result, 0)
    assert result.is_empty or shapely.box(0, 0, 6, 6).covers(result)
