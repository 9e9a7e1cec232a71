import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from glacier_core.confidence.entropy import entropy_confidence


@pytest.mark.parametrize(
    ("probability", "confidence"),
    # The table of the reference notes, section 6.
    [(0.6, 0.029), (0.7, 0.119), (0.75, 0.188), (0.8, 0.278), (0.9, 0.531), (0.95, 0.714)],
)
def test_published_values(probability, confidence):
    # 0.75 gives 0.18872, which the table cuts to 0.188.
    assert entropy_confidence(probability) == pytest.approx(confidence, abs=8e-4)


def test_ends():
    assert entropy_confidence(0.5) == 0
    clipped = 1 - entropy([1e-6, 1 - 1e-6], base=2)
    np.testing.assert_allclose(entropy_confidence([0.0, 1.0]), clipped, atol=1e-7)


@given(st.floats(1e-6, 1 - 1e-6))
def test_equals_scipy_and_is_symmetric(p):
    confidence = entropy_confidence(p)
    assert confidence == pytest.approx(1 - entropy([p, 1 - p], base=2), abs=1e-6)
    assert confidence == pytest.approx(entropy_confidence(1 - p), abs=1e-6)
    assert 0 <= confidence <= 1


def test_shape_and_missing_are_kept():
    confidence = entropy_confidence(np.array([[0.5, np.nan], [0.9, 0.1]], np.float32))
    assert confidence.shape == (2, 2)
    assert confidence.dtype == np.float32
    assert np.isnan(confidence[0, 1])
    assert np.isfinite(confidence).sum() == 3
