"""Scenes that do not fit in memory, put together strip by strip on disk."""

import math
import shutil
import weakref
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import numpy as np

from glacier_core.disk import disk_errors
from glacier_core.plausible import check_elevation, check_range, check_reflectance, check_usable
from glacier_core.scene import BANDS, Scene, SceneAttributes
from glacier_core.settings import settings
from glacier_core.sources.file_layers import FileLayers, Layers
from glacier_core.sources.folders import lay_out
from glacier_core.sources.scene_rasters import raster_in_strips
from glacier_core.strips import strips_of

NAMES: Final = ("optical", "elevation", "slope", "valid")

SAMPLE: Final = 1_000_000
"""Pixels by which the kind of the numbers is told, evenly spread."""


def scene_in_strips(layers: FileLayers, attributes: SceneAttributes) -> Scene:
    """Make a scene from files, as :func:`glacier_core.scene.build_scene` does from arrays.

    Its rasters lie in a folder of ``work/`` in the data folder, which goes when the scene is used
    no longer; what a killed process leaves there goes after ``settings().keep_work_days``.

    Parameters
    ----------
    layers : FileLayers
    attributes : SceneAttributes

    Raises
    ------
    SceneError
        When the numbers cannot be what they are declared as, or no pixel has all layers.
    StorageError
        When the disk refuses.
    """
    home = settings().data_dir / "work"
    with disk_errors(home):
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(mkdtemp(prefix="import-", dir=home))
    try:
        _fill(folder, layers)
        place = (layers.grid.shape, attributes, layers.grid.transform, layers.grid.crs)
        scene = lay_out(folder, NAMES, *place)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    # The dataset, not the scene: with other outlines the scene is another, its pixels are not.
    weakref.finalize(scene.data, shutil.rmtree, folder, ignore_errors=True)
    return scene


def _fill(folder: Path, layers: FileLayers) -> None:
    grid, any_valid = layers.grid, False
    step = max(1, math.isqrt(math.prod(grid.shape) // SAMPLE))
    samples: list[Layers] = []
    with ExitStack() as files:
        place = (grid.shape, grid.transform, grid.crs)
        write = {
            name: files.enter_context(raster_in_strips(folder / f"{name}.tif", name, *place))
            for name in NAMES
        }
        for first, end in strips_of(grid.shape[0]):
            read = _finite(layers.read(first, end))
            for name in ("elevation", "slope"):
                check_range(name, getattr(read, name))
            valid = np.isfinite(read.optical).all(axis=0)
            valid &= np.isfinite(read.elevation) & np.isfinite(read.slope)
            any_valid = any_valid or bool(valid.any())
            samples.append(_thinned(read, -first % step, step))
            write["optical"](first, read.optical)
            write["elevation"](first, read.elevation[np.newaxis])
            write["slope"](first, read.slope[np.newaxis])
            write["valid"](first, valid[np.newaxis].astype(np.uint8))
        check_reflectance(np.concatenate([one.optical for one in samples], axis=1), BANDS)
        check_elevation(np.concatenate([one.elevation for one in samples]))
        check_usable(any_valid)


def _finite(read: Layers) -> Layers:
    for layer in (read.optical, read.elevation, read.slope):
        layer[~np.isfinite(layer)] = np.nan
    return read


def _thinned(read: Layers, first: int, step: int) -> Layers:
    rows = slice(first, None, step)
    return Layers(
        read.optical[:, rows, ::step].copy(),
        read.elevation[rows, ::step].copy(),
        read.slope[rows, ::step].copy(),
    )
