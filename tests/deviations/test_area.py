"""Area deviation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.deviations.area import HUMAN_BAND, area_deviation


@pytest.mark.parametrize(
    ("predicted", "expert", "percent"),
    [(12.0, 10.0, 20.0), (8.0, 10.0, -20.0), (10.0, 10.0, 0.0), (0.0, 3.0, -100.0)],
)
def test_signed_percent_of_the_expert_area(predicted, expert, percent):
    assert area_deviation(predicted, expert) == pytest.approx(percent)


@pytest.mark.parametrize("expert", [0.0, math.nan])
def test_undefined_without_expert_area(expert):
    assert math.isnan(area_deviation(1.0, expert))


@given(st.floats(0, 1e4), st.floats(0.01, 1e4), st.floats(0.1, 1e3))
def test_no_unit_matters(predicted, expert, scale):
    scaled = area_deviation(scale * predicted, scale * expert)
    assert scaled == pytest.approx(area_deviation(predicted, expert), rel=1e-9, abs=1e-9)


def test_human_band_as_published():
    assert (HUMAN_BAND.clean, HUMAN_BAND.debris_covered) == (5.0, 30.0)
    assert "54(63)" in HUMAN_BAND.source
