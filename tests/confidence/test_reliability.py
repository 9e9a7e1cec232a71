import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.confidence.reliability import (
    expected_calibration_error,
    reliability,
    reliability_bins,
    share_below,
)
from glacier_core.errors import ModelError


def test_table_by_hand():
    table = reliability([0.05, 0.15, 0.15, 0.95, 1.0], [1, 1, 0, 1, 1], bins=10)
    assert table["lower"].tolist() == pytest.approx([0.0, 0.1, 0.9])
    assert table["upper"].tolist() == pytest.approx([0.1, 0.2, 1.0])
    assert table["count"].tolist() == [1, 2, 2]
    assert table["confidence"].tolist() == pytest.approx([0.05, 0.15, 0.975])
    assert table["accuracy"].tolist() == pytest.approx([1.0, 0.5, 1.0])


def test_error_by_hand():
    # |0.05 - 1| * 1/4 + |0.15 - 0.5| * 2/4 + |0.95 - 1| * 1/4
    error = expected_calibration_error([0.05, 0.15, 0.15, 0.95], [1, 1, 0, 1], bins=10)
    assert error == pytest.approx((0.95 + 0.70 + 0.05) / 4)


def test_error_has_a_hundred_bins_by_default():
    # In one bin the two pixels would cancel.
    assert expected_calibration_error([0.2, 0.8], [1, 0]) == pytest.approx(0.8)
    assert expected_calibration_error([0.2, 0.8], [1, 0], bins=1) == pytest.approx(0.0)
    confidence, right = [0.201, 0.209, 0.211], [1, 0, 1]
    by_hand = abs(0.41 - 1) + abs(0.211 - 1)
    assert expected_calibration_error(confidence, right) == pytest.approx(by_hand / 3)


def test_bins_hold_their_lower_edge():
    # In floating point 0.29 * 100 is below 29.
    for percent in range(100):
        table = reliability([percent / 100], [1], bins=100)
        assert table["lower"].iloc[0] == percent / 100


def test_weights_are_repetitions():
    weighted = reliability([0.31, 0.34, 0.9], [1, 0, 1], 10, weight=[3, 1, 2])
    repeated = reliability([0.31] * 3 + [0.34] + [0.9] * 2, [1, 1, 1, 0, 1, 1], 10)
    np.testing.assert_allclose(weighted["confidence"], repeated["confidence"])
    np.testing.assert_allclose(weighted["accuracy"], repeated["accuracy"])
    assert weighted["count"].tolist() == [2, 1]
    assert weighted["weight"].tolist() == repeated["count"].tolist() == [4, 2]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_partition_the_pixels(pixels):
    confidence, right = (np.array(column, float) for column in zip(*pixels, strict=True))
    table = reliability(confidence, right, bins=7)
    assert table["count"].sum() == len(pixels)
    assert (table["count"] * table["accuracy"]).sum() == pytest.approx(right.sum())
    assert (table["count"] * table["confidence"]).sum() == pytest.approx(confidence.sum())
    assert (table["confidence"] >= table["lower"] - 1e-12).all()
    assert (table["confidence"] <= table["upper"] + 1e-12).all()
    error = expected_calibration_error(confidence, right)
    assert abs(confidence.mean() - right.mean()) - 1e-9 <= error <= 1


def test_unmapped_pixels_are_left_out():
    table = reliability([0.5, np.nan], [1, 0])
    assert table["count"].tolist() == [1]
    assert table["accuracy"].tolist() == [1.0]


def test_nothing_mapped():
    assert reliability([np.nan], [1]).empty
    assert np.isnan(expected_calibration_error([], []))


def test_bins_for_a_card():
    (only,) = reliability_bins(reliability([0.95, 0.97], [1, 0]))
    assert (only.lower, only.upper, only.count) == (0.9, 1.0, 2)
    assert only.confidence == pytest.approx(0.96)
    assert only.accuracy == 0.5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([0.5], [1, 0]), "1 confidences, 2 truths"),
        (([95.0], [1]), "not per cent"),
        (([0.5], [1], 0), "one bin"),
    ],
)
def test_unfit_arguments_are_refused(arguments, told):
    with pytest.raises(ModelError, match=told):
        reliability(*arguments)


def test_share_below_a_threshold():
    confidence = np.array([[0.2, 0.5], [0.9, np.nan]])
    assert share_below(confidence, 0.5) == pytest.approx(1 / 3)
    assert share_below(confidence, 0.51) == pytest.approx(2 / 3)
    assert share_below(confidence, 0.5, area=np.array([[4.0], [1.0]])) == pytest.approx(4 / 9)
    assert np.isnan(share_below([np.nan], 0.5))
