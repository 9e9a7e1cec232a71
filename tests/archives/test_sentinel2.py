import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import CRS as ProjectedCRS
from pyproj import Transformer
from rasterio.crs import CRS

from archives.world.sentinel2 import DEFECTIVE
from glacier_core.archives import sentinel2_bucket
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Why
from glacier_core.archives.sentinel2 import read_sentinel2, sentinel2_why
from glacier_core.archives.sentinel2_metadata import BAND_OF
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.scene import BANDS


def found_of(product, world, **properties):
    """What a search would tell of a product of the test archive."""
    item = product.item(world.address)
    item["properties"] |= properties
    return FoundScene(
        id=item["id"],
        archive="sentinel-2-l1c",
        sensor=f"Sentinel-{product.satellite[1:]}",
        acquired=product.sensed,
        footprint=shapely.geometry.shape(item["geometry"]),
        coverage_percent=100.0,
        assets={name: asset["href"] for name, asset in item["assets"].items()},
        item=item,
    )


def grid_in(product, left=60, top=90, shape=(120, 150), resolution=10.0):
    """A grid whose corner is a pixel of a product."""
    x, y = product.raster.transform @ (left, top)
    crs = CRS.from_epsg(product.raster.epsg)
    return AreaGrid(crs, Affine(resolution, 0, x, 0, -resolution, y), shape)


def whole(product):
    return grid_in(product, 0, 0, product.raster.shape)


def clouds_of(product):
    """The clouds over a product, in metres of its own grid."""
    to_grid = Transformer.from_crs(
        product.place.local, ProjectedCRS.from_epsg(product.raster.epsg), always_xy=True
    )
    circles = [shapely.Point(x, y).buffer(r, 64) for x, y, r in product.sight.clouds]
    return shapely.transform(
        shapely.union_all(circles),
        lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1])),
    )


def centres(grid):
    columns, rows = np.meshgrid(np.arange(grid.shape[1]) + 0.5, np.arange(grid.shape[0]) + 0.5)
    return shapely.points(*(grid.transform @ (columns, rows)))


@pytest.mark.parametrize("acquisition", ["cloudy", "newest"])
def test_reflectance_is_that_of_the_ground(archive_world, acquisition):
    product = archive_world.sentinel2["alps", acquisition]
    imagery = read_sentinel2(found_of(product, archive_world), grid_in(product))
    assert imagery.optical.shape == (6, 120, 150)
    assert imagery.optical.dtype == np.float32
    for name in ("blue", "green", "red", "nir"):
        numbers = product.numbers(BAND_OF[name])[90:210, 60:210].astype(float)
        expected = (numbers + product.offset) / 10_000
        np.testing.assert_allclose(imagery.optical[BANDS.index(name)], expected, atol=1e-6)
    facts = imagery.facts
    assert facts["product"] == product.uri.removesuffix(".SAFE")
    assert facts["processing baseline"] == product.baseline
    assert facts["rescaling"] == f"(DN {product.offset:+d}) / 10000"
    assert facts["reflectance"] == "toa"
    assert facts["sun elevation"].startswith(f"{product.sight.sun_elevation:.2f}")
    assert len(facts["metadata SHA-256"]) == 64
    assert imagery.thermal is None


def test_swir_of_20_m_is_interpolated_bilinearly(archive_world):
    """A pixel of 10 m lies a quarter of a 20 m pixel from that one's centre, on each axis."""
    product = archive_world.sentinel2["alps", "newest"]
    grid = grid_in(product, shape=(20, 20))
    found = read_sentinel2(found_of(product, archive_world), grid).optical[BANDS.index("swir1")]
    coarse = (product.numbers("B11").astype(float) - 1000) / 10_000
    around = coarse[44:56, 29:41]
    along = np.empty((12, 20))
    along[:, 0::2] = 0.25 * around[:, :-2] + 0.75 * around[:, 1:-1]
    along[:, 1::2] = 0.75 * around[:, 1:-1] + 0.25 * around[:, 2:]
    expected = np.empty((20, 20))
    expected[0::2] = 0.25 * along[:-2] + 0.75 * along[1:-1]
    expected[1::2] = 0.75 * along[1:-1] + 0.25 * along[2:]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("acquisition", "kind"), [("cloudy", "MSK_CLOUDS"), ("newest", "MSK_CLASSI")]
)
def test_clouds_stay_unmapped_by_polygons_of_old_and_images_of_today(
    archive_world, acquisition, kind
):
    product = archive_world.sentinel2["alps", acquisition]
    grid = whole(product)
    imagery = read_sentinel2(found_of(product, archive_world), grid)
    places, clouds = centres(grid), clouds_of(product)
    sure = shapely.distance(places, clouds.boundary) > 60
    cloudy = imagery.why == Why.CLOUD
    np.testing.assert_array_equal(cloudy[sure], shapely.contains(clouds, places)[sure])
    assert 0.05 < cloudy.mean() < 0.5
    assert imagery.facts["cloud mask"] == kind
    assert f"cloud {100 * cloudy.mean():.1f} %" in imagery.facts["masked"]
    assert any("none of their shadows" in note for note in imagery.notes)


def test_defective_pixels_of_any_band_stay_unmapped(archive_world):
    product = archive_world.sentinel2["border", "offset"]
    imagery = read_sentinel2(found_of(product, archive_world), whole(product))
    rows, columns = (slice(6 * part.start, 6 * part.stop) for part in DEFECTIVE)
    expected = np.zeros(imagery.why.shape, dtype=bool)
    expected[rows, columns] = True
    np.testing.assert_array_equal(imagery.why == Why.DEFECTIVE, expected)
    assert imagery.facts["defect mask"] == "MSK_QUALIT"


def test_what_the_swath_leaves_out_has_no_data(archive_world):
    product = archive_world.sentinel2["alps", "half"]
    imagery = read_sentinel2(found_of(product, archive_world), whole(product))
    missing = np.isnan(imagery.optical).any(axis=0)
    np.testing.assert_array_equal(imagery.why == Why.NO_DATA, missing)
    np.testing.assert_array_equal(missing[:, 240:], True)
    np.testing.assert_array_equal(missing[:, :238], False)


def test_both_zones_tell_the_same_of_a_glacier_on_their_border(archive_world):
    """The same ground, read from the tiles of two UTM zones onto one grid."""
    west, east = (archive_world.sentinel2["border", label] for label in ("offset", "offset@1"))
    assert {west.raster.epsg, east.raster.epsg} == {32632, 32633}
    grid = grid_in(west, 160, 160, (160, 160))
    one, other = (
        read_sentinel2(found_of(product, archive_world), grid) for product in (west, east)
    )
    both = (one.why == Why.CLEAR) & (other.why == Why.CLEAR)
    assert both.mean() > 0.95
    differences = np.abs(one.optical - other.optical)[:, both]
    # Each tile has sampled the ground at places of its own, so single pixels at edges differ.
    assert np.median(differences) < 0.01
    shifted = np.abs(one.optical[:, :, 2:] - other.optical[:, :, :-2])[
        :, both[:, 2:] & both[:, :-2]
    ]
    assert differences.mean() < 0.6 * shifted.mean()


@pytest.mark.parametrize("place", ["antimeridian", "antarctica"])
def test_it_reads_anywhere(archive_world, place):
    product = archive_world.sentinel2[place, "clear"]
    imagery = read_sentinel2(found_of(product, archive_world), grid_in(product, shape=(40, 40)))
    numbers = product.numbers("B04")[90:130, 60:100].astype(float)
    np.testing.assert_allclose(
        imagery.optical[BANDS.index("red")], (numbers - 1000) / 10_000, atol=1e-6
    )


def test_without_its_masks_a_product_says_so(archive_world):
    product = archive_world.sentinel2["alps", "newest"]
    archive_world.misbehave("MSK_", 404)
    imagery = read_sentinel2(found_of(product, archive_world), grid_in(product))
    assert imagery.facts["cloud mask"] == imagery.facts["defect mask"] == "none"
    assert (imagery.why == Why.CLEAR).all()
    assert any("no mask of defective pixels" in note for note in imagery.notes)
    assert not any("mask of clouds" in note for note in imagery.notes)


def test_a_coarse_grid_learns_of_clouds_by_masks_and_one_band(archive_world):
    product = archive_world.sentinel2["alps", "newest"]
    grid = grid_in(product, 0, 0, (80, 80), 60.0)
    why = sentinel2_why(found_of(product, archive_world), grid)
    inside = shapely.contains(clouds_of(product), centres(grid))
    assert ((why == Why.CLOUD) == inside).mean() > 0.98
    asked = [path for _, path, _ in archive_world.requests if path.endswith(".jp2")]
    assert {path.rpartition("_")[2] for path in asked} == {"B00.jp2", "B11.jp2"}
    half = sentinel2_why(found_of(archive_world.sentinel2["alps", "half"], archive_world), grid)
    assert (half[:, 40:] == Why.NO_DATA).all()
    assert (half[:, :40] == Why.CLEAR).all()


class TestTheFolderOfAProduct:
    def test_it_is_found_by_its_name(self, archive_world):
        product = archive_world.sentinel2["alps", "newest"]
        at = sentinel2_bucket.find_product(found_of(product, archive_world))
        assert at.folder.endswith(f"/sentinel-2-google/{product.folder}")
        assert at.asked_for == ""
        assert len(archive_world.requests) == 1

    def test_another_processing_of_the_same_datatake_is_found_by_the_listing(self, archive_world):
        product = archive_world.sentinel2["alps", "newest"]
        other = product.uri.replace("_N0511_", "_N0510_")
        found = found_of(product, archive_world, **{"s2:product_uri": other})
        imagery = read_sentinel2(found, grid_in(product, shape=(30, 30)))
        assert imagery.facts["product"] == product.uri.removesuffix(".SAFE")
        assert any(other.removesuffix(".SAFE") in note for note in imagery.notes)

    def test_of_several_processings_the_newest_is_taken(self, archive_world):
        plain, again = (archive_world.sentinel2["alps", name] for name in ("plain", "reprocessed"))
        gone = {"s2:product_uri": plain.uri.replace("_N0209_", "_N0208_")}
        at = sentinel2_bucket.find_product(found_of(plain, archive_world, **gone))
        assert at.name.text == again.uri.removesuffix(".SAFE")

    @pytest.mark.parametrize("told", ["grid:code", "mgrs", "id"])
    def test_names_of_old_lead_to_the_same_datatake(self, archive_world, told):
        product = archive_world.sentinel2["antimeridian", "clear@1"]
        assert product.mgrs.startswith("01")
        old = "S2A_OPER_PRD_MSIL1C_PDMC_20151223T100202_R046_V20151223T023913_20151223T023913"
        found = found_of(product, archive_world, **{"s2:product_uri": old})
        properties = found.item["properties"]
        if told != "grid:code":
            del properties["grid:code"]
        if told == "id":
            del properties["mgrs:utm_zone"], properties["s2:datatake_id"]
        at = sentinel2_bucket.find_product(found)
        assert at.name.text == product.uri.removesuffix(".SAFE")
        assert at.asked_for == old

    def test_there_may_be_none(self, archive_world):
        product = archive_world.sentinel2["alps", "newest"]
        gone = {"s2:product_uri": product.uri.replace("T32TMS", "T33XWJ")}
        with pytest.raises(SourceError, match=r"no product of .*T33XWJ.*Choose another date"):
            sentinel2_bucket.find_product(found_of(product, archive_world, **gone))
        archive_world.misbehave("prefix=", 403)
        with pytest.raises(SourceError, match="could not be asked for another processing"):
            sentinel2_bucket.find_product(found_of(product, archive_world, **gone))
        nowhere = found_of(product, archive_world, **{"s2:product_uri": None, "grid:code": None})
        for part in ("utm_zone", "latitude_band", "grid_square"):
            del nowhere.item["properties"][f"mgrs:{part}"]
        object.__setattr__(nowhere, "id", "something")
        with pytest.raises(SourceError, match="in which tile something lies"):
            sentinel2_bucket.find_product(nowhere)


class TestLies:
    def test_a_catalogue_that_scales_otherwise_is_overruled_and_told_of(self, archive_world):
        product = archive_world.sentinel2["alps", "newest"]
        found = found_of(product, archive_world)
        found.item["assets"]["red"]["raster:bands"][0]["offset"] = 0
        imagery = read_sentinel2(found, grid_in(product, shape=(30, 30)))
        numbers = product.numbers("B04")[90:120, 60:90].astype(float)
        np.testing.assert_allclose(imagery.optical[2], (numbers - 1000) / 10_000, atol=1e-6)
        assert any("catalogue scales B04 by 0.0001 and +0" in note for note in imagery.notes)
        honest = read_sentinel2(found_of(product, archive_world), grid_in(product, shape=(30, 30)))
        assert not any("catalogue" in note for note in honest.notes)

    def test_metadata_that_make_everything_ten_times_as_bright_are_refused(self, archive_world):
        product = archive_world.sentinel2["alps", "newest"]
        archive_world.misbehave("MTD_MSIL1C.xml", "lying scale")
        with pytest.raises(SourceError, match="1000 for a reflectance of 1, the catalogue 10000"):
            read_sentinel2(found_of(product, archive_world), grid_in(product))

    def test_a_folder_with_another_products_metadata_is_refused(self, archive_world, monkeypatch):
        product, other = (archive_world.sentinel2["alps", name] for name in ("newest", "offset"))
        original = sentinel2_bucket.get_bytes
        monkeypatch.setattr(
            sentinel2_bucket,
            "get_bytes",
            lambda url, **limits: original(url.replace(product.uri, other.uri), **limits),
        )
        with pytest.raises(SourceError, match="metadata of another product"):
            read_sentinel2(found_of(product, archive_world), grid_in(product))

    @pytest.mark.parametrize("what", ["cut", "empty", "wrong bytes"])
    def test_spoilt_metadata_are_refused(self, archive_world, what):
        product = archive_world.sentinel2["alps", "newest"]
        archive_world.misbehave("MTD_TL.xml", what)
        with pytest.raises(SourceError):
            read_sentinel2(found_of(product, archive_world), grid_in(product))


def test_it_can_be_stopped(archive_world):
    product = archive_world.sentinel2["alps", "newest"]
    told = []
    with pytest.raises(JobCancelled):
        read_sentinel2(
            found_of(product, archive_world),
            grid_in(product),
            report=told.append,
            cancelled=lambda: len(told) > 2,
        )
