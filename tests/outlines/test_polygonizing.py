"""From masks to outlines and back."""

import subprocess
import sys
import time

import numpy as np
import pytest
import shapely
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from glacier_core.outlines import polygonizing
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


def pixel_unions(mask, least_km2=0.0):
    """The outlines again, each joined from the squares of its pixels: slow, and not by GDAL."""
    labels, count = ndimage.label(mask)
    pieces = []
    for number in range(1, count + 1):
        corners = [GRID @ (column, row) for row, column in np.argwhere(labels == number)]
        pieces.append(shapely.union_all([shapely.box(x, y - 30, x + 30, y) for x, y in corners]))
    return [piece for piece in pieces if piece.area / 0.9996**2 / 1e6 >= least_km2]


@settings(deadline=None)
@given(masks, st.sampled_from([0, 0.0015, 0.0035]))
def test_outlines_are_the_joined_squares_of_the_pixels(mask, least_km2):
    """Pieces of one pixel (0.0009 km²), or of up to three, are left out by the larger limits."""
    frame = outlines_of(mask, min_area_km2=least_km2)
    expected = pixel_unions(mask, least_km2)
    assert len(frame) == len(expected)
    for outline in frame.geometry:
        assert sum(outline.equals(piece) for piece in expected) == 1


def test_every_small_mask_has_valid_outlines():
    """All 4096 masks of 3 x 4 pixels, side by side: no ring touches itself in any."""
    bits = (np.arange(4096)[:, None] >> np.arange(12)) & 1
    sheet = np.zeros((64, 4, 64, 5), dtype=bool)
    sheet[:, :3, :, :4] = bits.reshape(64, 64, 3, 4).transpose(0, 2, 1, 3)
    assert outlines_of(sheet.reshape(256, 320)).is_valid.all()


@pytest.mark.parametrize("share", [0.45, 0.6, 0.8, 0.95])
def test_noise_has_valid_outlines(share):
    """Around the share at which noise hangs together, holes and corners touch in every way."""
    noise = np.random.default_rng(7).random((300, 300)) < share
    frame = outlines_of(noise)
    assert frame.is_valid.all()
    assert frame.geometry.area.sum() == pytest.approx(900 * noise.sum())


def test_pieces_in_many_batches_are_those_of_one(monkeypatch):
    noise = np.random.default_rng(8).random((60, 60)) < 0.5
    whole = outlines_of(noise, min_area_km2=0.003)
    monkeypatch.setattr(polygonizing, "_CORNERS_AT_ONCE", 7)
    assert_geodataframe_equal(outlines_of(noise, min_area_km2=0.003), whole)
    assert len(whole) > 20


def test_a_mask_that_is_a_view_of_another():
    noise = np.random.default_rng(9).random((40, 60)) < 0.5
    for view in (noise.T, noise[::2, ::3], noise[::-1]):
        assert_geodataframe_equal(outlines_of(view), outlines_of(view.copy()))


def test_time_grows_with_the_pixels_and_not_with_their_square():
    """An icecap full of holes: to test one polygon's validity took minutes for a granule."""

    def seconds(side):
        holes = np.ones((side, side), dtype=bool)
        holes[1:-1:2, 1:-1:2] = False
        took = []
        for _ in range(3):
            started = time.process_time()
            outlines_of(holes)
            took.append(time.process_time() - started)
        return min(took)

    assert seconds(400) < 8 * seconds(200)  # four times the holes; sixteen times when squared


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
