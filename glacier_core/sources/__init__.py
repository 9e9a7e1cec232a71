"""Where scenes come from, one module a kind."""

from glacier_core.sources.catalogue import SceneSummary, list_scenes, open_scene
from glacier_core.sources.files import scene_from_files
from glacier_core.sources.folders import (
    keep_scene,
    read_scene,
    scene_folder,
    scene_state,
    write_scene,
)

__all__ = [
    "SceneSummary",
    "keep_scene",
    "list_scenes",
    "open_scene",
    "read_scene",
    "scene_folder",
    "scene_from_files",
    "scene_state",
    "write_scene",
]
