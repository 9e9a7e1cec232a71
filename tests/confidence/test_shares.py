import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glacier_core.confidence.reliability import share_below
from glacier_core.confidence.shares import shares_below
from glacier_core.errors import ModelError

THRESHOLDS = np.linspace(0, 1, 21)


@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=1, max_dims=2, max_side=20),
        elements=st.one_of(st.floats(0, 1, width=32), st.just(float("nan"))),
    )
)
def test_each_share_is_that_of_its_threshold_alone(confidence):
    alone = [share_below(confidence, threshold) for threshold in THRESHOLDS]
    np.testing.assert_array_equal(shares_below(confidence, THRESHOLDS), alone)


def test_shares_of_four_pixels():
    shares = shares_below([0.25, 0.5, 0.75, np.nan, 1.0], [0.0, 0.5, 0.6, 1.0])
    np.testing.assert_allclose(shares, [0, 1 / 4, 2 / 4, 3 / 4])


def test_only_pixels_that_count_count():
    shares = shares_below([[0.1, 0.9], [0.2, 0.3]], [0.15, 0.5], [[True, True], [False, False]])
    np.testing.assert_allclose(shares, [1 / 2, 1 / 2])


def test_a_share_of_nothing_is_unknown():
    assert np.isnan(shares_below([np.nan], [0.5])).all()


def test_thresholds_out_of_order_are_refused():
    with pytest.raises(ModelError, match="increase"):
        shares_below([0.5], [0.5, 0.4])
