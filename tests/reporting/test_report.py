"""The report: the very numbers of the comparison, harmless texts, nothing from elsewhere."""

import errno
import re
from functools import cache

import numpy as np
import pytest
from markupsafe import escape

import glacier_core as gc
from glacier_core.errors import StorageError
from glacier_core.reporting import report
from glacier_core.reporting.report import NUMBERS, report_html, write_report
from glacier_core.viewing.readings import read
from tests.tiny_world import expert_outlines, tiny_map, tiny_scene

NASTY = '<img src=x onerror="alert(1)">{{ 7 * 7 }}'


@cache
def world():
    """One scene, its map, its comparison and the report, for all tests that only read."""
    scene = tiny_scene(simulated=True)
    result = tiny_map(scene)
    comparison = gc.compare(result, scene.outlines)
    return scene, result, comparison, report_html(comparison, scene, result)


@pytest.fixture
def scene():
    return world()[0]


@pytest.fixture
def result():
    return world()[1]


@pytest.fixture
def comparison():
    return world()[2]


@pytest.fixture
def page():
    return world()[3]


def sections(page):
    return page.split("<section")


def test_a_page_a_glacier_and_its_very_numbers(page, comparison):
    """Each number on a glacier's page is what the popup on the map reads from the table."""
    pages = sections(page)[3:5]
    for told, row in zip(pages, comparison.glaciers.to_dict("records"), strict=True):
        assert f"<h2>{row['name']}</h2>" in told
        cells = re.findall(r"<tr><td>(.*?)</td><td class=\"n\">(.*?)</td>", told)
        expected = [
            (escape(comparison.definitions[name].name), read(comparison, name, row[name]))
            for name in NUMBERS
            if row[name] != ""
        ]
        assert cells == expected


def test_the_summary_says_what_the_page_compare_says(page, comparison):
    from pages.components import sentences

    for sentence in (sentences.comparison_sentence(comparison), sentences.human_sentence()):
        assert escape(sentence) in page


def test_every_number_is_defined(page, comparison):
    for name in NUMBERS:
        meant = comparison.definitions[name]
        assert escape(meant.name) in sections(page)[-2]
        assert escape(meant.source) in sections(page)[-2]


def test_it_tells_what_it_was_made_from(page, comparison, result):
    told = sections(page)[-1]
    assert result.key in told
    assert comparison.provenance["expert"]["geometry_sha256"] in told
    assert "300 m" in told


def test_limits_and_notes_are_told_and_simulated_is_marked(page, scene, result):
    assert "Simulated, not observed" in page
    assert all(escape(note) in page for note in result.notes)
    observed = tiny_scene(simulated=False, title="A real valley")
    assert "Simulated" not in report_html(None, observed, tiny_map(observed, key="cd" * 32))


def test_nothing_is_loaded_and_no_text_becomes_markup():
    scene = tiny_scene(title=NASTY, source=NASTY, notes=(NASTY,))
    outlines = expert_outlines().assign(name=[NASTY, "b"])
    result = tiny_map(scene)
    page = report_html(gc.compare(result, outlines), scene, result)
    assert "<img src=x" not in page
    assert 'onerror="' not in page
    assert "{{ 7 * 7 }}" in page
    assert "<script" not in page
    assert set(re.findall(r'src="(.{10})', page)) == {"data:image"}
    assert "default-src 'none'" in page


def test_without_experts_the_mapped_ice_is_listed(scene, result):
    page = report_html(None, scene, result)
    assert page.count("predicted-0") == len(result.outlines())
    assert "km² of glacier" in page


def test_an_empty_map_has_a_report(scene):
    result = tiny_map(scene, key="ef" * 32, glacier=np.zeros((60, 90), bool))
    page = report_html(gc.compare(result, scene.outlines), scene, result)
    assert "The network found no ice here" in page
    assert "undefined" in page


def test_pages_are_for_the_largest(comparison, scene, result, monkeypatch):
    monkeypatch.setattr(report, "MOST_PAGES", 1)
    page = report_html(comparison, scene, result)
    assert "The 1 smallest glaciers have no page of their own." in page
    assert "<h2>Upper Glacier</h2>" in page
    assert "<h2>Lower Glacier</h2>" not in page


def test_the_same_inputs_are_the_same_report(comparison, scene, result, page):
    assert report_html(comparison, scene, result) == page


def test_a_full_disk_leaves_the_older_report(comparison, scene, result, tmp_path, monkeypatch):
    path = tmp_path / "here" / "report.html"
    path.parent.mkdir()
    path.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(report, "report_html", lambda *_, **__: "new")
    monkeypatch.setattr("glacier_core.disk.os.fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        write_report(comparison, scene, result, path)
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_report_is_written_into_a_new_folder(scene, result, tmp_path):
    path = write_report(None, scene, result, tmp_path / "new" / "report.html")
    assert path.read_text() == report_html(None, scene, result)
