"""How far sea level lies above the ellipsoid: what satellites see and elevation models leave out.

``geoid.tif`` holds EGM96 (Lemoine and others, 1998, NASA/TP-1998-206861), every second post of the
15-minute grid of the National Geospatial-Intelligence Agency, in decimetres; public domain. Between
its posts it is within 0.15 m of the full grid in the mean, and within 4 m everywhere. Elevation
models that count from EGM2008 differ by decimetres, and by a few metres in the highest mountains.
"""

from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from glacier_core.archives.area_grid import AreaGrid

_POSTS_A_DEGREE: Final = 2
_LATTICE: Final = 64
"""Pixels of a grid between two that are looked up; in between, the geoid is as good as flat."""

Numbers = NDArray[np.float64]


def geoid_height(grid: AreaGrid) -> Numbers:
    """Return the height of the geoid above the WGS 84 ellipsoid at the pixels of a grid.

    Parameters
    ----------
    grid : AreaGrid

    Returns
    -------
    ndarray, (rows, columns)
        Metres; to be added to a height above sea level for one above the ellipsoid.
    """
    rows, columns = (np.arange(0, size + _LATTICE, _LATTICE) for size in grid.shape)
    x, y = np.meshgrid(
        grid.transform.c + grid.resolution * (columns + 0.5),
        grid.transform.f - grid.resolution * (rows + 0.5),
    )
    to_degrees = Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True)
    looked_up = height_at(*to_degrees.transform(x, y))
    between = np.indices(grid.shape, dtype=np.float32) / _LATTICE
    return np.asarray(map_coordinates(looked_up, between, order=1))


def height_at(longitude: Numbers, latitude: Numbers) -> Numbers:
    """Return the height of the geoid above the WGS 84 ellipsoid, bilinearly, in metres.

    Parameters
    ----------
    longitude, latitude : ndarray, of one dimension or more
        Degrees; any longitude means the same place as those a full turn away.
    """
    down = (90.0 - np.asarray(latitude)) * _POSTS_A_DEGREE
    along = (np.asarray(longitude) + 180.0) % 360.0 * _POSTS_A_DEGREE
    return np.asarray(map_coordinates(_posts(), np.stack([down, along]), order=1))


@lru_cache(maxsize=1)
def _posts() -> Numbers:
    """Return the posts from 90 degrees north and 180 west on, the first column again at the end."""
    with rasterio.open(Path(__file__).with_name("geoid.tif")) as raster:
        metres = raster.read(1) * raster.scales[0]
    return np.concatenate([metres, metres[:, :1]], axis=1)
