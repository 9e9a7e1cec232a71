"""Correcting, as a reader sees it: draw on the map, read the new area, take it back."""

import re

import pyogrio
import pytest
from pyproj import Transformer
from tiny_world import PREDICTED, SIDE, TRANSFORM, UTM, pixels

from glacier_core.outlines.lineage import read_edits

from .driving import FRAME, on_map, open_map, spot
from .worlds import keep_world


@pytest.fixture(scope="module")
def address(server_data):
    return f"/compare?{keep_world(server_data)}"


def place(row, column):
    """Return longitude and latitude of a corner of pixels."""
    to_degrees = Transformer.from_crs(UTM, "EPSG:4326", always_xy=True)
    return to_degrees.transform(*(TRANSFORM @ (column, row)))


def tools(page):
    return page.get_by_role("toolbar", name="Correct the outline")


def switch_on(page, address):
    open_map(page, address)
    page.get_by_text("Correct the outline", exact=True).click()
    tools(page).get_by_role("button", name="Add ice").wait_for()
    page.wait_for_function(f"() => !{FRAME}.map.isMoving()")


def draw(page, kind, *corners):
    """Click the corners, given as rows and columns of pixels, and end with a double click."""
    tools(page).get_by_role("button", name=kind).click()
    page.locator(".frame .stage").scroll_into_view_if_needed()
    for corner in corners[:-1]:
        page.mouse.click(*spot(page, *place(*corner)))
        page.wait_for_timeout(400)  # else two clicks are a double click
    page.mouse.dblclick(*spot(page, *place(*corners[-1])))


def section(page):
    return page.get_by_text("All predicted outlines together:").first


MORE = ((9.5, 42), (9.5, 50), (20, 50), (20, 42))
"""Ice right of the upper glacier: columns 43 to 50 of rows 9.5 to 20 are new, and a half row."""


def test_a_drawn_area_changes_the_numbers_and_can_be_undone(page, address, screenshot, tmp_path):
    switch_on(page, address)
    zoom = on_map(page, "map.getZoom()")
    draw(page, "Add ice", *MORE)
    section(page).wait_for()
    assert on_map(page, "map.getZoom()") == zoom
    before = int(pixels(PREDICTED).sum()) * SIDE**2 / 1e6
    after = before + (10.5 * 7 + 0.5 * 1) * SIDE**2 / 1e6
    said = section(page).inner_text()
    told = [
        float(number) for number in re.search(r"together: area ([\d.]+) → ([\d.]+)", said).groups()
    ]
    assert told[0] == pytest.approx(before, abs=0.002)
    assert told[1] == pytest.approx(after, abs=0.01)  # the mouse hits whole pixels of the screen
    assert page.get_by_text("mean distance to the expert").count() == 1
    assert on_map(page, "map.getLayer('corrected-line') !== undefined")
    screenshot(page, "correcting")
    with page.expect_download() as started:
        page.get_by_role("button", name="Corrected outlines, GeoPackage").click()
    file = tmp_path / "corrected.gpkg"
    started.value.save_as(file)
    assert [edit.kind for edit in read_edits(file)] == ["add"]
    assert pyogrio.read_dataframe(file, layer="outlines")["area_km2"].sum() == pytest.approx(
        told[1], abs=0.001
    )
    tools(page).get_by_role("button", name="Undo").click()
    section(page).wait_for(state="detached")
    page.wait_for_function(f"() => {FRAME}.map.getLayer('corrected-line') === undefined")
    assert tools(page).get_by_role("button", name="Undo").is_disabled()


def test_a_finger_cuts_ice_at_the_width_of_a_phone(phone, address, screenshot):
    switch_on(phone, address)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    tools(phone).get_by_role("button", name="Cut ice").tap()
    phone.locator(".frame .stage").scroll_into_view_if_needed()
    for corner in ((12, 20), (12, 36), (26, 28)):
        phone.touchscreen.tap(*spot(phone, *place(*corner)))
        phone.wait_for_timeout(500)
    screenshot(phone, "correcting-phone-drawing")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    tools(phone).get_by_role("button", name="Finish").tap()
    section(phone).wait_for()
    assert "−" in section(phone).inner_text()
    section(phone).scroll_into_view_if_needed()
    screenshot(phone, "correcting-phone")


def test_keys_draw_and_a_knot_is_refused_with_a_sentence(page, address, screenshot):
    switch_on(page, address)
    tools(page).get_by_role("button", name="Add ice").focus()
    page.keyboard.press("Enter")
    for row, column in ((5, 50), (20, 60), (5, 60), (20, 50), (8, 70)):
        lon, lat = place(row, column)
        on_map(page, f"map.jumpTo({{ center: [{lon}, {lat}] }})")
        page.keyboard.press("Space")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    tools(page).get_by_text("must not cross itself").wait_for()
    page.get_by_role("alert").get_by_text("must not cross itself").wait_for()
    screenshot(page, "correcting-refused")
    tools(page).get_by_role("button", name="Reshape margin").click()
    page.keyboard.press("Escape")
    tools(page).get_by_role("button", name="Undo").wait_for()
