"""Small rasters of many pieces, as archives hold them."""

import numpy as np
import rasterio
from affine import Affine
from rasterio.io import MemoryFile

PIXELS = np.random.default_rng(5).integers(1, 10_000, (900, 900), dtype=np.uint16)
"""Noise: it does not compress, so the files have several pieces."""


def packed(driver="GTiff", pixels=PIXELS, **options):
    """Return the bytes of a raster of one band."""
    given = {
        "GTiff": {"tiled": True, "blockxsize": 128, "blockysize": 128, "compress": "deflate"},
        "JP2OpenJPEG": {"CODEC": "JP2", "QUALITY": "100", "REVERSIBLE": "YES", "BLOCKXSIZE": 256,
                        "BLOCKYSIZE": 256},
    }[driver]  # fmt: skip
    rows, columns = pixels.shape
    transform = Affine(10, 0, 500_000, 0, -10, 5_200_000)
    with MemoryFile() as memory:
        with memory.open(
            driver=driver, width=columns, height=rows, count=1, dtype=pixels.dtype,
            crs="EPSG:32632", transform=transform, **(given | options),
        ) as file:  # fmt: skip
            file.write(pixels, 1)
        return bytes(memory.getbuffer())


def empty(side, **options):
    """Return the bytes of a large GeoTIFF that holds not one pixel."""
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff",
            width=side,
            height=side,
            count=1,
            dtype="uint8",
            crs="EPSG:32632",
            transform=Affine(10, 0, 500_000, 0, -10, 5_200_000),
            SPARSE_OK=True,
            compress="deflate",
            **options,
        ):
            pass
        return bytes(memory.getbuffer())


def window(row, column, size=64):
    return rasterio.windows.Window(column, row, size, size)
