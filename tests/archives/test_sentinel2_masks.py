import re

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.crs import CRS

from archives.world.sentinel2_xml import gml_mask
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.imagery import Why
from glacier_core.archives.sentinel2_masks import (
    Sentinel2Masks,
    covered_by_polygons,
    read_masks,
    why_by_classification,
    why_unmapped,
)
from glacier_core.archives.sentinel2_metadata import Sentinel2Tile
from glacier_core.errors import SourceError
from glacier_core.network.services import service
from glacier_core.network.transfer import never, unreported


@pytest.fixture
def product(archive_server):
    return archive_server.sentinel2["alps", "cloudy"]


@pytest.fixture
def grid(product):
    return AreaGrid(CRS.from_epsg(product.raster.epsg), product.raster.transform, (100, 120))


def box(grid, left, top, right, bottom):
    """A closed ring around pixels of a grid."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return [grid.transform @ corner for corner in corners]


def covered(product, grid, members, types=(), **changes):
    text = gml_mask(product, "MSK_CLOUDS_MSIL1C", members)
    for pattern, instead in changes.items():
        text = text.replace(pattern, instead)
    return covered_by_polygons(text.encode(), "MSK.gml", types, product.raster.epsg, grid)


@hypothesis_settings(max_examples=25)
@given(st.data())
def test_a_polygon_covers_the_pixels_whose_centres_it_holds(archive_server, data):
    product = archive_server.sentinel2["alps", "cloudy"]
    grid = AreaGrid(CRS.from_epsg(product.raster.epsg), product.raster.transform, (40, 50))
    left, right = sorted(
        data.draw(st.tuples(*[st.integers(-5, 55)] * 2).filter(lambda p: len({*p}) == 2))
    )
    top, bottom = sorted(
        data.draw(st.tuples(*[st.integers(-5, 45)] * 2).filter(lambda p: len({*p}) == 2))
    )
    expected = np.zeros((40, 50), dtype=bool)
    expected[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    found = covered(product, grid, [("OPAQUE", box(grid, left, top, right, bottom))])
    np.testing.assert_array_equal(found, expected)


def test_types_that_do_not_count_are_left_out(product, grid):
    members = [("OPAQUE", box(grid, 0, 0, 10, 10)), ("OTHER", box(grid, 20, 20, 30, 30))]
    assert covered(product, grid, members, ("OPAQUE", "CIRRUS")).sum() == 100
    assert covered(product, grid, members).sum() == 200
    assert not covered(product, grid, []).any()


def test_holes_stay_open(product, grid):
    text = gml_mask(product, "MSK", [("OPAQUE", box(grid, 0, 0, 30, 30))])
    hole = " ".join(f"{x:.0f} {y:.0f}" for x, y in box(grid, 10, 10, 20, 20))
    ring = f"<gml:LinearRing><gml:posList>{hole}</gml:posList></gml:LinearRing>"
    text = text.replace("</gml:exterior>", f"</gml:exterior><gml:interior>{ring}</gml:interior>")
    found = covered_by_polygons(text.encode(), "MSK.gml", (), product.raster.epsg, grid)
    assert found.sum() == 800
    assert not found[10:20, 10:20].any()


def test_heights_in_three_numbers_a_place_are_passed_over(product, grid):
    """Masks of the archive's first years have them, with heights below zero for instance."""
    text = gml_mask(product, "MSK", [("QT_NODATA_PIXELS", box(grid, 5, 6, 25, 16))])
    text = text.replace('srsDimension="2"', 'srsDimension="3"')
    text = re.sub(
        r"(<gml:posList[^>]*>)([^<]*)",
        lambda found: found[1] + re.sub(r"(\S+ \S+)", r"\1 -22.7203", found[2]),
        text,
    )
    text = re.sub(r"EPSG::(\d+)", r"EPSG:8.7:\1", text)
    found = covered_by_polygons(text.encode(), "MSK.gml", (), 32601, grid)
    expected = np.zeros(grid.shape, dtype=bool)
    expected[6:16, 5:25] = True
    np.testing.assert_array_equal(found, expected)


def test_polygons_of_one_zone_cover_the_same_ground_in_another(product):
    raster = product.raster
    to_other = Transformer.from_crs(raster.epsg, 32633, always_xy=True)
    to_own = Transformer.from_crs(32633, raster.epsg, always_xy=True)
    x, y = to_other.transform(*(raster.transform @ (240, 240)))
    grid = AreaGrid(CRS.from_epsg(32633), Affine(10, 0, x - 1000, 0, -10, y + 1000), (200, 200))
    ring = box(AreaGrid(CRS.from_epsg(raster.epsg), raster.transform, (1, 1)), 200, 210, 290, 280)
    found = covered(product, grid, [("CIRRUS", ring)])
    columns, rows = np.meshgrid(np.arange(200) + 0.5, np.arange(200) + 0.5)
    places = shapely.points(*to_own.transform(*(grid.transform @ (columns, rows))))
    outline = shapely.Polygon(ring)
    sure = shapely.distance(places, outline.boundary) > 1
    np.testing.assert_array_equal(found[sure], shapely.contains(outline, places)[sure])
    assert found.sum() == pytest.approx(90 * 70, rel=0.01)


def test_long_straight_edges_are_bent_as_the_other_zone_bends_them(product):
    """Over 100 km a line of one zone to the north bends by 14 m in the next."""
    strip = [(650_000, 5_200_000), (700_000, 5_200_000), (700_000, 5_100_000), (650_000, 5_100_000)]
    strip.append(strip[0])
    x, y = Transformer.from_crs(32632, 32633, always_xy=True).transform(650_000, 5_150_000)
    grid = AreaGrid(CRS.from_epsg(32633), Affine(10, 0, x - 300, 0, -10, y + 300), (60, 60))
    text = gml_mask(product, "MSK", [("MSI_LOST", strip)])
    found = covered_by_polygons(text.encode(), "MSK.gml", (), product.raster.epsg, grid)
    columns, rows = np.meshgrid(np.arange(60) + 0.5, np.arange(60) + 0.5)
    east, _ = Transformer.from_crs(32633, 32632, always_xy=True).transform(
        *(grid.transform @ (columns, rows))
    )
    sure = np.abs(east - 650_000) > 1
    np.testing.assert_array_equal(found[sure], east[sure] > 650_000)


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (r"(<gml:posList[^>]*>)[^<]*", r"\1 1 2 3"),
        (r"(<gml:posList[^>]*>)[^<]*", r"\1 1 2 3 4"),
        (r"(<gml:posList[^>]*>)[^<]*", r"\1 a b c d e f g h"),
        (r"(<gml:posList[^>]*>)\S+", r"\1 nan"),
        ('srsDimension="2"', 'srsDimension="x"'),
        (r"<gml:exterior>.*?</gml:exterior>", ""),
        (r"<gml:Polygon.*?</gml:Polygon>", ""),
        (r"</eop:Mask>", ""),
    ],
)
def test_damaged_polygons_are_refused(product, grid, pattern, instead):
    text = gml_mask(product, "MSK", [("OPAQUE", box(grid, 0, 0, 30, 30))])
    spoilt = re.sub(pattern, instead, text)
    assert spoilt != text
    with pytest.raises(SourceError, match="damaged"):
        covered_by_polygons(spoilt.encode(), "MSK.gml", (), product.raster.epsg, grid)


def test_old_masks_of_defects_are_those_of_the_bands_asked_for(archive_world, product, grid):
    """Polygons of two kinds and of two bands, laid in the archive's place."""
    folder = f"{service('sentinel-2-google')}/{product.folder}"
    quality = f"{product.folder}/{product.quality_folder}"
    laid = {
        ("MSK_DEFECT", "B02"): ("QT_DEFECTIVE_PIXELS", box(grid, 0, 0, 10, 10)),
        ("MSK_TECQUA", "B04"): ("MSI_LOST", box(grid, 20, 20, 30, 30)),
        ("MSK_TECQUA", "B02"): ("ANC_DEG", box(grid, 40, 40, 50, 50)),
        ("MSK_DEFECT", "B08"): ("QT_DEFECTIVE_PIXELS", box(grid, 60, 60, 70, 70)),
    }
    shelf = archive_world.shelves["sentinel-2-google"]
    masks = {}
    for kind in ("MSK_DEFECT", "MSK_TECQUA"):
        for band in ("B02", "B04", "B08"):
            path = f"{quality}/TEST_{kind}_{band}.gml"
            members = [laid[kind, band]] if (kind, band) in laid else []
            if path not in shelf:
                shelf.add(path, gml_mask(product, kind, members).encode)
            masks[kind, band] = path.removeprefix(f"{product.folder}/")
    tile = Sentinel2Tile(product.raster.epsg, 45.0, masks)
    found = read_masks(folder, tile, ("B02", "B04"), grid, unreported, never)
    expected = np.zeros(grid.shape, dtype=bool)
    expected[:10, :10] = expected[20:30, 20:30] = True
    np.testing.assert_array_equal(found.defective, expected)
    assert found.defects_told_by == "MSK_DEFECT and MSK_TECQUA"
    assert found.clouds_told_by == ""
    assert not found.cloud.any()


@pytest.mark.parametrize(
    "path", ["../../other.gml", "GRANULE/x/QI_DATA/y.exe", "http://10.0.0.1/a"]
)
def test_masks_at_no_place_are_none(archive_world, product, grid, path):
    folder = f"{service('sentinel-2-google')}/{product.folder}"
    tile = Sentinel2Tile(product.raster.epsg, 45.0, {("MSK_CLOUDS", ""): path})
    found = read_masks(folder, tile, ("B02",), grid, unreported, never)
    assert found.clouds_told_by == found.defects_told_by == ""
    assert archive_world.requests == []


def test_no_data_goes_before_a_defect_and_that_before_a_cloud():
    cloud = np.array([[0, 1, 1, 1]], dtype=bool)
    defective = np.array([[0, 0, 1, 1]], dtype=bool)
    no_data = np.array([[0, 0, 0, 1]], dtype=bool)
    masks = Sentinel2Masks(cloud, defective, "MSK_CLASSI", "MSK_QUALIT")
    expected = [[Why.CLEAR, Why.CLOUD, Why.DEFECTIVE, Why.NO_DATA]]
    np.testing.assert_array_equal(why_unmapped(no_data, masks), expected)


def test_the_scene_classification_of_level_2a():
    classes = np.ma.masked_array(np.arange(13, dtype=np.uint8)[None], np.arange(13)[None] == 12)
    why = why_by_classification(classes)[0]
    unmapped = {0: Why.NO_DATA, 1: Why.DEFECTIVE, 3: Why.CLOUD_SHADOW, 12: Why.NO_DATA}
    unmapped |= dict.fromkeys((8, 9, 10), Why.CLOUD)
    assert why.tolist() == [unmapped.get(number, Why.CLEAR) for number in range(13)]
