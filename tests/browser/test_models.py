"""The page Models in a browser: a cell of its heat map leads to the run that made it."""

import re

import pytest

from glacier_core.benchmark.storage import write_benchmark
from tests.benchmark.rows import demonstration

from .driving import serving, settled_box


@pytest.fixture(scope="module")
def server(tmp_path_factory, chromium):
    """Serve an app with a made-up benchmark, which no other test is to see."""
    data = tmp_path_factory.mktemp("models") / "data"
    (data / "benchmarks").mkdir(parents=True)
    write_benchmark(demonstration(), data / "benchmarks" / "made-up.parquet")
    with serving(data) as address:
        yield address


@pytest.mark.slow
def test_a_cell_is_one_click_from_its_run_and_the_address_keeps_it(page, screenshot):
    page.goto("/models")
    cell = page.locator(".js-plotly-plot .scatterlayer .point").first
    cell.wait_for(state="attached")
    box = settled_box(cell)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_text("The run that made it").wait_for()
    page.get_by_text("glacier-core benchmark --model").first.wait_for()
    page.wait_for_url(re.compile("run=[0-9a-f]{16}"))
    screenshot(page, "models-run")
    page.reload()
    page.get_by_text("The run that made it").wait_for()
