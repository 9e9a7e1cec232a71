"""The test archive speaks as the real archives do: no name of its making that they do not have."""

import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile

import geopandas as gpd
import pytest
import requests
from rasterio.io import MemoryFile

from archives.world import glims, rgi
from archives.world.elevation import tiles
from archives.world.places import PLACES
from archives.world.sentinel1_grd import GroundRange


@pytest.fixture
def real(fixtures_dir):
    """Return a function that finds one real file by the end of its path."""

    def find(pattern):
        (path,) = (fixtures_dir / "metadata").glob(pattern)
        return path

    return find


def tags(root, path=""):
    """Return the paths of all elements, names without their namespace."""
    here = f"{path}/{root.tag.rpartition('}')[2]}"
    found = {here}
    for child in root:
        found |= tags(child, here)
    return found


def parsed(world, service, path):
    return ElementTree.fromstring(world.shelves[service].read(path))


@pytest.mark.parametrize(
    ("take", "product", "tile"),
    [
        ("plain", "N0209_*_MTD_MSIL1C.xml", "N0301_*_MTD_TL.xml"),
        ("offset", "N0400_S2A_*_MTD_MSIL1C.xml", "N0400_*_MTD_TL.xml"),
        ("clear", "N0509_S2A_*_MTD_MSIL1C.xml", "N0400_*_MTD_TL.xml"),
        ("newest", "N0509_S2A_*_MTD_MSIL1C.xml", "N0400_*_MTD_TL.xml"),
    ],
)
def test_sentinel_2_metadata_have_real_elements(archive_world, real, take, product, tile):
    made = archive_world.sentinel2["alps", take]
    for path, pattern in (
        ("MTD_MSIL1C.xml", product),
        (f"{made.granule_folder}/MTD_TL.xml", tile),
    ):
        root = parsed(archive_world, "sentinel-2-google", f"{made.folder}/{path}")
        known = tags(ElementTree.parse(real(f"s2_l1c/{pattern}")).getroot())
        assert tags(root) <= known
        assert ("psd-15" in root.tag) == (take == "newest")


def test_offsets_are_there_since_their_baseline(archive_world):
    for name, expected in (("plain", 0), ("cloudy", 0), ("reprocessed", 13), ("clear", 13)):
        made = archive_world.sentinel2["alps", name]
        root = parsed(archive_world, "sentinel-2-google", f"{made.folder}/MTD_MSIL1C.xml")
        assert len(root.findall(".//RADIO_ADD_OFFSET")) == expected


def test_masks_named_by_the_tile_exist_and_are_of_the_time(archive_world):
    shelf = archive_world.shelves["sentinel-2-google"]
    for name, clouds in (("plain", "MSK_CLOUDS_B00.gml"), ("offset", "MSK_CLASSI_B00.jp2")):
        made = archive_world.sentinel2["alps", name]
        root = parsed(
            archive_world, "sentinel-2-google", f"{made.folder}/{made.granule_folder}/MTD_TL.xml"
        )
        named = [element.text for element in root.iter("MASK_FILENAME")]
        assert all(f"{made.folder}/{path}" in shelf for path in named)
        assert named[-1].endswith(clouds)


def test_landsat_metadata_have_real_groups_and_keys(archive_world, real):
    for name, pattern in (
        ("landsat 9", "landsat_mtl/LC08_L1TP_231089_*_MTL.txt"),
        ("landsat 7", "landsat_mtl/LE07_L1TP_*_MTL.txt"),
    ):
        product = archive_world.landsat["alps", name]
        known = keys_by_group(real(pattern).read_text())
        made = archive_world.shelves["landsat-s3"].read(product.path_of("MTL.txt")).decode()
        found = keys_by_group(made)
        assert {pair for pair in found if pair not in known} == set()


def keys_by_group(text):
    group, found = "", set()
    for line in text.splitlines():
        name, _, value = (part.strip() for part in line.partition("="))
        if name == "GROUP":
            group = value
        elif value and name != "END_GROUP":
            found.add((group, name))
    return found


def test_the_three_landsat_files_say_the_same(archive_world):
    product = archive_world.landsat["alps", "landsat 7"]
    shelf = archive_world.shelves["landsat-s3"]
    tree = json.loads(shelf.read(product.path_of("MTL.json")))
    root = ElementTree.fromstring(shelf.read(product.path_of("MTL.xml")))
    by_xml = {(group.tag, key.tag): key.text for group in root for key in group}
    by_json = {
        (group, key): value
        for group, keys in tree["LANDSAT_METADATA_FILE"].items()
        for key, value in keys.items()
    }
    assert by_xml == by_json
    assert set(by_json) == keys_by_group(shelf.read(product.path_of("MTL.txt")).decode())


def first_item(path, collection):
    content = json.loads(path.read_text())
    items = content.get("features", [content])
    return next(item for item in items if item.get("collection", collection) == collection)


@pytest.mark.parametrize(
    ("service", "collection", "pattern"),
    [
        ("earth-search", "sentinel-2-l1c", "stac/eodag_earth_search_search.json"),
        ("landsatlook", "landsat-c2l1", "landsat_mtl/LE07_L1TP_*_stac.json"),
        ("earth-search", "sentinel-2-l2a", "stac/earthsearch_v1_search_landsatc2l2_s2l2a_*.json"),
        ("earth-search", "sentinel-2-c1-l2a", "stac/earthsearch_v1_search_filter_page_*.json"),
        ("planetary-computer", "landsat-c2-l2", "stac/pc_landsat-c2-l2_items_10_next_GET.json"),
        ("planetary-computer", "sentinel-1-grd", "stac/pc_sentinel-1-grd-item-raw.json"),
    ],
)
def test_items_have_real_properties(archive_world, real, service, collection, pattern):
    known = first_item(real(pattern), collection)
    items = archive_world.catalogues[service].items
    made = [item for item in items if item["collection"] == collection]
    properties = set().union(*(item["properties"] for item in made))
    beyond = {
        "landsat-c2l1": {"proj:wkt2"},  # the real file at hand is no polar scene
        # A mirror of other items of the same service tells these:
        "sentinel-2-c1-l2a": {"mgrs:utm_zone", "s2:granule_id", "s2:sequence"},
        "sentinel-2-l2a": {"s2:granule_id"},
    }
    assert properties - set(known["properties"]) <= beyond.get(collection, set())
    if collection == "landsat-c2l1":
        made = [item for item in made if item["id"].startswith("LE07")]
    assert set().union(*(item["assets"] for item in made)) - set(known["assets"]) <= {
        "coastal", "hh", "hv", "schema-product-hh", "schema-product-hv", "schema-noise-hh",
        "schema-noise-hv", "schema-calibration-hh", "schema-calibration-hv",
    }  # fmt: skip


def test_radar_annotations_have_real_elements(archive_world, real):
    take = archive_world.radar["alps", "ascending 2023"]
    files = dict(GroundRange(take).files())
    for path, pattern in (
        ("annotation/iw-vv.xml", "s1/s1c-*.xml"),
        ("annotation/calibration/calibration-iw-vv.xml", "s1/calibration-*.xml"),
    ):
        made = ElementTree.fromstring(files[f"{take.folder}/{path}"]())
        assert tags(made) <= tags(ElementTree.parse(real(pattern)).getroot())


def test_inventories_have_real_columns(archive_world, real):
    zipped = archive_world.shelves["rgi7"].read(rgi.rgi7_path("11"))
    made = gpd.read_file(io.BytesIO(zipped))
    assert list(made.columns) == list(gpd.read_file(real("glims_rgi/rgi7_rgi7g_hef.shp")).columns)
    known = set(gpd.read_file(real("glims_rgi/Hintereisferner_RGI6.shp")).columns)
    assert set(rgi.rgi6_table("11").columns) <= known
    database = gpd.GeoDataFrame.from_features(glims.features())
    assert set(database.columns) <= set(gpd.read_file(real("glims_rgi/baker_glims.geojson")))
    inner = zipfile.ZipFile(io.BytesIO(archive_world.shelves["rgi6"].read("rgi62.zip"))).namelist()
    assert "rgi62/11_rgi62_CentralEurope.zip" in inner


def test_elevation_tiles_narrow_towards_the_poles():
    columns = {tile.south: tile.raster.shape for tile in tiles(10)}
    assert columns[46] == (3600, 3600)
    assert columns[68] == (3600, 1800)
    assert columns[82] == (3600, 720)
    assert columns[-82] == (3600, 720)
    assert columns[-50] == (3600, 3600)  # its northern edge is 49° S


def test_what_is_held_back_is_only_there_at_90_metres():
    fine = {(tile.south, tile.west) for tile in tiles(10)}
    coarse = {(tile.south, tile.west) for tile in tiles(30)}
    assert coarse - fine == {(41, 47), (41, 48)}
    assert (-50, -75) not in coarse  # open sea


def test_areas_of_glims_are_in_square_metres_in_one_submission():
    for feature in glims.features():
        told = feature["properties"]
        factor = 1e6 if told["subm_id"] == 814 else 1
        assert told["area"] == pytest.approx(told["db_area"] * factor)


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:EPSG::4326", ""])
def test_the_feature_service_has_latitude_first_by_its_urn(archive_world, crs):
    def count(box, crs):
        asked = {
            "service": "WFS",
            "version": "2.0.0",
            "request": "GetFeature",
            "typeNames": glims.LAYER,
            "outputFormat": "application/json",
            "bbox": ",".join([*map(str, box), *([crs] if crs else [])]),
        }
        return requests.get(f"{archive_world.address}/glims", params=asked, timeout=9).json()

    west, south, east, north = glims.envelope(PLACES["alps"])
    assert count([south, west, north, east], crs)["numberMatched"] == 9
    assert count([west, south, east, north], "EPSG:4326")["numberMatched"] == 9
    assert count([west, south, east, north], crs)["numberMatched"] == 0


def test_quality_layers_tell_defects_and_gaps(archive_world):
    product = archive_world.sentinel2["alps", "offset"]
    with MemoryFile(product.mask("MSK_QUALIT", "B04")) as file, file.open() as mask:
        layers = mask.read()
    assert layers.shape == (8, 480, 480)
    assert layers[4].sum() == 36 * 36
    assert product.quality("B03")[4].sum() == 0
    half = archive_world.sentinel2["alps", "half"]
    assert half.quality("B11")[5].mean() == 0.5
