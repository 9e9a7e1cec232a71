import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from glacier_core.grid import AREA_BLOCK, pixel_areas
from glacier_core.slope import horn_aspect, horn_slope

SIDE = 30.0


def plane(direction, tangent=0.5, shape=(7, 9)):
    """Return a plane that falls towards a direction (degrees clockwise from north)."""
    rows, columns = np.indices(shape)
    east, north = columns * SIDE, -rows * SIDE
    angle = np.radians(direction)
    return 2000 - tangent * (east * np.sin(angle) + north * np.cos(angle))


@pytest.mark.parametrize("direction", [0, 45, 90, 135, 180, 225, 270, 315, 17])
def test_a_plane_faces_where_it_falls(direction):
    heights = plane(direction)
    inside = (slice(1, -1), slice(1, -1))
    aspect = horn_aspect(heights, SIDE)[inside]
    turn = (aspect - direction + 180) % 360 - 180
    assert np.abs(turn).max() < 1e-3
    assert horn_slope(heights, SIDE)[inside] == pytest.approx(np.degrees(np.arctan(0.5)), rel=1e-5)


def test_aspect_stays_below_360():
    aspect = horn_aspect(plane(359.99999), SIDE)
    assert aspect.max() < 360


def test_level_ground_and_gaps_face_nowhere():
    assert np.isnan(horn_aspect(np.full((4, 4), 7.0), SIDE)).all()
    assert np.isnan(horn_aspect(np.full((4, 4), np.nan), SIDE)).all()
    heights = plane(90)
    heights[3, 3] = np.nan
    aspect = horn_aspect(heights, SIDE)
    assert np.isnan(aspect[3, 3])
    assert np.isfinite(aspect).sum() == aspect.size - 1


def test_pixel_areas_have_one_value_a_block_and_the_size_of_the_ground():
    shape = (AREA_BLOCK + 1, AREA_BLOCK)
    areas = pixel_areas(Affine(30, 0, 500_000, 0, -30, 5_784_000), shape, CRS.from_epsg(32611))
    assert areas.shape == (2, 1)
    # On the central meridian UTM shortens lengths by 0.9996.
    assert areas == pytest.approx(np.full((2, 1), 900 / 0.9996**2), rel=1e-6)
