"""Confidence, as a reader sees it: the threshold is the browser's work, and its share is told."""

import numpy as np
import pandas as pd
import pytest
from tiny_world import PREDICTED, pixels

from .driving import FRAME, on_map, open_map, sent_frames
from .worlds import keep_world


@pytest.fixture(scope="module")
def address(server_data):
    """Keep a scene, its map and its model on the server; return the page's address."""
    return f"/confidence?{keep_world(server_data)}"


DOUBTFUL = sum(rows[1] - rows[0] for rows, _ in PREDICTED.values()) / pixels(PREDICTED).size


def set_threshold(page, percent):
    slider = page.locator(".threshold input[type=range]")
    slider.scroll_into_view_if_needed()
    slider.evaluate(
        "(slider, share) => {"
        " slider.value = Number(slider.min) + share * (Number(slider.max) - Number(slider.min));"
        " slider.dispatchEvent(new Event('input', { bubbles: true })); }",
        percent / 100,
    )


def wait_for_share(page, share):
    words = f"{100 * share:.1f} % of the mapped area"
    page.wait_for_function(
        f"() => {FRAME}.querySelector('.threshold').innerText.includes('{words}')"
    )


def test_the_confidence_layer_is_on_when_the_page_opens(page, address):
    open_map(page, address)
    assert page.get_by_label("Calibrated confidence", exact=True).is_checked()
    assert on_map(page, "map.getLayoutProperty('confidence', 'visibility')") != "none"
    assert "Calibrated confidence" in page.get_by_label("Legend").inner_text()


def test_the_threshold_hides_and_tells_the_share_without_the_server(page, address):
    sent = sent_frames(page)
    open_map(page, address)
    page.get_by_text("Is it right as often as it is sure?").wait_for()
    page.wait_for_timeout(2000)
    before = len(sent)
    shown = page.locator(".threshold")
    assert "0.0 % of the mapped area" in shown.inner_text()
    set_threshold(page, 90)
    wait_for_share(page, DOUBTFUL)
    set_threshold(page, 100)
    wait_for_share(page, 1.0)
    assert len(sent) == before


def test_the_curve_gives_its_data(page, address):
    open_map(page, address)
    with page.expect_download() as started:
        page.locator("[class*=data-][class*=confidence-shares] button").click()
    taken = pd.read_csv(started.value.path()).set_index("confidence_below")
    np.testing.assert_allclose(taken.loc[0.9, "of_mapped_area"], DOUBTFUL)
    assert len(taken) == 101
