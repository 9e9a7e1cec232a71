import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.models.logit import LARGEST, chosen_logit


@given(st.floats(1e-6, 1 - 1e-6))
def test_it_undoes_the_entropy_for_either_class(p):
    c = 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p)  # not rounded to float32
    assert chosen_logit(c) == pytest.approx(abs(np.log(p / (1 - p))), abs=2e-4)


def test_it_undoes_what_maps_hold():
    p = np.array([0.5, 0.6, 0.9, 0.999, 0.05, 1 - 1e-5], np.float32)
    expected = np.abs(np.log(p.astype(float) / (1 - p.astype(float))))
    np.testing.assert_allclose(chosen_logit(entropy_confidence(p)), expected, atol=5e-3)


def test_ends_and_missing():
    found = chosen_logit([[0.0, 1.0], [np.nan, -1e-9]])
    assert found.shape == (2, 2)
    assert found[0].tolist() == [0.0, LARGEST]
    assert np.isnan(found[1, 0])
    assert found[1, 1] == 0.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_it_rises_with_confidence(one, other):
    low, high = sorted((one, other))
    assert chosen_logit(low) <= chosen_logit(high)
