"""Spatial blocks: no two tiles of different splits are neighbours, wherever on the globe."""

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from hypothesis import strategies as st
from pyproj import Geod

from glacier_core.errors import SourceError
from glacier_core.sources.tile_blocks import assign_blocks, distance_km

WGS84 = Geod(ellps="WGS84")


def grid(longitude=8.0, latitude=46.0, rows=12, columns=12, east=0.13, north=0.09):
    """Bounds of touching tiles, each about 10 km wide in the Alps."""
    return np.array(
        [
            (
                longitude + column * east,
                latitude + row * north,
                longitude + (column + 1) * east,
                latitude + (row + 1) * north,
            )
            for row in range(rows)
            for column in range(columns)
        ]
    )


def edge_points(bounds, count=9):
    west, south, east, north = bounds
    ring = shapely.box(west, south, east, north).exterior
    points = shapely.line_interpolate_point(ring, np.linspace(0, 1, 4 * count), normalized=True)
    return shapely.get_coordinates(points)


def geodesic_km(one, other):
    """Distance from edge to edge by pyproj, over many points of both."""
    first, second = edge_points(one), edge_points(other)
    starts, ends = np.repeat(first, len(second), axis=0), np.tile(second, (len(first), 1))
    return WGS84.inv(*starts.T, *ends.T)[2].min() / 1000


def test_tiles_side_by_side_never_part_ways():
    bounds = grid()
    splits = np.array(assign_blocks(bounds, 35.0, gap_km=15.0))
    assert set(splits) == {"training", "validation", "test", "left-out"}
    for name in ("training", "validation", "test"):
        for other in {"training", "validation", "test"} - {name}:
            near = [
                geodesic_km(one, two)
                for one in bounds[splits == name]
                for two in bounds[splits == other][:4]
            ]
            assert min(near) >= 15.0


tiles = st.tuples(
    st.floats(-180, 179.9),
    st.floats(-89, 88.5),
    st.floats(0.01, 0.4),
    st.floats(0.01, 0.4),
).map(lambda tile: (tile[0], tile[1], tile[0] + tile[2], tile[1] + tile[3]))


@st.composite
def clusters(draw):
    """Tiles about one place: anywhere, also at a pole or where the dates meet."""
    west, south, _, _ = draw(tiles)
    offsets = st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(0.01, 0.3))
    return [
        (
            west + east,
            float(np.clip(south + north, -89.9, 89.5)),
            west + east + side,
            float(np.clip(south + north, -89.9, 89.5)) + side,
        )
        for east, north, side in draw(st.lists(offsets, min_size=1, max_size=9))
    ]


@given(
    bounds=clusters(),
    block_km=st.floats(5, 300),
    gap_km=st.floats(0, 100),
    seed=st.integers(0, 9),
)
@example([(179.9, 0, 180, 0.1), (-180, 0, -179.9, 0.1)], 5.0, 10.0, 0)
@example([(0, 89.0, 0.1, 89.9), (180, 89.0, 180.1, 89.9)], 5.0, 30.0, 0)
def test_no_two_splits_are_nearer_than_the_gap(bounds, block_km, gap_km, seed):
    bounds = [(west, south, east, min(north, 90)) for west, south, east, north in bounds]
    splits = assign_blocks(bounds, block_km, seed=seed, gap_km=gap_km)
    assert len(splits) == len(bounds)
    for first, one in enumerate(bounds):
        for second, other in enumerate(bounds[:first]):
            if "left-out" not in (splits[first], splits[second]):
                apart = geodesic_km(one, other)
                assert splits[first] == splits[second] or apart >= gap_km


@given(one=tiles, other=tiles)
def test_distances_are_never_overestimated(one, other):
    assert distance_km(one, other) <= geodesic_km(one, other) + 1e-6


@given(one=tiles, east=st.floats(-1, 1), north=st.floats(-1, 1))
def test_distances_of_near_tiles_are_close(one, east, north):
    west, south, _, _ = one
    south = float(np.clip(south, -70, 70))
    here = (west, south, west + 0.1, south + 0.1)
    there = (west + east, south + north, west + east + 0.1, south + north + 0.1)
    exact = geodesic_km(here, there)
    if distance_km(here, there) > 5:
        assert distance_km(here, there) == pytest.approx(exact, rel=0.10)


def test_distances_in_closed_form():
    radius = 6335.4
    assert distance_km((0, 0, 1, 1), (0, 3, 1, 4)) == pytest.approx(np.deg2rad(2) * radius)
    assert distance_km((0, 0, 1, 1), (1, 1, 2, 2)) == 0
    assert distance_km((0, 0, 3, 3), (1, 1, 2, 2)) == 0
    assert distance_km((179, 0, 180, 1), (-180, 0, -179, 1)) == 0
    assert distance_km((190, 0, 191, 1), (-170, 0, -169, 1)) == 0


def test_shares_are_met():
    splits = assign_blocks(grid(rows=40, columns=40), 20.0)
    kept = [split for split in splits if split != "left-out"]
    for name, share in (("training", 0.6), ("validation", 0.2), ("test", 0.2)):
        assert kept.count(name) / len(kept) == pytest.approx(share, abs=0.06)


def test_a_split_without_a_share_gets_nothing():
    assert set(assign_blocks(grid(), 20.0, shares=(1, 0, 0))) == {"training"}


def test_a_block_stays_together():
    bounds = grid(rows=3, columns=3, east=0.01, north=0.01)
    for seed in range(5):
        splits = assign_blocks(bounds, 2000.0, seed=seed)
        assert len(set(splits)) == 1


def test_a_wider_gap_leaves_out_more():
    left_out = [
        assign_blocks(grid(), 40.0, gap_km=gap).count("left-out") for gap in (0, 10, 20, 200)
    ]
    assert left_out == sorted(left_out)
    assert left_out[0] < left_out[-1]


def test_tiles_that_touch_are_never_in_two_splits():
    row = grid(rows=1, columns=12)
    splits = assign_blocks(row, 20.0, gap_km=0.0)
    assert len(set(splits) - {"left-out"}) == 3
    for one, other in pairwise(splits):
        assert one == other or "left-out" in (one, other)


def test_no_more_is_left_out_than_has_to_be():
    far = [(8.0, 46.0, 8.1, 46.1), (20.0, 46.0, 20.1, 46.1), (40.0, 46.0, 40.1, 46.1)]
    assert "left-out" not in assign_blocks(far, 50.0, gap_km=100.0)


def test_seeds():
    bounds = grid()
    assert assign_blocks(bounds, 30.0, seed=4) == assign_blocks(bounds, 30.0, seed=4)
    assert assign_blocks(bounds, 30.0, seed=4) != assign_blocks(bounds, 30.0, seed=5)


def test_no_tiles():
    assert assign_blocks([], 10.0) == []


@pytest.mark.parametrize(
    ("bounds", "options", "sentence"),
    [
        ([(9, 46, 8, 47)], {}, "The bounds of tile 0 are .* no place on the globe"),
        ([(8, 46, 9, 47), (8, 46, 9, 95)], {}, "The bounds of tile 1"),
        ([(8, 46, 9, float("nan"))], {}, "no place on the globe"),
        ([(5e5, 5e6, 5.1e5, 5.1e6)], {}, "no place on the globe"),
        ([(8, 46, 9, 47)], {"block_km": 0}, "cannot be made"),
        ([(8, 46, 9, 47)], {"gap_km": -1}, "cannot be made"),
        ([(8, 46, 9, 47)], {"shares": (0, 0, 0)}, "cannot be made"),
        ([(8, 46, 9, 47)], {"shares": (1, -1, 1)}, "cannot be made"),
    ],
)
def test_numbers_that_make_no_sense(bounds, options, sentence):
    with pytest.raises(SourceError, match=sentence):
        assign_blocks(bounds, **{"block_km": 10.0, **options})
