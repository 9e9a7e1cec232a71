"""Hints on maps whose errors are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.warp import transform

from glacier_core.confidence.hints import COLUMNS, look_here_first
from glacier_core.errors import ModelError

from .maps import GROUND_KM2, SIDE, TRANSFORM, UTM, map_of


def spotted(*spots, shape=(60, 80)):
    """Return a map, sure but for blocks (rows, columns, confidence)."""
    confidence = np.full(shape, 0.999)
    for rows, columns, value in spots:
        confidence[slice(*rows), slice(*columns)] = value
    return map_of(np.full(shape, 0.01), confidence)


def test_places_come_by_the_area_expected_to_be_wrong():
    """Expected: 100 x 0.2, 50 x 0.3, 9 x 0.45 pixels; what is sure enough is no place."""
    result = spotted(((5, 10), (5, 15), 0.7), ((30, 40), (40, 50), 0.8), ((50, 53), (5, 8), 0.55))
    table = look_here_first(result, side_m=15 * SIDE)
    assert list(table.columns) == list(COLUMNS)
    assert list(table["rank"]) == [1, 2, 3]
    assert table["expected_gain_km2"].to_numpy() == pytest.approx(
        np.array([20, 15, 4.05]) * GROUND_KM2, rel=1e-4
    )
    assert table["area_km2"].to_numpy() == pytest.approx(
        np.array([100, 50, 9]) * GROUND_KM2, rel=1e-4
    )
    assert table["mean_confidence"].to_numpy() == pytest.approx([0.8, 0.7, 0.55], rel=1e-5)
    assert table["simulated"].all()


def test_a_place_lies_within_its_square_on_the_ground():
    result = spotted(((30, 40), (40, 50), 0.8))
    (row,) = look_here_first(result, side_m=20 * SIDE).to_dict("records")
    (x,), (y,) = transform("EPSG:4326", UTM, [row["lon"]], [row["lat"]])
    assert ~TRANSFORM @ (x, y) == pytest.approx((45, 35), abs=1e-3)
    corners = transform("EPSG:4326", UTM, [row["west"], row["east"]], [row["south"], row["north"]])
    (left, right), (bottom, top) = ~TRANSFORM @ np.array(corners)
    assert (right - left, bottom - top) == pytest.approx((20, 20), abs=0.2)
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((45, 35), abs=0.1)


def test_the_place_of_one_wrong_pixel_is_that_pixel():
    result = spotted(((10, 20), (10, 20), 0.85), ((12, 13), (11, 12), 0.0))
    (row, *_) = look_here_first(result, side_m=SIDE).to_dict("records")
    (x,), (y,) = transform("EPSG:4326", UTM, [row["lon"]], [row["lat"]])
    assert ~TRANSFORM @ (x, y) == pytest.approx((11.5, 12.5), abs=1e-3)


def test_doubt_larger_than_a_look_is_many_places_that_share_nothing():
    result = spotted(((0, 60), (0, 80), 0.7))
    table = look_here_first(result, count=100, side_m=20 * SIDE)
    assert len(table) == 12
    assert table["area_km2"].sum() == pytest.approx(4800 * GROUND_KM2, rel=1e-4)


@settings(max_examples=15, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(1, 14), st.integers(2, 6), st.sampled_from([0.6, 0.8, 0.95])
)
def test_no_pixel_counts_twice_and_none_is_forgotten(seed, rows, pixels, below):
    """All places together hold all doubtful pixels, each once, the best square first."""
    confidence = np.random.default_rng(seed).uniform(0.5, 1, (rows, 11))
    result = map_of(np.full((rows, 11), 0.01), confidence)
    kept = result.confidence.to_numpy()
    error = np.where(kept < below, 1.0 - kept, 0.0)
    table = look_here_first(result, count=10**6, below=below, side_m=pixels * SIDE)
    assert table["expected_gain_km2"].sum() == pytest.approx(error.sum() * GROUND_KM2, rel=1e-4)
    assert table["area_km2"].sum() == pytest.approx((error > 0).sum() * GROUND_KM2, rel=1e-4)
    if len(table):
        squares = np.lib.stride_tricks.sliding_window_view(error, (min(pixels, rows), pixels))
        best = squares.sum(axis=(2, 3)).max()
        assert table["expected_gain_km2"][0] == pytest.approx(best * GROUND_KM2, rel=1e-4)
    assert table["expected_gain_km2"].is_monotonic_decreasing


def test_correcting_the_hints_removes_more_error_than_correcting_random_places():
    """Truth is drawn from smooth calibrated probabilities; ten looks either way."""
    random = np.random.default_rng(5)
    y, x = np.mgrid[:200, :200] / 200
    probability = 1 / (1 + np.exp(-12 * (np.hypot(x - 0.5, y - 0.4) - 0.3 + 0.1 * np.sin(9 * x))))
    wrong = (random.uniform(size=probability.shape) < probability) != (probability > 0.5)
    result = map_of(probability)
    hints = look_here_first(result, side_m=20 * SIDE)

    def removed(corners):
        looked = np.zeros_like(wrong)
        for row, column in corners:
            looked[row : row + 20, column : column + 20] = True
        return (wrong & looked).sum()

    west_north = transform("EPSG:4326", UTM, hints["west"], hints["north"])
    columns, rows = np.round(~TRANSFORM @ np.array(west_north)).astype(int)
    blind = [removed(random.integers(0, 181, (10, 2))) for _ in range(200)]
    assert removed(zip(rows, columns, strict=True)) > np.max(blind)
    expected = hints["expected_gain_km2"].sum() / GROUND_KM2
    assert removed(zip(rows, columns, strict=True)) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("probability", [0.001, 0.999, np.nan])
def test_nothing_doubtful_gives_no_place(probability):
    table = look_here_first(map_of(np.full((9, 9), probability)))
    assert table.empty
    assert list(table.columns) == list(COLUMNS)


def test_a_look_larger_than_the_map_is_the_map():
    table = look_here_first(map_of(np.full((9, 7), 0.4)), side_m=1e6)
    assert table["area_km2"].to_list() == pytest.approx([63 * GROUND_KM2], rel=1e-4)


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"count": 0}, "number of places is 0"),
        ({"side_m": 5.0}, "must be a pixel"),
        ({"side_m": float("nan")}, "must be a pixel"),
        ({"below": 1.0}, r"must lie above 0\.5"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choice, said):
    with pytest.raises(ModelError, match=said):
        look_here_first(map_of(np.full((9, 9), 0.4)), **choice)


def test_the_sentence_says_how_much_is_expected_to_be_wrong():
    (row,) = look_here_first(spotted(((0, 10), (0, 10), 0.75))).to_dict("records")
    assert row["sentence"] == (
        "0.090 km² of simulated ground are doubtful here (confidence 75% on average); about "
        "0.023 km² of them are expected to be wrong."
    )
