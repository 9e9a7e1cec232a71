"""The pages with the real sample, on a desk and on a phone; pictures of them for the docs.

``GLACIER_SCREENSHOTS=docs/screenshots`` keeps the pictures.
"""

from urllib.parse import urlsplit

import pytest

from .driving import FRAME, open_map, wait_for_result

PAGES = {
    "explore": "Glacier area",
    "compare": "Beside a simple rule",
    "confidence": "ECE",
    "jobs": "of glacier, made",
    "models": "What each model was trained on",
    "about": "Glacier Explorer is free software",
}
"""Every page, and words that only its end holds."""

pytestmark = pytest.mark.samples


@pytest.fixture
def mapped(samples_mirror):
    """Return a function that maps the sample by visiting the app, and gives the address of it."""

    def visit(page):
        wait_for_result(open_map(page))
        page.wait_for_url("**map=**")
        return urlsplit(page.url).query

    return visit


def show(page, name, query):
    """Open a page and wait until its end and its map are there."""
    page.goto(f"/{'' if name == 'explore' else name}?{query}")
    page.get_by_text(PAGES[name]).last.wait_for()
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    if name == "models":
        page.wait_for_selector(".js-plotly-plot .main-svg")
    elif name not in ("about", "jobs"):
        page.wait_for_selector(".frame[data-state=ready]")
        page.wait_for_function(f"() => {FRAME}.map.areTilesLoaded()")
    page.wait_for_timeout(1000)


def no_trouble(page):
    assert page.get_by_test_id("stException").count() == 0
    assert page.locator("[data-testid=stAlertContentError]").count() == 0


@pytest.mark.slow
def test_every_page_shows_the_sample_on_a_desk(page, mapped, screenshot):
    query = mapped(page)
    for name in PAGES:
        show(page, name, query)
        no_trouble(page)
        screenshot(page, name)


@pytest.mark.slow
def test_every_page_fits_a_phone(phone, mapped, screenshot):
    query = mapped(phone)
    for name in PAGES:
        show(phone, name, query)
        no_trouble(phone)
        assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
        wide = phone.evaluate(
            "() => [...document.querySelectorAll('[data-testid=stMain] *')]"
            ".filter((part) => part.getBoundingClientRect().right > 391"
            " && !part.closest('[data-testid=stDataFrame], .stBidiComponent, canvas'))"
            ".map((part) => `${part.tagName} ${part.getAttribute('class')} ${part.textContent}`)"
        )
        assert not wide, f"{name} sticks out of a phone's screen: {wide}"
        screenshot(phone, f"{name}-phone")
