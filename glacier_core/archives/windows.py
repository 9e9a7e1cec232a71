"""Which pixels of a raster a grid needs, and at which of its resolutions."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.windows import Window

from glacier_core.archives.area_grid import AreaGrid

BLOCK: Final = 2048
"""Most pixels a side of the grid that are filled at once."""

_LATTICE: Final = 8
"""Pixels of the grid between two that are looked up in the raster, to find the part it needs."""

_KERNEL: Final = 4
"""Source pixels around a point that the widest resampling rule (Lanczos: 3) looks at, and one."""

_NEARLY_ONE: Final = 0.95
"""Pixels of the grid a source pixel, from which on both count as equally large: two UTM zones
differ by less than that."""


@dataclass(frozen=True)
class Block:
    """A rectangle of a grid.

    Attributes
    ----------
    rows, columns : slice
    transform : affine.Affine
        Of its own corner.
    """

    rows: slice
    columns: slice
    transform: Affine

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.rows.stop - self.rows.start, self.columns.stop - self.columns.start


@dataclass(frozen=True)
class Fit:
    """How the pixels of a raster compare with those of a grid.

    Attributes
    ----------
    to_raster : pyproj.Transformer
        From the coordinate system of the grid to that of the raster.
    decimation : int
        Every how many-th pixel is enough: 1, or the step of one of the raster's overviews.
    scale : (float, float)
        Pixels of the grid a (decimated) pixel of the raster, along x and y of the grid; 1 at most.
        It is a matter of the raster and of the resolution alone, so that a part of a grid is
        resampled just as the whole.
    """

    to_raster: Transformer
    decimation: int
    scale: tuple[float, float]


def fit(raster: DatasetReader, band: int, grid: AreaGrid, resampling: Resampling) -> Fit:
    """Compare the pixels of a raster with those of a grid.

    Parameters
    ----------
    raster : rasterio.io.DatasetReader
    band : int
        From 1.
    grid : AreaGrid
    resampling : rasterio.enums.Resampling

    Returns
    -------
    Fit
        Overviews are used where they are as fine as the grid, but none for the nearest pixel in
        a JPEG 2000: there they are smoothed, and a smoothed class is none.
    """
    ours, theirs = grid.crs.to_wkt(), raster.crs.to_wkt()
    to_grid = Transformer.from_crs(theirs, ours, always_xy=True)
    to_raster = Transformer.from_crs(ours, theirs, always_xy=True)
    scale = _scale(raster, grid.resolution, to_grid, to_raster)
    smoothed = raster.driver.startswith("JP2") and resampling == Resampling.nearest
    steps = [1] if smoothed else [1, *raster.overviews(band)]
    decimation = max(step for step in steps if step * max(scale) <= 1 or step == 1)
    x, y = (_at_most_one(decimation * along) for along in scale)
    return Fit(to_raster, decimation, (x, y))


def blocks(grid: AreaGrid, found: Fit) -> list[Block]:
    """Cut a grid into blocks, smaller ones where many source pixels go into one of the grid."""
    side = max(64, int(BLOCK * min(found.scale)))
    rows, columns = grid.shape
    return [
        Block(
            slice(top, min(top + side, rows)),
            slice(left, min(left + side, columns)),
            grid.transform @ Affine.translation(left, top),
        )
        for top in range(0, rows, side)
        for left in range(0, columns, side)
    ]


def needed_window(raster: DatasetReader, block: Block, found: Fit) -> Window | None:
    """Return the part of a raster that a block of a grid needs, None where they do not meet.

    Points of the block that lie nowhere in the raster's coordinate system, or on the other side
    of the antimeridian, are left out one by one, so that no box around the world comes of them.
    """
    columns, rows = _lattice_in_raster(raster, block, found.to_raster)
    margin = found.decimation * (_KERNEL + 0.75 * _LATTICE) / min(found.scale)
    near = (abs(columns - raster.width / 2) <= raster.width / 2 + margin) & (
        abs(rows - raster.height / 2) <= raster.height / 2 + margin
    )
    if not near.any():
        return None
    left, right = _span(columns[near], margin, raster.width, found.decimation)
    top, bottom = _span(rows[near], margin, raster.height, found.decimation)
    if left >= right or top >= bottom:
        return None
    return Window(left, top, right - left, bottom - top)


def _lattice_in_raster(
    raster: DatasetReader, block: Block, to_raster: Transformer
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return columns and rows of the raster under a lattice of points of the block."""
    rows, columns = (np.append(np.arange(0, size, _LATTICE), size) for size in block.shape)
    across: Any = columns[None, :] + 0.0 * rows[:, None]
    down: Any = rows[:, None] + 0.0 * columns[None, :]
    return _pixels(raster, *to_raster.transform(*(block.transform @ (across, down))))


def _pixels(raster: DatasetReader, x: Any, y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return columns and rows of places; infinite where a place is nowhere."""
    columns, rows = ~raster.transform @ (np.asarray(x), np.asarray(y))
    return np.asarray(columns), np.asarray(rows)


def _span(
    positions: NDArray[np.float64], margin: float, size: int, decimation: int
) -> tuple[int, int]:
    """Return first and last pixel, whole decimated ones: the rest at the far edge is left out."""
    first = int(np.floor((positions.min() - margin) / decimation)) * decimation
    last = int(np.ceil((positions.max() + margin) / decimation)) * decimation
    return max(first, 0), min(last, size // decimation * decimation)


def _scale(
    raster: DatasetReader, resolution: float, to_grid: Transformer, to_raster: Transformer
) -> tuple[float, float]:
    """Return pixels of the grid a pixel of the raster, along x and y, at the raster's middle."""
    middle = raster.transform @ (raster.width / 2, raster.height / 2)
    x, y = to_grid.transform(*middle)
    steps = to_raster.transform([x, x + resolution, x], [y, y, y - resolution])
    columns, rows = _pixels(raster, *steps)
    moved = np.hypot(columns[1:] - columns[0], rows[1:] - rows[0])
    if not (np.isfinite(moved).all() and (moved > 0).all()):
        return 1.0, 1.0
    return float(1 / moved[0]), float(1 / moved[1])


def _at_most_one(scale: float) -> float:
    return 1.0 if scale > _NEARLY_ONE else scale
