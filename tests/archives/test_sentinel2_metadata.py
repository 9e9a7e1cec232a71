import re
import time

import pytest

from archives.world.sentinel2_xml import product_xml
from glacier_core.archives.sentinel2_metadata import (
    BAND_OF,
    parse_name,
    parse_product,
    parse_tile,
)
from glacier_core.errors import SourceError
from glacier_core.scene import BANDS

ROW = re.compile(r"^\| `([^`]+)` \| \d+ \| .* \| (.*) \|$", re.MULTILINE)
ALL_BANDS = {f"B{number:02d}" for number in range(1, 13)} | {"B8A"}


@pytest.fixture(scope="module")
def rows(fixtures_dir):
    """What the README beside the real files says of each, by file."""
    readme = (fixtures_dir / "metadata" / "README.md").read_text()
    return {
        folder / name: told
        for folder in (fixtures_dir / "metadata" / kind for kind in ("s2_l1c", "s2_l2a"))
        for name, told in ROW.findall(readme)
        if (folder / name).exists()
    }


def files(rows, ending):
    """The files of both levels with this ending: the table lists every one that there is."""
    listed = sorted(path for path in rows if path.name.endswith(ending))
    folders = {path.parent for path in rows}
    assert listed == sorted(path for folder in folders for path in folder.glob(f"*{ending}"))
    assert listed
    return listed


def test_every_real_product_says_what_the_table_says(rows):
    products = files(rows, "MTD_MSIL1C.xml") + files(rows, "MTD_MSIL2A.xml")
    for path in products:
        told = rows[path]
        product = parse_product(path.read_bytes(), path.name)
        assert f"baseline **{product.name.baseline}**" in told
        assert f"quantification {product.quantification:.0f}" in told
        assert f"{product.name.text}.SAFE; xmlns psd-14" in told
        assert product.reflectance == ("surface" if "MSIL2A" in path.name else "toa")
        assert (product.no_data, product.saturated) == (0, 65_535)
        assert f"<SPACECRAFT_NAME>{product.name.spacecraft}<" in path.read_text()
        assert f"{product.acquired:%Y%m%dT%H%M%S}" == product.name.started
        if "13 x -1000" in told:
            assert product.offsets == dict.fromkeys(ALL_BANDS, -1000.0)
            assert product.offset("B8A") == -1000.0
        else:
            assert "**absent**" in told
            assert product.offsets is None
            assert product.offset("B02") == 0.0


def test_neither_date_nor_baseline_tells_whether_there_is_an_offset(rows):
    """The same acquisition of 2021, processed twice."""
    first, again = (
        parse_product(path.read_bytes(), path.name)
        for path in files(rows, "20210925T105811_T30TVN_MTD_MSIL2A.xml")
    )
    assert first.name.started == again.name.started
    assert {first.offset("B03"), again.offset("B03")} == {0.0, -1000.0}


def test_every_real_product_names_the_files_of_its_bands(rows):
    for path in files(rows, "MTD_MSIL1C.xml"):
        product = parse_product(path.read_bytes(), path.name)
        assert set(product.images) == ALL_BANDS
        assert re.fullmatch(r"GRANULE/L1C_T\w{5}_A\d{6}_\d{8}T\d{6}", product.granule)
        blue = product.images["B02"]
        assert re.fullmatch(rf"{product.granule}/IMG_DATA/T{product.name.tile}_\w{{15}}_B02", blue)
    for path in files(rows, "MTD_MSIL2A.xml"):
        product = parse_product(path.read_bytes(), path.name)
        assert {"B02_10m", "B11_20m", "SCL_20m"} <= set(product.images)


def test_every_real_tile_says_what_the_table_says(rows):
    tiles = files(rows, "_TL.xml") + files(rows, "metadata.xml")
    for path in tiles:
        told = rows[path]
        tile = parse_tile(path.read_bytes(), path.name)
        assert f"EPSG:{tile.epsg};" in told
        mean = float(re.search(r"mean ([\d.]+);", told).group(1))
        assert tile.sun_elevation == pytest.approx(90 - mean, abs=6e-4)
        kinds = {kind for kind, _ in tile.masks}
        if "MSK_CLOUDS" in kinds:
            assert kinds >= {"MSK_DEFECT", "MSK_TECQUA"}
            assert tile.masks["MSK_CLOUDS", ""].endswith("/QI_DATA/MSK_CLOUDS_B00.gml")
            assert tile.masks["MSK_DEFECT", "B8A"].endswith("/QI_DATA/MSK_DEFECT_B8A.gml")
        else:
            assert tile.masks["MSK_QUALIT", "B12"].rpartition("/")[2].startswith("MSK_QUALIT_B12")
            assert tile.masks["MSK_CLASSI", ""].rpartition("/")[2].startswith("MSK_CLASSI_B00")


@pytest.fixture
def written(archive_server):
    """A product of our own making, of the newest schema, as text."""
    return product_xml(archive_server.sentinel2["alps", "newest"])


def parsed(text):
    return parse_product(text.encode(), "MTD_MSIL1C.xml")


def test_a_schema_to_come_is_read_by_local_names(written):
    assert "psd-15" in written
    product = parsed(
        written.replace("psd-15", "psd-99").replace("n1:", "any:").replace(":n1", ":any")
    )
    assert product.name.baseline == "05.11"
    assert product.name.spacecraft == "Sentinel-2C"
    assert product.offset("B11") == -1000.0


def test_without_spectral_information_the_numbers_of_the_bands_are_those_of_all_products(written):
    bare = re.sub(
        r"<Spectral_Information_List>.*</Spectral_Information_List>", "", written, flags=re.S
    )
    bare = bare.replace('band_id="8">-1000', 'band_id="8">-1001')
    assert parsed(bare).offsets == dict.fromkeys(ALL_BANDS, -1000.0) | {"B8A": -1001.0}


def test_what_a_product_says_about_its_bands_goes_before_what_is_usual(written):
    swapped = re.sub(
        r'physicalBand="B([23])"', lambda found: f'physicalBand="B{5 - int(found[1])}"', written
    )
    swapped = swapped.replace('band_id="2">-1000', 'band_id="2">-200')
    product = parsed(swapped)
    assert product.offset("B02") == -200.0
    assert product.offset("B03") == -1000.0


def test_the_number_of_a_baseline_adds_no_offset(written):
    high = re.sub(r"<Radiometric_Offset_List>.*</Radiometric_Offset_List>", "", written, flags=re.S)
    product = parsed(high.replace("_N0511_", "_N9999_").replace(">05.11<", ">99.99<"))
    assert product.name.baseline == "99.99"
    assert product.offsets is None


def test_an_offset_that_is_missing_from_the_list_is_not_guessed(written):
    product = parsed(re.sub(r'<RADIO_ADD_OFFSET band_id="7">.*?</RADIO_ADD_OFFSET>', "", written))
    assert product.offset("B8A") == -1000.0
    with pytest.raises(SourceError, match="list offsets, but none for B08"):
        product.offset("B08")
    empty = re.sub(r"<RADIO_ADD_OFFSET.*</RADIO_ADD_OFFSET>", "", written, flags=re.S)
    with pytest.raises(SourceError, match="list offsets, but none for B02"):
        parsed(empty).offset("B02")


@pytest.mark.parametrize(
    ("pattern", "instead", "message"),
    [
        ('"none">10000', '"none">1', "number of 1 is a reflectance of 1, which cannot be"),
        ('"none">10000', '"none">1e9', "which cannot be"),
        ('"none">10000', '"none">nan', "no number in QUANTIFICATION_VALUE"),
        ('"none">10000', '"none">ten', "no number in QUANTIFICATION_VALUE"),
        (r"<QUANTIFICATION_VALUE.*</QUANTIFICATION_VALUE>", "", "has no QUANTIFICATION_VALUE"),
        ('band_id="4">-1000', 'band_id="4">none', "no number in RADIO_ADD_OFFSET"),
        ('band_id="4">-1000', 'band_id="3">-900', "two offsets for B04"),
        ('band_id="4">-1000', 'band_id="44">-1000', "band number '44', which is none"),
        ('band_id="4">-1000', '>-1000', "band number '', which is none"),
        (r"<PRODUCT_URI>.*</PRODUCT_URI>", "", "has no PRODUCT_URI"),
        (r"(<PRODUCT_URI>).*(</)", r"\1S2A_OPER_PRD_MSIL1C_PDMC.SAFE\2", "until December 2016"),
        (r"(<PRODUCT_START_TIME>).*(</)", r"\1yesterday\2", "no date in 'yesterday'"),
        (r"GRANULE/\w+/IMG_DATA/(\w+_B02)", r"../../\1", "which is no place"),
        (r"GRANULE/\w+/IMG_DATA/(\w+_B02)", r"http://10.0.0.1/\1", "which is no place"),
        (r"GRANULE/(\w+)/IMG_DATA/(\w+_B02)", r"GRANULE/other/IMG_DATA/\2", "many tiles in one"),
        (r"</n1:Level-1C_User_Product>", "", "no whole XML document"),
    ],
)  # fmt: skip
def test_metadata_that_cannot_be_are_refused(written, pattern, instead, message):
    spoilt = re.sub(pattern, instead, written)
    assert spoilt != written
    with pytest.raises(SourceError, match=message):
        parsed(spoilt)


def test_offsets_count_without_a_list_around_them(written):
    loose = written.replace("<Radiometric_Offset_List>", "").replace(
        "</Radiometric_Offset_List>", ""
    )
    assert loose != written
    assert parsed(loose).offset("B12") == -1000.0


def test_the_folder_of_a_tile_is_known_by_its_files(written):
    assert parsed(written).granule.startswith("GRANULE/L1C_T32TMS_")
    bare = parsed(re.sub(r"<IMAGE_FILE>.*?</IMAGE_FILE>", "", written))
    with pytest.raises(SourceError, match="name no files of bands"):
        _ = bare.granule


def test_entities_are_not_unfolded(written):
    """Ten to the ninth letters would come of a thousand bytes."""
    entities = "".join(f'<!ENTITY a{n} "{"&a" * 0}{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY a0 "a">{entities}]>'
    body = written.partition("?>")[2].replace("Sentinel-2C", "&a9;")
    started = time.monotonic()
    with pytest.raises(SourceError):
        parsed(bomb + body)
    assert time.monotonic() - started < 2
    outside = '<!DOCTYPE x [<!ENTITY a9 SYSTEM "file:///etc/hostname">]>'
    with pytest.raises(SourceError):
        parsed(outside + body)


def test_names_of_products():
    name = parse_name("S2B_MSIL1C_20250731T130249_N0511_R095_T24MVV_20250731T131834.SAFE")
    assert (name.satellite, name.level, name.baseline) == ("S2B", "L1C", "05.11")
    assert (name.started, name.tile, name.made) == (
        "20250731T130249",
        "24MVV",
        "20250731T131834",
    )
    assert name.text.endswith("_20250731T131834")
    for other in (
        "S2A_OPER_PRD_MSIL1C_PDMC_20151223T100202_R046_V20151223T023913_20151223T023913",
        "S2B_24MVV_20250731_0_L1C",
        "",
    ):
        assert parse_name(other) is None


def test_the_bands_of_a_scene_each_have_one_of_sentinel_2():
    assert tuple(BAND_OF) == BANDS
