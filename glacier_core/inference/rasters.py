"""Layers of a map as cloud-optimised GeoTIFFs, with overviews and tags."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import rioxarray
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from rasterio import open as open_raster
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile

from glacier_core.disk import write_file
from glacier_core.errors import StorageError
from glacier_core.strips import cog_in_strips, strips_of

ColourTable = Mapping[int, tuple[int, int, int, int]]  # red, green, blue, opacity
COMPRESSED: Final = {"compress": "DEFLATE", "predictor": "YES"}


def write_layer(
    path: Path,
    layer: NDArray[Any],
    *,
    transform: Affine,
    crs: CRS,
    nodata: float | None,
    tags: Mapping[str, str],
    colours: ColourTable | None = None,
) -> None:
    """Write one layer as a cloud-optimised GeoTIFF, losslessly compressed.

    The file is named after the layer. Overviews are means, or the commonest class where there is
    a colour table.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    rows, columns = layer.shape
    # Made in memory, as GDAL does not tell of every failure to write to a disk.
    with MemoryFile() as memory:
        with memory.open(
            driver="COG",
            height=rows,
            width=columns,
            count=1,
            dtype=layer.dtype,
            crs=crs,
            transform=transform,
            nodata=nodata,
            **COMPRESSED,
            overview_resampling="MODE" if colours else "AVERAGE",
        ) as raster:
            raster.write(layer, 1)
            raster.set_band_description(1, path.stem)
            raster.update_tags(**tags)
            if colours:
                raster.write_colormap(1, dict(colours))
        write_file(path, bytes(memory.getbuffer()))


@contextmanager
def layer_in_strips(
    path: Path, *, shape: tuple[int, int], transform: Affine, crs: CRS, tags: Mapping[str, str]
) -> Iterator[Callable[[int, NDArray[np.float32]], None]]:
    """Write one float32 layer, as `write_layer` does, without ever holding the whole of it.

    Yields
    ------
    callable
        Takes the number of the first row and rows (any, columns); the file is there once the
        block ends without an error.

    Raises
    ------
    StorageError
        If the disk refuses.
    """
    with cog_in_strips(
        path,
        shape=shape,
        transform=transform,
        crs=crs,
        dtype="float32",
        nodata=float("nan"),
        bands=[path.stem],
        tags=tags,
        overview_resampling="AVERAGE",
        **COMPRESSED,
    ) as write:
        yield lambda first, rows: write(first, rows[np.newaxis])


def lazy_layer(path: Path) -> tuple[xr.DataArray, Affine, CRS]:
    """Open the one layer of a GeoTIFF as `read_layer` does; pixels are read when asked for.

    The layer is (y, x), without coordinates.

    Raises
    ------
    StorageError
        If the file is absent or damaged.
    """
    try:
        opened = rioxarray.open_rasterio(path, cache=False, driver="GTiff")
    except (RasterioError, OSError) as error:
        raise StorageError(f"The layer {path} is absent or damaged ({error}).") from error
    if not isinstance(opened, xr.DataArray) or opened.rio.crs is None:
        raise StorageError(f"The layer {path} is damaged: it has no coordinate system.")
    layer = opened.isel(band=0).drop_vars(opened.coords).drop_attrs()
    return layer, opened.rio.transform(), opened.rio.crs


def by_rows(
    function: Callable[[NDArray[Any]], NDArray[Any]], layer: xr.DataArray, dtype: Any
) -> NDArray[Any]:
    """Apply a function of single pixels to a layer (y, x), some rows at a time.

    Neither a layer that lies on disk nor what the function needs in between is ever in memory
    as a whole.
    """
    found = np.empty(layer.shape, dtype)
    for first, end in strips_of(len(found)):
        rows = slice(first, end)
        found[rows] = function(layer.isel(y=rows).to_numpy())
    return found


def read_layer(path: Path) -> tuple[NDArray[Any], Affine, CRS]:
    """Read the one layer of a GeoTIFF, its transform and its coordinate system.

    Raises
    ------
    StorageError
        If the file is absent or damaged.
    """
    try:
        with open_raster(path, driver="GTiff") as raster:
            if raster.crs is None:  # lost with the end of a truncated file
                raise StorageError(f"The layer {path} is damaged: it has no coordinate system.")
            return raster.read(1), raster.transform, raster.crs
    except (RasterioError, NotGeoreferencedWarning, OSError) as error:
        raise StorageError(f"The layer {path} is absent or damaged ({error}).") from error
