"""Windows over a raster of any size, and their blending into one map.

Windows overlap, as a network sees least context at the edge of its patch, and each pixel becomes
the mean of its windows, weighted towards their centres.

Windows lie on a grid that is fixed on the ground, counted in pixels from the origin of the
coordinate system, not from the corner of the scene: what is mapped at a place does not depend on
how much else of the image is mapped. Windows that would leave the scene move inwards, so that the
network sees as much of it as there is; that touches no pixel farther from the edge than a patch.
Only a raster smaller than a patch is padded, with zeros on both sides (the odd pixel below and to
the right): a scaled zero is what networks know as missing.
"""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray

from glacier_core.errors import ModelError

FloatArray = NDArray[np.float32]
Slices = tuple[slice, slice]


@dataclass(frozen=True)
class Window:
    """A square of `size` pixels; `row` and `column` are negative where it overhangs."""

    row: int
    column: int
    size: int

    def inside(self, shape: tuple[int, int]) -> Slices:
        """Rows and columns of a raster of this shape that the window covers."""
        rows, columns = shape
        return (
            slice(max(self.row, 0), min(self.row + self.size, rows)),
            slice(max(self.column, 0), min(self.column + self.size, columns)),
        )

    def within_patch(self, shape: tuple[int, int]) -> Slices:
        """Return the same pixels, counted from the corner of the window."""
        rows, columns = self.inside(shape)
        return (
            slice(rows.start - self.row, rows.stop - self.row),
            slice(columns.start - self.column, columns.stop - self.column),
        )

    def cut(self, values: FloatArray) -> FloatArray:
        """Cut the window out of an array (C, rows, columns), zero beyond the raster."""
        shape = (values.shape[1], values.shape[2])
        patch = np.zeros((len(values), self.size, self.size), np.float32)
        patch[:, *self.within_patch(shape)] = values[:, *self.inside(shape)]
        return patch


def grid_corner(transform: Affine) -> tuple[int, int]:
    """Row and column of a raster's corner on the fixed grid, counted from its origin, south-east.

    Parameters
    ----------
    transform : affine.Affine
        North-up with square pixels; a corner between two pixels counts as the nearer.
    """
    return round(transform.f / transform.e), round(transform.c / transform.a)


def windows(
    shape: tuple[int, int], patch: int, stride: int, corner: tuple[int, int] = (0, 0)
) -> list[Window]:
    """Lay windows over a raster so that every pixel is covered.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster, each 1 or more.
    patch : int
        Side of a window in pixels.
    stride : int
        Pixels from one window to the next, 1 to `patch`.
    corner : (int, int)
        Row and column of the raster's corner on the fixed grid, see `grid_corner`.

    Returns
    -------
    list of Window
        Row by row from the north-western corner.

    Raises
    ------
    ModelError
        If the stride would leave gaps.
    """
    check_stride(stride, patch)
    rows, columns = (
        _starts(length, patch, stride, at) for length, at in zip(shape, corner, strict=True)
    )
    return [Window(row, column, patch) for row in rows for column in columns]


def check_stride(stride: int, patch: int) -> None:
    """Refuse a stride that would leave gaps between windows of this size (ModelError)."""
    if not 1 <= stride <= patch:
        raise ModelError(
            f"The stride is {stride} pixels; possible are 1 to {patch}, the side of the windows "
            "of this model. Half of it is usual."
        )


def _starts(length: int, patch: int, stride: int, corner: int) -> list[int]:
    if length <= patch:
        return [-((patch - length) // 2)]
    first, last = -(corner % stride), length - patch
    # Up to the first that covers the end; those beyond either end move inwards.
    on_grid = range(first, last + stride, stride)
    return sorted({min(max(start, 0), last) for start in on_grid})


def gaussian_weights(patch: int) -> FloatArray:
    """Blending weights exp(-r²/2), r from the centre of a patch that spans [-1, 1]².

    They fall from 1 in the centre to 0.61 at the middle of an edge and 0.37 in a corner, as in
    the inference of Maslov et al. (2025, Nature Communications 16:43).

    Returns
    -------
    ndarray of float32, (patch, patch)
    """
    profile = np.exp(-0.5 * np.linspace(-1.0, 1.0, patch) ** 2)
    return np.outer(profile, profile).astype(np.float32)


class Blend:
    """Weighted mean of overlapping windows, gathered one by one and given up row by row.

    Only rows that still wait for windows are held, so that memory does not grow with the raster.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster.
    patch : int
        Side of the windows in pixels.
    first : int
        First row that is wanted; what windows say of rows above is dropped.
    """

    def __init__(self, shape: tuple[int, int], patch: int, first: int = 0) -> None:
        self._shape = shape
        self._weights = gaussian_weights(patch)
        self._first = first
        self._weighted_sum = np.zeros((0, shape[1]), np.float32)
        self._total_weight = np.zeros((0, shape[1]), np.float32)

    def add(self, window: Window, values: FloatArray) -> None:
        """Add the values (patch, patch) of one window."""
        rows, columns = window.inside(self._shape)
        if rows.stop <= self._first:
            return
        self._hold(rows.stop)
        inner_rows, inner_columns = window.within_patch(self._shape)
        above = max(self._first - rows.start, 0)
        held = (slice(rows.start + above - self._first, rows.stop - self._first), columns)
        seen = (slice(inner_rows.start + above, inner_rows.stop), inner_columns)
        self._weighted_sum[held] += self._weights[seen] * values[seen]
        self._total_weight[held] += self._weights[seen]

    def take(self, end: int) -> FloatArray:
        """Give up the blended rows from the first held to `end`, NaN where no window came."""
        self._hold(end)
        count = end - self._first
        total, weight = self._weighted_sum[:count], self._total_weight[:count]
        blended = np.full(total.shape, np.nan, np.float32)
        np.divide(total, weight, out=blended, where=weight > 0)
        self._weighted_sum = self._weighted_sum[count:].copy()
        self._total_weight = self._total_weight[count:].copy()
        self._first = end
        return blended

    def mean(self) -> FloatArray:
        """Give up all rows that are left, NaN where no window came."""
        return self.take(self._shape[0])

    def _hold(self, end: int) -> None:
        missing = end - self._first - len(self._weighted_sum)
        if missing > 0:
            more = np.zeros((missing, self._shape[1]), np.float32)
            self._weighted_sum = np.concatenate([self._weighted_sum, more])
            self._total_weight = np.concatenate([self._total_weight, more])
