"""Correcting on the page Compare: drawings taken once, numbers before and after, nothing lost."""

import re

import pytest
import streamlit as st
from pyproj import Transformer
from tiny_world import EXPERT, PREDICTED, SIDE, UTM, outline, paragraphs, pixels, table_with

from glacier_core.outlines.edits import draw_edit
from pages.components import correcting
from pages.components.correcting import Corrections, area_sentence, arrow, take_drawings

TO_DEGREES = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)


def corners(rows, columns):
    return [list(TO_DEGREES.transform(*point)) for point in outline(rows, columns).exterior.coords]


def drawing(name, kind, rows, columns):
    return {"id": name, "kind": kind, "coordinates": corners(rows, columns)}


TOO_MUCH = ((10, 30), (40, 43))
"""What the network has of the upper glacier beyond the expert's outline."""
MISSING = ((40, 50), (70, 75))
"""What it lacks of the lower one."""


def edits(*blocks):
    return tuple(draw_edit(kind, corners(*block)) for kind, block in blocks)


@pytest.fixture
def page(world, open_page):
    """Return a function that opens Compare with corrections made before."""

    def opened(*blocks, refused="", switched=True):
        address = world()
        app = open_page("about", **address)
        known = Corrections(edits(*blocks), ("1",), refused)
        app.session_state["corrections"] = {address["map"]: known}
        app.session_state["correcting"] = switched
        return app.switch_page("compare.py").run()

    return opened


def test_nothing_is_shown_before_a_reader_asks_for_it(world, open_page):
    app = open_page("compare", **world())
    assert not app.exception
    assert not any("Corrected" in found.value for found in app.subheader)
    app.toggle(key="correcting-switch").set_value(True).run()
    assert any("Corrected" in found.value for found in app.subheader)
    assert "Nothing is corrected yet" in paragraphs(app)


def test_words_and_table_tell_before_and_after(page):
    app = page(("cut", TOO_MUCH), ("add", MISSING))
    assert not app.exception
    assert not app.error
    before, after = (int(pixels(blocks).sum()) * SIDE**2 / 1e6 for blocks in (PREDICTED, EXPERT))
    said = re.search(r"together: area ([\d.]+) → ([\d.]+) km²", paragraphs(app)).groups()
    assert [float(number) for number in said] == pytest.approx([before, after], abs=2e-3)
    assert re.search(r"Upper Glacier.*→ 0 m\.", paragraphs(app))
    table = table_with(app, "before_mean_m").set_index("glacier_id")
    assert table.loc["upper", "before_area_deviation_percent"] == pytest.approx(10, abs=0.05)
    assert table["after_area_deviation_percent"].to_numpy() == pytest.approx([0, 0], abs=0.01)
    assert table["before_hausdorff_m"].to_numpy() == pytest.approx([3 * SIDE, 5 * SIDE], rel=2e-3)
    assert table["after_hausdorff_m"].to_numpy() == pytest.approx([0, 0], abs=0.05)


def test_only_glaciers_that_changed_are_told(page):
    table = table_with(page(("cut", TOO_MUCH)), "before_mean_m")
    assert list(table["glacier_id"]) == ["upper"]


def test_undo_and_start_over(page):
    app = page(("cut", TOO_MUCH), ("add", MISSING))
    app.button(key="undo-edit").click().run()
    assert list(table_with(app, "before_mean_m")["glacier_id"]) == ["upper"]
    app.button(key="drop-edits").click().run()
    assert "Nothing is corrected yet" in paragraphs(app)
    assert not app.exception


def test_corrections_outlive_a_switch_of_pages_and_of_the_tools(page):
    app = page(("cut", TOO_MUCH))
    app.text_input(key="analyst-name").set_value("A. Person").run()
    app.switch_page("about.py").run()
    app.switch_page("compare.py").run()
    assert app.text_input(key="analyst-name").value == "A. Person"
    app.toggle(key="correcting-switch").set_value(False).run()
    assert not app.exception
    assert list(table_with(app, "before_mean_m")["glacier_id"]) == ["upper"]


def test_a_refused_drawing_is_a_sentence_and_the_earlier_ones_stay(page):
    app = page(("cut", TOO_MUCH), refused="The drawing lies outside the scene.")
    assert any("outside the scene" in error.value for error in app.error)
    assert list(table_with(app, "before_mean_m")["glacier_id"]) == ["upper"]


def test_a_correction_of_no_outlined_glacier_says_so(page):
    app = page(("add", ((0, 4), (80, 88))))
    assert not app.exception
    assert "reaches no glacier that the expert outlined" in paragraphs(app)


@pytest.fixture
def taken(world, monkeypatch):
    """Return a function that takes drawings and tells the corrections of the map."""
    key = world()["map"]
    result = correcting.open_map(key)
    monkeypatch.setattr(correcting, "current_map", lambda: result)
    monkeypatch.setattr(st, "session_state", {})

    def take(*drawings):
        take_drawings(drawings)
        return correcting.corrections(key)

    return take


def test_a_drawing_that_comes_twice_is_taken_once(taken):
    once = drawing("a", "cut", *TOO_MUCH)
    assert len(taken(once).edits) == 1
    assert len(taken(once, drawing("b", "add", *MISSING)).edits) == 2
    assert len(taken({"id": "c", "kind": "undo"}).edits) == 1
    assert len(taken({"id": "c", "kind": "undo"}).edits) == 1
    assert taken().received == ("a", "b", "c")


def test_two_drawings_at_once_are_both_taken(taken):
    known = taken(drawing("a", "cut", *TOO_MUCH), drawing("b", "add", *MISSING))
    assert [edit.kind for edit in known.edits] == ["cut", "add"]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"kind": "add", "coordinates": [[-117, 52], [-116, 53], [-116, 52], [-117, 53]]}, "cross"),
        ({"kind": "cut", "coordinates": corners((0, 60), (0, 90))}, "no outline at all"),
        ({"kind": "add", "coordinates": corners((12, 14), (12, 14))}, "inside the outline already"),
        ({"kind": "cut", "coordinates": corners((0, 4), (80, 88))}, "meets no outline"),
        ({"kind": "add", "coordinates": corners((500, 510), (10, 20))}, "outside the scene"),
        ({"kind": "reshape", "coordinates": corners((0, 4), (80, 88))[:2]}, "twice"),
        ({"kind": "add"}, "at least 3 different points"),
        ({"kind": "add", "coordinates": "everywhere"}, "draw it again"),
        ({"kind": "paint", "coordinates": [[0, 0]]}, "no way to correct"),
        ({}, "no way to correct"),
    ],
)
def test_a_bad_drawing_is_refused_and_loses_nothing(taken, bad, sentence):
    taken(drawing("a", "cut", *TOO_MUCH))
    known = taken({"id": "bad"} | bad)
    assert len(known.edits) == 1
    assert sentence in known.refused
    assert "bad" in known.received  # else the map would send it again and again
    assert taken(drawing("b", "add", *MISSING)).refused == ""


@pytest.mark.parametrize("junk", [[None], ["text"], [{}], [{"kind": "add"}], [3]])
def test_junk_without_a_name_is_ignored(taken, junk):
    assert taken(*junk) == Corrections()


def test_exported_files_name_the_analyst(taken):
    known = taken(drawing("a", "cut", *TOO_MUCH))
    content = correcting.outline_file(
        correcting.current_map(), known.edits, "A. Person", ".geojson"
    )
    assert b'"A. Person"' in content
    assert b"tiny, corrected by hand" in content or b"corrected by hand" in content


def test_sentences():
    assert area_sentence(2.1, 2.15) == "area 2.10 → 2.15 km² (+2.4 %)"
    assert area_sentence(0.0, 0.5) == "area 0.000 → 0.500 km²"
    assert arrow(34.2, 21.4, 0) == "34 → 21"
    assert arrow(34.2, 34.4, 0) == "34.2 → 34.4"
    assert arrow(1.0, 1.0, 0) == "1.000 → 1.000"
