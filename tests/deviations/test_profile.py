"""The boundary piece by piece: what it adds up to, and which way it points."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import glacier_core as gc
from glacier_core.deviations.boundaries import face
from glacier_core.deviations.distance import distance_deviation
from glacier_core.deviations.ground import ground_projection
from glacier_core.deviations.profile import PROFILE_DEFINITIONS, boundary_profile

from .maps import block, box, experts, glacier_map

SHAPE = (60, 80)
CENTRE = ground_projection(10.0, 47.0)


def square(side, x=0.0, y=0.0):
    return shapely.box(x, y, x + side, y + side)


@pytest.fixture(scope="module")
def comparison():
    """Two glaciers side by side, both mapped with errors, one with a nunatak; no data at left."""
    glacier = block(SHAPE, (18, 41), (20, 58)) & ~block(SHAPE, (25, 29), (30, 34))
    unmapped = block(SHAPE, (0, 60), (0, 22))
    outlines = experts(box((20, 40), (15, 40)), box((20, 40), (40, 60)))
    return gc.compare(glacier_map(glacier & ~unmapped, unmapped, simulated=True), outlines)


def test_every_column_is_defined_and_nothing_else(comparison):
    for profile in (comparison.profile, comparison.expert_profile):
        assert set(profile.columns) == set(PROFILE_DEFINITIONS)
        assert profile["simulated"].all()
    assert comparison.profile is comparison.profile


def test_the_profile_adds_up_to_the_table(comparison):
    """Signed mean from one side; mean, left out and largest from both."""
    ours, theirs = (
        dict(list(profile.groupby("glacier_id")))
        for profile in (comparison.profile, comparison.expert_profile)
    )
    for glacier in comparison.glaciers.itertuples():
        means = [
            np.average(part["distance_m"].abs(), weights=part["length_m"])
            for part in (ours[glacier.glacier_id], theirs[glacier.glacier_id])
        ]
        signed = ours[glacier.glacier_id]
        assert np.average(signed["distance_m"], weights=signed["length_m"]) == pytest.approx(
            glacier.signed_mean_m, abs=1e-9
        )
        assert np.mean(means) == pytest.approx(glacier.mean_m, abs=1e-9)
        assert signed["distance_m"].abs().max() <= glacier.hausdorff_m + 1e-9


def test_distance_and_direction_of_a_moved_square():
    """The map lies 50 m east of the expert: outside on the right, inside on the left."""
    profile = boundary_profile(face(square(1000, x=50), square(1000)), CENTRE, glacier_id="a")
    middle = profile[(profile["along_m"] % 1000).between(400, 600)].reset_index()
    right, left = (middle[middle["distance_m"] * sign > 0] for sign in (1, -1))
    assert right["distance_m"].to_numpy() == pytest.approx(50)
    assert left["distance_m"].to_numpy() == pytest.approx(-50)
    assert right["bearing_deg"].to_numpy() == pytest.approx(270, abs=0.05)
    assert left["bearing_deg"].to_numpy() == pytest.approx(270, abs=0.05)
    assert len(right) == len(left) == 20
    assert profile["length_m"].sum() == pytest.approx(4000)
    on_line = profile[profile["distance_m"] == 0]
    assert len(on_line) == 2 * 95
    assert on_line["bearing_deg"].isna().all()


def test_along_the_expert_the_sign_is_still_the_maps():
    """A map 50 m too large all around: positive from either side."""
    facing = face(square(1100, x=-50, y=-50), square(1000))
    for along in ("predicted", "expert"):
        assert (boundary_profile(facing, CENTRE, along=along)["distance_m"] > 49).all()


def test_the_direction_is_from_true_north():
    """North of the expert the map's nearest place lies due south, also far from the centre."""
    expert = shapely.box(40_000, 0, 41_000, 1000)
    profile = boundary_profile(face(shapely.box(40_000, 0, 41_000, 1060), expert), CENTRE)
    top = profile[profile["distance_m"] == profile["distance_m"].max()]
    # meridians converge: 40 km east of the centre at 47° N grid north is 0.39° off
    assert top["bearing_deg"].to_numpy() == pytest.approx(180.39, abs=0.03)


def test_places_are_on_the_boundary():
    profile = boundary_profile(face(square(100), square(100)), CENTRE)
    assert [*profile["lon"].agg(["min", "max"])] == pytest.approx([10, 10.00132], abs=1e-5)
    assert [*profile["lat"].agg(["min", "max"])] == pytest.approx([47, 47.0009], abs=1e-5)


@pytest.mark.parametrize("empty", [shapely.Polygon(), shapely.MultiPolygon()])
def test_nothing_to_compare_gives_no_row(empty):
    for facing in (face(empty, square(10)), face(square(10), empty)):
        profile = boundary_profile(facing, CENTRE)
        assert profile.empty
        assert set(profile.columns) == set(PROFILE_DEFINITIONS) - {"simulated"}


def test_a_map_without_ice():
    empty = gc.compare(glacier_map(block(SHAPE, (0, 0), (0, 0))), experts(box((20, 40), (20, 50))))
    assert empty.profile.empty
    assert set(empty.profile.columns) == set(PROFILE_DEFINITIONS)


@settings(max_examples=20, deadline=None)
@given(st.integers(-300, 300), st.integers(-300, 300), st.integers(200, 900))
def test_mean_of_the_profile_is_the_signed_mean(x, y, side):
    one, other = square(side, x=x, y=y), square(500)
    profile = boundary_profile(face(one, other), CENTRE)
    assert np.average(profile["distance_m"], weights=profile["length_m"]) == pytest.approx(
        distance_deviation(one, other).signed_mean, abs=1e-9
    )
