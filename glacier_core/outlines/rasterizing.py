"""From outlines to pixels."""

from typing import Any

import geopandas as gpd
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio import features

from glacier_core.errors import OutlineError


def rasterize(
    frame: gpd.GeoDataFrame, transform: Affine, shape: tuple[int, int], crs: Any
) -> NDArray[np.bool_]:
    """Return where the outlines lie on a grid.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        Outlines in any coordinate system.
    transform : affine.Affine
        From pixel corners to coordinates.
    shape : (rows, columns)
    crs : anything pyproj understands
        Coordinate system of the grid.

    Returns
    -------
    ndarray of bool, (rows, columns)
        True where the centre of the pixel lies inside an outline.

    Raises
    ------
    OutlineError
        When the outlines have no coordinate system.
    """
    return label_glaciers(frame, transform, shape, crs) > 0


def label_glaciers(
    frame: gpd.GeoDataFrame, transform: Affine, shape: tuple[int, int], crs: Any
) -> NDArray[np.int32]:
    """Return which outline every pixel of a grid belongs to.

    Parameters
    ----------
    frame, transform, shape, crs
        As for :func:`rasterize`.

    Returns
    -------
    ndarray of int32, (rows, columns)
        0 outside, i + 1 where the centre of the pixel lies inside row i (counted by position);
        where outlines overlap, the later row.

    Raises
    ------
    OutlineError
        When the outlines have no coordinate system.
    """
    if frame.crs is None:
        raise OutlineError(
            "The outlines have no coordinate system, so nobody knows where they lie. "
            "Assign the right one: frame.set_crs('EPSG:4326')."
        )
    burned = [
        (geometry, number)
        for number, geometry in enumerate(frame.geometry.to_crs(crs), start=1)
        if geometry is not None and not geometry.is_empty
    ]
    if not burned:
        return np.zeros(shape, dtype=np.int32)
    labels: NDArray[np.int32] = features.rasterize(
        burned, out_shape=shape, transform=transform, dtype=np.int32
    )
    return labels
