"""The page Models in a browser: a cell of its heat map leads to the run that made it."""

import re

import pytest

from glacier_core.benchmark.storage import write_benchmark
from tests.benchmark.rows import demonstration

from .driving import settled_box


@pytest.fixture
def benchmark(server_data):
    write_benchmark(demonstration(), server_data / "benchmarks" / "made-up.parquet")


@pytest.mark.slow
def test_a_cell_is_one_click_from_its_run_and_the_address_keeps_it(benchmark, page, screenshot):
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
