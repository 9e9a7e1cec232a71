"""From masks to outlines and back."""

import subprocess
import sys

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp

from glacier_core.outlines.polygonizing import polygonize
from glacier_core.outlines.rasterizing import label_glaciers, rasterize
from glacier_core.outlines.schema import COLUMNS

GRID = Affine(30, 0, 477870, 0, -30, 5784480)
CRS = "EPSG:32611"


def outlines_of(mask, **options):
    return polygonize(np.asarray(mask, dtype=bool), GRID, CRS, **({"min_area_km2": 0} | options))


masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


@settings(deadline=None)
@given(masks)
def test_there_and_back(mask):
    """The outlines of a mask cover its pixels, and no other."""
    frame = outlines_of(mask)
    np.testing.assert_array_equal(rasterize(frame, GRID, mask.shape, CRS), mask)
    assert frame.geometry.area.sum() == pytest.approx(900 * mask.sum())
    assert frame.is_valid.all()
    assert frame.glacier_id.is_unique
    assert set(frame.geom_type) <= {"Polygon", "MultiPolygon"}


@settings(deadline=None)
@given(masks)
def test_labels_part_the_mask(mask):
    frame = outlines_of(mask)
    labels = label_glaciers(frame, GRID, mask.shape, CRS)
    counts = np.bincount(labels.ravel(), minlength=len(frame) + 1)[1:]
    np.testing.assert_allclose(counts * 900, frame.geometry.area)
    assert list(frame.area_km2) == sorted(frame.area_km2, reverse=True)


def test_schema_and_words():
    frame = outlines_of(
        [[1, 0, 1, 1]], id_prefix="model", source="GlaViTU", date="2020", analyst="x"
    )
    assert tuple(frame.columns) == COLUMNS
    assert list(frame.glacier_id) == ["model-0001", "model-0002"]
    assert set(frame.source) == {"GlaViTU"}
    assert set(frame.date) == {"2020"}
    assert set(frame.analyst) == {"x"}
    assert frame.geometry.iloc[0].area == 1800
    assert frame.crs.to_epsg() == 32611


def test_a_nunatak_is_a_hole():
    mask = np.ones((5, 5), dtype=bool)
    mask[2, 2] = False
    (outline,) = outlines_of(mask).geometry
    assert len(outline.interiors) == 1
    assert outline.area == 24 * 900


def test_pixels_hang_together_by_their_sides_only():
    assert len(outlines_of(np.eye(3))) == 3


def test_a_ring_closed_at_a_corner():
    """The hole touches the outside at one point: valid, and the area is that of the pixels."""
    mask = [[1, 1, 1], [1, 0, 1], [1, 1, 0]]
    frame = outlines_of(mask)
    assert frame.is_valid.all()
    assert frame.geometry.area.sum() == 7 * 900


def test_small_pieces_are_left_out():
    mask = np.zeros((8, 8), dtype=bool)
    mask[0:3, 0:4] = True  # 12 pixels of 900 m² are 0.0108 km²
    mask[5:8, 5:8] = True  # 9 are 0.0081 km²
    assert len(polygonize(mask, GRID, CRS)) == 1
    assert len(polygonize(mask, GRID, CRS, min_area_km2=0.008)) == 2
    assert len(polygonize(mask, GRID, CRS, min_area_km2=1)) == 0


def test_nothing_is_an_empty_table():
    frame = outlines_of(np.zeros((4, 4)))
    assert tuple(frame.columns) == COLUMNS
    assert len(frame) == 0
    assert frame.crs.to_epsg() == 32611


def test_areas_are_measured_where_they_are_equal():
    """A UTM pixel at the central meridian is 1 / 0.9996² larger on the ground."""
    at_meridian = Affine(30, 0, 500000, 0, -30, 5784480)
    frame = polygonize(np.ones((10, 10), dtype=bool), at_meridian, CRS, min_area_km2=0)
    assert frame.area_km2[0] == pytest.approx(0.09 / 0.9996**2, rel=1e-5)


def test_edges_follow_the_pixels():
    (outline,) = outlines_of([[0, 1]]).geometry
    assert outline.equals(shapely.box(477900, 5784450, 477930, 5784480))


def test_two_threads_may_make_the_first_call():
    """GDAL can lock up when two threads make its very first call; see rasterio issue 3611."""
    code = (
        "import threading, numpy as np\n"
        "from affine import Affine\n"
        "from glacier_core.outlines.polygonizing import polygonize\n"
        "mask = np.eye(50, dtype=bool)\n"
        "work = lambda: polygonize(mask, Affine(30, 0, 500000, 0, -30, 5784480), 'EPSG:32611')\n"
        "threads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)
