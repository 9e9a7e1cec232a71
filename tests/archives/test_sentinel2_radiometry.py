import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.archives.sentinel2_radiometry import Scaling, reflectances

BANDS = ("B02", "B11")


def masked(values, mask=False):
    return np.ma.masked_array(np.array([values], dtype=np.float32), mask=mask)


@given(
    number=st.integers(1, 65_534),
    offset=st.integers(-2000, 2000),
    quantification=st.sampled_from([1000.0, 10_000.0]),
)
def test_the_offset_is_added_before_the_division(number, offset, quantification):
    scaling = Scaling(quantification, {"B02": float(offset), "B11": 0.0})
    numbers = {"B11": masked([number]), "B02": masked([number])}
    found = reflectances(numbers, BANDS, scaling, 65_535)
    expected = [(number + offset) / quantification, number / quantification]
    np.testing.assert_allclose(found.optical[:, 0, 0], expected, rtol=1e-6)
    assert found.optical.dtype == np.float32
    assert not found.no_data.any()


def test_negative_reflectance_is_kept_and_saturation_told_from_no_data():
    scaling = Scaling(10_000, {"B02": -1000.0, "B11": -1000.0})
    numbers = {
        "B02": masked([900, 0, 65_535, 11_000], [False, True, True, False]),
        "B11": masked([1000, 1000, 2000, 0], [False, False, False, True]),
    }
    found = reflectances(numbers, BANDS, scaling, 65_535)
    nan = np.nan
    expected = [[[-0.01, nan, nan, 1.0]], [[0.0, 0.0, 0.1, nan]]]
    np.testing.assert_allclose(found.optical, expected, atol=1e-7)
    assert found.no_data.tolist() == [[False, True, False, True]]
    assert found.saturated.tolist() == [[False, False, True, False]]


def test_a_scaling_reads_like_its_formula():
    assert str(Scaling(10_000, {"B02": -1000.0, "B11": -1000.0})) == "(DN -1000) / 10000"
    assert str(Scaling(10_000, {"B02": 0.0})) == "(DN +0) / 10000"
    mixed = str(Scaling(10_000, {"B02": -1000.0, "B11": -900.0}))
    assert mixed == "(DN offset: B02 -1000, B11 -900) / 10000"
