"""Range and Doppler: against the real annotation's own mesh, and a closed form."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.sentinel1_geometry import (
    image_positions,
    incidence_near,
    mesh_heights,
    parse_annotation,
)
from glacier_core.errors import SourceError

from .radar_files import annotation, closed_form

REAL = "s1c-s4-grd-hh-20250118t171404-20250118t171421-000638-000538-001.xml"
GRID = AreaGrid(CRS.from_epsg(32631), Affine(30, 0, 500_000, 0, -30, 9_000), (75, 90))


def places(grid):
    """Return longitude and latitude of the centres of all pixels."""
    rows, columns = np.indices(grid.shape)
    x, y = grid.transform @ (columns + 0.5, rows + 0.5)
    return Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True).transform(x, y)


def test_the_mesh_of_a_real_annotation_is_found_where_it_says(fixtures_dir):
    path = fixtures_dir / "metadata" / "s1" / REAL
    if not path.is_file():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    image = parse_annotation(path.read_bytes(), REAL)
    assert (image.orbit, image.polarisation, image.shape) == ("ascending", "HH", (11524, 8087))
    assert not image.noise_removed
    points = ElementTree.fromstring(path.read_bytes()).findall(".//geolocationGridPoint")
    told = np.array([[float(point.findtext(key)) for key in ("line", "pixel")] for point in points])
    found = np.stack(image.locate(*image.mesh[:, :3].T), -1)
    lines, samples = np.abs(found - told).reshape(10, 21, 2).transpose(2, 0, 1)
    assert lines.max() < 0.06
    # The mesh takes the conversion of range that began last, here 0.02 s before, where images
    # are made with one between two. Its last line lies 0.26 s after one, in rough terrain.
    assert samples[:9].max() < 0.12
    assert samples[9].max() < 2


@pytest.mark.parametrize("height", [-50.0, 0.0, 3000.0, 8000.0])
def test_places_are_found_where_a_closed_form_says(height):
    image = parse_annotation(annotation(), "a")
    longitude, latitude = np.meshgrid(np.linspace(2.6, 3.4, 7), np.linspace(0, 0.2, 5))
    found = image.locate(longitude, latitude, np.full(longitude.shape, height))
    expected = closed_form(longitude, latitude, height)
    np.testing.assert_allclose(found[0], expected[0], atol=1e-3)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-3)


def test_higher_ground_is_seen_nearer():
    image = parse_annotation(annotation(), "a")
    _, samples = image.locate(np.full(2, 3.0), np.full(2, 0.1), np.array([0.0, 1000.0]))
    assert samples[1] < samples[0] - 50


def test_interpolated_positions_are_the_solved_ones():
    image = parse_annotation(annotation(), "a")
    rows, columns = np.indices(GRID.shape)
    elevation = 500 + 30.0 * rows + 200 * np.sin(columns / 9)
    elevation[3, 4] = np.nan
    lines, samples = image_positions(image, GRID, elevation)
    expected = closed_form(*places(GRID), elevation)
    assert np.isnan([lines[3, 4], samples[3, 4]]).all()
    there = np.isfinite(elevation)
    assert np.abs(lines - expected[0])[there].max() < 0.01
    assert np.abs(samples - expected[1])[there].max() < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (33, 1), (32, 64)])
def test_grids_of_any_size_are_placed(shape):
    image = parse_annotation(annotation(), "a")
    grid = AreaGrid(GRID.crs, GRID.transform, shape)
    lines, samples = image_positions(image, grid, np.full(shape, 700.0))
    expected = closed_form(*places(grid), 700.0)
    np.testing.assert_allclose(lines, expected[0], atol=0.01)
    np.testing.assert_allclose(samples, expected[1], atol=0.01)


def test_no_elevation_is_no_place():
    image = parse_annotation(annotation(), "a")
    assert np.isnan(image_positions(image, GRID, np.full(GRID.shape, np.nan))).all()


def test_conversions_of_range_are_blended_between_their_moments():
    content = annotation().replace(b"1.600000000e+00", b"1.700000000e+00", 1)  # the first of three
    image = parse_annotation(content, "a")
    _, plain = parse_annotation(annotation(), "a").locate(*(np.full(1, at) for at in (3, 0, 0)))
    lines, bent = image.locate(*(np.full(1, at) for at in (3.0, 0.0, 0.0)))
    seconds = lines[0] * image.line_seconds
    share = (4 - seconds) / 5  # between the first, at -1 s, and the second, at 4 s
    assert bent[0] / plain[0] == pytest.approx(1 + share * 0.1 / 1.6, rel=1e-6)


def test_the_mesh_is_interpolated_on_a_grid():
    image = parse_annotation(annotation(), "a")
    _, latitude = places(GRID)
    np.testing.assert_allclose(mesh_heights(image, GRID), 100 + 1000 * latitude, atol=0.5)
    far = AreaGrid(GRID.crs, GRID.transform @ Affine.translation(0, -9000), (3, 3))
    assert np.isnan(mesh_heights(image, far)).all()
    assert incidence_near(image, GRID) == 38.0
    assert incidence_near(image, far) == 38.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"projection": "Slant Range"}, "'Slant Range' geometry"),
        ({"orbit": "Sideways"}, "pass = 'Sideways'; known are Ascending"),
        ({"noise_removed": "perhaps"}, "thermalNoiseCorrectionPerformed = 'perhaps'"),
        ({"mesh": ()}, "0 places"),
    ],
)
def test_annotations_that_cannot_be_used_are_refused(change, message):
    with pytest.raises(SourceError, match=f"a.xml .*{message}"):
        parse_annotation(annotation(**change), "a.xml")


def test_what_is_missing_or_damaged_is_named():
    content = annotation()
    with pytest.raises(SourceError, match="tells no position/y"):
        parse_annotation(content.replace(b"<y>", b"<w>").replace(b"</y>", b"</w>"), "a.xml")
    with pytest.raises(SourceError, match="0 conversions of range"):
        parse_annotation(content.replace(b"coordinateConversion>", b"other>"), "a.xml")
    with pytest.raises(SourceError, match="'2020-08-', which is no moment"):
        parse_annotation(
            content.replace(b"Time>2020-08-20T17:00:00.000000", b"Time>2020-08-"), "a.xml"
        )
