import sqlite3
import struct
import time
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.untrusted import check_contents
from glacier_core.settings import settings

BOX = shapely.box(640000, 5180000, 642000, 5181000)


@pytest.fixture
def geopackage(tmp_path):
    path = tmp_path / "outlines.gpkg"
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[BOX], crs="EPSG:32632").to_file(path, layer="ice")
    return path


def changed(path, *statements):
    with sqlite3.connect(path) as database:
        # The triggers of a GeoPackage call functions that only GDAL has.
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
    database.close()
    return path


def refused(path, sentence):
    start = time.monotonic()
    with pytest.raises(OutlineError, match=sentence):
        check_contents(path)
    with pytest.raises(OutlineError, match=sentence):
        read_outlines(path)
    assert time.monotonic() - start < 5


def test_a_plain_geopackage_is_read(geopackage):
    check_contents(geopackage)
    assert len(read_outlines(geopackage)) == 1


ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, NULL AS geom FROM n"
)


@pytest.mark.parametrize(
    "statements",
    [
        [f"CREATE VIEW endless AS {ENDLESS}"],
        ["ALTER TABLE ice RENAME TO other", f"CREATE VIEW ice AS {ENDLESS}"],
        ["ALTER TABLE gpkg_contents RENAME TO other",
         "CREATE VIEW gpkg_contents AS SELECT * FROM other"],
        ["ALTER TABLE ice ADD COLUMN x AS (hex(zeroblob(1000000000)))"],
        ["CREATE VIRTUAL TABLE words USING fts5(word)"],
    ],
)  # fmt: skip
def test_layers_that_are_computed(geopackage, statements):
    refused(changed(geopackage, *statements), "computed when it is read")


def test_a_database_that_is_no_geopackage(tmp_path):
    path = tmp_path / "outlines.gpkg"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE t (x)")
    database.close()
    refused(path, "is an SQLite database, but no GeoPackage")


def test_a_damaged_database(geopackage):
    content = bytearray(geopackage.read_bytes())
    content[100:5000] = bytes(4900)
    geopackage.write_bytes(content)
    with pytest.raises(OutlineError, match="cannot be read as outlines"):
        read_outlines(geopackage)


def test_a_parquet_that_swells(tmp_path):
    path = tmp_path / "outlines.parquet"
    table = pa.table({"geometry": pa.array([b"\x00" * 1000] * 100_000), "name": ["x"] * 100_000})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    assert path.stat().st_size < 200_000
    refused(path, "would swell more than 100-fold")


def test_a_parquet_of_too_many_rows(tmp_path, monkeypatch):
    path = tmp_path / "outlines.parquet"
    pd.DataFrame({"x": np.zeros(300)}).to_parquet(path)
    monkeypatch.setenv("GLACIER_MAX_OUTLINE_VERTICES", "1000")
    settings.cache_clear()
    refused(path, r"at least 1,200 vertices; the limit is 1,000 \(GLACIER_MAX_OUTLINE_VERTICES\)")


def test_a_shapefile_that_is_too_long_is_not_even_opened(tmp_path, monkeypatch):
    path = tmp_path / "outlines.shp"
    path.write_bytes(b"\x00\x00\x27\x0a" + bytes(100_000))
    monkeypatch.setenv("GLACIER_MAX_OUTLINE_VERTICES", "1000")
    settings.cache_clear()
    refused(path, "at least 1,561 vertices")


class TestTablesOfContents:
    def test_a_huge_one(self, tmp_path):
        path = tmp_path / "outlines.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for number in range(1500):
                archive.writestr(f"{number}.txt", b"")
        self.refused(path)

    def test_one_that_lies_in_its_length(self, tmp_path):
        path = tmp_path / "outlines.zip"
        path.write_bytes(
            b"PK\x03\x04" + struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 2**31, 0, 0)
        )
        self.refused(path)

    def test_one_of_zip64(self, tmp_path):
        path = tmp_path / "outlines.zip"
        end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 1, 1, 10, 0, 0)
        path.write_bytes(b"PK\x03\x04" + b"PK\x06\x07" + bytes(16) + end)
        self.refused(path)

    @staticmethod
    def refused(path):
        with pytest.raises(OutlineError, match="says that it holds thousands of files; at most 64"):
            read_outlines(path)
