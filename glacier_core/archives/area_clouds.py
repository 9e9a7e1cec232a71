"""How much of an area clouds hide, which is not how much of a scene they hide."""

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.features import geometry_mask

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.areas import Area
from glacier_core.archives.found import FoundScene
from glacier_core.archives.grids import SNAP_PIXELS, grid_of
from glacier_core.archives.imagery import Why
from glacier_core.archives.landsat_masks import landsat_why
from glacier_core.archives.reading import MaskedArray, read_onto
from glacier_core.archives.sentinel2 import sentinel2_why
from glacier_core.archives.sentinel2_masks import why_by_classification
from glacier_core.errors import SourceError
from glacier_core.network.services import reached_at
from glacier_core.network.transfer import IsCancelled, never

MASK_PIXEL_M: Final = MappingProxyType(
    {
        "sentinel-2-l1c": 60.0,
        "sentinel-2-l2a": 20.0,
        "landsat-c2-l1": 30.0,
        "landsat-c2-l2": 30.0,
    }
)
"""Side of the pixels of the archives' own masks, in which clouds are counted.

Overviews of masks are only read where an area is very large: not everybody makes them of the
nearest pixel, and a mean of flags means nothing.
"""

MOST_SIDE: Final = 2048
"""Pixels a side of the grid that clouds are counted on, at most."""

_AT_ONCE: Final = 8  # masks read side by side
_log = logging.getLogger(__name__)

_ReadWhy = Callable[[FoundScene, AreaGrid, IsCancelled], NDArray[np.uint8]]


def with_area_clouds(
    scenes: Sequence[FoundScene], area: Area, *, cancelled: IsCancelled = never
) -> list[FoundScene]:
    """Return the scenes with the cloud over the area, where it could be measured.

    Parameters
    ----------
    scenes : sequence of FoundScene
    area : Area
    cancelled : callable, optional

    Returns
    -------
    list of FoundScene
        In the order they came; ``area_cloud_percent`` stays None where the masks of the archive
        cannot be read, for want of an account for instance. What went wrong is logged.

    Raises
    ------
    JobCancelled
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(lambda scene: _measured(scene, area, cancelled), scenes))


def area_cloud_percent(
    scene: FoundScene, area: Area, *, cancelled: IsCancelled = never
) -> float | None:
    """Measure the cloud and cloud shadow over an area, in the archive's own masks.

    Parameters
    ----------
    scene : FoundScene
    area : Area
    cancelled : callable, optional

    Returns
    -------
    float or None
        Percent of that part of the area which the scene shows; None where it shows none, and for
        radar.

    Raises
    ------
    SourceError
        When the masks cannot be read.
    JobCancelled
    """
    read_why = _READERS.get(scene.archive)
    if read_why is None:
        return None
    grid = mask_grid(area, scene.archive)
    inside = ~geometry_mask([_projected(area, grid)], grid.shape, grid.transform, all_touched=True)
    why = read_why(scene, grid, cancelled)[inside]
    hidden = np.isin(why, (Why.CLOUD, Why.CLOUD_SHADOW)).sum()
    shown = (why != Why.NO_DATA).sum()
    return float(100 * hidden / shown) if shown else None


def mask_grid(area: Area, archive: str) -> AreaGrid:
    """Return a grid over an area of the pixels of an archive's masks, coarser for large areas."""
    finest = MASK_PIXEL_M[archive]
    own = grid_of(area, finest, margin_m=0.0)
    times = math.ceil(max(own.shape) / (MOST_SIDE - 2 * SNAP_PIXELS))
    return own if max(own.shape) <= MOST_SIDE else grid_of(area, finest * times, margin_m=0.0)


def _measured(scene: FoundScene, area: Area, cancelled: IsCancelled) -> FoundScene:
    try:
        return replace(
            scene, area_cloud_percent=area_cloud_percent(scene, area, cancelled=cancelled)
        )
    except SourceError as problem:
        _log.warning("the clouds of %s over the area are not known: %s", scene.id, problem)
        return scene


def _projected(area: Area, grid: AreaGrid) -> shapely.Geometry:
    to_grid = Transformer.from_crs("EPSG:4326", grid.crs.to_wkt(), always_xy=True)
    west, _, east, _ = area.extent
    dense = shapely.segmentize(area.geometry, (east - west) / 100)
    return shapely.transform(
        dense, lambda xy: np.column_stack(to_grid.transform(xy[:, 0], xy[:, 1]))
    )


def _read_landsat(scene: FoundScene, grid: AreaGrid, cancelled: IsCancelled) -> NDArray[np.uint8]:
    quality = _read_flags(scene, ("qa_pixel", "QA_PIXEL.TIF"), grid, cancelled)
    return landsat_why(quality, None, "")


def _read_classes(scene: FoundScene, grid: AreaGrid, cancelled: IsCancelled) -> NDArray[np.uint8]:
    return why_by_classification(_read_flags(scene, ("scl", "SCL"), grid, cancelled))


def _read_flags(
    scene: FoundScene, keys: Sequence[str], grid: AreaGrid, cancelled: IsCancelled
) -> MaskedArray:
    addresses = [_address(scene, key) for key in keys if key in scene.assets]
    if not addresses:
        raise SourceError(f"The archive names no cloud mask of {scene.id}.")
    return read_onto(grid, addresses[0], resampling=Resampling.nearest, cancelled=cancelled)


def _address(scene: FoundScene, key: str) -> str:
    """Return where a file is read: in a bucket, where the catalogue's own address needs a login."""
    bucket = scene.item.get("assets", {}).get(key, {}).get("alternate", {}).get("s3", {})
    return reached_at(str(bucket.get("href", scene.assets[key])))


def _read_sentinel2(scene: FoundScene, grid: AreaGrid, cancelled: IsCancelled) -> NDArray[np.uint8]:
    return sentinel2_why(scene, grid, cancelled=cancelled)


_READERS: Final[Mapping[str, _ReadWhy]] = MappingProxyType(
    {
        "landsat-c2-l1": _read_landsat,
        "landsat-c2-l2": _read_landsat,
        "sentinel-2-l1c": _read_sentinel2,
        "sentinel-2-l2a": _read_classes,
    }
)
