"""Imagery and terrain of GeoTIFFs on one grid, read as a whole or some rows at a time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.io import DatasetReader
from rasterio.warp import transform_bounds

from glacier_core.errors import SceneError
from glacier_core.grid import check_grid
from glacier_core.scene import BANDS
from glacier_core.slope import horn_slope
from glacier_core.sources.declared_bands import Places
from glacier_core.sources.geotiffs import (
    Values,
    coincide,
    crs_of,
    onto_grid,
    open_geotiff,
    read_bands,
)

FloatArray = NDArray[np.float32]

_MARGIN = 1
"""Rows and columns around the grid whose elevation the slope needs."""


@dataclass(frozen=True)
class Grid:
    """The grid of the imagery, and the coordinate system that its file declares."""

    transform: Affine
    shape: tuple[int, int]
    crs: CRS
    file_crs: CRS | None

    def part(self, first: int, end: int, margin: int = 0) -> "Grid":
        """Return the grid of some rows, with a margin of pixels on all sides."""
        corner = self.transform @ Affine.translation(-margin, first - margin)
        shape = (end - first + 2 * margin, self.shape[1] + 2 * margin)
        return Grid(corner, shape, self.crs, self.file_crs)


@dataclass(frozen=True)
class Layers:
    """Optical bands (6, rows, columns), elevation in metres and slope in degrees."""

    optical: FloatArray
    elevation: FloatArray
    slope: FloatArray


class FileLayers:
    """Imagery and terrain of GeoTIFFs, brought onto the grid of the imagery.

    Parameters
    ----------
    bands : dict
        Where each band lies, see :func:`glacier_core.sources.declared_bands.declared_bands`.
    values : Values
    elevation : Path
    slope : Path or None
        Computed from the elevation if None.
    crs : anything rasterio understands, optional
        Coordinate system of the imagery, where the file has none or a nameless one.
    resampling : str
        How terrain comes onto the grid where its own is another.

    Attributes
    ----------
    grid : Grid
    notes : list of str
        What was resampled.

    Raises
    ------
    SceneError
        When a file cannot be used as it is.
    """

    def __init__(
        self,
        bands: Places,
        values: Values,
        elevation: Path,
        slope: Path | None,
        *,
        crs: Any,
        resampling: str,
    ) -> None:
        self._bands, self._values, self._resampling = bands, values, resampling
        self._elevation, self._slope = elevation, slope
        self.grid = _shared_grid(bands, crs)
        terrain = {"elevation": elevation} | ({} if slope is None else {"slope": slope})
        self.notes = [
            f"The {what} was brought onto the grid of the imagery: {resampling} resampling."
            for what, path in terrain.items()
            if not self._fits(path, what)
        ]

    def read(self, first: int, end: int) -> Layers:
        """Read some rows.

        Raises
        ------
        SceneError
            When a file is damaged.
        """
        wide = self._terrain(self._elevation, self.grid.part(first, end, _MARGIN))
        inner = (slice(_MARGIN, -_MARGIN), slice(_MARGIN, -_MARGIN))
        if self._slope is None:
            slope = horn_slope(wide, self.grid.transform.a)[inner]
        else:
            slope = self._terrain(self._slope, self.grid.part(first, end))
        return Layers(self._imagery(first, end), wide[inner], slope)

    def _imagery(self, first: int, end: int) -> FloatArray:
        optical = np.empty((len(BANDS), end - first, self.grid.shape[1]), np.float32)
        for path in dict.fromkeys(path for path, _ in self._bands.values()):
            here = {name: index for name, (file, index) in self._bands.items() if file == path}
            with open_geotiff(path) as raster:
                read = read_bands(raster, list(here.values()), self._values, rows=(first, end))
            for name, band in zip(here, read, strict=True):
                optical[BANDS.index(name)] = band
        return optical

    def _terrain(self, path: Path, grid: Grid) -> FloatArray:
        with open_geotiff(path) as raster:
            return onto_grid(
                raster,
                grid.transform,
                grid.shape,
                grid.crs,
                own_crs=self._own_crs(raster, path),
                resampling=self._resampling,
            )

    def _fits(self, path: Path, what: str) -> bool:
        """Tell whether terrain has the pixels of the imagery; refuse what cannot be used."""
        with open_geotiff(path) as raster:
            if raster.count != 1:
                raise SceneError(f"{path.name} has {raster.count} bands; a file of {what} has one.")
            own = self._own_crs(raster, path)
            _check_overlap(raster, own, self.grid, path.name)
            return own == self.grid.crs and coincide(raster.transform, self.grid.transform)

    def _own_crs(self, raster: DatasetReader, path: Path) -> CRS:
        grid = self.grid
        same = not raster.crs or raster.crs == grid.file_crs
        return crs_of(raster, path.name, grid.crs if same and grid.file_crs != grid.crs else None)


def _shared_grid(bands: Places, crs: Any) -> Grid:
    """Return the grid that all files of the imagery share."""
    grids: list[Grid] = []
    for path in dict.fromkeys(path for path, _ in bands.values()):
        with open_geotiff(path) as raster:
            own = crs_of(raster, path.name, crs)
            check_grid(raster.transform, raster.shape, own)
            grids.append(Grid(raster.transform, raster.shape, own, raster.crs))
        if grids[-1] != grids[0]:
            raise SceneError(
                f"{path.name} lies on another grid than the files before it: the bands must share "
                "one. Warp them onto one grid first."
            )
    return grids[0]


def _check_overlap(raster: DatasetReader, own: CRS, grid: Grid, name: str) -> None:
    rows, columns = grid.shape
    west, north = grid.transform.c, grid.transform.f
    east, south = grid.transform @ (columns, rows)
    left, bottom, right, top = transform_bounds(own, grid.crs, *raster.bounds)
    if not (left < east and right > west and bottom < north and top > south):
        raise SceneError(
            f"{name} does not overlap the imagery. It covers {left:.0f} to {right:.0f} east and "
            f"{bottom:.0f} to {top:.0f} north, the imagery {west:.0f} to {east:.0f} and "
            f"{south:.0f} to {north:.0f} (metres in {grid.crs.to_string()[:60]})."
        )
