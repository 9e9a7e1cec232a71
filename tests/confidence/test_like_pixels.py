import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.confidence.like_pixels import like_pixels, wilson_interval
from glacier_core.confidence.reliability import reliability, reliability_bins
from glacier_core.errors import ModelError
from glacier_core.models.reliability import Reliability

RAW = reliability([0.05, 0.15, 0.15, 1.0], [0, 1, 1, 1])
CALIBRATED = reliability([0.55, 0.85, 0.88, 0.95], [0, 1, 0, 1])
FOUND = Reliability(
    dataset="four held-out pixels",
    simulated=True,
    raw=reliability_bins(RAW),
    calibrated=reliability_bins(CALIBRATED),
    raw_error=0.5,
    calibrated_error=0.1,
)


def test_it_tells_the_bin_of_the_pixel():
    like = like_pixels(0.81, FOUND)
    assert (like.lower, like.upper, like.count) == (0.8, 0.9, 2)
    assert like.accuracy == 0.5
    assert like.dataset == "four held-out pixels"
    assert like.simulated


def test_raw_and_calibrated_confidence_have_bins_of_their_own():
    assert like_pixels(0.15, FOUND, raw=True).count == 2
    assert like_pixels(0.15, FOUND) is None


def test_edges_belong_to_the_bin_above_and_one_to_the_last():
    assert like_pixels(0.9, FOUND).lower == 0.9
    assert like_pixels(1.0, FOUND).lower == 0.9
    assert like_pixels(0.6, FOUND).lower == 0.5  # the bin above is empty


def test_nothing_is_said_of_what_was_not_mapped():
    assert like_pixels(float("nan"), FOUND) is None


@pytest.mark.parametrize("confidence", [-0.01, 95.0])
def test_confidence_is_a_share(confidence):
    with pytest.raises(ModelError, match=r"0\.\.1"):
        like_pixels(confidence, FOUND)


@pytest.mark.parametrize(
    ("share", "count"), [(0.5, 10), (0.9, 1000), (0.0, 5), (1.0, 5), (0.37, 100)]
)
def test_the_interval_is_that_of_wilson(share, count):
    z = 1.959963984540054
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z / (1 + z**2 / count) * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    assert wilson_interval(share, count) == pytest.approx((centre - half, centre + half))


@given(st.integers(0, 10_000), st.integers(1, 10_000))
def test_the_interval_holds_the_share(right, count):
    share = min(right, count) / count
    low, high = wilson_interval(share, count)
    assert 0 <= low <= share + 1e-12
    assert share - 1e-12 <= high <= 1


def test_the_sentence_tells_all_of_it():
    told = like_pixels(0.85, FOUND).sentence
    assert told.startswith("Of 2 simulated pixels with a confidence of 80% to 90%, 50.0% were")
    assert "independent" in told
