"""Zip archives, unpacked without trusting them."""

import stat
import zipfile

import geopandas as gpd
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines import archives
from glacier_core.outlines.archives import unpacked_shapefile
from glacier_core.outlines.reading import read_outlines
from glacier_core.settings import settings


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """Return the files of a Shapefile by suffix."""
    folder = tmp_path_factory.mktemp("parts")
    frame = gpd.GeoDataFrame({"Name": ["A"]}, geometry=[shapely.box(10, 46, 11, 47)], crs=4326)
    frame.to_file(folder / "a.shp")
    return {path.suffix: path.read_bytes() for path in folder.iterdir()}


def zipped(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def shapefile(parts, stem="a"):
    return {f"{stem}{suffix}": content for suffix, content in parts.items()}


def refused(path, sentence):
    with pytest.raises(OutlineError, match=sentence):
        read_outlines(path)


def test_only_what_is_needed_is_unpacked(tmp_path, parts):
    entries = shapefile(parts, "data/Glaciers 2003") | {
        "readme.txt": b"hello",
        "data/Glaciers 2003.exe": b"MZ",
        "__MACOSX/data/._Glaciers 2003.shp": b"junk",
    }
    with unpacked_shapefile(zipped(tmp_path / "a.zip", entries)) as path:
        names = sorted(item.name for item in path.parent.iterdir())
        assert names == [f"outlines{suffix}" for suffix in sorted(parts)]
        folder = path.parent
    assert not folder.exists()


def test_capitals_inside(tmp_path, parts):
    entries = {f"A{suffix.upper()}": content for suffix, content in parts.items()}
    assert len(read_outlines(zipped(tmp_path / "a.zip", entries))) == 1


@pytest.mark.parametrize("stem", ["../a", "/etc/a", "b/../../a", "C:\\a", "..\\a"])
def test_names_that_leave_the_folder(tmp_path, parts, stem):
    refused(zipped(tmp_path / "a.zip", shapefile(parts, stem)), "leave its folder")


def test_a_link(tmp_path, parts):
    path = zipped(tmp_path / "a.zip", shapefile(parts))
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("b.prj")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    refused(path, "holds a link")


def test_an_encrypted_archive(tmp_path, parts):
    path = zipped(tmp_path / "a.zip", shapefile(parts))
    content = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            content[start + flags] |= 1
            start += 4
    path.write_bytes(content)
    refused(path, "is encrypted")


def test_too_many_files(tmp_path, parts):
    path = zipped(tmp_path / "a.zip", shapefile(parts) | {f"{n}.txt": b"" for n in range(64)})
    refused(path, "holds 69 files; at most 64")


@pytest.mark.parametrize(
    ("stems", "sentence"), [((), "no Shapefile"), (("a", "b"), "2 Shapefiles")]
)
def test_one_shapefile_is_wanted(tmp_path, parts, stems, sentence):
    entries = {"readme.txt": b"hello", "inner.zip": b"PK\x03\x04"}
    for stem in stems:
        entries |= shapefile(parts, stem)
    refused(zipped(tmp_path / "a.zip", entries), sentence)


def test_a_bomb_by_its_header(tmp_path, parts):
    path = zipped(tmp_path / "a.zip", shapefile(parts) | {"a.dbf": bytes(50_000_000)})
    assert path.stat().st_size < 100_000
    refused(path, "swell more than 100-fold")


def test_a_bomb_whose_header_lies(tmp_path, parts, monkeypatch):
    """What counts is the number of bytes that come out."""
    monkeypatch.setenv("GLACIER_MAX_UPLOAD_MEGABYTES", "1")
    settings.cache_clear()
    monkeypatch.setattr(archives, "_check_entry", lambda *_: None)
    path = zipped(tmp_path / "a.zip", shapefile(parts) | {"a.dbf": bytes(3_000_000)})
    refused(path, "unpacks to more than 1 MB")


@pytest.mark.parametrize("share", [0.3, 0.7, 0.99])
def test_a_damaged_archive(tmp_path, parts, share):
    path = zipped(tmp_path / "a.zip", shapefile(parts))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    refused(path, r"a\.zip is damaged")


def test_damaged_content(tmp_path, parts):
    path = zipped(tmp_path / "a.zip", shapefile(parts))
    content = bytearray(path.read_bytes())
    content[60:80] = bytes(20)
    path.write_bytes(content)
    refused(path, r"a\.zip is damaged")


def test_a_shapefile_in_pieces(tmp_path, parts):
    entries = {"a.shp": parts[".shp"], "a.prj": parts[".prj"]}
    refused(zipped(tmp_path / "a.zip", entries), r"a\.zip cannot be read as outlines")
