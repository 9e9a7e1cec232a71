"""The geoid: known heights, the seam of the globe, and grids."""

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.geoid import geoid_height, height_at


def height(longitude, latitude):
    return height_at(np.array([longitude]), np.array([latitude])).item()


@pytest.mark.parametrize(
    ("longitude", "latitude", "metres"),
    [
        # Test values that the agency published with its EGM96 interpolation program (F477).
        (269.9791550, 38.6281550, -31.628),
        (305.0211140, -14.6212170, -2.969),
        (102.4487290, 46.8743190, -43.575),
        (133.8747120, -23.6174460, 15.871),
        (359.9995000, 38.6254730, 50.066),
        (0.0023000, -0.4667440, 17.329),
    ],
)
def test_published_test_values_come_back(longitude, latitude, metres):
    assert height(longitude, latitude) == pytest.approx(metres, abs=0.4)


def test_the_globe_has_no_seam_and_one_height_at_each_pole():
    for latitude in (-80.0, -16.3, 0.0, 52.25, 81.0):
        west, east = height(-180.0, latitude), height(180.0, latitude)
        assert west == east
        assert abs(height(179.99, latitude) - height(-179.99, latitude)) < 0.1
        assert height(10.0, latitude) == height(370.0, latitude)
    longitudes = np.linspace(-180, 180, 37)
    for pole in (-90.0, 90.0):
        assert np.ptp(height_at(longitudes, np.full(37, pole))) < 0.05


def test_a_grid_gets_what_its_pixels_get_one_by_one():
    grid = AreaGrid(CRS.from_epsg(32632), Affine(300, 0, 400_000, 0, -300, 5_200_000), (130, 90))
    heights = geoid_height(grid)
    assert heights.shape == grid.shape
    to_degrees = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    for row, column in ((0, 0), (129, 89), (64, 64), (70, 13)):
        place = to_degrees.transform(*(grid.transform @ (column + 0.5, row + 0.5)))
        assert heights[row, column] == pytest.approx(height(*place), abs=0.6)
    assert 45 < heights.min() < heights.max() < 55


@pytest.mark.parametrize("shape", [(1, 1), (1, 70), (65, 1), (64, 65)])
@pytest.mark.parametrize("epsg", [32601, 3413, 3031])
def test_grids_of_any_size_and_place_get_one(shape, epsg):
    grid = AreaGrid(CRS.from_epsg(epsg), Affine(30, 0, 300_000, 0, -30, 900_000), shape)
    heights = geoid_height(grid)
    assert heights.shape == shape
    assert np.isfinite(heights).all()
    assert (np.abs(heights) < 110).all()
