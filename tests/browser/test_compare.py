"""Compare, as a reader sees it: map and table pick for each other, numbers can be taken away."""

import pandas as pd
import pyogrio
import pytest
from tiny_world import EXPERT, PREDICTED, SIDE, expert_outlines, pixels

from .driving import FRAME, on_map, open_map, sent_frames, spot
from .worlds import keep_world


@pytest.fixture(scope="module")
def address(server_data):
    """Keep a scene, its map and its model on the server; return the page's address."""
    return f"/compare?{keep_world(server_data)}"


def centre_of(glacier_id):
    """Return longitude and latitude of the middle of an expert's glacier."""
    outlines = expert_outlines().to_crs("EPSG:4326").set_index("glacier_id")
    middle = outlines.geometry[glacier_id].centroid
    return middle.x, middle.y


def grid(page):
    return page.get_by_test_id("stDataFrame").first


def tick_row(page, number):
    """Click the box before a row; the table is drawn on a canvas, a header and rows of 35 px."""
    grid(page).scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = grid(page).bounding_box()
    page.mouse.click(box["x"] + 17, box["y"] + 35 * (number + 1) + 17)


def marked_rows(page):
    rows = grid(page).locator("tbody tr[aria-selected=true]")
    return [rows.nth(at).locator("td").nth(1).inner_text() for at in range(rows.count())]


def test_a_row_takes_the_map_to_its_glacier(page, address):
    open_map(page, address)
    wide = on_map(page, "map.getZoom()")
    tick_row(page, 1)
    page.wait_for_url("**glacier=lower**")
    page.wait_for_function(f"() => {FRAME}.map.getZoom() > {wide + 0.5}")
    page.wait_for_function(f"() => !{FRAME}.map.isMoving()")
    (west, south), (east, north) = on_map(page, "map.getBounds().toArray()")
    lon, lat = centre_of("lower")
    assert west < lon < east
    assert south < lat < north


def test_a_glacier_clicked_on_the_map_is_marked_in_the_table(page, address):
    open_map(page, address)
    page.mouse.click(*spot(page, *centre_of("upper")))
    page.wait_for_url("**glacier=upper**")
    grid(page).locator("tbody tr[aria-selected=true]").wait_for(state="attached")
    assert marked_rows(page) == ["upper"]


def open_downloads(page):
    page.get_by_role("button", name="Downloads").click()


def test_the_table_can_be_taken_away(page, address):
    open_map(page, address)
    open_downloads(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV", exact=True).click()
    taken = pd.read_csv(started.value.path()).set_index("glacier_id")
    predicted, expert = pixels({"upper": PREDICTED["upper"]}), pixels({"upper": EXPERT["upper"]})
    deviation = 100 * (predicted.sum() - expert.sum()) / expert.sum()
    assert taken.loc["upper", "area_deviation_percent"] == pytest.approx(deviation, abs=0.05)
    assert taken.loc["upper", "hausdorff_m"] == pytest.approx(3 * SIDE, rel=2e-3)
    assert set(taken["simulated"]) == {"observed"}


def test_the_outlines_can_be_taken_away(page, address, tmp_path):
    open_map(page, address)
    open_downloads(page)
    with page.expect_download() as started:
        page.get_by_role("button", name="GeoPackage with both outlines").click()
    file = tmp_path / started.value.suggested_filename
    started.value.save_as(file)
    layers = dict(pyogrio.list_layers(file))
    assert file.suffix == ".gpkg"
    assert {"predicted", "expert", "glaciers", "pixels", "provenance"} <= set(layers)
    predicted = pyogrio.read_dataframe(file, layer="predicted")
    assert sorted(predicted["glacier_id"]) == ["lower", "upper"]


def test_a_figure_gives_its_data(page, address):
    open_map(page, address)
    with page.expect_download() as started:
        page.get_by_role("button", name="Data of this figure").first.click()
    taken = pd.read_csv(started.value.path())
    assert list(taken["glacier_id"]) == ["upper", "lower"]
    pixels_of = pixels({"upper": EXPERT["upper"]}).sum()
    assert taken["expert_area_km2"].iloc[0] == pytest.approx(pixels_of * SIDE**2 / 1e6, rel=2e-3)


def test_a_click_beside_every_glacier_picks_nothing(page, address):
    sent = sent_frames(page)
    open_map(page, address)
    lon, lat = centre_of("upper")
    before = len(sent)
    page.mouse.click(*spot(page, lon, lat + 0.0035))
    page.wait_for_timeout(1500)
    assert "glacier=" not in page.url
    assert len(sent) >= before
