"""Running the app, opening its pages, and reaching into its map."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
PATIENCE = 120_000  # milliseconds; two busy cores draw the map and run the network


@contextmanager
def serving(data_dir: Path, mirror: Path | None = None, base: str = "", **variables: str):
    """Run the app on a free port with its own data folder and variables; give its address."""
    port = free_port()
    environment = os.environ | {"GLACIER_DATA_DIR": str(data_dir), "OMP_NUM_THREADS": "1"}
    # Timing the runtimes would take longer than these small maps on a machine with other work.
    environment |= {"GLACIER_RUNTIME": "torch"}
    environment.pop("GLACIER_SAMPLES_MIRROR", None)
    environment |= variables
    if mirror:
        environment["GLACIER_SAMPLES_MIRROR"] = str(mirror)
    log = (data_dir.parent / f"server-{port}.log").open("w+b")
    options = [f"--server.port={port}", f"--server.baseUrlPath={base}"]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=REPOSITORY,
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        address = f"http://127.0.0.1:{port}" + (base and f"/{base}")
        wait_until_up(server, address, Path(log.name))
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_up(server, address, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=2).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"The server did not come up:\n{log.read_text()}")


def watched_page(browser, server, viewport, **options):
    context = browser.new_context(base_url=server, viewport=viewport, **options)
    context.set_default_timeout(PATIENCE)
    troubles: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on(
        "console",
        lambda told: is_trouble(told) and troubles.append(f"{told.text} {told.location}"),
    )
    page.on(
        "request",
        lambda asked: foreign(asked.url, server) and troubles.append(f"asked for {asked.url}"),
    )
    asked: dict[str, None] = {}
    page.on("request", lambda request: asked.update({request.url: None}))
    for answered in ("requestfinished", "requestfailed"):
        page.on(answered, lambda request: asked.pop(request.url, None))
    page.troubles = troubles
    page.unanswered = asked
    yield page
    if not page.is_closed():
        troubles += [f"broken picture: {address}" for address in page.evaluate(BROKEN)]
    context.close()
    assert not troubles, troubles


BROKEN = """() => [...document.images]
    .filter((one) => one.src.includes("/media/") && one.complete && !one.naturalWidth)
    .map((one) => one.src)"""
"""Pictures of Streamlit that a reader sees and that are not there, for JavaScript."""


def is_trouble(told) -> bool:
    """Tell whether it is an error that a reader would notice.

    Streamlit looks for itself below a page's address first. It also lets go of a page's pictures
    when the page is drawn anew, so that a browser asks for some that nobody is shown any more.
    """
    place = told.location.get("url", "")
    gone = "/media/" in place or "Image source error" in told.text
    return told.type == "error" and "/_stcore/" not in place and not gone


def foreign(url: str, server: str) -> bool:
    local = (server, server.replace("http", "ws", 1), "data:", "blob:", "about:")
    return not url.startswith(local)


def open_map(page, address="/"):
    """Open an address and wait until its map is drawn."""
    page.goto(address)
    page.wait_for_selector(".frame[data-state=ready]")
    return page


def wait_for_result(page):
    """Wait until the scene is mapped and the map shows it."""
    page.get_by_text("Glacier area").first.wait_for()
    page.wait_for_function(
        "() => %s.map.getLayer('probability') !== undefined" % FRAME  # noqa: UP031
    )
    return page


FRAME = "document.querySelector('.stBidiComponent [data-testid=stBidiComponentIsolated]')" + (
    ".shadowRoot.querySelector('.frame')"
)
"""The map's frame, for JavaScript; its ``map`` is the MapLibre map."""


def settled_box(locator):
    """Return where something is once it stands still: charts move while they find their size."""
    before, box = None, locator.bounding_box()
    while box != before:
        locator.page.wait_for_timeout(300)
        before, box = box, locator.bounding_box()
    return box


def on_map(page, expression):
    """Evaluate JavaScript with ``map`` as the MapLibre map."""
    return page.evaluate(f"() => {{ const map = {FRAME}.map; return {expression}; }}")


def spot(page, lon, lat):
    """Return where a place is on the page, in pixels."""
    box = page.locator(".frame .canvas canvas").first.bounding_box()
    at = on_map(page, f"map.project([{lon}, {lat}])")
    return box["x"] + at["x"], box["y"] + at["y"]


def sent_frames(page):
    """Return a list that grows with everything the page sends to Streamlit: a rerun sends."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent
