"""How far apart mapped and expert boundaries lie, on the raster and as running sums.

A boundary pixel is glacier with scored background beside it (by a side, not a corner), so that
neither the edge of a tile nor missing data is a boundary. Its distance is that from its centre to
the centre of the nearest boundary pixel of the other, by an Euclidean distance transform: a raster
stand-in for `glacier_core.deviations.distance`, exact to about a pixel, that needs no polygons and
streams through any number of tiles. Own definition.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class BoundarySums:
    """Sums over boundary pixels; they add up over tiles.

    Attributes
    ----------
    predicted, expert : float
        Sum of the distances of boundary pixels to the boundary of the other, m.
    predicted_pixels, expert_pixels : int
        How many pixels that are.
    alone : int
        Boundary pixels in tiles where the other has no boundary: no distance is known.
    """

    predicted: float = 0.0
    expert: float = 0.0
    predicted_pixels: int = 0
    expert_pixels: int = 0
    alone: int = 0

    def __add__(self, other: "BoundarySums") -> "BoundarySums":
        """Return the sums over both."""
        return BoundarySums(
            self.predicted + other.predicted,
            self.expert + other.expert,
            self.predicted_pixels + other.predicted_pixels,
            self.expert_pixels + other.expert_pixels,
            self.alone + other.alone,
        )

    @property
    def mean_distance(self) -> float:
        """Mean distance in metres, each direction with half the weight; NaN without boundary."""
        if not self.predicted_pixels or not self.expert_pixels:
            return float("nan")
        ours, theirs = self.predicted / self.predicted_pixels, self.expert / self.expert_pixels
        return (ours + theirs) / 2

    @property
    def pixels(self) -> int:
        """Boundary pixels whose distance is known."""
        return self.predicted_pixels + self.expert_pixels

    @property
    def left_out(self) -> float:
        """Share of all boundary pixels whose distance is not known; NaN without boundary."""
        whole = self.pixels + self.alone
        return self.alone / whole if whole else float("nan")


def boundary_sums(
    predicted: BoolArray, expert: BoolArray, scored: BoolArray, size: tuple[float, float]
) -> BoundarySums:
    """Sum the distances between two boundaries of one tile.

    Parameters
    ----------
    predicted, expert : ndarray of bool, (rows, columns)
        What each calls glacier.
    scored : ndarray of bool, (rows, columns)
        Where the truth is known.
    size : (float, float)
        Height and width of a pixel in metres.
    """
    ours, theirs = _boundary(predicted, scored), _boundary(expert, scored)
    here, there = int(ours.sum()), int(theirs.sum())
    if not here or not there:
        return BoundarySums(alone=here + there)
    return BoundarySums(
        _summed_distance(ours, theirs, size), _summed_distance(theirs, ours, size), here, there
    )


def _boundary(glacier: BoolArray, scored: BoolArray) -> BoolArray:
    beside: BoolArray = ndimage.binary_dilation(scored & ~glacier)
    return glacier & scored & beside


def _summed_distance(pixels: BoolArray, other: BoolArray, size: tuple[float, float]) -> float:
    away = ndimage.distance_transform_edt(~other, sampling=size)
    return float(away[pixels].sum())
