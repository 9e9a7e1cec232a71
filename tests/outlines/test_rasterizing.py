"""From outlines to pixels, by the cell-centre rule."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from glacier_core.errors import OutlineError
from glacier_core.outlines.rasterizing import label_glaciers, rasterize
from glacier_core.outlines.schema import empty_outlines

GRID = Affine(10, 0, 500000, 0, -10, 5000100)
CRS = "EPSG:32611"


def frame_of(*geometries, crs=CRS):
    return gpd.GeoDataFrame(geometry=list(geometries), crs=crs)


@settings(deadline=None)
@given(
    west=st.floats(-20, 110), south=st.floats(-20, 110), width=st.floats(0.1, 90),
    height=st.floats(0.1, 90),
)  # fmt: skip
def test_a_pixel_is_in_where_its_centre_is(west, south, width, height):
    box = shapely.box(
        500000 + west, 5000000 + south, 500000 + west + width, 5000000 + south + height
    )
    mask = rasterize(frame_of(box), GRID, (10, 10), CRS)
    x = 500005 + 10 * np.arange(10)
    y = 5000095 - 10 * np.arange(10)
    away = shapely.distance(box.exterior, shapely.points(*np.meshgrid(x, y))) > 1e-6
    inside = shapely.contains_xy(box, *np.meshgrid(x, y))
    np.testing.assert_array_equal(mask[away], inside[away])


def test_labels_count_the_rows_and_the_later_wins():
    frame = frame_of(
        shapely.box(500000, 5000000, 500060, 5000100),
        shapely.Polygon(),
        None,
        shapely.box(500040, 5000000, 500080, 5000100),
    )
    frame.index = [7, 7, 9, 1]
    labels = label_glaciers(frame, GRID, (10, 10), CRS)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels, [[1, 1, 1, 1, 4, 4, 4, 4, 0, 0]] * 10)


def test_outlines_of_another_coordinate_system():
    utm = frame_of(shapely.box(500020, 5000020, 500060, 5000060))
    expected = rasterize(utm, GRID, (10, 10), CRS)
    np.testing.assert_array_equal(rasterize(utm.to_crs("EPSG:4326"), GRID, (10, 10), CRS), expected)
    assert expected.sum() == 16


def test_a_hole_stays_open():
    ring = shapely.box(500000, 5000000, 500100, 5000100) - shapely.box(
        500030, 5000030, 500070, 5000070
    )
    assert rasterize(frame_of(ring), GRID, (10, 10), CRS).sum() == 84


@pytest.mark.parametrize("frame", [empty_outlines(CRS), frame_of(shapely.Polygon())])
def test_nothing_gives_nothing(frame):
    assert not rasterize(frame, GRID, (3, 4), CRS).any()
    assert rasterize(frame, GRID, (3, 4), CRS).shape == (3, 4)


def test_outlines_beside_the_grid_give_nothing():
    assert not rasterize(frame_of(shapely.box(0, 0, 1, 1)), GRID, (3, 4), CRS).any()


def test_a_coordinate_system_is_needed():
    with pytest.raises(OutlineError, match="no coordinate system"):
        rasterize(frame_of(shapely.box(0, 0, 1, 1), crs=None), GRID, (3, 4), CRS)
