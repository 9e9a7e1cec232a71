"""Grids on which areas, slopes and distances are what they seem."""

from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Geod, Proj, Transformer
from rasterio._err import CPLE_BaseError  # raised by transformations; it has no public name
from rasterio.crs import CRS
from rasterio.errors import CRSError, RasterioError
from rasterio.warp import transform as transform_points

from glacier_core.errors import SceneError
from glacier_core.settings import settings

MOST_STRETCH: Final = 0.1
"""How much longer or shorter than on the ground a metre of the grid may be; UTM: 0.001."""

AREA_BLOCK: Final = 64
"""Pixels; the areal scale of a projection hardly changes over such a distance."""


def check_grid(transform: Affine, shape: tuple[int, ...], crs: Any) -> CRS:
    """Refuse a grid on which areas, slopes and distances would not be what they seem.

    Parameters
    ----------
    transform : affine.Affine
    shape : (rows, columns)
    crs : anything rasterio understands

    Returns
    -------
    rasterio.crs.CRS
        The coordinate system, projected and in metres.

    Raises
    ------
    SceneError
        When the grid is not north-up with square pixels, not in metres, stretched by more than
        a tenth, or of no or too many pixels.
    """
    known = _metric_crs(crs)
    square = np.isclose(transform.a, -transform.e, rtol=1e-4)
    if transform.b or transform.d or transform.a <= 0 or not square:
        raise SceneError(
            f"The grid is not north-up with square pixels (transform {tuple(transform)[:6]}). "
            "Warp it with gdalwarp -tr SIZE SIZE first."
        )
    _check_size(shape)
    _check_scale(transform, shape, known)
    return known


def pixel_areas(transform: Affine, shape: tuple[int, int], crs: CRS) -> NDArray[np.float64]:
    """Area of a pixel on the ellipsoid, in every block of :data:`AREA_BLOCK` pixels square.

    The area of a pixel is its side squared over the areal scale of the projection, taken in the
    middle of its block, so that it is a true area in any projection.

    Parameters
    ----------
    transform : affine.Affine
        Square pixels, in metres.
    shape : (rows, columns)
    crs : rasterio.crs.CRS

    Returns
    -------
    ndarray of float64, (rows of blocks, columns of blocks)
        Square metres; that of pixel (i, j) is at (i // AREA_BLOCK, j // AREA_BLOCK).
    """
    rows, columns = (
        np.minimum(np.arange(0, length, AREA_BLOCK) + AREA_BLOCK / 2, length) for length in shape
    )
    x, y = transform @ (columns[None, :] + 0 * rows[:, None], rows[:, None] + 0 * columns)
    projection = Proj(crs.to_wkt())
    geographic = Transformer.from_crs(projection.crs, projection.crs.geodetic_crs, always_xy=True)
    factors = projection.get_factors(*geographic.transform(x, y))
    return float(transform.a) ** 2 / np.asarray(factors.areal_scale)


def _metric_crs(crs: Any) -> CRS:
    if not crs:
        raise SceneError(
            "The scene has no coordinate system. Assign the right one first, for instance with "
            "gdal_edit.py -a_srs EPSG:32611 FILE."
        )
    try:
        known = CRS.from_user_input(crs)
    except (CRSError, ValueError) as problem:
        raise SceneError(
            f"{str(crs)[:60]!r} is no coordinate system. Name one like EPSG:32611."
        ) from problem
    if not known.is_projected or known.linear_units_factor[1] != 1.0:
        name = known.to_string()[:60]
        raise SceneError(
            f"The coordinate system ({name}) is not projected in metres. Areas, slopes and the "
            "network need metres: warp the files to the UTM zone of the place first, for instance "
            "with gdalwarp -t_srs EPSG:32611 IN OUT."
        )
    return known


def _check_scale(transform: Affine, shape: tuple[int, ...], crs: CRS) -> None:
    """Refuse stretched projections: Web Mercator doubles every length at 60 degrees north."""
    x, y = transform @ (shape[1] / 2, shape[0] / 2)
    step = 1000.0
    try:
        longitudes, latitudes = transform_points(
            crs, "EPSG:4326", [x - step, x + step, x, x], [y, y, y - step, y + step]
        )
    except (RasterioError, CPLE_BaseError) as problem:
        raise SceneError(
            f"The coordinate system ({crs.to_string()[:60]}) cannot be converted to longitude and "
            "latitude. Warp the files to the UTM zone of the place first."
        ) from problem
    if not np.isfinite([longitudes, latitudes]).all():
        return
    starts, ends = slice(0, None, 2), slice(1, None, 2)
    ground = Geod(ellps="WGS84").inv(
        longitudes[starts], latitudes[starts], longitudes[ends], latitudes[ends]
    )[2]
    stretch = 2 * step / np.asarray(ground)
    if (abs(stretch - 1) > MOST_STRETCH).any():
        raise SceneError(
            f"A metre of the coordinate system ({crs.to_string()[:60]}) is stretched "
            f"{stretch[0]:.2f}-fold east and {stretch[1]:.2f}-fold north at this place, so slopes "
            "would be wrong. Warp the files to the UTM zone of the place first."
        )


def _check_size(shape: tuple[int, ...]) -> None:
    pixels, limit = int(np.prod(shape)), settings().max_scene_pixels
    if pixels == 0:
        raise SceneError("The scene has no pixels.")
    if pixels > limit:
        raise SceneError(
            f"The scene has {pixels:,} pixels; the limit is {limit:,} "
            "(GLACIER_MAX_SCENE_PIXELS). Cut out the part you need."
        )
