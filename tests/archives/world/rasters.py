"""Files of pixels, as archives hold them: cloud-optimised GeoTIFF, JPEG 2000, JPEG."""

import rasterio.shutil
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from .places import Raster


def cog(pixels: NDArray, raster: Raster, *, nodata: float | None = None, **options) -> bytes:
    """Return a cloud-optimised GeoTIFF of one band, in blocks of 128 pixels with overviews."""
    creation = {"COMPRESS": "DEFLATE", "BLOCKSIZE": 128, "OVERVIEWS": "AUTO", **options}
    return _copied(pixels, raster, "tif", nodata, driver="COG", **creation)


def jpeg2000(pixels: NDArray, raster: Raster) -> bytes:
    """Return a lossless JPEG 2000 file in tiles of 192 pixels."""
    creation = {"QUALITY": 100, "REVERSIBLE": True, "YCBCR420": False}
    return _copied(
        pixels,
        raster,
        "jp2",
        None,
        driver="JP2OpenJPEG",
        BLOCKXSIZE=192,
        BLOCKYSIZE=192,
        **creation,
    )


def jpeg(pixels: NDArray, raster: Raster) -> bytes:
    """Return a JPEG of three bands of bytes."""
    return _copied(pixels, raster, "jpg", None, driver="JPEG", QUALITY=85)


def _copied(pixels, raster, ending, nodata, **creation) -> bytes:
    bands = pixels if pixels.ndim == 3 else pixels[None]
    grid = {"transform": raster.transform, "crs": f"EPSG:{raster.epsg}", "nodata": nodata}
    count, height, width = bands.shape
    with MemoryFile() as plain, MemoryFile(ext=ending) as finished:
        with plain.open(
            driver="GTiff", dtype=bands.dtype, count=count, height=height, width=width, **grid
        ) as target:
            target.write(bands)
        rasterio.shutil.copy(plain.name, finished.name, **creation)
        return finished.read()
