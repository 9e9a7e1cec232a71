import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS

from archives.world.surface import BRIGHTER
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Why
from glacier_core.archives.sentinel2 import read_sentinel2
from glacier_core.errors import SourceError
from glacier_core.scene import BANDS

SHIFTED, FLAGGED = "sentinel-2-c1-l2a", "sentinel-2-l2a"
FLAG = "earthsearch:boa_offset_applied"


def surface_of(world, acquisition, collection):
    source = world.sentinel2["alps", acquisition]
    return next(
        product
        for product in world.surface_sentinel2
        if product.source is source and product.collection == collection
    )


def found_of(product, world):
    item = product.item(world.address)
    return FoundScene(
        id=item["id"],
        archive="sentinel-2-l2a",
        sensor="Sentinel-2B",
        acquired=product.source.sensed,
        footprint=shapely.geometry.shape(item["geometry"]),
        coverage_percent=100.0,
        reflectance="surface",
        assets={name: asset["href"] for name, asset in item["assets"].items()},
        item=item,
    )


def grid_in(product, left=60, top=90, shape=(100, 120)):
    raster = product.source.raster
    crs = CRS.from_epsg(raster.epsg)
    return AreaGrid(crs, raster.transform @ Affine.translation(left, top), shape)


def whole(product):
    return grid_in(product, 0, 0, product.source.raster.shape)


@pytest.mark.parametrize("collection", [SHIFTED, FLAGGED])
@pytest.mark.parametrize("acquisition", ["plain", "offset"])
def test_reflectance_is_that_of_the_surface_however_it_is_kept(
    archive_world, acquisition, collection
):
    """With the offset in its numbers, without, and where there never was one: the same ground."""
    product = surface_of(archive_world, acquisition, collection)
    imagery = read_sentinel2(found_of(product, archive_world), grid_in(product))
    plain = product.source.numbers("B04")[90:190, 60:180].astype(float)
    expected = BRIGHTER * (plain + product.source.offset) / 10_000
    found = imagery.optical[BANDS.index("red")]
    np.testing.assert_allclose(found, expected, atol=2e-4)
    assert imagery.facts["reflectance"] == "surface"
    assert any(note.startswith("Surface reflectance") for note in imagery.notes)
    assert imagery.facts["product"] == product.source.uri.replace("L1C", "L2A")[:-5]
    by_product = collection == SHIFTED
    assert imagery.facts["rescaling"].endswith("by product" if by_product else "and its flag")
    assert ("metadata SHA-256" in imagery.facts) == by_product


def test_its_classification_says_what_is_not_mapped(archive_world):
    product = surface_of(archive_world, "offset", SHIFTED)
    why = read_sentinel2(found_of(product, archive_world), whole(product)).why
    classes = np.repeat(np.repeat(product.scene_classes(), 2, 0), 2, 1)
    np.testing.assert_array_equal(why == Why.CLOUD, classes == 9)
    np.testing.assert_array_equal(why == Why.CLOUD_SHADOW, classes == 3)
    assert (why == Why.CLOUD).any()


class TestWhereTheySayDifferentThings:
    def test_catalogue_and_metadata(self, archive_world):
        product = surface_of(archive_world, "offset", SHIFTED)
        archive_world.misbehave("product_metadata.xml", 404)
        found = found_of(product, archive_world)
        with pytest.raises(SourceError):
            read_sentinel2(found, grid_in(product))
        archive_world.reset()
        found.item["assets"]["nir"]["raster:bands"][0]["offset"] = 0
        with pytest.raises(SourceError, match=r"disagree about B08: DN x 0\.0001 \+0 against"):
            read_sentinel2(found, grid_in(product))

    def test_metadata_of_level_1(self, archive_world):
        product = surface_of(archive_world, "offset", SHIFTED)
        found = found_of(product, archive_world)
        source = product.source
        path = f"{archive_world.address}/sentinel-2-google/{source.folder}/MTD_MSIL1C.xml"
        found.assets["product_metadata"] = path
        with pytest.raises(
            SourceError, match=r"offers .* as surface reflectance, but its metadata"
        ):
            read_sentinel2(found, grid_in(product))

    def test_flag_and_pixels_that_still_hold_the_offset(self, archive_world):
        """Known of real items: the flag says that the offset is gone, and it is not."""
        product = surface_of(archive_world, "offset", SHIFTED)
        found = found_of(product, archive_world)
        found.item["properties"][FLAG] = True
        imagery = read_sentinel2(found, whole(product))
        assert imagery.facts["rescaling"] == "(DN +0) / 10000, told by the catalogue and its flag"
        assert any("may still be in the numbers" in note for note in imagery.notes)
        honest = surface_of(archive_world, "offset", FLAGGED)
        imagery = read_sentinel2(found_of(honest, archive_world), whole(honest))
        assert not any("may still be" in note for note in imagery.notes)

    def test_flag_and_pixels_that_lost_the_offset_already(self, archive_world):
        """Known of real items too: the flag says that the offset is there, and it is gone."""
        product = surface_of(archive_world, "offset", FLAGGED)
        found = found_of(product, archive_world)
        found.item["properties"][FLAG] = False
        with pytest.raises(SourceError, match="contradict what the catalogue and its flag says"):
            read_sentinel2(found, whole(product))

    def test_nobody_says_anything(self, archive_world):
        product = surface_of(archive_world, "offset", SHIFTED)
        found = found_of(product, archive_world)
        del found.assets["product_metadata"]
        imagery = read_sentinel2(found, grid_in(product, shape=(20, 20)))
        assert imagery.facts["rescaling"] == "(DN -1000) / 10000, told by the catalogue"
        del found.item["assets"]["red"]["raster:bands"]
        with pytest.raises(SourceError, match="Neither metadata nor catalogue"):
            read_sentinel2(found, grid_in(product))

    def test_a_band_is_missing(self, archive_world):
        product = surface_of(archive_world, "offset", SHIFTED)
        found = found_of(product, archive_world)
        del found.assets["swir16"]
        with pytest.raises(SourceError, match="no file of B11"):
            read_sentinel2(found, grid_in(product))
