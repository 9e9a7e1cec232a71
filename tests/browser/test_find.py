"""Find, as a reader sees it: from a name to a compared map, out of the test archive.

The archive serves simulated glaciers through the real protocols, so the app runs the very code
that asks the world.
"""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import torch
from archives.world import serve_world
from archives.world.gates import KEY, SECRET
from tiny_world import tiny_card

from glacier_core.archives.areas import area_from_text
from glacier_core.inventories.building import build_index
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.settings import settings

from .driving import FRAME, free_port, on_map, open_map, serving, spot, watched_page

DESKTOP = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def archive(tmp_path_factory, chromium):
    with serve_world(tmp_path_factory.mktemp("archive")) as address:
        yield address


@pytest.fixture(scope="module")
def server(tmp_path_factory, archive):
    """Serve the app with the test archive for the world, and an index of its Alps."""
    data = tmp_path_factory.mktemp("find") / "data"
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("GLACIER_DATA_DIR", str(data))
        changed.setenv("GLACIER_SERVICES_ROOT", archive)
        settings.cache_clear()
        build_index(fetch=True, numbers=["11"])
        torch.manual_seed(0)
        wide = replace(tiny_card().config, positional_grid=24)
        card = tiny_card(config=wide, patch_size=384)  # few windows, soon mapped
        save_model(GlaViTU(card.config), card, data / "models" / "tiny")
    settings.cache_clear()
    keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    with serving(data, GLACIER_SERVICES_ROOT=archive, **keys) as address:
        yield address


@pytest.fixture
def offline(browser, tmp_path):
    """Return a page of an app from which no archive can be reached."""
    data = tmp_path / "data"
    data.mkdir()
    nobody = f"http://127.0.0.1:{free_port()}"
    with serving(data, GLACIER_SERVICES_ROOT=nobody) as address:
        yield from watched_page(browser, address, DESKTOP)


def search(page, text):
    box = page.get_by_label("Type a name")
    box.fill(text)
    box.press("Enter")


def toolbar(page):
    return page.get_by_role("toolbar", name="Choose an area")


def settled(page):
    page.wait_for_function(f"() => !{FRAME}.map.isMoving()")


def test_from_a_name_to_a_compared_map(page, screenshot):
    open_map(page, "/find")
    screenshot(page, "find-world")
    search(page, "testgletcher")  # a letter is missing
    page.get_by_role("radio", name="Testgletscher").or_(
        page.get_by_role("button", name="Testgletscher")
    ).first.click()
    fetch = page.get_by_role("button", name="Fetch and map")
    fetch.wait_for()
    page.get_by_text("% cloud over it").first.wait_for()
    page.locator(".st-key-scene-strip img").first.wait_for()
    page.get_by_text("2023-08-20").first.wait_for()
    choose = page.locator("[class*='st-key-choose-sentinel-2-l1c'][class*='20230820'] button")
    choose.first.click()
    choose.first.get_by_text("Chosen").wait_for()
    assert "found=sentinel-2-l1c" in page.url
    page.get_by_text("to fetch.").wait_for()
    screenshot(page, "find")
    fetch.click()
    page.wait_for_url(re.compile(r"scene=testgletscher-sentinel-2-l1c-20230820"))
    page.get_by_text("Glacier area").first.wait_for()
    page.wait_for_function(f"() => {FRAME}.map.getLayer('expert-line') !== undefined")
    screenshot(page, "find-mapped")
    address = page.url
    assert "plan=Testgletscher" in address
    assert "map=" in address
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_text("RGI 7.0").first.wait_for()
    row = page.locator("tbody tr", has_text="Testgletscher")
    row.first.wait_for(state="attached")
    screenshot(page, "find-compared")


def test_link_of_a_scene_fetches_it_where_it_is_not(browser, archive, tmp_path):
    """A colleague with an app of their own opens the link of a scene fetched elsewhere."""
    area = "Testgletscher~~7.99402,46.48965,8.00678,46.51349"
    plan = f"{area}!10!sentinel-2-l1c:S2A_32TMS_20230820_0_L1C!!"
    data = tmp_path / "data"
    data.mkdir()
    with serving(data, GLACIER_SERVICES_ROOT=archive) as address:
        pages = watched_page(browser, address, DESKTOP)
        page = next(pages)
        page.goto(f"/?scene=testgletscher-not-the-one&plan={plan}")
        page.get_by_text("This scene is not here yet").wait_for()
        page.get_by_text("it was changed").wait_for()
        pages.close()


def test_box_is_dragged_cleared_and_set_by_keys(page, screenshot):
    open_map(page, "/find?model=tiny&view=8.0,46.5,11")
    settled(page)
    toolbar(page).get_by_role("button", name="Draw a box").click()
    page.locator(".frame .stage").scroll_into_view_if_needed()
    start, end = spot(page, 7.98, 46.52), spot(page, 8.02, 46.49)
    zoom = on_map(page, "map.getZoom()")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    screenshot(page, "find-drawing")
    page.mouse.up()
    toolbar(page).get_by_text("km wide").wait_for()
    west, south, east, north = drawn_box(page.url)
    assert (west, south, east, north) == pytest.approx((7.98, 46.49, 8.02, 46.52), abs=5e-4)
    toolbar(page).get_by_role("button", name="Clear").click()
    page.wait_for_url(lambda url: "area=" not in url)
    settled(page)
    on_map(page, "map.jumpTo({ center: [8.0, 46.5], zoom: 11 })")
    assert zoom == pytest.approx(11, abs=0.01)
    toolbar(page).get_by_role("button", name="Draw a box").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    on_map(page, "map.jumpTo({ center: [8.03, 46.52] })")
    page.keyboard.press("Space")
    toolbar(page).get_by_text("km wide").wait_for()
    assert drawn_box(page.url) == pytest.approx((8.0, 46.5, 8.03, 46.52), abs=1e-4)


def drawn_box(url):
    (area,) = parse_qs(urlsplit(url).query)["area"]
    return area_from_text(area).extent


def test_finger_draws_a_box_and_a_polygon_too_large_is_refused(phone, screenshot):
    page = phone
    open_map(page, "/find?model=tiny&view=8.0,46.5,11")
    settled(page)
    toolbar(page).get_by_role("button", name="Draw a box").tap()
    page.locator(".frame .stage").scroll_into_view_if_needed()
    for lon, lat in ((7.98, 46.48), (8.02, 46.52)):
        page.touchscreen.tap(*spot(page, lon, lat))
        page.wait_for_timeout(500)
    toolbar(page).get_by_text("km wide").wait_for()
    assert drawn_box(page.url) == pytest.approx((7.98, 46.48, 8.02, 46.52), abs=2e-3)
    page.get_by_role("button", name="Fetch and map").wait_for()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    screenshot(page, "find-phone")
    on_map(page, "map.jumpTo({ center: [8, 46], zoom: 2 })")
    toolbar(page).get_by_role("button", name="Take what the map shows").tap()
    toolbar(page).get_by_text("Choose a smaller area").wait_for()
    assert "area=" in page.url  # the area of before is not lost


def test_view_is_kept_in_the_address_and_restored(page):
    open_map(page, "/find?model=tiny&view=8.0,46.5,9")
    settled(page)
    assert on_map(page, "map.getZoom()") == pytest.approx(9, abs=0.01)
    page.locator(".frame .canvas canvas").first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => /view=8\\.[1-9]/.test(location.search)")
    lon = on_map(page, "map.getCenter().lng")
    asked = page.url
    search(page, "nobody has such a name")
    page.get_by_text("No glacier is called").or_(page.get_by_text("is not among")).wait_for()
    page.wait_for_function("() => location.search.includes('view=8.')")
    open_map(page, asked)
    settled(page)
    assert on_map(page, "map.getCenter().lng") == pytest.approx(lon, abs=1e-4)
    page.get_by_role("button", name="Show it from afar").click()
    page.wait_for_function("() => !location.search.includes('view=')")


def test_no_network_is_said_at_once_and_samples_are_offered(offline, screenshot):
    open_map(offline, "/find")
    search(offline, "aletsch")
    toolbar(offline).get_by_text("km wide").wait_for()
    offline.get_by_text("No archive of imagery can be reached").wait_for(timeout=6000)
    assert offline.get_by_label("Type a name").input_value() == "aletsch"
    screenshot(offline, "find-offline")
    offline.get_by_role("button", name="clean-ice valley").click()
    offline.wait_for_url(re.compile("scene=simulated-valley"))
