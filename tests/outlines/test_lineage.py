"""Corrected outlines say what they were made from, and can be made again from it."""

import json
from datetime import UTC, datetime

import pyogrio
import pyproj
import pytest
import shapely

from glacier_core.errors import OutlineError
from glacier_core.outlines.edits import draw_edit
from glacier_core.outlines.lineage import (
    LINEAGE_COLUMNS,
    Lineage,
    corrected_file,
    corrected_outlines,
    lineage_record,
    read_edits,
)
from glacier_core.outlines.reading import read_outlines
from glacier_core.outlines.schema import COLUMNS, to_schema

CRS = "EPSG:32611"
TO_DEGREES = pyproj.Transformer.from_crs(CRS, "EPSG:4326", always_xy=True)
PARENT = "ab" * 32
AT = datetime(2026, 8, 1, 12, 30, tzinfo=UTC)


def square(west, south, east, north):
    return shapely.box(480_000 + west, 5_780_000 + south, 480_000 + east, 5_780_000 + north)


def degrees(*points):
    return [TO_DEGREES.transform(480_000 + x, 5_780_000 + y) for x, y in points]


@pytest.fixture
def parent():
    return to_schema(
        [square(0, 0, 1000, 1000), square(2000, 0, 2500, 1000)],
        CRS,
        glacier_id=["predicted-0001", "predicted-0002"],
        source="glavitu-small",
        date="2020-08-16",
    )


@pytest.fixture
def lineage():
    edits = (
        draw_edit("add", degrees((900, 0), (1500, 0), (1500, 500), (900, 500)), at=AT),
        draw_edit("cut", degrees((-100, -100), (200, -100), (200, 1100), (-100, 1100)), at=AT),
        draw_edit("reshape", degrees((500, 900), (600, 1300), (800, 900)), at=AT),
    )
    return Lineage(edits, PARENT, analyst="A. Person", simulated=True)


@pytest.fixture
def provenance(parent, lineage):
    return lineage_record(parent, lineage, parent_provenance={"key": PARENT})


def test_only_what_was_changed_says_that_it_was(parent, lineage):
    made = corrected_outlines(parent, lineage)
    assert list(made.columns) == [*COLUMNS[:-1], *LINEAGE_COLUMNS, "geometry"]
    assert list(made["source"]) == ["glavitu-small, corrected by hand", "glavitu-small"]
    assert list(made["analyst"]) == ["A. Person", ""]
    assert list(made["edits"]) == [3, 0]
    assert list(made["date"]) == ["2020-08-16"] * 2
    assert set(made["parent_map"]) == {PARENT}
    assert made["simulated"].all()


def test_the_key_is_that_of_parent_analyst_and_edits(lineage):
    same = Lineage(lineage.edits, PARENT, "A. Person", simulated=True)
    assert same.key == lineage.key
    assert Lineage(lineage.edits[:2], PARENT, "A. Person").key != lineage.key
    assert Lineage(lineage.edits, "cd" * 32, "A. Person").key != lineage.key
    assert Lineage(lineage.edits[::-1], PARENT, "A. Person").key != lineage.key


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson"])
def test_the_outlines_can_be_made_again_from_the_file_and_the_parent(
    parent, lineage, provenance, tmp_path, suffix
):
    made = corrected_outlines(parent, lineage)
    file = tmp_path / f"corrected{suffix}"
    file.write_bytes(corrected_file(made, provenance, suffix))
    edits = read_edits(file)
    assert edits == lineage.edits
    again = corrected_outlines(parent, Lineage(edits, PARENT, "A. Person", simulated=True))
    assert again.geometry.geom_equals(made.geometry).all()
    read = read_outlines(file)
    assert list(read["source"]) == list(made["source"])
    assert read["area_km2"].to_numpy() == pytest.approx(made["area_km2"].to_numpy(), rel=1e-6)


def test_the_geopackage_holds_outlines_edits_and_provenance(parent, lineage, provenance, tmp_path):
    file = tmp_path / "corrected.gpkg"
    file.write_bytes(corrected_file(corrected_outlines(parent, lineage), provenance, ".gpkg"))
    edits = pyogrio.read_dataframe(file, layer="edits")
    assert list(edits["number"]) == [1, 2, 3]
    assert list(edits["kind"]) == ["add", "cut", "reshape"]
    assert set(edits["drawn_at"]) == {"2026-08-01T12:30:00+00:00"}
    assert list(edits.geometry.is_closed) == [True, True, False]
    table = pyogrio.read_dataframe(file, layer="provenance").set_index("key")["value"]
    assert table["analyst"] == "A. Person"
    assert table["parent_map"] == PARENT
    assert json.loads(table["map"]) == {"key": PARENT}
    assert len(table["parent_outlines_sha256"]) == 64


def test_the_geojson_is_wgs84_and_carries_its_provenance(parent, lineage, provenance):
    told = json.loads(corrected_file(corrected_outlines(parent, lineage), provenance, ".geojson"))
    assert told["provenance"] == json.loads(json.dumps(provenance))
    lon, lat = told["features"][0]["geometry"]["coordinates"][0][0][:2]
    assert -118 < lon < -116
    assert 52 < lat < 53
    assert told["features"][0]["properties"]["edits"] == 3


def test_other_formats_and_files_without_edits_are_a_sentence(parent, provenance, tmp_path):
    with pytest.raises(OutlineError, match=r"written as \.gpkg, \.geojson"):
        corrected_file(parent, provenance, ".shp")
    plain = tmp_path / "plain.geojson"
    plain.write_text('{"type": "FeatureCollection", "features": []}')
    for file in (plain, tmp_path / "absent.geojson", tmp_path / "absent.gpkg"):
        with pytest.raises(OutlineError, match="keeps no edits"):
            read_edits(file)
