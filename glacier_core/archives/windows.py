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
    size : (int, int)
        Columns and rows of the raster, or of the overview of it that is fine enough.
    step : (float, float)
        Columns and rows of the raster to ask for, for each that is read.
    spacing : (float, float)
        Columns and rows of the raster between two that are read.
    scale : (float, float)
        Pixels of the grid in one that is read, along x and y of the grid; 1 at most.
        It is a matter of the raster and of the resolution alone, so that a part of a grid is
        resampled just as the whole.
    """

    to_raster: Transformer
    size: tuple[int, int]
    step: tuple[float, float]
    spacing: tuple[float, float]
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
    return Fit(to_raster, *_overview(raster, decimation), (x, y))


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
    columns, rows = (
        places / spacing
        for places, spacing in zip(
            _lattice_in_raster(raster, block, found.to_raster), found.spacing, strict=True
        )
    )
    margin = (_KERNEL + 0.75 * _LATTICE) / min(found.scale)
    width, height = found.size
    near = (abs(columns - width / 2) <= width / 2 + margin) & (
        abs(rows - height / 2) <= height / 2 + margin
    )
    if not near.any():
        return None
    left, right = _span(columns[near], margin, width)
    top, bottom = _span(rows[near], margin, height)
    if left >= right or top >= bottom:
        return None
    across, down = found.step
    return Window(left * across, top * down, (right - left) * across, (bottom - top) * down)


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


def _span(positions: NDArray[np.float64], margin: float, size: int) -> tuple[int, int]:
    """Return the first pixel that is read, and the first that is not any more."""
    first, last = np.floor(positions.min() - margin), np.ceil(positions.max() + margin)
    return max(int(first), 0), min(int(last), size)


def _overview(
    raster: DatasetReader, decimation: int
) -> tuple[tuple[int, int], tuple[float, float], tuple[float, float]]:
    """Return size, step and spacing of an overview.

    GDAL spreads an overview over the whole file, so that where its size is no multiple of the
    decimation a pixel is a little less than so many. That is true of a GeoTIFF, whose overviews
    were made so; those of a JPEG 2000 are a whole number of pixels apart, whatever its size.
    """
    columns, rows = (-(-size // decimation) for size in (raster.width, raster.height))
    step = raster.width / columns, raster.height / rows
    exact = raster.driver.startswith("JP2")
    return (columns, rows), step, (decimation, decimation) if exact else step


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
