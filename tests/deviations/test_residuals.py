import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.deviations.residuals import (
    correlation,
    correlogram,
    even_residuals,
)
from glacier_core.errors import OutlineError
from tests.deviations.boundary_processes import STEP, as_profile, exponential_rings

NUMBERS = st.floats(-500, 500, allow_nan=False)
PIECES = st.lists(st.tuples(NUMBERS, st.floats(0.1, 10.0)), min_size=8, max_size=60)


@given(PIECES)
@settings(max_examples=60, deadline=None)
def test_cells_keep_the_integral_of_the_deviation(pieces):
    distance, length = np.array(pieces).T
    even = even_residuals(pd.DataFrame({"distance_m": distance, "length_m": length}))
    assert even.total_m == pytest.approx(length.sum())
    assert even.values @ even.lengths == pytest.approx(distance @ length, abs=1e-6)
    assert even.sizes @ even.lengths == pytest.approx(np.abs(distance) @ length, abs=1e-6)
    assert np.all(even.sizes >= np.abs(even.values) - 1e-9)


def test_runs_end_with_rings_gaps_and_glaciers():
    distance = np.arange(40.0)
    distance[[12, 13]] = np.nan
    profile = as_profile(distance)
    profile.loc[20:, "along_m"] -= 200.0  # a second ring, measured from its own beginning
    profile.loc[30:, "glacier_id"] = "another"
    even = even_residuals(profile)
    assert np.bincount(even.runs).tolist() == [12, 6, 10, 10]
    assert even.values.tolist() == pytest.approx([*range(12), *range(14, 40)])


def test_a_missing_stretch_ends_a_run_where_its_rows_are_gone():
    profile = as_profile(np.arange(30.0)).drop(index=range(10, 15))
    assert np.bincount(even_residuals(profile).runs).tolist() == [10, 15]


def test_a_moving_average_has_the_integral_length_of_its_window():
    white = np.random.default_rng(3).standard_normal(60_000)
    window = 16
    even = even_residuals(as_profile(np.convolve(white, np.ones(window), "valid")))
    found = correlation(even.values, even)
    # Triangular correlation: its integral is the window; 1 - lag / window crosses 1/e at 0.632.
    assert found.first_crossing_m == pytest.approx(0.632 * window * STEP, rel=0.05)
    assert found.integral_length_m == pytest.approx(2 * 0.632 * window * STEP, rel=0.05)
    assert found.variance == pytest.approx(window, rel=0.05)


def test_an_exponential_correlation_is_found_again():
    even = even_residuals(as_profile(exponential_rings(1, 40_000, crossing=12, seed=4)[0]))
    found = correlation(even.values, even)
    assert found.first_crossing_m == pytest.approx(12 * STEP, rel=0.1)
    assert found.integral_length_m == pytest.approx(24 * STEP, rel=0.15)
    assert found.independent == pytest.approx(40_000 / 24, rel=0.15)


def test_the_variance_of_the_mean_is_not_underrated_on_short_boundaries():
    # 10 integral lengths: what the products about the mean lose is added back.
    rings = exponential_rings(150, 240, crossing=12, seed=5)
    evens = [even_residuals(as_profile(ring)) for ring in rings]
    found = [correlation(even.values, even) for even in evens]
    of_mean = np.mean([one.variance / one.independent for one in found])
    truth = float(1 + 2 * np.exp(-np.arange(1, 120) / 12).sum() + np.exp(-10)) / 240
    assert 0.95 * truth < of_mean < 1.6 * truth


def test_no_correlation_is_measured_across_gaps():
    # Long alternating runs: every run is constant within but for noise, signs change between.
    noise = np.random.default_rng(6).standard_normal(400)
    distance = noise + np.repeat(np.tile([50.0, -50.0], 10), 20)
    profile = as_profile(distance)
    whole = correlogram(profile)
    profile["ring"] = np.repeat(np.arange(20), 20)
    apart = correlogram(profile)
    lag = 15
    assert len(whole) <= lag or whole.loc[lag, "correlation"] < 0.5
    assert apart["correlation"].iloc[min(lag, len(apart) - 1)] > 0.9


def test_a_constant_deviation_has_no_spread():
    even = even_residuals(as_profile(np.full(50, 7.5)))
    found = correlation(even.values, even)
    assert found.variance == 0
    assert found.independent == 50
    assert correlogram(as_profile(np.full(50, 7.5)))["correlation"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (as_profile(np.ones(1)), "1 pieces"),
        (as_profile(np.full(30, np.nan)), "0 pieces"),
        (as_profile(np.append(np.ones(20), np.inf)), "infinite"),
        (as_profile(np.ones(20)).drop(columns="length_m"), "lacks length_m"),
        (as_profile(np.ones(20)).assign(length_m=-1.0), "finite lengths"),
        (as_profile(np.ones(20)).assign(length_m=np.nan), "finite lengths"),
        (as_profile(np.ones(0)), "0 pieces"),
    ],
)
def test_profiles_that_tell_nothing_are_refused(profile, words):
    with pytest.raises(OutlineError, match=words):
        even_residuals(profile)
