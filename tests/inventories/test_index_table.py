import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from glacier_core.inventories.index_table import COLUMNS, index_table, rectangles, region_name


def test_the_middle_stands_in_for_a_centre_that_is_none():
    bounds = np.array([[10, 46, 11, 47], [10, 46, 11, 47], [179.0, 68, -179.0, 69]], dtype=float)
    centres = np.array([[10.2, 46.9], [-146.0, 61.0], [np.nan, np.nan]])
    table = index_table({"name": ["A", "B", "C"]}, centres, bounds, [1, np.nan, 2])
    assert tuple(table.columns) == COLUMNS
    assert list(table["longitude"]) == [10.2, 10.5, -180.0]
    assert list(table["latitude"]) == [46.9, 46.5, 68.5]
    assert list(table["search_keys"]) == ["a", "b", "c"]


@given(st.floats(-180, 180), st.floats(0.01, 30), st.floats(-80, 70))
def test_a_rectangle_is_as_wide_as_it_is_across_the_antimeridian_too(west, width, south):
    east = (west + width + 180) % 360 - 180
    drawn = rectangles(np.array([[west, south, east, south + 5.0]]))[0]
    assert drawn.area == pytest.approx(5 * width, rel=1e-6, abs=1e-6)
    assert (shapely.bounds(drawn)[[0, 2]] >= -180).all()
    assert (shapely.bounds(drawn)[[0, 2]] <= 180).all()


def test_regions_have_names():
    assert region_name("11") == "Central Europe"
    assert region_name("") == ""
