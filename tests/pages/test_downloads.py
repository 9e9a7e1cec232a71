"""Files to take away: every format is offered, made only when asked for, and what it says."""

import io
import json
import zipfile

import geopandas as gpd
import pytest
from streamlit.testing.v1 import AppTest

import glacier_core as gc
from pages.components.downloads import export_archive, groups
from tests.tiny_world import tiny_map, tiny_scene

BEGINNINGS = {
    ".gpkg": b"SQLite format 3",
    ".parquet": b"PAR1",
    ".geojson": b"{",
    ".json": b"{",
    ".zip": b"PK\x03\x04",
    ".csv": b"glacier_id",
    ".svg": b"<?xml",
    ".png": b"\x89PNG",
    ".html": b"<!",
}


@pytest.fixture
def scene():
    return tiny_scene(simulated=True)


@pytest.fixture
def result(scene):
    return tiny_map(scene)


def test_every_offer_is_a_file_of_its_kind(scene, result):
    offers = groups(result, scene, gc.compare(result, scene.outlines))
    made = {offer.ending: offer for named in offers.values() for offer in named}
    assert len(made) == sum(map(len, offers.values())) == 17
    made.pop("-export.zip")  # tested below
    for ending, offer in made.items():
        assert offer.make().startswith(BEGINNINGS["." + ending.rsplit(".")[-1]]), ending


def test_without_a_comparison_there_are_no_tables(scene, result):
    endings = [offer.ending for named in groups(result, scene, None).values() for offer in named]
    assert not any("comparison" in ending or "deviations" in ending for ending in endings)
    assert "-report.html" in endings


def test_everything_holds_the_record(scene, result, monkeypatch):
    monkeypatch.setattr("glacier_core.reporting.package._write_pages", lambda *_: None)
    with zipfile.ZipFile(io.BytesIO(export_archive(result, scene, None))) as archive:
        record = json.loads(archive.read("provenance.json"))
        assert set(record["export"]["files"]) == set(archive.namelist()) - {"provenance.json"}


def test_nothing_is_made_before_it_is_asked_for(monkeypatch):
    def page():
        from unittest.mock import patch

        from pages.components import downloads
        from tests.tiny_world import tiny_map, tiny_scene

        scene = tiny_scene()
        with patch.object(downloads.gc, "write_report", side_effect=AssertionError):
            downloads.download_map(tiny_map(scene), scene)

    app = AppTest.from_function(page, default_timeout=60).run()
    assert not app.exception
    labels = [button.label for button in app.get("download_button")]
    assert "Shapefile, zipped" in labels
    assert "Report" in labels


def test_glaciers_are_divided_as_the_expert_divides_them(scene, result, tmp_path):
    offers = groups(result, scene, gc.compare(result, scene.outlines))["Outlines"]
    (glaciers,) = [offer for offer in offers if offer.ending == "-glaciers.gpkg"]
    (tmp_path / "glaciers.gpkg").write_bytes(glaciers.make())
    read = gpd.read_file(tmp_path / "glaciers.gpkg", layer="outlines")
    assert set(scene.outlines["name"]) <= set(read["name"])
    assert "divides" in read["source"].iloc[0]
    assert read["area_km2"].sum() == pytest.approx(result.area_km2(), rel=0.01)
