import zipfile

import geopandas as gpd
import pyogrio
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.inventories import packages
from glacier_core.inventories.packages import (
    inner_archive,
    inner_archives,
    keep_package,
    opened,
    text_encoding,
)


def test_tables_beside_a_file_are_found(regional_file):
    with opened(regional_file) as package:
        assert package.outlines == regional_file
        assert package.rgi6_links.name.endswith("-rgi6_links.csv")
        assert package.complexes.name.endswith("-CtoG_links.json")
        assert package.submissions is None


def test_what_is_unpacked_goes_when_it_was_read(regional_file, tmp_path):
    archive = tmp_path / "region.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for part in tmp_path.glob("RGI2000*"):
            packed.write(part, part.name)
    with opened(archive) as package:
        assert package.name == "region.zip"
        assert len(gpd.read_file(package.outlines)) == 3
        assert "RGI60-11.00012" in package.rgi6_links.read_text(encoding="utf-8")
        outlines, links = package.outlines, package.rgi6_links
    assert not outlines.exists()
    assert not links.exists()


def test_a_table_that_swells_is_refused(regional_file, tmp_path, monkeypatch):
    archive = tmp_path / "region.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in tmp_path.glob("*.??x"):
            packed.write(part, part.name)
        for part in tmp_path.glob("*.[sdp][hbr][pfj]"):
            packed.write(part, part.name)
        packed.writestr("a-rgi6_links.csv", "x" * 2000)
    monkeypatch.setattr(packages, "_LARGEST_TABLE", 1000)
    with pytest.raises(OutlineError, match="larger than 1000 bytes"), opened(archive):
        pass


def test_a_kept_region_has_the_same_glaciers_a_spatial_index_and_its_tables(
    regional_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(packages, "ROWS_AT_ONCE", 2)  # so that pieces are put together
    kept = tmp_path / "kept" / "region.gpkg"
    with opened(regional_file) as package:
        keep_package(package, kept)
    before, after = gpd.read_file(regional_file), gpd.read_file(kept)
    assert list(after["glac_name"].fillna("")) == list(before["glac_name"].fillna(""))
    assert after.geometry.geom_equals(before.geometry).all()
    assert after.crs == "EPSG:4326"
    assert pyogrio.read_info(kept)["capabilities"]["fast_spatial_filter"]
    with opened(kept) as package:
        assert package.rgi6_links is not None
        assert package.complexes is not None
    assert len(pyogrio.read_dataframe(kept, bbox=(10.35, 46.0, 10.6, 46.2))) == 1


def test_names_in_latin_1_survive_the_keeping(tmp_path):
    path = tmp_path / "old.shp"
    gpd.GeoDataFrame(
        {"RGIId": ["RGI60-11.00001"], "Name": ["Gébroulaz"]},
        geometry=[shapely.box(6, 45, 7, 46)],
        crs="EPSG:4326",
    ).to_file(path, encoding="iso-8859-1")
    path.with_suffix(".cpg").unlink()
    assert text_encoding(path) is None
    with opened(path) as package:
        keep_package(package, tmp_path / "kept.gpkg")
    assert gpd.read_file(tmp_path / "kept.gpkg")["Name"][0] == "Gébroulaz"


def test_archives_inside_an_archive_are_taken_out_one_at_a_time(tmp_path):
    outer = tmp_path / "rgi62.zip"
    with zipfile.ZipFile(outer, "w") as packed:
        packed.writestr("rgi62/../../11_rgi62_CentralEurope.zip", b"inner")
        packed.writestr("readme.txt", b"")
    assert inner_archives(outer) == ["rgi62/../../11_rgi62_CentralEurope.zip"]
    with inner_archive(outer, inner_archives(outer)[0]) as inner:
        assert inner.name == "11_rgi62_CentralEurope.zip"
        assert inner.read_bytes() == b"inner"
    assert not inner.exists()


@pytest.mark.parametrize(
    ("name", "message"), [("nowhere.shp", "no file"), ("notes.txt", "no inventory file")]
)
def test_what_cannot_be_opened(tmp_path, name, message):
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(OutlineError, match=message), opened(tmp_path / name):
        pass
