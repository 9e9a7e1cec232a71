"""Explore, as a reader sees it: the map is drawn, read, switched, and never asks a stranger."""

import io

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from pyproj import Transformer
from shapely.geometry import box

import glacier_core as gc
from glacier_core.outlines.schema import to_schema
from glacier_core.scene import SceneAttributes, build_scene
from glacier_core.viewing import palettes

from .driving import (
    FRAME,
    on_map,
    open_map,
    sent_frames,
    serving,
    spot,
    wait_for_result,
    watched_page,
)

ROWS, COLUMNS, SIDE, WEST, NORTH = 48, 64, 30.0, 500_000.0, 5_200_000.0
NASTY = "<img src=x onerror=\"document.title='taken over'\">${document.title=1}"
SMALL = "/?scene=small-ramp"


@pytest.fixture(scope="module")
def small_scene(server_data):
    """Keep a scene of known values on the server: bright towards the east, one nasty name."""
    ramp = np.linspace(0.05, 0.9, COLUMNS, dtype=np.float32)
    steps = np.linspace(1, 0.5, 6, dtype=np.float32)[:, None, None]
    optical = np.tile(ramp, (6, ROWS, 1)) * steps
    optical[:, :6, :8] = np.nan
    heights = np.tile(1500 + 10 * np.arange(ROWS, dtype=np.float32)[::-1, None], (1, COLUMNS))
    outline = box(WEST + 600, NORTH - 1200, WEST + 1400, NORTH - 500)
    scene = build_scene(
        optical,
        heights,
        transform=Affine(SIDE, 0, WEST, 0, -SIDE, NORTH),
        crs="EPSG:32632",
        attributes=SceneAttributes(
            id="small-ramp", title="Simulated: a ramp", simulated=True, acquired="2024-08-01"
        ),
        outlines=to_schema([outline], "EPSG:32632", glacier_id=["G-1"], name=NASTY),
    )
    gc.write_scene(scene, server_data / "scenes" / scene.id)
    return scene


def centre_of(row, column):
    """Return longitude and latitude of the middle of a pixel."""
    to_degrees = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True)
    return to_degrees.transform(WEST + (column + 0.5) * SIDE, NORTH - (row + 0.5) * SIDE)


def click_map(page, lon, lat):
    page.mouse.click(*spot(page, lon, lat))
    page.get_by_role("heading", name="Pixel at").wait_for()


def readings(page):
    """Return what the card beside the map says, text by label."""
    rows = page.locator(".reading tr")
    return {
        rows.nth(number).locator("th").inner_text(): rows.nth(number).locator("td").inner_text()
        for number in range(rows.count())
    }


def picture_of_map(page):
    page.wait_for_function(f"() => {FRAME}.map.loaded() && !{FRAME}.map.isMoving()")
    page.wait_for_timeout(300)
    shown = page.locator(".frame .canvas").first.screenshot()
    return np.asarray(Image.open(io.BytesIO(shown)).convert("RGB")).astype(int)


def color_at(page, lon, lat):
    """Return the colour of the map at a place."""
    picture = picture_of_map(page)
    at = on_map(page, f"map.project([{lon}, {lat}])")
    return picture[round(at["y"]), round(at["x"])]


@pytest.mark.samples
def test_first_visit_shows_athabasca_mapped(page, samples_mirror, screenshot):
    wait_for_result(open_map(page))
    legend = page.locator(".legend").inner_text()
    assert "Network's outline" in legend
    assert "Expert's outline" in legend
    assert page.get_by_text("Athabasca Glacier").first.is_visible()
    assert page.get_by_text("surface reflectance").first.is_visible()
    assert "scene=athabasca-2020" in page.url
    assert picture_of_map(page).std() > 20
    screenshot(page, "explore")


WATCHED = """
import { mount as mountReally } from "./map.js?real";
export function mount(component, root) {
  window.deliver = (change) => {
    const data = { ...component.data, ...change(component.data) };
    mountReally({ ...component, data }, root);
    return new Promise((done) => setTimeout(done, 300));
  };
  return mountReally(component, root);
}
"""
"""The map's code, with a way to deliver messages in any order as a browser may."""


def test_older_message_that_comes_last_changes_nothing(page, small_scene):
    page.route(
        "**/assets/map.js",
        lambda route: route.fulfill(body=WATCHED, content_type="text/javascript"),
    )
    wait_for_result(open_map(page, SMALL))
    shown = "map.getLayer('probability') !== undefined"
    page.evaluate("deliver(({ turn }) => ({ turn: turn - 1, layers: [] }))")
    assert on_map(page, shown)
    page.evaluate("deliver(({ turn }) => ({ turn: turn + 1, layers: [] }))")
    assert not on_map(page, shown)


def test_simulated_scene_carries_its_badge(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    assert page.locator(".frame .badge").inner_text() == "Simulated"


def test_clicked_pixel_tells_its_values(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    click_map(page, *centre_of(30, 50))
    said = readings(page)
    blue, green, *_ = small_scene.data["optical"].to_numpy()[:, 30, 50]
    swir1 = small_scene.data["optical"].to_numpy()[4, 30, 50]
    assert said["Blue"] == f"{blue:.3f}"
    assert said["NDSI"] == f"{(green - swir1) / (green + swir1):.2f}"
    assert said["Elevation"] == "1670 m"
    assert said["Slope"] == f"{np.degrees(np.arctan(10 / 30)):.0f}°"
    assert said["Probability of glacier"].endswith(" %")


def test_pixel_without_data_says_so(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    click_map(page, *centre_of(2, 3))
    assert readings(page)["Blue"] == "no data"
    assert readings(page)["Probability of glacier"] == "no data"


def test_clicked_glacier_tells_its_deviations_as_plain_text(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    click_map(page, *centre_of(28, 33))
    assert page.locator(".reading h4").first.inner_text() == NASTY
    assert readings(page)["Expert area"] == "0.56 km²"
    assert "Area deviation" in readings(page)
    assert page.locator(".reading img").count() == 0
    page.wait_for_url("**glacier=G-1**")
    assert page.title() != "taken over"


def test_layers_switch_without_a_rerun(page, small_scene):
    sent = sent_frames(page)
    wait_for_result(open_map(page, SMALL))
    page.wait_for_timeout(1500)
    before = len(sent)
    place = centre_of(30, 50)
    page.get_by_label("Snow index (NDSI)", exact=True).check()
    green, swir1 = small_scene.data["optical"].to_numpy()[[1, 4], 30, 50]
    snow = ((green - swir1) / (green + swir1) + 1) / 2
    expected = palettes.NDSI.table(1001)[round(snow * 1000)].astype(int)
    assert np.abs(color_at(page, *place) - expected).max() <= 4
    page.get_by_label("Probability of glacier", exact=True).check()
    page.get_by_label("Opacity of Probability of glacier").fill("40")
    page.get_by_label("Expert's outline", exact=True).uncheck()
    assert on_map(page, "map.getLayoutProperty('expert-line', 'visibility')") == "none"
    assert on_map(page, "map.getPaintProperty('probability', 'raster-opacity')") == 0.4
    assert on_map(page, "map.getLayoutProperty('natural', 'visibility')") == "none"
    assert len(sent) == before


def test_swipe_shows_other_imagery_right_of_the_handle(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    west, east = centre_of(30, 16), centre_of(30, 56)
    before = [color_at(page, *place) for place in (west, east)]
    page.get_by_label("Picture", exact=True).select_option("Hillshade")
    page.wait_for_timeout(1500)
    left, right = (color_at(page, *place) for place in (west, east))
    assert np.abs(left - before[0]).max() <= 2
    assert np.ptp(right) <= 2 < np.abs(right - before[1]).max()
    page.get_by_label("Handle between the two pictures").press("Home")
    assert np.ptp(color_at(page, *west)) <= 2
    page.get_by_label("Picture", exact=True).select_option("nothing")
    assert np.abs(color_at(page, *east) - before[1]).max() <= 2


def test_two_pictures_side_by_side_move_together(page, small_scene, screenshot):
    wait_for_result(open_map(page, SMALL))
    page.get_by_label("Picture", exact=True).select_option("Natural colours")
    page.get_by_label("Outlines on it").select_option("Expert's outline")
    page.get_by_label("Side by side").check()
    page.wait_for_timeout(1500)
    first, second = (box.bounding_box() for box in page.locator(".frame .canvas").all())
    assert first["x"] + first["width"] <= second["x"]
    assert first["width"] == pytest.approx(second["width"], abs=2)
    page.locator(".frame .canvas.second canvas").press("+")
    page.wait_for_timeout(800)
    shown = page.evaluate(
        f"() => {{ const view = {FRAME}; const other = view.second;"
        " return [view.map, other].map((map) => [map.getZoom(), map.getCenter().lng,"
        " map.getLayoutProperty('predicted-line', 'visibility')]); }"
    )
    assert shown[0][:2] == pytest.approx(shown[1][:2])
    assert [shown[0][2], shown[1][2]] == ["visible", "none"]
    screenshot(page, "explore-side-by-side")


def test_probability_is_coloured_as_its_ramp_says(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    page.get_by_label("None").first.check()
    page.get_by_label("Probability of glacier", exact=True).check()
    page.get_by_label("Opacity of Probability of glacier").fill("100")
    place = centre_of(40, 50)
    shown = color_at(page, *place)
    click_map(page, *place)
    value = float(readings(page)["Probability of glacier"].removesuffix(" %")) / 100
    expected = palettes.PROBABILITY.table(101)[round(value * 100)].astype(int)
    assert np.abs(shown - expected).max() <= 6


def test_threshold_hides_low_values_at_once(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    page.get_by_label("None").first.check()
    page.get_by_label("Probability of glacier", exact=True).check()
    page.get_by_label("Opacity of Probability of glacier").fill("100")
    place = centre_of(40, 50)
    background = color_at(page, *centre_of(2, 3))
    assert np.abs(color_at(page, *place) - background).sum() > 20
    page.evaluate(
        f"async () => (await import('/assets/values.js')).setThreshold({FRAME}.map,"
        " 'probability', 1.0)"
    )
    page.wait_for_timeout(500)
    assert np.abs(color_at(page, *place) - background).max() <= 3


def test_ramps_of_browser_and_server_are_the_same(page, small_scene):
    open_map(page, SMALL)
    for ramp in (palettes.PROBABILITY, palettes.CONFIDENCE):
        table = page.evaluate(
            "async (ramp) => [...(await import('/assets/values.js')).colorTable(ramp)]",
            {"values": list(ramp.values), "colors": list(ramp.colors)},
        )
        np.testing.assert_allclose(np.reshape(table, (256, 3)), ramp.table(), atol=1)


def test_keyboard_reads_the_middle_of_the_map(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    page.locator(".frame canvas").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Pixel at").wait_for()
    assert readings(page)["Elevation"].endswith(" m")
    page.keyboard.press("Escape")
    assert not page.locator(".reading").is_visible()


def test_map_stays_where_the_reader_put_it(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    lon, lat = centre_of(20, 40)
    on_map(page, f"map.jumpTo({{ center: [{lon}, {lat}], zoom: 14.5 }})")
    click_map(page, lon, lat)
    page.wait_for_timeout(1500)
    assert on_map(page, "map.getZoom()") == pytest.approx(14.5)
    page.get_by_role("link", name="About").first.click()
    page.get_by_role("link", name="Explore").first.click()
    page.wait_for_selector(".frame[data-state=ready]")
    assert on_map(page, "map.getZoom()") == pytest.approx(14.5)
    assert on_map(page, "map.getCenter().lng") == pytest.approx(lon, abs=1e-4)


def test_picked_outline_zooms_the_map_and_can_be_linked_to(page, small_scene):
    wait_for_result(open_map(page, f"{SMALL}&glacier=G-1"))
    page.wait_for_function(f"() => {FRAME}.map.getZoom() > 13.5")
    box_ = on_map(page, "map.getBounds().toArray()")
    assert box_[0][0] < centre_of(28, 33)[0] < box_[1][0]


def test_works_at_the_width_of_a_phone(phone, small_scene, screenshot):
    wait_for_result(open_map(phone, SMALL))
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert not phone.get_by_label("Hillshade", exact=True).is_visible()
    phone.locator(".panel summary").click()
    phone.get_by_label("Hillshade", exact=True).check()
    assert on_map(phone, "map.getLayoutProperty('hillshade', 'visibility')") == "visible"
    frame = phone.locator(".frame .stage").bounding_box()
    assert frame["width"] > 340
    assert frame["height"] < 844
    screenshot(phone, "explore-phone")


@pytest.fixture
def own_files(small_scene, tmp_path):
    """Write a reader's files: six bands, three bands, heights."""
    folder = gc.write_scene(small_scene, tmp_path / "given")
    with (
        rasterio.open(folder / "optical.tif") as six,
        rasterio.open(
            folder / "three.tif", "w", **six.profile | {"count": 3, "driver": "GTiff"}
        ) as three,
    ):
        three.write(six.read([1, 2, 3]))
    return folder


def give(page, number, path):
    page.locator("[role=dialog] input[type=file]").nth(number).set_input_files(path)
    page.get_by_role("dialog").get_by_text(path.name).first.wait_for()


def test_own_files_are_refused_with_a_sentence_and_then_opened(page, own_files, screenshot):
    open_map(page, SMALL)
    page.get_by_role("button", name="Open your own files").click()
    give(page, 0, own_files / "three.tif")
    give(page, 1, own_files / "elevation.tif")
    page.get_by_role("button", name="Open this scene").click()
    page.get_by_role("dialog").get_by_text("3 bands").wait_for()
    screenshot(page, "upload-refused")
    assert page.get_by_role("dialog").get_by_text("elevation.tif").count() > 0
    page.get_by_role("dialog").get_by_role("button", name="Remove three.tif").click()
    give(page, 0, own_files / "optical.tif")
    page.get_by_role("button", name="Open this scene").click()
    page.locator("h3", has_text="Your own scene").wait_for()
    assert "scene=upload-" in page.url
    wait_for_result(page)


def test_agreement_is_an_option_where_there_is_an_expert(page, small_scene):
    wait_for_result(open_map(page, SMALL))
    page.get_by_label("Agreement with the expert", exact=True).check()
    legend = page.locator(".legend").inner_text()
    for meaning in ("Both say glacier", "Only the network", "Only the expert"):
        assert meaning in legend


def test_map_works_below_a_path(browser, tmp_path, small_scene):
    """Behind a proxy the app is rarely at the root of its host."""
    gc.write_scene(small_scene, tmp_path / "data" / "scenes" / small_scene.id)
    with serving(tmp_path / "data", base="ice/lab") as address:
        for page in watched_page(browser, address, {"width": 1200, "height": 800}):
            open_map(page, f"/ice/lab{SMALL}")
            click_map(page, *centre_of(30, 50))
            assert readings(page)["Elevation"] == "1670 m"


def test_browser_without_webgl_is_told_so(chromium, browser, server, small_scene):
    without = browser.browser_type.launch(
        executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]
    )
    page = without.new_page(base_url=server)
    page.goto(SMALL)
    page.locator(".frame[data-state=failed]").wait_for(timeout=60_000)
    assert "WebGL is off" in page.locator(".notice").inner_text()
    page.get_by_text("Glacier area").first.wait_for(timeout=60_000)
    without.close()


def test_map_lives_as_long_as_its_place_on_the_page(page, small_scene):
    """Streamlit cleans up a mount that a rerun overtook, in no certain order."""
    open_map(page, SMALL)
    frames = page.evaluate(
        """async () => {
          const { mount } = await import("/assets/map.js");
          const host = document.body.appendChild(document.createElement("div"));
          const parentElement = host.attachShadow({ mode: "open" });
          const data = { layers: [], bounds: [7, 46, 8, 47], title: "", height: 300, colors: {} };
          const ends = [1, 2].map(() => mount({ parentElement, data }, "/"));
          const frames = () => parentElement.querySelectorAll(".frame").length;
          ends.forEach((end) => end());
          const overtaken = frames();
          host.remove();
          ends.forEach((end) => end());
          return [overtaken, frames()];
        }"""
    )
    assert frames == [1, 0]


def test_map_that_cannot_be_loaded_says_so(browser, server, small_scene):
    context = browser.new_context(base_url=server)
    page = context.new_page()
    page.route("**/assets/map.css", lambda route: route.abort())
    page.goto(SMALL)
    page.locator(".frame[data-state=failed]").wait_for(timeout=60_000)
    assert "Reload the page" in page.locator(".notice").inner_text()
    context.close()


def test_unknown_or_hostile_address_is_a_sentence(page):
    page.goto("/?scene=no-such-scene")
    page.get_by_text("There is no scene").first.wait_for()
    page.goto("/?scene=../../etc/passwd&map=<script>&glacier=%00")
    page.wait_for_selector(".frame[data-state=ready]")
    assert "etc" not in page.url
    assert page.get_by_text("Traceback").count() == 0
