"""Windows over a raster of any size, and their blending into one map.

Windows overlap, as a network sees least context at the edge of its patch, and each pixel becomes
the mean of its windows, weighted towards their centres.

The last window of a row or column moves inwards to end with the raster, so that the network sees
as much of the scene as there is. Only a raster smaller than a patch is padded, with zeros on both
sides (the odd pixel below and to the right): a scaled zero is what networks know as missing.
"""

from dataclasses import dataclass

import numpy as np
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


def windows(shape: tuple[int, int], patch: int, stride: int) -> list[Window]:
    """Lay windows over a raster so that every pixel is covered.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster, each 1 or more.
    patch : int
        Side of a window in pixels.
    stride : int
        Pixels from one window to the next, 1 to `patch`.

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
    rows, columns = (_starts(length, patch, stride) for length in shape)
    return [Window(row, column, patch) for row in rows for column in columns]


def check_stride(stride: int, patch: int) -> None:
    """Refuse a stride that would leave gaps between windows of this size (ModelError)."""
    if not 1 <= stride <= patch:
        raise ModelError(
            f"The stride is {stride} pixels; possible are 1 to {patch}, the side of the windows "
            "of this model. Half of it is usual."
        )


def _starts(length: int, patch: int, stride: int) -> list[int]:
    if length <= patch:
        return [-((patch - length) // 2)]
    return [*range(0, length - patch, stride), length - patch]


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
    """Weighted mean of overlapping windows, gathered one by one.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the raster.
    patch : int
        Side of the windows in pixels.
    """

    def __init__(self, shape: tuple[int, int], patch: int) -> None:
        self._shape = shape
        self._weights = gaussian_weights(patch)
        self._weighted_sum = np.zeros(shape, np.float32)
        self._total_weight = np.zeros(shape, np.float32)

    def add(self, window: Window, values: FloatArray) -> None:
        """Add the values (patch, patch) of one window."""
        raster, patch = window.inside(self._shape), window.within_patch(self._shape)
        weights = self._weights[patch]
        self._weighted_sum[raster] += weights * values[patch]
        self._total_weight[raster] += weights

    def mean(self) -> FloatArray:
        """Return the blended raster, NaN where no window came."""
        blended = np.full(self._shape, np.nan, np.float32)
        return np.divide(
            self._weighted_sum, self._total_weight, out=blended, where=self._total_weight > 0
        )
