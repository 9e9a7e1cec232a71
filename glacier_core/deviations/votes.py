"""Outlines of one glacier as votes: for every pixel around it, who calls it glacier."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Votes:
    """Votes of several experts on the pixels in and around one glacier.

    Attributes
    ----------
    inside : ndarray of bool, (experts, rows, columns)
        Where the centre of a pixel lies in an expert's outline.
    domain : ndarray of bool, (rows, columns)
        Pixels in any outline or within the buffer of one.
    transform : affine.Affine
        From pixel corners to coordinates.
    """

    inside: BoolArray
    domain: BoolArray
    transform: Affine

    @cached_property
    def depths(self) -> FloatArray:
        """Pixels from each place to an expert's outline, positive inside; far where none is."""
        return np.array([_depth(votes) for votes in self.inside])

    def counted(self) -> BoolArray:
        """Return the votes on the pixels of the domain, (experts, pixels)."""
        return self.inside[:, self.domain]


def cast_votes(
    outlines: Sequence[BaseGeometry],
    transform: Affine,
    shape: tuple[int, int],
    *,
    buffer_m: float,
    finer: int = 1,
) -> Votes:
    """Lay the outlines of one glacier on a window of a grid.

    Parameters
    ----------
    outlines : sequence of shapely geometries
        One an expert, in the coordinates of the grid.
    transform : affine.Affine
        North-up, square pixels.
    shape : (rows, columns)
        Of the grid; what lies outside is left out.
    buffer_m : float
        How far around the outlines votes are counted, in metres.
    finer : int
        Pixels of the window to one side of a pixel of the grid.
    """
    rows, columns = _window(shapely.total_bounds(list(outlines)), transform, shape, buffer_m)
    size = (finer * (rows[1] - rows[0]), finer * (columns[1] - columns[0]))
    place = transform @ Affine.translation(columns[0], rows[0]) @ Affine.scale(1 / finer)
    inside = np.zeros((len(outlines), *size), dtype=np.bool_)
    for votes, outline in zip(inside, outlines, strict=True):
        if votes.size and not outline.is_empty:
            votes[:] = features.rasterize([outline], out_shape=size, transform=place) > 0
    anybody = np.asarray(inside.any(axis=0))
    return Votes(inside, _near(anybody, buffer_m / abs(place.a)), place)


def _window(
    bounds: NDArray[np.float64], transform: Affine, shape: tuple[int, int], buffer_m: float
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return rows and columns, half open, that hold the bounds and a buffer around them."""
    if not np.isfinite(bounds).all():
        return (0, 0), (0, 0)
    west, south, east, north = bounds + buffer_m * np.array([-1, -1, 1, 1])
    left, top = ~transform @ (west, north)
    right, bottom = ~transform @ (east, south)
    return _within(top, bottom, shape[0]), _within(left, right, shape[1])


def _within(low: float, high: float, most: int) -> tuple[int, int]:
    start, stop = max(0, floor(low)), min(most, ceil(high))
    return (start, stop) if start < stop else (0, 0)


def _depth(inside: BoolArray) -> FloatArray:
    if inside.all() or not inside.any():
        far = max(inside.shape, default=0) * (1.0 if inside.any() else -1.0)
        return np.full(inside.shape, far, dtype=np.float32)
    depth = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
    return np.asarray(depth, dtype=np.float32)


def _near(ice: BoolArray, pixels: float) -> BoolArray:
    if not ice.any():
        return ice
    near: BoolArray = ndimage.distance_transform_edt(~ice) <= pixels
    return near
