"""Layers of a map as cloud-optimised GeoTIFFs, with overviews and tags."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affine import Affine
from numpy.typing import NDArray
from rasterio import open as open_raster
from rasterio.crs import CRS
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import MemoryFile

from glacier_core.disk import write_file
from glacier_core.errors import StorageError

ColourTable = Mapping[int, tuple[int, int, int, int]]  # red, green, blue, opacity


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
            compress="DEFLATE",
            predictor="YES",
            overview_resampling="MODE" if colours else "AVERAGE",
        ) as raster:
            raster.write(layer, 1)
            raster.set_band_description(1, path.stem)
            raster.update_tags(**tags)
            if colours:
                raster.write_colormap(1, dict(colours))
        write_file(path, bytes(memory.getbuffer()))


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
