from types import SimpleNamespace

import numpy as np
import pytest

from glacier_core.errors import ModelError
from glacier_core.models.inputs import (
    FEATURE_CHANNELS,
    PUBLISHED_REGIONS,
    PUBLISHED_SCALING,
    coordinate_vector,
    region_vector,
    scale_feature,
    scale_features,
)


def card(*inputs, optional=()):
    return SimpleNamespace(inputs=inputs, optional_inputs=optional, scaling=PUBLISHED_SCALING)


def test_channels():
    assert FEATURE_CHANNELS == {
        "optical": 6,
        "dem": 2,
        "co_pol_sar": 2,
        "cross_pol_sar": 2,
        "in_sar": 2,
        "thermal": 1,
    }


@pytest.mark.parametrize("name", ["optical", "dem", "in_sar", "thermal"])
def test_ranges_become_zero_to_one(name):
    ends = np.array([(c.minimum, c.maximum) for c in PUBLISHED_SCALING[name]])
    scaled = scale_feature(name, ends[:, None, :])
    np.testing.assert_allclose(scaled[:, 0, 0], 0, atol=1e-6)
    np.testing.assert_allclose(scaled[:, 0, 1], 1, atol=1e-6)
    assert scaled.dtype == np.float32


def test_published_numbers():
    values = np.array([1000.0, 30.0])[:, None, None]
    scaled = scale_feature("dem", values)[:, 0, 0]
    np.testing.assert_allclose(scaled, [1103.29675627 / 8452.72382511, 30 / 88.97835244], rtol=1e-6)
    green = scale_feature("optical", np.full((6, 1, 1), 0.5))[1, 0, 0]
    assert green == pytest.approx(0.51996775 / 2.14526775, rel=1e-6)


def test_backscatter_is_scaled_in_decades():
    sigma_nought = np.array([[0.0, 1.0 - 1e-6, -0.1], [0.1 - 1e-6, 0.0, np.nan]])[:, None]
    scaled = scale_feature("co_pol_sar", sigma_nought)[:, 0]
    np.testing.assert_allclose(scaled[0], [0, 6 / 7.75761249, 0], atol=1e-6)
    np.testing.assert_allclose(scaled[1], [5 / 21.63508564, 0, 0], atol=1e-6)


def test_missing_is_zero_after_scaling():
    optical = np.full((6, 2, 2), 0.3)
    optical[2, 0, 1] = np.nan
    optical[3, 1, 1] = np.inf
    scaled = scale_feature("optical", optical)
    assert scaled[2, 0, 1] == 0
    assert scaled[3, 1, 1] == 0
    assert (scaled == 0).sum() == 2


def test_input_is_left_as_it_was():
    optical = np.full((6, 2, 2), np.nan, dtype=np.float32)
    scale_feature("optical", optical)
    assert np.isnan(optical).all()


def test_scene_arrays_are_gathered_into_groups():
    arrays = {
        "optical": np.full((6, 3, 4), 0.2),
        "elevation": np.full((3, 4), 1000.0),
        "slope": np.full((3, 4), 30.0),
        "thermal": np.full((3, 4), 270.0),
        "valid": np.ones((3, 4), bool),
    }
    scaled = scale_features(arrays, card("thermal", "dem", "optical"))
    assert {name: array.shape for name, array in scaled.items()} == {
        "thermal": (1, 3, 4),
        "dem": (2, 3, 4),
        "optical": (6, 3, 4),
    }
    assert scaled["dem"][1, 0, 0] == pytest.approx(30 / 88.97835244)
    assert scaled["thermal"][0, 0, 0] == pytest.approx(270 / 322.08056641)


def test_an_optional_feature_that_is_absent_is_missing_everywhere():
    arrays = {"optical": np.full((6, 3, 5), 0.2), "thermal": np.full((3, 5), 270.0)}
    described = card("in_sar", "optical", "thermal", optional=("in_sar", "thermal"))
    scaled = scale_features(arrays, described)
    assert list(scaled) == ["in_sar", "optical", "thermal"]
    assert scaled["in_sar"].shape == (2, 3, 5)
    assert not scaled["in_sar"].any()
    assert scaled["thermal"].all()


def test_absent_features_are_named():
    with pytest.raises(ModelError, match="needs slope, which the scene does not have"):
        scale_features({"elevation": np.zeros((2, 2))}, card("dem"))


@pytest.mark.parametrize(
    ("name", "shape", "told"),
    [
        ("optical", (3, 4, 4), "blue, green"),
        ("dem", (4, 4), "elevation"),
        ("wind", (1, 4, 4), "wind"),
    ],
)
def test_unfit_arrays_are_refused(name, shape, told):
    with pytest.raises(ModelError, match=told):
        scale_feature(name, np.zeros(shape))


def test_region_vectors_follow_the_order_of_the_card():
    assert len(PUBLISHED_REGIONS) == 12
    np.testing.assert_array_equal(region_vector("ALP", PUBLISHED_REGIONS), np.eye(12)[0])
    np.testing.assert_array_equal(region_vector("HMA", PUBLISHED_REGIONS), np.eye(12)[5])
    np.testing.assert_array_equal(region_vector("SVAL", PUBLISHED_REGIONS), np.eye(12)[10])
    np.testing.assert_array_equal(region_vector("unknown", PUBLISHED_REGIONS), np.eye(12)[11])
    np.testing.assert_array_equal(region_vector("unknown", ("unknown", "ALP")), [1, 0])


def test_unknown_region_is_refused_with_the_list():
    with pytest.raises(ModelError, match=r"'Alps'.*ALP.*unknown"):
        region_vector("Alps", PUBLISHED_REGIONS)


def test_coordinates_are_degrees_turned_into_sines_and_cosines():
    half, root = 0.5, np.sqrt(3) / 2
    np.testing.assert_allclose(coordinate_vector(-120, 30), [half, root, -root, -half], atol=1e-6)
    np.testing.assert_allclose(coordinate_vector(90, 0), [0, 1, 1, 0], atol=1e-6)


@pytest.mark.parametrize(("longitude", "latitude"), [(480_000, 5_800_000), (0, 91), (np.nan, 0)])
def test_places_off_the_globe_are_refused(longitude, latitude):
    with pytest.raises(ModelError, match="no place on the globe"):
        coordinate_vector(longitude, latitude)
