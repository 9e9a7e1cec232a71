"""Reading GeoTIFFs: headers before pixels, no data, and other grids."""

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from rasters import GRID, plane, write_geotiff

from glacier_core.errors import SceneError
from glacier_core.settings import settings
from glacier_core.sources import geotiffs
from glacier_core.sources.geotiffs import Values, coincide, onto_grid, open_geotiff, read_bands

UTM = CRS.from_epsg(32611)


def on_grid(path, transform, shape, resampling="bilinear", crs=UTM):
    with open_geotiff(path) as raster:
        return onto_grid(
            raster, transform, shape, crs, own_crs=raster.crs or UTM, resampling=resampling
        )


def test_bands_are_scaled_as_told_or_as_the_file_declares(tmp_path):
    numbers = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    path = write_geotiff(tmp_path / "a.tif", numbers, nodata=7, scale=(0.5, -1.0))
    with open_geotiff(path) as raster:
        declared = read_bands(raster, [2, 1], Values(None, None, None), (0, raster.height))
        told = read_bands(raster, [1], Values(2, 1, 3), (0, raster.height))
    expected = numbers[::-1] * 0.5 - 1
    expected[1].flat[7] = np.nan
    np.testing.assert_array_equal(declared, expected.astype(np.float32))
    assert sorted(np.flatnonzero(np.isnan(told))) == [3, 7]
    assert told[0, 2, 3] == 23.0
    assert told.dtype == np.float32


def test_integers_beyond_float32_are_scaled_before_they_are_rounded(tmp_path):
    numbers = np.array([[16_777_217]], dtype=np.int32)  # 2**24 + 1, no float32
    path = write_geotiff(tmp_path / "a.tif", numbers, transform=GRID)
    with open_geotiff(path) as raster:
        assert read_bands(raster, [1], Values(1, -16_777_216, None), (0, 1))[0, 0, 0] == 1.0


@pytest.mark.parametrize("shift", [(0, 0), (2, 3), (-2, -3), (-2, 3), (30, 0), (0, -30)])
def test_a_coinciding_grid_is_copied(tmp_path, shift):
    heights = np.random.default_rng(0).normal(2000, 300, (8, 9)).astype(np.float32)
    path = write_geotiff(tmp_path / "dem.tif", heights)
    moved = on_grid(path, GRID @ Affine.translation(shift[1], shift[0]), (6, 7))
    expected = np.full((6, 7), np.nan, dtype=np.float32)
    for row in range(6):
        for column in range(7):
            there = row + shift[0], column + shift[1]
            if 0 <= there[0] < 8 and 0 <= there[1] < 9:
                expected[row, column] = heights[there]
    np.testing.assert_array_equal(moved, expected)


def test_grids_coincide_up_to_a_thousandth_of_a_pixel():
    assert coincide(GRID, GRID @ Affine.translation(3.0005, -7))
    assert not coincide(GRID, GRID @ Affine.translation(0.5, 0))
    assert not coincide(GRID, GRID @ Affine.scale(1.001))
    assert not coincide(GRID, GRID @ Affine.rotation(0.1))


@pytest.mark.parametrize("factor", [1 / 3, 0.5, 1, 2.5])
@pytest.mark.parametrize("resampling", ["bilinear", "cubic"])
def test_a_plane_stays_a_plane_on_another_grid(tmp_path, resampling, factor):
    """Both kernels reproduce a plane exactly, whether the other grid is finer or coarser."""
    theirs = GRID @ Affine.translation(-20.3, -20.3) @ Affine.scale(factor)
    size = int(80 / factor)
    path = write_geotiff(tmp_path / "dem.tif", plane((size, size), theirs), transform=theirs)
    np.testing.assert_allclose(
        on_grid(path, GRID, (24, 20), resampling), plane((24, 20)), atol=1e-3
    )


def test_nearest_and_average_do_what_they_say(tmp_path):
    halves = np.tile(np.array([[1.0, 2.0], [3.0, 6.0]], dtype=np.float32), (4, 4))
    path = write_geotiff(tmp_path / "dem.tif", halves, transform=GRID @ Affine.scale(0.5))
    assert set(on_grid(path, GRID, (4, 4), "average").flat) == {3.0}
    shifted = GRID @ Affine.translation(0.2, 0.2)
    assert set(on_grid(path, shifted, (3, 3), "nearest").flat) == {6.0}


def test_a_plane_from_degrees(tmp_path):
    """A DEM in longitude and latitude, as archives have it."""
    degrees = Affine(0.0003, 0, -117.35, 0, -0.0002, 52.25)
    path = write_geotiff(
        tmp_path / "dem.tif", np.full((500, 600), 1234.5, dtype=np.float32),
        transform=degrees, crs="EPSG:4326",
    )  # fmt: skip
    moved = on_grid(path, GRID, (24, 20))
    np.testing.assert_allclose(moved, 1234.5)


def test_no_data_stays_no_data_on_another_grid(tmp_path):
    heights = np.full((40, 40), 1500, dtype=np.int16)
    heights[10:20, 10:20] = -32768
    path = write_geotiff(
        tmp_path / "dem.tif", heights, nodata=-32768, transform=GRID @ Affine.scale(0.7)
    )
    moved = on_grid(path, GRID, (30, 30))
    assert np.isnan(moved[9:12, 9:12]).all()
    assert np.isnan(moved[29, 29])
    assert np.nanmin(moved) == np.nanmax(moved) == 1500


def test_a_declared_scale_holds_for_elevations_too(tmp_path):
    path = write_geotiff(
        tmp_path / "dem.tif", np.full((9, 9), 25000, dtype=np.int32), scale=(0.1, 5.0)
    )
    np.testing.assert_allclose(on_grid(path, GRID, (9, 9)), 2505.0)


class TestHeaders:
    """What the header says decides, before a pixel is read."""

    def test_too_many_pixels(self, tmp_path, monkeypatch):
        path = write_geotiff(tmp_path / "a.tif", plane((20, 30)))
        monkeypatch.setenv("GLACIER_MAX_SCENE_PIXELS", "599")
        settings.cache_clear()
        with pytest.raises(SceneError, match=r"600 pixels; the limit is 599"), open_geotiff(path):
            pass

    def test_too_many_bands(self, tmp_path):
        path = write_geotiff(tmp_path / "a.tif", np.zeros((101, 2, 2), dtype=np.uint8))
        with pytest.raises(SceneError, match="101 bands"), open_geotiff(path):
            pass

    def test_swelling_blocks(self, tmp_path, monkeypatch):
        path = write_geotiff(
            tmp_path / "a.tif", np.zeros((512, 512), dtype=np.float32),
            compress="deflate", tiled=True, blockxsize=512, blockysize=512,
        )  # fmt: skip
        monkeypatch.setattr(geotiffs, "_LARGEST_BLOCK", 512 * 512 * 4 - 1)
        with pytest.raises(SceneError, match="blocks of 512 x 512"), open_geotiff(path):
            pass

    def test_complex_numbers(self, tmp_path):
        path = write_geotiff(tmp_path / "a.tif", np.zeros((2, 2), dtype=np.complex64))
        with pytest.raises(SceneError, match="complex"), open_geotiff(path):
            pass

    def test_sidecars_are_not_read(self, tmp_path):
        """Only the file itself counts: a no-data value in a sidecar changes nothing."""
        path = write_geotiff(tmp_path / "a.tif", plane((2, 2)))
        path.with_name("a.tif.aux.xml").write_text(
            "<PAMDataset><PAMRasterBand band='1'><NoDataValue>2000</NoDataValue>"
            "</PAMRasterBand></PAMDataset>"
        )
        with open_geotiff(path) as raster:
            assert raster.nodata is None
