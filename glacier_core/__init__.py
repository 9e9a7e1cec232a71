"""Glacier Explorer: outlines of glaciers in satellite imagery, measured and compared.

>>> import glacier_core as gc
>>> scene = gc.open_scene("athabasca-2020")  # doctest: +SKIP
>>> model = gc.load_model("glavitu-small")  # doctest: +SKIP
>>> result = gc.map_glaciers(scene, model)  # doctest: +SKIP
>>> report = gc.compare(result, scene.outlines)  # doctest: +SKIP

Nothing heavy is imported before it is used.
"""

import os
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

# Read once, when torch and numpy are first imported. Threads that wait for each other else do so
# at full speed, and where others need the cores as well, networks run two to four times as slowly
# and numpy's small products ten times. Large products are torch's work here.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# Megabytes of blocks that GDAL keeps, read when it first reads a raster; otherwise a twentieth of
# the machine's memory, whatever else wants it.
os.environ.setdefault("GDAL_CACHEMAX", "256")

if TYPE_CHECKING:
    from glacier_core.archives.areas import area_of
    from glacier_core.archives.plan import FetchPlan
    from glacier_core.archives.searching import search_scenes
    from glacier_core.benchmark.running import run_benchmark
    from glacier_core.benchmark.storage import open_benchmark
    from glacier_core.confidence.band import outline_band
    from glacier_core.confidence.hints import look_here_first
    from glacier_core.confidence.mapped_area import mapped_area_interval
    from glacier_core.deviations.bootstrap import bootstrap_deviation, bootstrap_table
    from glacier_core.deviations.comparison import Comparison, compare
    from glacier_core.deviations.hypsometry import hypsometry
    from glacier_core.deviations.panel import PanelComparison, compare_panel
    from glacier_core.deviations.strata import stratify
    from glacier_core.errors import GlacierError
    from glacier_core.inference.complexes import divided_outlines
    from glacier_core.inference.corrected import correct_map
    from glacier_core.inference.engine import map_glaciers
    from glacier_core.inference.result import GlacierMap, open_map
    from glacier_core.inventories.building import build_index
    from glacier_core.inventories.fetching import fetch_outlines
    from glacier_core.inventories.finding import find_glaciers, glaciers_in
    from glacier_core.models.keras import convert_keras
    from glacier_core.models.registry import Model, list_models, load_model
    from glacier_core.outlines.divides import split_by_inventory
    from glacier_core.outlines.flowsheds import split_by_flow
    from glacier_core.outlines.labels import labelled_outlines
    from glacier_core.outlines.reading import read_outlines
    from glacier_core.outlines.writing import write_outlines
    from glacier_core.reporting.exports import save_comparison
    from glacier_core.reporting.package import export_map
    from glacier_core.reporting.repeating import repeat
    from glacier_core.reporting.report import write_report
    from glacier_core.scene import Scene
    from glacier_core.simulation.demonstrations import simulate_scene
    from glacier_core.simulation.series import simulate_series
    from glacier_core.sources import list_scenes, open_scene, scene_from_files, write_scene
    from glacier_core.sources.simulated_tiles import simulate_tile_dataset
    from glacier_core.sources.tile_datasets import add_dataset
    from glacier_core.sources.tile_survey import survey_tiles
    from glacier_core.sources.tiles import TileSet
    from glacier_core.training.recipe import train
    from glacier_core.viewing.map_page import save_map_page

_HOMES = {
    "Comparison": "glacier_core.deviations.comparison",
    "FetchPlan": "glacier_core.archives.plan",
    "GlacierError": "glacier_core.errors",
    "GlacierMap": "glacier_core.inference.result",
    "Model": "glacier_core.models.registry",
    "PanelComparison": "glacier_core.deviations.panel",
    "Scene": "glacier_core.scene",
    "TileSet": "glacier_core.sources.tiles",
    "add_dataset": "glacier_core.sources.tile_datasets",
    "area_of": "glacier_core.archives.areas",
    "bootstrap_deviation": "glacier_core.deviations.bootstrap",
    "bootstrap_table": "glacier_core.deviations.bootstrap",
    "build_index": "glacier_core.inventories.building",
    "compare": "glacier_core.deviations.comparison",
    "compare_panel": "glacier_core.deviations.panel",
    "convert_keras": "glacier_core.models.keras",
    "correct_map": "glacier_core.inference.corrected",
    "divided_outlines": "glacier_core.inference.complexes",
    "export_map": "glacier_core.reporting.package",
    "fetch_outlines": "glacier_core.inventories.fetching",
    "find_glaciers": "glacier_core.inventories.finding",
    "glaciers_in": "glacier_core.inventories.finding",
    "hypsometry": "glacier_core.deviations.hypsometry",
    "labelled_outlines": "glacier_core.outlines.labels",
    "list_models": "glacier_core.models.registry",
    "list_scenes": "glacier_core.sources",
    "load_model": "glacier_core.models.registry",
    "look_here_first": "glacier_core.confidence.hints",
    "map_glaciers": "glacier_core.inference.engine",
    "mapped_area_interval": "glacier_core.confidence.mapped_area",
    "open_benchmark": "glacier_core.benchmark.storage",
    "open_map": "glacier_core.inference.result",
    "open_scene": "glacier_core.sources",
    "outline_band": "glacier_core.confidence.band",
    "read_outlines": "glacier_core.outlines.reading",
    "repeat": "glacier_core.reporting.repeating",
    "run_benchmark": "glacier_core.benchmark.running",
    "save_comparison": "glacier_core.reporting.exports",
    "save_map_page": "glacier_core.viewing.map_page",
    "scene_from_files": "glacier_core.sources",
    "search_scenes": "glacier_core.archives.searching",
    "simulate_scene": "glacier_core.simulation.demonstrations",
    "simulate_series": "glacier_core.simulation.series",
    "simulate_tile_dataset": "glacier_core.sources.simulated_tiles",
    "split_by_flow": "glacier_core.outlines.flowsheds",
    "split_by_inventory": "glacier_core.outlines.divides",
    "stratify": "glacier_core.deviations.strata",
    "survey_tiles": "glacier_core.sources.tile_survey",
    "train": "glacier_core.training.recipe",
    "write_outlines": "glacier_core.outlines.writing",
    "write_report": "glacier_core.reporting.report",
    "write_scene": "glacier_core.sources",
}

__all__ = [
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

try:
    __version__ = version("glacier-explorer")
except PackageNotFoundError:
    __version__ = "0.0.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'glacier_core' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
