"""Cloud-optimised GeoTIFFs written strip by strip: memory does not grow with them."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from affine import Affine
from numpy.typing import NDArray
from rasterio import open as open_raster
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.shutil import copy as copy_raster
from rasterio.windows import Window

from glacier_core.errors import StorageError
from glacier_core.settings import settings

STRIP_ROWS: Final = 512
"""Rows read or written at once: a row of blocks of the files."""

BLOCK: Final = 512
"""Side of the blocks of the files in pixels."""

WriteRows = Callable[[int, NDArray[Any]], None]
"""Takes the number of the first row, and rows (bands, any, columns)."""


def is_large(shape: tuple[int, ...]) -> bool:
    """Return whether a raster of so many rows and columns is not to be held in memory."""
    return math.prod(shape) > settings().memory_pixels


def strips_of(rows: int) -> Iterator[tuple[int, int]]:
    """Yield the first row of every strip of a raster, and the one after its last."""
    for first in range(0, rows, STRIP_ROWS):
        yield first, min(first + STRIP_ROWS, rows)


@contextmanager
def cog_in_strips(
    path: Path,
    *,
    shape: tuple[int, int],
    transform: Affine,
    crs: CRS,
    dtype: str,
    nodata: float | None,
    bands: Sequence[str],
    units: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    **creation: Any,
) -> Iterator[WriteRows]:
    """Write a cloud-optimised GeoTIFF without ever holding the whole of it.

    Parameters
    ----------
    path : Path
    shape : (int, int)
        Rows and columns.
    transform, crs, dtype, nodata
        As of every GeoTIFF.
    bands, units : sequence of str
        Names of the bands, and what they are measured in.
    tags : mapping, optional
    **creation
        Options of GDAL's driver COG, such as ``compress`` and ``overview_resampling``.

    Yields
    ------
    callable
        Writes rows, see :data:`WriteRows`; the file is there once the block ends without an
        error. GDAL does not always tell when the disk is full: read back what matters.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    beside = path.with_name(f"{path.stem}.strips.tif")
    try:
        with open_raster(
            beside,
            "w",
            driver="GTiff",
            height=shape[0],
            width=shape[1],
            count=len(bands),
            dtype=dtype,
            crs=crs,
            transform=transform,
            nodata=nodata,
            tiled=True,
            blockxsize=BLOCK,
            blockysize=BLOCK,
            bigtiff="IF_SAFER",
        ) as raster:
            raster.descriptions = tuple(bands)
            if units:
                raster.units = tuple(units)
            raster.update_tags(**(tags or {}))

            def write(first: int, rows: NDArray[Any]) -> None:
                raster.write(rows, window=Window(0, first, shape[1], rows.shape[1]))

            yield write
        copy_raster(beside, path, driver="COG", bigtiff="IF_SAFER", **creation)
    except RasterioError as error:
        raise StorageError(f"{path} cannot be written ({error}). Is the disk full?") from error
    finally:
        beside.unlink(missing_ok=True)
