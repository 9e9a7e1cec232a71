"""The whole app in headless Chromium: a server of its own, a browser, and the way to the map."""

import os
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from .driving import REPOSITORY, serving, watched_page

CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell what a page looked like when its test failed."""
    report = yield
    if report.when == "call" and report.failed:
        for name in ("page", "phone"):
            if name in item.funcargs:
                report.sections.append((f"the {name}", last_sight(item.funcargs[name], item.name)))
    return report


def last_sight(page, name):
    folder = Path(os.environ.get("GLACIER_SCREENSHOTS") or tempfile.gettempdir())
    path = folder / f"failed-{re.sub(r'[^a-z0-9-]', '-', name)}.png"
    try:
        page.screenshot(path=path, timeout=10_000)
        words = page.locator("body").inner_text(timeout=10_000)
        waits = [f"unanswered: {address}" for address in page.unanswered]
    except Exception as error:  # whatever it is, the failed test itself must be told
        return f"{page.url} cannot be looked at: {error}"
    return "\n".join([page.url, str(path), *page.troubles, *waits, words[:2000]])


@pytest.fixture(scope="session")
def chromium():
    """Return the browser's program, or skip loudly."""
    named = os.environ.get("GLACIER_CHROMIUM")
    names = [named] if named else ["chromium", "chromium-browser", "google-chrome"]
    with sync_playwright() as playwright:
        fetched = playwright.chromium.executable_path  # where `playwright install` puts it
    found = next((path for name in [*names, fetched] if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"headless browser needed: none of {', '.join(names)} is installed")
    return found


@pytest.fixture(scope="session")
def browser(chromium):
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def server_data(tmp_path_factory):
    """Return the data folder of the shared server; fill it before the server is used."""
    folder = tmp_path_factory.mktemp("server") / "data"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def server(server_data, chromium):
    """Return the address of an app that every browser test of a file shares."""
    mirror = os.environ.get("GLACIER_SAMPLES_MIRROR")
    with serving(server_data, (REPOSITORY / mirror).resolve() if mirror else None) as address:
        yield address


@pytest.fixture
def page(browser, server):
    """Return a desktop page; asking anyone but the server, or an error in it, fails the test."""
    yield from watched_page(browser, server, {"width": 1440, "height": 900})


@pytest.fixture
def phone(browser, server):
    """Return the same at the width of a phone."""
    yield from watched_page(browser, server, {"width": 390, "height": 844}, has_touch=True)


@pytest.fixture
def screenshot(tmp_path):
    """Return a function that takes a named picture, kept where GLACIER_SCREENSHOTS says."""
    folder = Path(os.environ.get("GLACIER_SCREENSHOTS") or tmp_path)

    def take(page, name):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        page.screenshot(path=path)
        return path

    return take
