"""The public surface: its exact names, documented, and light to import."""

import os
import subprocess
import sys

import pytest

import glacier_core as gc

NAMES = [
    "Comparison",
    "FetchPlan",
    "GlacierError",
    "GlacierMap",
    "Model",
    "PanelComparison",
    "Scene",
    "TileSet",
    "add_dataset",
    "area_of",
    "bootstrap_deviation",
    "bootstrap_table",
    "build_index",
    "compare",
    "compare_panel",
    "convert_keras",
    "correct_map",
    "divided_outlines",
    "export_map",
    "fetch_outlines",
    "find_glaciers",
    "glaciers_in",
    "hypsometry",
    "labelled_outlines",
    "list_models",
    "list_scenes",
    "load_model",
    "look_here_first",
    "map_glaciers",
    "mapped_area_interval",
    "open_benchmark",
    "open_map",
    "open_scene",
    "outline_band",
    "read_outlines",
    "repeat",
    "run_benchmark",
    "save_comparison",
    "save_map_page",
    "scene_from_files",
    "search_scenes",
    "simulate_scene",
    "simulate_series",
    "simulate_tile_dataset",
    "split_by_flow",
    "split_by_inventory",
    "stratify",
    "survey_tiles",
    "train",
    "write_outlines",
    "write_report",
    "write_scene",
]


def test_exact_names():
    assert sorted(gc.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_documented(name):
    assert len(getattr(gc, name).__doc__.splitlines()[0]) > 20


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_thing"):
        _ = gc.no_such_thing


def test_import_is_light():
    """Nothing heavy comes with the bare import; 0.3 s is asked for, medians of five."""
    code = (
        "import sys, time; start = time.perf_counter(); import glacier_core;"
        "print(time.perf_counter() - start);"
        "heavy = ('torch', 'numpy', 'rasterio', 'xarray', 'geopandas');"
        "print([m for m in heavy if m in sys.modules])"
    )
    seconds = []
    for _ in range(5):
        run = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        took, heavy = run.stdout.splitlines()
        assert heavy == "[]"
        seconds.append(float(took))
    assert sorted(seconds)[2] <= 0.3


@pytest.mark.parametrize(
    ("name", "chosen", "other"),
    [
        ("OMP_WAIT_POLICY", "PASSIVE", "ACTIVE"),
        ("OPENBLAS_NUM_THREADS", "1", "2"),
        ("GDAL_CACHEMAX", "256", "1000"),
    ],
)
def test_cores_and_memory_are_left_to_others(name, chosen, other):
    """Unless somebody decided otherwise."""
    plain = {key: value for key, value in os.environ.items() if key != name}
    for given, expected in (({}, chosen), ({name: other}, other)):
        told = subprocess.run(
            [sys.executable, "-c", f"import os, glacier_core; print(os.environ['{name}'])"],
            env=plain | given,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        assert told == expected


def test_nothing_comes_before_that_choice():
    """Neither importing the core nor starting the app's server has brought numpy or torch."""
    code = (
        "import sys, streamlit.web.bootstrap, streamlit.starlette\n"
        "import glacier_core.settings\n"
        "print({'numpy', 'torch'} & set(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
