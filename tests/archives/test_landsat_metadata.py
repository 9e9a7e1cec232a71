"""Landsat metadata: every real file, and layouts of our own."""

from datetime import date

import pytest

from glacier_core.archives.landsat_metadata import Rescaling, parse_mtl, read_groups
from glacier_core.errors import SourceError
from glacier_core.scene import BANDS

from .mtl_files import (
    TM_BANDS,
    as_json,
    as_text,
    as_xml,
    collection1_groups,
    surface_groups,
    toa_groups,
)

L8, L9 = (774.8853, 1321.0789), (799.0284, 1329.2405)
ETM, TM5, TM4 = (666.09, 1282.71), (607.76, 1260.56), (671.62, 1284.30)

# stem: spacecraft, level, sun elevation, rescaling of band 3, K1 and K2, SLC off
REAL = {
    "LC08_L1GT_089074_20220506_20220512_02_T2_MTL": (8, "L1GT", 43.24426868, (2e-5, -0.1), L8),
    "LC08_L1TP_090084_20160121_20170405_01_T1_MTL": (8, "L1TP", 55.486483, (2e-5, -0.1), L8),
    "LC08_L1TP_090084_20160121_20200907_02_T1_MTL": (8, "L1TP", 55.486483, (2e-5, -0.1), L8),
    "LC08_L1TP_231089_20200807_20200808_02_RT_MTL": (8, "L1TP", 23.34572199, (2e-5, -0.1), L8),
    "LC08_L2SP_005009_20150710_20200908_02_T2_MTL": (8, "L2SP", 40.0015903, (2.75e-5, -0.2), None),
    "LC09_L2SP_010065_20220129_20220131_02_T1_MTL": (9, "L2SP", 57.84396063, (2.75e-5, -0.2), None),
    "LE07_L1TP_107068_20220310_20220405_02_T1_MTL": (
        *(7, "L1TP", 39.0330312, (1.2628e-3, -0.011419), ETM),
    ),
    "LT05_L2SP_090084_19980308_20200909_02_T1_MTL": (5, "L2SP", 41.58326399, (2.75e-5, -0.2), None),
    "satpy_antarctic_metadata": (8, "L1GT", 4.34563947, (2e-5, -0.1), L8),
    "satpy_etm_l1_metadata": (7, "L1TP", 30.8823516, (1.2428e-3, -0.011238), ETM),
    "satpy_tm_l1_metadata": (4, "L1TP", 43.85182285, (2.1775e-3, -0.004713), TM4),
}
REFUSED = {
    "satpy_mss_l1_landsat4_metadata": "'MSS'",
    "satpy_oli_tirs_l1_metadata": r"at night: the sun stood 41\.5 degrees below",
}


@pytest.fixture(scope="module")
def real_files(fixtures_dir):
    folder = fixtures_dir / "metadata" / "landsat_mtl"
    if not folder.is_dir():
        pytest.skip("real metadata needed: set GLACIER_FIXTURES to its folder")
    return sorted(path for path in folder.iterdir() if not path.name.endswith("_stac.json"))


def band_3(product):
    return "green" if product.sensor == "OLI_TIRS" else "red"


def test_every_real_file_says_what_is_known_of_it(real_files):
    assert {path.stem for path in real_files} == REAL.keys() | REFUSED.keys()
    for path in real_files:
        content = path.read_bytes()
        if path.stem in REFUSED:
            with pytest.raises(SourceError, match=REFUSED[path.stem]):
                parse_mtl(content, path.name)
            continue
        product = parse_mtl(content, path.name)
        spacecraft, level, sun_elevation, rescaling, constants = REAL[path.stem]
        assert (product.spacecraft, product.level) == (spacecraft, level), path.name
        assert product.sun_elevation == sun_elevation, path.name
        assert product.rescaling[band_3(product)] == Rescaling(*rescaling), path.name
        assert product.reflectance == ("surface" if level == "L2SP" else "toa"), path.name
        thermal = product.thermal
        assert (thermal and (thermal.k1, thermal.k2)) == constants, path.name
        assert not (thermal and thermal.published), path.name
        assert product.slc_off == (spacecraft == 7), path.name
        # A Level-2 product calls itself so, and names Level-2 files, in spite of its second group.
        assert level in product.product_id
        assert all(product.product_id in name for name in product.files.values()), path.name
        assert {*BANDS} <= product.files.keys()


def test_real_files_of_one_product_agree_whatever_their_format(real_files):
    by_stem = {}
    for path in real_files:
        if path.stem not in REFUSED:
            by_stem.setdefault(path.stem, []).append(parse_mtl(path.read_bytes()))
    several = [products for products in by_stem.values() if len(products) > 1]
    assert len(several) == 4
    for products in several:
        assert all(product == products[0] for product in products)


def test_the_two_collections_of_one_real_scene_agree_on_its_radiometry(real_files):
    first, second = (
        parse_mtl(path.read_bytes()) for path in real_files if "090084_20160121" in path.name
    )
    assert (first.collection, second.collection) == (1, 2)
    assert first.rescaling == second.rescaling
    assert first.thermal == second.thermal
    assert first.acquired == second.acquired == date(2016, 1, 21)


@pytest.mark.parametrize("write", [as_text, as_json, as_xml])
def test_layouts_of_our_own_are_read_in_every_format(write):
    product = parse_mtl(write(toa_groups()))
    assert product.product_id == "LC08_L1TP_195028_20200901_20200906_02_T1"
    assert (product.spacecraft, product.tier, product.acquired) == (8, "T1", date(2020, 9, 1))
    assert set(product.rescaling) == set(BANDS)
    assert product.rescaling["swir2"] == Rescaling(2e-5, -0.1)
    assert product.files["blue"].endswith("_B2.TIF")
    assert product.files["thermal"].endswith("_B10.TIF")
    assert product.files["sun_zenith"].endswith("_SZA.TIF")


@pytest.mark.parametrize("write", [as_text, as_json, as_xml])
@pytest.mark.parametrize("reverse", [False, True])
def test_levels_stay_apart_in_any_order_of_the_groups(write, reverse):
    groups = surface_groups()
    if reverse:
        groups = dict(reversed(groups.items()))
    product = parse_mtl(write(groups))
    assert product.level == "L2SP"
    assert product.reflectance == "surface"
    assert product.rescaling["blue"] == Rescaling(2.75e-5, -0.2)
    assert product.thermal is None
    assert "thermal" not in product.files or "ST" not in product.files["thermal"]


@pytest.mark.parametrize("write", [as_text, as_json, as_xml])
def test_collection_1_is_read(write):
    product = parse_mtl(write(collection1_groups(), "L1_METADATA_FILE"))
    assert (product.collection, product.level, product.tier) == (1, "L1TP", "T1")
    assert product.thermal.k1 == 774.8853
    assert product.files["swir2"].endswith("_01_T1_B7.TIF")
    assert "quality" not in product.files


@pytest.mark.parametrize(
    ("spacecraft", "sensor", "bands", "thermal", "constants"),
    [
        (4, "TM", TM_BANDS, "6", TM4),
        (5, "TM", TM_BANDS, "6", TM5),
        (7, "ETM", TM_BANDS, "6_VCID_1", ETM),
        (8, "OLI_TIRS", ("2", "3", "4", "5", "6", "7"), "10", L8),
        (9, "OLI_TIRS", ("2", "3", "4", "5", "6", "7"), "10", L9),
    ],
)
def test_missing_thermal_constants_are_the_published_ones_and_said_so(
    spacecraft, sensor, bands, thermal, constants
):
    groups = toa_groups(spacecraft=spacecraft, sensor=sensor, bands=bands, thermal=thermal)
    told = parse_mtl(as_text(groups))
    assert not told.thermal.published
    assert told.files["blue"].endswith(f"_B{bands[0]}.TIF")
    assert told.files["swir2"].endswith("_B7.TIF")
    del groups["LEVEL1_THERMAL_CONSTANTS"]
    untold = parse_mtl(as_text(groups))
    assert untold.thermal.published
    assert (untold.thermal.k1, untold.thermal.k2) == constants
    assert (told.thermal.k1, told.thermal.k2) == constants


def test_no_thermal_radiance_means_no_thermal_band():
    groups = toa_groups()
    del groups["LEVEL1_RADIOMETRIC_RESCALING"]["RADIANCE_MULT_BAND_10"]
    assert parse_mtl(as_text(groups)).thermal is None
    assert parse_mtl(as_text(toa_groups(sensor="OLI"))).thermal is None


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-inf", "NULL", "None", "--", "4 5", "1e400"]
)
@pytest.mark.parametrize(
    ("group", "key"),
    [
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION"),
        ("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE_MULT_BAND_4"),
        ("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE_ADD_BAND_7"),
        ("LEVEL1_RADIOMETRIC_RESCALING", "RADIANCE_ADD_BAND_10"),
        ("LEVEL1_THERMAL_CONSTANTS", "K1_CONSTANT_BAND_10"),
    ],
)
def test_what_is_no_number_is_refused(text, group, key):
    groups = toa_groups()
    groups[group][key] = text
    with pytest.raises(SourceError, match=f"{key} = .*no number"):
        parse_mtl(as_json(groups))


@pytest.mark.parametrize(
    ("group", "key"),
    [
        ("PRODUCT_CONTENTS", "LANDSAT_PRODUCT_ID"),
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION"),
        ("IMAGE_ATTRIBUTES", "SENSOR_ID"),
        ("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE_ADD_BAND_3"),
    ],
)
@pytest.mark.parametrize("remove", [True, False])
def test_what_is_missing_or_empty_is_named(group, key, remove):
    groups = toa_groups()
    if remove:
        del groups[group][key]
    else:
        groups[group][key] = ""
    with pytest.raises(SourceError, match=f"tells no {key}"):
        parse_mtl(as_text(groups))


@pytest.mark.parametrize(
    ("group", "key", "value", "message"),
    [
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION", "-41.46", "at night"),
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION", "0", "at night"),
        ("IMAGE_ATTRIBUTES", "SUN_ELEVATION", "91", "cannot be"),
        ("IMAGE_ATTRIBUTES", "SENSOR_ID", "MSS", "six bands"),
        ("IMAGE_ATTRIBUTES", "SENSOR_ID", "TIRS", "six bands"),
        ("IMAGE_ATTRIBUTES", "SPACECRAFT_ID", "LANDSAT_6", "'LANDSAT_6'"),
        ("IMAGE_ATTRIBUTES", "DATE_ACQUIRED", "2020-13-01", "no date"),
        ("LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE_MULT_BAND_4", "-2e-5", "more light"),
    ],
)
def test_what_cannot_be_mapped_is_refused(group, key, value, message):
    groups = toa_groups()
    groups[group][key] = value
    with pytest.raises(SourceError, match=message):
        parse_mtl(as_xml(groups))


def test_a_lying_scale_is_found_where_the_file_tells_its_range():
    groups = toa_groups()
    groups["LEVEL1_MIN_MAX_REFLECTANCE"] = {"REFLECTANCE_MAXIMUM_BAND_3": "1.210700"}
    groups["LEVEL1_MIN_MAX_PIXEL_VALUE"] = {"QUANTIZE_CAL_MAX_BAND_3": "65535"}
    assert parse_mtl(as_text(groups)).rescaling["green"] == Rescaling(2e-5, -0.1)
    groups["LEVEL1_RADIOMETRIC_RESCALING"]["REFLECTANCE_MULT_BAND_3"] = "2.0000E-04"
    with pytest.raises(SourceError, match=r"band 3 reaches .* 1\.2107, but 13\.007"):
        parse_mtl(as_text(groups))


def test_two_values_under_one_key_are_refused():
    text = as_text(toa_groups()).decode()
    line = "    SUN_ELEVATION = 45.0\n"
    doubled = text.replace("  END_GROUP = IMAGE", line + "  END_GROUP = IMAGE")
    assert parse_mtl(doubled.encode()).sun_elevation == 45
    with pytest.raises(SourceError, match="two things of SUN_ELEVATION"):
        parse_mtl(doubled.replace(line, line.replace("45", "54")).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>Forbidden</html>",
        b'{"message": "Forbidden"}',
        b"GROUP = A\nB = 1\n",
        b"{}",
        b"[]",
    ],
)
def test_other_files_are_refused(content):
    with pytest.raises(SourceError, match="no metadata of a Landsat"):
        read_groups(content)


@pytest.mark.parametrize("content", [b'{"a": ', b"\xff\xfe\x00", b"<a>"])
def test_damaged_files_are_refused(content):
    with pytest.raises(SourceError, match=r"damaged|no whole XML"):
        read_groups(content)


def test_names_of_files_that_are_paths_are_left_out():
    groups = toa_groups()
    groups["PRODUCT_CONTENTS"]["FILE_NAME_BAND_2"] = "../../etc/B2.TIF"
    assert "blue" not in parse_mtl(as_text(groups)).files


def test_what_follows_a_group_is_not_in_it():
    text = as_text(toa_groups()).decode()
    end = "  END_GROUP = IMAGE_ATTRIBUTES\n"
    content = text.replace(end, f"{end}  SUN_ELEVATION = -12\n").encode()
    assert parse_mtl(content).sun_elevation == 45
    assert read_groups(content)["LANDSAT_METADATA_FILE"] == {"SUN_ELEVATION": "-12"}
