"""Grids: projected, metric, north-up, square, and true to the ground."""

import pytest
from affine import Affine
from rasters import GRID

from glacier_core.errors import SceneError
from glacier_core.grid import check_grid

UTM_WITHOUT_CODE = (
    'PROJCS["UTM Zone 11, Northern Hemisphere",GEOGCS["Unknown datum based upon the WGS 84 '
    'ellipsoid",DATUM["Not specified (based on WGS 84 spheroid)",SPHEROID["WGS 84",6378137,'
    '298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],'
    'PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],'
    'PARAMETER["central_meridian",-117],PARAMETER["scale_factor",0.9996],'
    'PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]'
)


@pytest.mark.parametrize(
    ("crs", "corner"),
    [
        ("EPSG:32611", (477870, 5784480)),
        (UTM_WITHOUT_CODE, (477870, 5784480)),
        ("EPSG:3413", (-200000, -2200000)),  # Greenland, polar stereographic
        ("EPSG:3031", (-2400000, 1200000)),  # Antarctic Peninsula
        ("EPSG:3338", (420000, 1280000)),  # Alaska, Albers
        ("EPSG:3035", (4400000, 2650000)),  # the Alps, equal-area azimuthal
    ],
)
def test_metric_grids_are_taken(crs, corner):
    known = check_grid(Affine(30, 0, corner[0], 0, -30, corner[1]), (100, 100), crs)
    assert known.is_projected


@pytest.mark.parametrize(
    ("crs", "transform", "sentence"),
    [
        (None, GRID, "no coordinate system"),
        ("", GRID, "no coordinate system"),
        ("EPSG:nonsense", GRID, "is no coordinate system"),
        ("EPSG:4326", Affine(0.001, 0, -117, 0, -0.001, 52), "not projected in metres"),
        ("EPSG:2227", Affine(100, 0, 6e6, 0, -100, 2e6), "not projected in metres"),  # US feet
        ("EPSG:3857", Affine(30, 0, -13.0e6, 0, -30, 6.8e6), "1.62-fold east and 1.6"),
        ("EPSG:32611", Affine(30, 0, 477870, 0, 30, 5784480), "not north-up"),
        ("EPSG:32611", Affine(-30, 0, 477870, 0, 30, 5784480), "not north-up"),
        ("EPSG:32611", Affine(30, 0, 477870, 0, -60, 5784480), "square pixels"),
        ("EPSG:32611", Affine(30, 5, 477870, 5, -30, 5784480), "not north-up"),
    ],
)
def test_others_are_refused(crs, transform, sentence):
    with pytest.raises(SceneError, match=sentence):
        check_grid(transform, (10, 10), crs)


def test_a_grid_has_pixels():
    with pytest.raises(SceneError, match="no pixels"):
        check_grid(GRID, (0, 10), "EPSG:32611")


def test_a_coordinate_system_without_a_place_on_earth():
    """A site grid: metres from a peg somewhere."""
    local = 'LOCAL_CS["Site",UNIT["metre",1],AXIS["x",EAST],AXIS["y",NORTH]]'
    with pytest.raises(SceneError, match="not projected in metres"):
        check_grid(GRID, (10, 10), local)
    moon = (
        'PROJCS["Moon",GEOGCS["Moon 2000",DATUM["D_Moon",SPHEROID["Moon",1737400,0]],'
        'PRIMEM["Reference_Meridian",0],UNIT["degree",0.0174532925199433]],'
        'PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",-117],'
        'PARAMETER["scale_factor",1],UNIT["metre",1]]'
    )
    with pytest.raises(SceneError, match="cannot be converted to longitude and latitude"):
        check_grid(GRID, (10, 10), moon)
