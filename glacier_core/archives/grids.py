"""Grids for areas anywhere on Earth, so laid that the box a person draws hardly matters."""

import math
from typing import Final

import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.areas import Area, Box
from glacier_core.errors import SourceError
from glacier_core.settings import settings

SNAP_PIXELS: Final = 128
"""Edges of every grid lie a multiple of so many pixels from the origin of its coordinates.

It is the step between the windows of a network of 256 pixels, so that two boxes around one
glacier give it the very same windows, and so the very same map where both have all of them.
"""

MARGIN_M: Final = 1000.0
"""Metres added around an area, as a network sees best what has surroundings."""

LANDSAT_PIXEL_M: Final = 30.0
"""Landsat's pixels are centred on multiples of 30 m, so their edges lie 15 m from these."""

NORTHERN_LIMIT: Final = 84.0
SOUTHERN_LIMIT: Final = -80.0
"""Latitudes where UTM ends."""

POLAR: Final = {1: "EPSG:5041", -1: "EPSG:5042"}
"""Universal polar stereographic, north and south, eastings first: at most 0.6 % of stretch."""

IRREGULAR_ZONES: Final = (
    (56.0, 64.0, 3.0, 12.0, 32),
    (72.0, 84.0, 0.0, 9.0, 31),
    (72.0, 84.0, 9.0, 21.0, 33),
    (72.0, 84.0, 21.0, 33.0, 35),
    (72.0, 84.0, 33.0, 42.0, 37),
)
"""South, north, west, east and zone, where the Military Grid Reference System widens zones.

Norway and Svalbard; the tiles of Sentinel-2 follow them, so their pixels are taken as they are.
"""


def grid_of(area: Area, resolution: float, margin_m: float = MARGIN_M) -> AreaGrid:
    """Lay a grid over an area.

    UTM of its centre, or polar stereographic beyond 84° N and 80° S. Its four edges are moved
    outwards to multiples of :data:`SNAP_PIXELS` pixels, so that grids of boxes that differ share
    their pixels, and the windows that a network sees.

    Parameters
    ----------
    area : Area
    resolution : float
        Side of a pixel in metres; 30 gives the very pixels of Landsat, 10 those of Sentinel-2.
    margin_m : float
        Metres around the area, 0 or more.

    Returns
    -------
    AreaGrid

    Raises
    ------
    SourceError
        When the grid would have more pixels than a scene may, or the resolution is no length.
    """
    if not (math.isfinite(resolution) and resolution > 0 and margin_m >= 0):
        raise SourceError(
            f"A grid of {resolution} m pixels with a margin of {margin_m} m cannot be laid. "
            "Give a resolution above 0, such as 10 for Sentinel-2 or 30 for Landsat."
        )
    crs = crs_at(*area.centre)
    bounds = _projected_bounds(area, crs)
    west, south, east, north = _snapped(bounds, _origin(crs, resolution), resolution, margin_m)
    shape = round((north - south) / resolution), round((east - west) / resolution)
    _check_pixels(shape, resolution)
    return AreaGrid(crs, Affine(resolution, 0.0, west, 0.0, -resolution, north), shape)


def crs_at(longitude: float, latitude: float) -> CRS:
    """Return the metric coordinate system of a place: UTM, or polar stereographic.

    Parameters
    ----------
    longitude, latitude : float
        Degrees on WGS 84. A place on the border of two zones belongs to the eastern one.
    """
    if latitude >= NORTHERN_LIMIT or latitude < SOUTHERN_LIMIT:
        return CRS.from_user_input(POLAR[1 if latitude > 0 else -1])
    zone = int((longitude + 180) // 6) % 60 + 1
    for south, north, west, east, irregular in IRREGULAR_ZONES:
        if south <= latitude < north and west <= longitude < east:
            zone = irregular
    return CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)


def _projected_bounds(area: Area, crs: CRS) -> Box:
    """Bounds in metres of the outline, its long edges followed in short steps."""
    west, south, east, north = area.extent
    dense = shapely.segmentize(area.geometry, max(east - west, north - south) / 100)
    corners = shapely.get_coordinates(dense)
    to_metres = Transformer.from_crs("EPSG:4326", crs.to_wkt(), always_xy=True)
    x, y = to_metres.transform(corners[:, 0], corners[:, 1])
    bounds = (np.min(x), np.min(y), np.max(x), np.max(y))
    if not np.isfinite(bounds).all():
        raise SourceError(
            f"The area cannot be laid flat in {crs.to_string()}: it is too wide for one grid. "
            "Choose a smaller area."
        )
    return float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])


def _snapped(bounds: Box, origin: tuple[float, float], resolution: float, margin_m: float) -> Box:
    step = SNAP_PIXELS * resolution
    start = np.array(origin)
    low = np.floor((np.array(bounds[:2]) - margin_m - start) / step)
    high = np.ceil((np.array(bounds[2:]) + margin_m - start) / step)
    # A grid of a single step would be smaller than a window of 256 pixels.
    (west, south), (east, north) = start + step * low, start + step * np.maximum(high, low + 2)
    return float(west), float(south), float(east), float(north)


def _origin(crs: CRS, resolution: float) -> tuple[float, float]:
    """Where pixels are counted from, east and north in metres.

    Landsat counts northings from the equator, in the south too, where UTM adds 10,000 km.
    """
    if resolution != LANDSAT_PIXEL_M:
        return 0.0, 0.0
    southern = 32700 < (crs.to_epsg() or 0) <= 32760
    return resolution / 2, resolution / 2 + (1e7 if southern else 0.0)


def _check_pixels(shape: tuple[int, int], resolution: float) -> None:
    pixels, limit = shape[0] * shape[1], settings().max_scene_pixels
    if pixels > limit:
        fits = math.ceil(resolution * math.sqrt(pixels / limit))
        raise SourceError(
            f"At {resolution:g} m the area has {pixels:,} pixels; the limit is {limit:,} "
            "(GLACIER_MAX_SCENE_PIXELS). Choose a smaller area, or pixels of more than "
            f"{fits} m."
        )
