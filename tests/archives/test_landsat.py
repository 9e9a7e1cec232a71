"""Landsat on a grid: radiometry by closed form, what is unmapped, and what is said of it."""

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
import shapely
from affine import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling

from glacier_core.archives import landsat
from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Why
from glacier_core.archives.landsat import brightness_temperature, read_landsat, toa_reflectance
from glacier_core.archives.landsat_metadata import Rescaling, ThermalBand, parse_mtl
from glacier_core.errors import SourceError
from glacier_core.network.transfer import never, unreported
from glacier_core.scene import BANDS

from .mtl_files import TM_BANDS, as_json, as_text, as_xml, surface_groups, toa_groups

GRID = AreaGrid(CRS.from_epsg(32632), Affine(30, 0, 430000, 0, -30, 5150000), (2, 3))
CLEAR = 21824
NUMBERS = {band: 1000 * place + 9000 for place, band in enumerate(BANDS)}
ASSETS = dict(zip(BANDS, ("blue", "green", "red", "nir08", "swir16", "swir22"), strict=True))
ARCHIVE = "https://usgs-landsat.s3.us-west-2.amazonaws.com/collection02/level-1"


class Archive:
    """Stands in for the archive: one scene, its metadata and its layers."""

    def __init__(self, groups, write=as_json, **layers):
        self.content = write(groups)
        self.files = {
            key: name
            for key, name in groups["PRODUCT_CONTENTS"].items()
            if key.startswith("FILE_NAME")
        }
        self.product_id = groups["PRODUCT_CONTENTS"]["LANDSAT_PRODUCT_ID"]
        self.ending = {as_json: "json", as_text: "txt", as_xml: "xml"}[write]
        self.layers = {"quality": CLEAR, "saturation": 0, "sun_zenith": 4500, "thermal": 30000}
        self.layers |= NUMBERS | layers
        self.asked = {}

    def found(self, *, without=(), reflectance="toa", **more):
        names = [name for name in self.files.values() if not name.endswith(tuple(without))]
        names.append(f"{self.product_id}_MTL.{self.ending}")
        assets = {f"asset {place}": f"{ARCHIVE}/{name}" for place, name in enumerate(names)}
        return FoundScene(
            id=more.get("scene_id", self.product_id),
            archive="landsat-c2-l1",
            sensor="Landsat 8",
            acquired=datetime(2020, 9, 1, tzinfo=UTC),
            footprint=shapely.box(7, 46, 9, 47),
            coverage_percent=100.0,
            reflectance=reflectance,
            assets=assets,
        )

    def fetch_document(self, url, *, most_bytes, cancelled=never):
        assert url.endswith(f"_MTL.{self.ending}")
        assert len(self.content) <= most_bytes
        return self.content

    def read_many(
        self, grid, urls, *, resampling=Resampling.bilinear, no_data=(), report, cancelled
    ):
        self.asked |= dict.fromkeys(urls, resampling)
        read = {}
        for use, url in urls.items():
            assert url.startswith(ARCHIVE)
            values = np.broadcast_to(np.asarray(self.layers[use]), grid.shape)
            kept = values.astype(np.uint16 if resampling == Resampling.nearest else np.float32)
            read[use] = np.ma.masked_array(kept, np.isin(values, no_data))
        return read


@pytest.fixture
def archive_of(monkeypatch):
    def make(*arguments, **layers):
        archive = Archive(*arguments, **layers)
        monkeypatch.setattr(landsat, "fetch_document", archive.fetch_document)
        monkeypatch.setattr(landsat, "read_many", archive.read_many)
        return archive

    return make


def read(archive, **found):
    return read_landsat(archive.found(**found), GRID, report=unreported, cancelled=never)


@pytest.mark.parametrize("write", [as_text, as_json, as_xml])
def test_reflectance_is_the_rescaled_number_by_the_sine_of_the_suns_elevation(archive_of, write):
    elevation, zenith = 30.0, 7000  # the scene says 30 degrees, its pixels 20
    archive = archive_of(toa_groups(sun_elevation=str(elevation)), write, sun_zenith=zenith)
    by_pixel = read(archive)
    by_scene = read(archive, without=["SZA.TIF"])
    for place, band in enumerate(BANDS):
        scaled = 2e-5 * NUMBERS[band] - 0.1
        np.testing.assert_allclose(by_pixel.optical[place], scaled / math.sin(math.radians(20)))
        np.testing.assert_allclose(by_scene.optical[place], scaled / 0.5, rtol=1e-6)
    assert by_pixel.optical.dtype == np.float32
    assert by_pixel.optical.shape == (6, *GRID.shape)
    assert by_pixel.facts["sun elevation"].startswith("pixel by pixel")
    assert (
        "30.00 degrees at the centre of the scene, used for every"
        in (by_scene.facts["sun elevation"])
    )
    assert not any("sun angles" in note for note in by_pixel.notes)
    assert any("off by up to about 2 % at its rim" in note for note in by_scene.notes)


def test_bands_are_interpolated_and_flags_are_not(archive_of):
    archive = archive_of(toa_groups())
    read(archive)
    nearest = {use for use, rule in archive.asked.items() if rule == Resampling.nearest}
    assert nearest == {"quality", "saturation"}
    assert archive.asked.keys() - nearest == {*BANDS, "thermal", "sun_zenith"}


def test_a_pixel_where_the_sun_is_down_or_untold_has_no_data(archive_of):
    zenith = np.array([[4500, 0, 8999], [9000, 9500, 18000]])
    imagery = read(archive_of(toa_groups(), sun_zenith=zenith))
    lit = np.array([[True, False, True], [False, False, False]])
    np.testing.assert_array_equal(np.isfinite(imagery.optical).all(axis=0), lit)
    np.testing.assert_array_equal(imagery.why == Why.CLEAR, lit)
    np.testing.assert_array_equal(imagery.why == Why.NO_DATA, ~lit)


def test_stripes_of_landsat_7_have_no_data_and_that_is_said(archive_of):
    groups = toa_groups(
        "LE07_L1TP_195028_20200901_20200906_02_T1",
        spacecraft=7,
        sensor="ETM",
        bands=TM_BANDS,
        thermal="6_VCID_1",
    )
    groups["IMAGE_ATTRIBUTES"]["SENSOR_MODE_SLC"] = "OFF"
    stripe = np.where(np.arange(3) == 1, 0, 1)
    imagery = read(archive_of(groups, quality=np.where(stripe, CLEAR, 1), red=stripe * 9000))
    assert (imagery.why[:, 1] == Why.NO_DATA).all()
    assert (imagery.why[:, [0, 2]] == Why.CLEAR).all()
    assert np.isnan(imagery.optical[BANDS.index("red"), :, 1]).all()
    assert any("stripes without data" in note for note in imagery.notes)
    assert "6_VCID_1, K1 666.09, K2 1282.71" in imagery.facts["thermal band"]
    assert imagery.facts["sensor"] == "Landsat 7 ETM"


def test_one_band_without_a_number_is_enough_for_no_data(archive_of):
    imagery = read(archive_of(toa_groups(), swir2=np.array([[0, 9000, 9000]])))
    assert (imagery.why == [[Why.NO_DATA, Why.CLEAR, Why.CLEAR]] * 2).all()
    assert np.isfinite(imagery.optical[:5]).all()


def test_clouds_are_masked_and_their_shares_told(archive_of):
    quality = np.array([[CLEAR, 22280, 23888], [CLEAR, CLEAR, CLEAR]])
    imagery = read(archive_of(toa_groups(), quality=quality))
    assert imagery.why.tolist() == [[0, Why.CLOUD, Why.CLOUD_SHADOW], [0, 0, 0]]
    assert "cloud 16.7 %" in imagery.facts["masked"]
    assert "cloud shadow 16.7 %" in imagery.facts["masked"]
    assert np.isfinite(imagery.optical).all()


def test_temperature_is_what_plancks_law_was_fitted_to(archive_of):
    imagery = read(archive_of(toa_groups(), thermal=np.array([[30000, 0, 20000]])))
    for column, number in ((0, 30000), (2, 20000)):
        radiance = 3.342e-4 * number + 0.1
        kelvin = 1321.0789 / math.log(774.8853 / radiance + 1)
        np.testing.assert_allclose(imagery.thermal[:, column], kelvin, rtol=1e-6)
    assert np.isnan(imagery.thermal[:, 1]).all()
    assert (imagery.why == Why.CLEAR).all()
    assert 303 < imagery.thermal[0, 0] < 304


def test_no_radiance_is_no_temperature():
    band = ThermalBand("10", Rescaling(1.0, -10.0), 774.8853, 1321.0789, published=False)
    numbers = np.ma.masked_array([[0.0, 10.0, 20.0]])
    assert np.isnan(brightness_temperature(numbers, band)).tolist() == [[True, True, False]]


def test_reflectance_without_light_is_none():
    numbers = np.ma.masked_array([[1.0, 2.0, 3.0]], [[False, True, False]])
    reflectance = toa_reflectance(numbers, Rescaling(0.5, 0.0), np.array([[0.5, 0.5, -0.1]]))
    np.testing.assert_array_equal(reflectance, np.float32([[1.0, np.nan, np.nan]]))


def test_the_thermal_band_is_left_out_where_the_archive_has_none(archive_of):
    assert read(archive_of(toa_groups()), without=["_B10.TIF"]).thermal is None


def test_published_thermal_constants_are_said_to_be_so(archive_of):
    groups = toa_groups()
    del groups["LEVEL1_THERMAL_CONSTANTS"]
    imagery = read(archive_of(groups))
    assert imagery.thermal is not None
    assert "published" in imagery.facts["thermal band"]
    assert any("published constants" in note for note in imagery.notes)


def test_surface_reflectance_keeps_its_own_scale_and_says_what_it_is(archive_of):
    archive = archive_of(surface_groups())
    imagery = read(archive, reflectance="surface")
    for place, band in enumerate(BANDS):
        np.testing.assert_allclose(imagery.optical[place], 2.75e-5 * NUMBERS[band] - 0.2, rtol=1e-6)
    assert imagery.thermal is None
    assert imagery.facts["reflectance"] == "surface"
    assert imagery.facts["level"] == "L2SP"
    assert any("Surface reflectance" in note for note in imagery.notes)
    assert "sun_zenith" not in archive.asked


@pytest.mark.parametrize(("groups", "said"), [(toa_groups, "surface"), (surface_groups, "toa")])
def test_a_product_of_another_level_than_offered_is_refused(archive_of, groups, said):
    with pytest.raises(SourceError, match=f"as {said} reflectance, but its metadata say L"):
        read(archive_of(groups()), reflectance=said)


def test_metadata_of_another_scene_are_refused(archive_of):
    archive = archive_of(toa_groups())
    with pytest.raises(SourceError, match="tell of another scene, LC08_L1TP_195028"):
        read(archive, scene_id="LC08_L1TP_195028_20200817_20200822_02_T1")
    # Archives shorten names in their own ways.
    for same in ("LC08_L1TP_195028_20200901_02_T1", "LC08_L1TP_195028_20200901_02_T1_SR", "x"):
        assert read(archive, scene_id=same).facts["product"] == archive.product_id


def test_collection_1_is_refused_for_its_other_flags(archive_of):
    groups = toa_groups()
    groups["PRODUCT_CONTENTS"]["COLLECTION_NUMBER"] = "01"
    with pytest.raises(SourceError, match="Collection 1, whose quality bands"):
        read(archive_of(groups))


@pytest.mark.parametrize(("ending", "missing"), [("_B5.TIF", "nir"), ("QA_PIXEL.TIF", "quality")])
def test_a_missing_file_is_named(archive_of, ending, missing):
    with pytest.raises(SourceError, match=f"no file for {missing} of LC08"):
        read(archive_of(toa_groups()), without=[ending])


def test_no_metadata_no_pixels():
    scene = Archive(toa_groups()).found()
    bare = FoundScene(**{**vars(scene), "assets": {"red": f"{ARCHIVE}/a_B4.TIF"}})
    with pytest.raises(SourceError, match="names no metadata"):
        read_landsat(bare, GRID)


@pytest.mark.parametrize(
    ("group", "key", "value", "note"),
    [
        ("PRODUCT_CONTENTS", "COLLECTION_CATEGORY", "RT", "real-time product"),
        ("PRODUCT_CONTENTS", "COLLECTION_CATEGORY", "T2", "more than 12 m off"),
        ("PRODUCT_CONTENTS", "PROCESSING_LEVEL", "L1GS", "mountains are displaced"),
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION", "4.35", "only 4.3 degrees high"),
    ],
)
def test_what_a_reader_must_know_is_noted(archive_of, group, key, value, note):
    groups = toa_groups()
    assert not any(note in told for told in read(archive_of(groups)).notes)
    groups[group][key] = value
    assert any(note in told for told in read(archive_of(groups)).notes)


def test_saturation_is_told_but_stays_mapped(archive_of):
    saturation = np.array([[0b10, 0b10, 0], [0, 0, 0]])
    archive = archive_of(toa_groups(), saturation=saturation)
    imagery = read(archive)
    assert (imagery.why == Why.CLEAR).all()
    assert any("blue 33 %" in note for note in imagery.notes)
    without = read(archive, without=["QA_RADSAT.TIF"])
    assert any("no flags of saturated" in note for note in without.notes)


def test_hidden_ground_is_defective(archive_of):
    imagery = read(archive_of(toa_groups(), saturation=np.array([[1 << 11, 0, 0]])))
    assert (imagery.why == [[Why.DEFECTIVE, Why.CLEAR, Why.CLEAR]] * 2).all()


REAL_PAIRS = (
    ("LC08_L1GT_089074_20220506_20220512_02_T2_stac", "LC08_L1GT_089074_20220506_20220512_02_T2"),
    ("LE07_L1TP_107068_20220310_20220405_02_T1_stac", "LE07_L1TP_107068_20220310_20220405_02_T1"),
    (
        "LT05_L2SP_090084_19980308_20200909_02_T1_SR_stac",
        "LT05_L2SP_090084_19980308_20200909_02_T1",
    ),
)


@pytest.mark.parametrize(("item", "product_id"), REAL_PAIRS)
def test_real_items_lead_to_every_file_of_their_product(fixtures_dir, item, product_id):
    folder = fixtures_dir / "metadata" / "landsat_mtl"
    if not folder.is_dir():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    told = json.loads((folder / f"{item}.json").read_text())
    assets = {key: asset["href"] for key, asset in told["assets"].items()}
    scene = Archive(toa_groups()).found()
    found = FoundScene(**{**vars(scene), "id": told["id"], "assets": assets, "item": told})
    files = landsat._files(found)
    product = parse_mtl((folder / f"{product_id}_MTL.json").read_bytes())
    measured, flags = landsat._addresses(product, files)
    surface = product.reflectance == "surface"
    assert measured.keys() == {*BANDS} | (set() if surface else {"thermal", "sun_zenith"})
    assert flags.keys() == {"quality", "saturation"}
    names_buckets = any("alternate" in asset for asset in told["assets"].values())
    host = (
        "usgs-landsat.s3.us-west-2.amazonaws.com" if names_buckets else "landsatlook.usgs.gov/data"
    )
    root = f"https://{host}/collection02/level-"
    assert all(url.startswith(root) for url in (measured | flags).values())
    assert f"{product_id}_MTL.json" in files


@pytest.fixture
def served(archive_world):
    """Return what the test archive offers of the Alps, by acquisition, as a search finds it."""

    def find(key):
        product = archive_world.landsat[key]
        item = product.item(archive_world.address)
        return product, FoundScene(
            id=item["id"],
            archive="landsat-c2-l1",
            sensor="Landsat",
            acquired=product.sensed,
            footprint=shapely.geometry.shape(item["geometry"]),
            coverage_percent=100.0,
            assets={key: asset["href"] for key, asset in item["assets"].items()},
            item=item,
        )

    return find


def grid_of(product, rows=slice(100, 140), columns=slice(90, 150)):
    """Return a part of a product's own grid, and where it lies in it."""
    corner = product.raster.transform @ Affine.translation(columns.start, rows.start)
    shape = (rows.stop - rows.start, columns.stop - columns.start)
    return AreaGrid(CRS.from_epsg(product.raster.epsg), corner, shape), (rows, columns)


@pytest.mark.parametrize("key", ["landsat 7", "landsat 8"])
def test_the_truth_behind_the_test_archive_comes_back(served, key):
    product, found = served(("alps", key))
    grid, part = grid_of(product)
    imagery = read_landsat(found, grid)
    cosine = np.cos(np.radians(product.solar_zenith[part] / 100))
    for place, band in enumerate(BANDS):
        number = product.sensor.keys[ASSETS[band]]
        gain, _ = product.sensor.reflectance[number]
        stored, truth = product.numbers(number)[part], product.reflectance(number)[part]
        assert np.isnan(imagery.optical[place][stored == 0]).all()
        inside = (stored > 1) & (stored < np.iinfo(product.sensor.dtype).max)
        off = np.abs(imagery.optical[place] - truth)
        assert (off <= 0.51 * gain / cosine)[inside].all()
    there = np.isfinite(imagery.thermal)
    np.testing.assert_array_equal(there, product.has_data[part])
    number = parse_mtl(json.dumps(product.metadata).encode()).thermal.number
    (k1, k2), (gain, _) = product.sensor.thermal[number], product.sensor.radiance[number]
    read_again, truth = (
        k1 / np.expm1(k2 / kelvin[there]) for kelvin in (imagery.thermal, product.kelvin()[part])
    )
    assert np.abs(read_again - truth).max() <= 0.51 * gain
    quality = product.quality()[part]
    np.testing.assert_array_equal(imagery.why == Why.NO_DATA, quality & 1 == 1)
    np.testing.assert_array_equal(imagery.why == Why.CLOUD, quality & 0b1110 > 0)
    assert imagery.facts["product"] == product.id
    assert imagery.facts["sun elevation"].startswith("pixel by pixel")


def test_the_reader_who_pays_signs_and_others_are_told_how(served, monkeypatch):
    product, found = served(("alps", "landsat 8"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(SourceError, match="AWS_ACCESS_KEY_ID"):
        read_landsat(found, grid_of(product)[0])


def test_a_night_scene_of_the_archive_is_refused_before_any_pixel(served, archive_world):
    product, found = served(("alps", "night"))
    with pytest.raises(SourceError, match="at night"):
        read_landsat(found, grid_of(product)[0])
    assert not any(".TIF" in path for _, path, _ in archive_world.requests)


def test_the_south_is_read_though_landsat_counts_from_the_equator_there(served):
    product, found = served(("south", "landsat 9"))
    grid, part = grid_of(product, slice(120, 130), slice(140, 155))
    assert product.raster.epsg // 100 == 326
    assert grid.bounds[3] < 0
    southern = AreaGrid(
        CRS.from_epsg(product.raster.epsg + 100),
        Affine.translation(0, 10_000_000) @ grid.transform,
        grid.shape,
    )
    imagery = read_landsat(found, southern)
    truth = product.reflectance(product.sensor.keys["red"])[part]
    np.testing.assert_allclose(imagery.optical[BANDS.index("red")], truth, atol=2e-5)


@pytest.mark.parametrize(("what", "message"), [("lying scale", "contradicts"), ("empty", "MTL")])
def test_metadata_that_cannot_be_true_are_refused(served, archive_world, what, message):
    product, found = served(("alps", "landsat 8"))
    archive_world.misbehave("_MTL.", what)
    with pytest.raises(SourceError, match=message):
        read_landsat(found, grid_of(product)[0])
