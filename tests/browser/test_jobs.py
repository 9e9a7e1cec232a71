"""Jobs, as several people see them at once: joined, cancelled, and ended with their page."""

from dataclasses import replace

import numpy as np
import pytest
from tiny_world import TRANSFORM, UTM, tiny_card, tiny_scene

from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import save_model
from glacier_core.scene import build_scene
from glacier_core.settings import settings
from glacier_core.sources import keep_scene

from .driving import FRAME, on_map, open_map, serving, watched_page
from .worlds import keep_world

DESKTOP = {"width": 1440, "height": 900}
SLOW = "/compare?scene=wide&model=slow"
"""Takes the network minutes, and no test looks on for so long; Compare draws no map before."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory, chromium):
    """Keep the tiny world, a wider scene, and a wide model."""
    data = tmp_path_factory.mktemp("jobs") / "data"
    data.mkdir()
    query = keep_world(data)
    tiny = tiny_scene(id="wide", title="A wide valley", simulated=True, outlines=False)
    repeats = (16, 18)
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("GLACIER_DATA_DIR", str(data))
        settings.cache_clear()
        keep_scene(
            build_scene(
                np.tile(tiny.data["optical"].to_numpy(), (1, *repeats)),
                np.tile(tiny.data["elevation"].to_numpy(), repeats),
                transform=TRANSFORM,
                crs=UTM,
                attributes=tiny.attributes,
            )
        )
        card = tiny_card()
        card = tiny_card(name="slow", config=replace(card.config, width=32, resunet_width=64))
        save_model(GlaViTU(card.config), card, data / "models" / "slow")
    settings.cache_clear()
    return data, query


@pytest.fixture(scope="module")
def server(kept):
    with serving(kept[0], GLACIER_CLOSED_TAB_SECONDS="6") as address:
        yield address


@pytest.fixture
def other(browser, server):
    """Return a page of somebody else."""
    yield from watched_page(browser, server, DESKTOP)


def see_jobs(page):
    page.goto("/jobs")
    page.get_by_role("heading", name="Jobs").wait_for()
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    return page


def start_slow(page):
    page.goto(SLOW)
    see_progress(page)
    page.wait_for_url("**job=**")


def see_progress(page):
    page.get_by_test_id("stProgress").get_by_text("windows mapped").wait_for()


def by_menu(page):
    """Go to Jobs without loading the page anew, so that the reader stays the same."""
    page.get_by_role("link", name="Jobs").first.click()
    page.get_by_role("heading", name="Jobs").wait_for()


def test_a_job_is_seen_by_all_and_cancelled_by_who_asked(page, other, phone, screenshot):
    see_jobs(other)
    start_slow(page)
    other.get_by_role("button", name="Look again").click()
    other.get_by_text("asked for by another visitor").wait_for()
    assert other.get_by_role("button", name="Cancel").count() == 0
    by_menu(page)
    page.get_by_text("asked for by you").wait_for()
    see_progress(page)
    screenshot(page, "jobs-running")
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Stopped by who asked for it").wait_for()
    other.get_by_text("Stopped by who asked for it").wait_for()  # looked by itself
    see_jobs(phone)
    phone.get_by_text("Stopped by who asked for it").wait_for()
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    screenshot(phone, "jobs-cancelled-phone")


def test_closing_a_page_ends_its_job(page, other):
    start_slow(page)
    see_jobs(other)
    other.get_by_text("asked for by another visitor").first.wait_for()
    page.close()
    other.get_by_text("Stopped, as its page was closed for 6 s").first.wait_for()


def test_loading_a_page_anew_keeps_its_job(page, other, kept):
    start_slow(page)
    job = page.url.split("job=")[1][:32]
    page.reload()
    see_progress(page)
    assert page.url.split("job=")[1][:32] == job
    by_menu(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Nothing is under way").wait_for()


def test_two_readers_who_want_the_same_share_a_job(page, other):
    start_slow(page)
    start_slow(other)
    assert page.url.split("job=")[1] == other.url.split("job=")[1]
    by_menu(page)
    page.get_by_text("asked for by you and 1 more").wait_for()
    page.get_by_role("button", name="Cancel").click()
    see_progress(other)
    by_menu(other)
    other.get_by_role("button", name="Cancel").click()
    other.get_by_text("Nothing is under way").wait_for()


def test_a_result_is_opened_from_its_job(page, kept, screenshot):
    page.goto("/?scene=tiny&model=tiny")
    page.wait_for_url("**map=**")
    by_menu(page)
    page.get_by_text("Inputs and log").first.click()
    page.get_by_text("Key of the map").first.wait_for()
    page.get_by_text("Done after").first.wait_for()
    page.wait_for_timeout(500)
    screenshot(page, "jobs-details")
    with page.expect_download() as download:
        page.get_by_role("button", name="All of it as JSON").first.click()
    assert '"scene_id": "tiny"' in download.value.path().read_text()
    page.get_by_role("button", name="Explore").click()
    page.get_by_text("Glacier area").wait_for()
    assert "map=" in page.url


def test_what_is_found_so_far_is_on_the_map_and_grows(page, server, screenshot):
    open_map(page, SLOW.replace("/compare", "/"))
    page.wait_for_function("() => %s.map.getLayer('preview') !== undefined" % FRAME)  # noqa: UP031
    shown = "map.getSource('preview').tiles[0]"
    first = on_map(page, shown)
    page.wait_for_function(f"() => {{ const map = {FRAME}.map; return {shown} !== '{first}'; }}")
    grown = on_map(page, shown)
    page.wait_for_function(f"() => {{ const map = {FRAME}.map; return {shown} !== '{grown}'; }}")
    page.wait_for_timeout(1500)
    screenshot(page, "map-being-made")
    assert page.get_by_text("Probability so far").count()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Nothing was mapped").wait_for()
    page.wait_for_function("() => %s.map.getLayer('preview') === undefined" % FRAME)  # noqa: UP031
