"""Where the rasters of a map's layers lie; the only way from an id in an address to a path."""

import re
from pathlib import Path
from typing import Final

from glacier_core.errors import SourceError
from glacier_core.inference.cache import map_folder
from glacier_core.inference.holding import tell_shown
from glacier_core.settings import settings

_SCENE_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_MAP_KEY: Final = re.compile(r"[0-9a-f]{64}")
_KEY: Final = re.compile(r"[0-9a-f]{16,64}")

SCENE_RASTERS: Final = ("optical", "elevation", "slope")
MAP_RASTERS: Final = ("probability", "confidence")


def scene_raster(scene_id: str, name: str) -> Path:
    """Return the file of a scene's raster.

    Raises
    ------
    SourceError
        When the id is no id, or there is no such scene or raster.
    """
    if name not in SCENE_RASTERS:
        raise SourceError(f"A scene has no raster called {name[:40]!r}.")
    return _existing(_checked(_SCENE_ID, scene_id, "scene"), "scenes", f"{name}.tif")


def map_raster(map_key: str, name: str) -> Path:
    """Return the file of a finished map's raster, verified; errors as of :func:`scene_raster`.

    Who asks for it shows the map, so that it stays in the cache for a while.
    """
    if name not in MAP_RASTERS:
        raise SourceError(f"A map has no raster called {name[:40]!r}.")
    key = _checked(_MAP_KEY, map_key, "map")
    tell_shown(key)
    folder = map_folder(key)
    if folder is None:
        raise SourceError(f"There is no {name}.tif of {key} in maps. Map the scene again.")
    return folder / f"{name}.tif"


def agreement_raster(comparison_key: str) -> Path:
    """Return the file of an agreement raster; errors as of :func:`scene_raster`."""
    return _existing(_checked(_KEY, comparison_key, "comparison"), "comparisons", "agreement.tif")


def _checked(pattern: re.Pattern[str], name: str, kind: str) -> str:
    if not pattern.fullmatch(name):
        raise SourceError(f"{name[:40]!r} is no id of a {kind}.")
    return name


def _existing(name: str, shelf: str, file: str) -> Path:
    path = settings().data_dir / shelf / name / file
    if not path.is_file():
        raise SourceError(f"There is no {file} of {name} in {shelf}. Open the scene first.")
    return path
