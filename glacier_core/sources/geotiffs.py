"""GeoTIFFs of people and archives, read without trusting them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # raised by warping; it has no public name
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.warp import reproject
from rasterio.windows import Window

from glacier_core.errors import SceneError
from glacier_core.settings import settings

RESAMPLING: Final = ("nearest", "bilinear", "cubic", "average")
"""Rules by which a raster is brought onto another grid."""

_BEGINNINGS: Final = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
"""First bytes of TIFF and BigTIFF, in both byte orders (TIFF 6.0, section 2)."""

_MOST_BANDS: Final = 100
_LARGEST_BLOCK: Final = 1 << 29
"""Bytes of one block, unpacked: small files whose blocks swell beyond this are bombs."""

_LARGEST_RATIO: Final = 1000
"""Deflate cannot do more (1032), and pixels that mean something allow far less."""

_HARMLESS: Final = 200_000_000
_MOST_OVERVIEWS: Final = 32
"""Each has half the side of the one before: a side has 32 bits."""

_OPENING: Final = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
"""Nothing but the file itself is looked at: no sidecar can change what it says."""


@dataclass(frozen=True)
class Values:
    """How the numbers of a file become reflectances: ``value * scale + offset``.

    Attributes
    ----------
    scale, offset : float or None
        What the file itself declares if None.
    nodata : float or None
        A value that means no data, besides what the file itself declares.
    """

    scale: float | None
    offset: float | None
    nodata: float | None


@contextmanager
def open_geotiff(path: Path) -> Iterator[DatasetReader]:
    """Open a GeoTIFF after looking at its first bytes and its header, before any pixel.

    Parameters
    ----------
    path : Path

    Yields
    ------
    rasterio.io.DatasetReader
        To be used by this thread only.

    Raises
    ------
    SceneError
        When there is no such file, it is no GeoTIFF, too large, or damaged: also when that
        shows only while the pixels are read.
    """
    _check_beginning(path)
    try:
        with (
            rasterio.Env(**_OPENING),
            rasterio.open(path.resolve(), driver="GTiff") as raster,
        ):
            _check_header(raster, path.name)
            yield raster
    except RasterioError as problem:
        raise SceneError(
            f"{path.name} is damaged or incomplete: it begins like a GeoTIFF but cannot be read "
            "to its end. Copy or download it again."
        ) from problem
    except CPLE_BaseError as problem:
        raise SceneError(
            f"{path.name} cannot be brought onto the imagery ({str(problem)[:150]!r}). Check the "
            "coordinate systems of both, and warp it yourself with gdalwarp where need be."
        ) from problem


def read_bands(
    raster: DatasetReader, indexes: Sequence[int], values: Values, rows: tuple[int, int]
) -> NDArray[np.float32]:
    """Return some rows of bands as float32 with NaN for no data.

    Parameters
    ----------
    raster : rasterio.io.DatasetReader
    indexes : sequence of int
        Band numbers, from 1.
    values : Values
    rows : (int, int)
        The first row, and the one after the last.

    Returns
    -------
    ndarray of float32, (bands, rows, columns)
    """
    window = Window(0, rows[0], raster.width, rows[1] - rows[0])
    shape = (len(indexes), rows[1] - rows[0], raster.width)
    bands: NDArray[np.float32] = np.empty(shape, dtype=np.float32)
    for position, index in enumerate(indexes):
        band = raster.read(index, window=window, masked=True)
        missing = np.ma.getmaskarray(band) | (np.ma.getdata(band) == values.nodata)
        factor = raster.scales[index - 1] if values.scale is None else values.scale
        shift = raster.offsets[index - 1] if values.offset is None else values.offset
        reflectance = np.ma.getdata(band).astype(np.float64) * factor + shift
        bands[position] = np.where(missing, np.nan, reflectance)
    return bands


def onto_grid(
    raster: DatasetReader,
    transform: Affine,
    shape: tuple[int, int],
    crs: CRS,
    *,
    own_crs: CRS,
    resampling: str,
) -> NDArray[np.float32]:
    """Return the first band of a raster on another grid, NaN where there is no data.

    Parameters
    ----------
    raster : rasterio.io.DatasetReader
    transform, shape, crs
        The other grid.
    own_crs : rasterio.crs.CRS
        Coordinate system of the raster.
    resampling : str
        One of :data:`RESAMPLING`. Not used where the pixels :func:`coincide`: those are copied.

    Returns
    -------
    ndarray of float32, (rows, columns)
        In the unit of the file, its declared scale and offset applied.
    """
    target: NDArray[np.float32] = np.full(shape, np.nan, dtype=np.float32)
    if own_crs == crs and coincide(raster.transform, transform):
        shift = ~raster.transform @ transform
        _copy(raster, round(shift.f), round(shift.c), target)
    else:
        _warp(raster, transform, crs, own_crs, resampling, target)
    return target * np.float32(raster.scales[0]) + np.float32(raster.offsets[0])


def coincide(one: Affine, other: Affine) -> bool:
    """Return whether two grids have the same pixels, apart from where they begin and end."""
    shift = ~one @ other
    same_size = np.allclose([shift.a, shift.b, shift.d, shift.e], [1, 0, 0, 1], atol=1e-6)
    whole = np.allclose([shift.c, shift.f], np.round([shift.c, shift.f]), atol=1e-3)
    return bool(same_size and whole)


def _warp(
    raster: DatasetReader,
    transform: Affine,
    crs: CRS,
    own_crs: CRS,
    resampling: str,
    target: NDArray[np.float32],
) -> None:
    reproject(
        rasterio.band(raster, 1),
        target,
        src_crs=own_crs,
        dst_transform=transform,
        dst_crs=crs,
        dst_nodata=np.nan,
        resampling=Resampling[resampling],
    )


def _copy(
    raster: DatasetReader, first_row: int, first_column: int, target: NDArray[np.float32]
) -> None:
    """Fill the target with the pixels it shares with the raster."""
    rows = slice(max(first_row, 0), min(first_row + target.shape[0], raster.height))
    columns = slice(max(first_column, 0), min(first_column + target.shape[1], raster.width))
    if rows.start < rows.stop and columns.start < columns.stop:
        window = ((rows.start, rows.stop), (columns.start, columns.stop))
        pixels = raster.read(1, window=window, masked=True)
        target[
            rows.start - first_row : rows.stop - first_row,
            columns.start - first_column : columns.stop - first_column,
        ] = pixels.astype(np.float32).filled(np.nan)


def _check_beginning(path: Path) -> None:
    if not path.is_file():
        raise SceneError(f"There is no file {path}.")
    with path.open("rb") as file:
        beginning = file.read(4)
    if beginning not in _BEGINNINGS:
        raise SceneError(
            f"{path.name} is not a GeoTIFF, whatever its name says (its first bytes are "
            f"{beginning!r}). Export the raster as GeoTIFF."
        )


def _check_header(raster: DatasetReader, name: str) -> None:
    pixels, limit = raster.width * raster.height, settings().max_scene_pixels
    if pixels > limit:
        raise SceneError(
            f"{name} has {pixels:,} pixels; the limit is {limit:,} "
            "(GLACIER_MAX_SCENE_PIXELS). Cut out the part you need."
        )
    if raster.count > _MOST_BANDS:
        raise SceneError(f"{name} has {raster.count} bands; at most {_MOST_BANDS} are read.")
    _check_swelling(raster, name)
    if raster.transform.is_degenerate or not np.isfinite(raster.transform[:6]).all():
        raise SceneError(
            f"{name} lies nowhere: its transform gives pixels no size. Georeference it anew, for "
            "instance with gdal_edit.py -a_ullr."
        )
    rows, columns = raster.block_shapes[0]
    together = raster.count if raster.interleaving and raster.interleaving.name == "pixel" else 1
    if rows * columns * together * np.dtype(raster.dtypes[0]).itemsize > _LARGEST_BLOCK:
        raise SceneError(
            f"{name} is stored in blocks of {rows} x {columns} pixels, too large to be read piece "
            "by piece. Write it anew with gdal_translate -of COG IN OUT."
        )
    if np.dtype(raster.dtypes[0]).kind == "c":
        raise SceneError(f"{name} holds complex numbers; reflectances and metres are real ones.")


def _check_swelling(raster: DatasetReader, name: str) -> None:
    """Refuse a small file that claims a lot, and overviews that no raster has."""
    size = sum(np.dtype(kind).itemsize for kind in raster.dtypes) * raster.width * raster.height
    if size > max(_HARMLESS, _LARGEST_RATIO * Path(raster.name).stat().st_size):
        raise SceneError(
            f"{name} would swell more than {_LARGEST_RATIO}-fold, to {size / 1e6:,.0f} MB: hardly "
            "a pixel of it holds anything. Cut out the part that does."
        )
    steps = raster.overviews(1)
    if len(steps) > _MOST_OVERVIEWS or any(step < 1 for step in steps):
        raise SceneError(
            f"{name} has {len(steps)} overviews, which no raster needs. Write it anew with "
            "gdal_translate -of COG IN OUT."
        )


def crs_of(raster: DatasetReader, name: str, declared: Any = None) -> CRS:
    """Return the coordinate system of a raster, or the declared one where given.

    Raises
    ------
    SceneError
        When there is none.
    """
    if declared is not None:
        return CRS.from_user_input(declared)
    if not raster.crs:
        raise SceneError(
            f"{name} has no coordinate system. Assign the right one first, for instance with "
            f"gdal_edit.py -a_srs EPSG:32611 {name}, or declare it: crs='EPSG:32611'."
        )
    return raster.crs
