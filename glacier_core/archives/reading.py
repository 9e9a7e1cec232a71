"""Files of an archive brought onto the grid of an area: only the part that is needed."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.io import DatasetReader, MemoryFile
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.transfers import Tally
from glacier_core.archives.windows import Block, Fit, blocks, fit, needed_window
from glacier_core.errors import JobCancelled, SourceError
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.transfer import IsCancelled, Report, never, unreported

MaskedArray = np.ma.MaskedArray[Any, np.dtype[Any]]

AT_ONCE: Final = 6
"""Files that are read at the same time; archives slow down who asks for more."""

_EXACT: Final = 1e-12
"""Pixels that a place may be off. GDAL's own 0.125 makes a pixel depend on its neighbourhood, so
that a part would not equal the whole; rasterio takes no plain 0."""


def read_onto(
    grid: AreaGrid,
    url: str,
    *,
    band: int | tuple[int, ...] = 1,
    resampling: Resampling = Resampling.bilinear,
    no_data: Collection[float] = (),
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> MaskedArray:
    """Read a file onto a grid.

    Only the part of the file under the grid is read, of its overviews where the grid is coarser
    than the file. The result does not depend on how much else is read: any part of a grid comes
    out just as in the whole.

    Parameters
    ----------
    grid : AreaGrid
    url : str
        GeoTIFF or JPEG 2000.
    band : int or tuple of int, optional
        From 1; several are read in one go.
    resampling : rasterio.enums.Resampling, optional
        ``nearest`` for classes and flags.
    no_data : collection of float, optional
        Values that mean no data, besides what the file itself declares.
    report, cancelled : optional
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    masked array, (rows, columns), or (bands, rows, columns) where several are asked for
        Of the file's own type for ``nearest``, else float32; masked where the file has nothing.
        Under the mask lies the number of the nearest pixel, which tells one kind of no data from
        another, and 0 outside of the file.

    Raises
    ------
    SourceError
        When the file cannot be had, is damaged, or is not what it should be.
    JobCancelled
        When somebody stopped it.
    """
    only = {url.rsplit("/", 1)[-1]: url}
    found = read_many(
        grid,
        only,
        band=band,
        resampling=resampling,
        no_data=no_data,
        report=report,
        cancelled=cancelled,
    )
    return next(iter(found.values()))


def read_many(
    grid: AreaGrid,
    urls: Mapping[str, str],
    *,
    band: int | tuple[int, ...] = 1,
    resampling: Resampling = Resampling.bilinear,
    no_data: Collection[float] = (),
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> dict[str, MaskedArray]:
    """Read several files onto a grid, a few at a time.

    Parameters
    ----------
    grid : AreaGrid
    urls : mapping of str to str
        Addresses by the names that people are shown and the result goes by.
    band, resampling, no_data, report, cancelled : optional
        As for :func:`read_onto`.

    Returns
    -------
    dict of str to masked array
        As of :func:`read_onto`, in the order of ``urls``.

    Raises
    ------
    SourceError, JobCancelled
        As for :func:`read_onto`; what went wrong first ends the others.
    """
    bands = (band,) if isinstance(band, int) else band
    wanted = _Wanted(grid, bands, resampling, tuple(no_data))
    tally = Tally(f"Reading {', '.join(urls)}", len(urls), report)
    failed = Event()

    def stopped() -> bool:
        return cancelled() or failed.is_set()

    def read(name: str) -> MaskedArray:
        try:
            return _read(urls[name], wanted, _Told(name, tally, stopped))
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="reading") as pool:
        running = {name: pool.submit(read, name) for name in urls}
    _raise_first([job.exception() for job in running.values()])
    several = not isinstance(band, int)
    return {name: job.result() if several else job.result()[0] for name, job in running.items()}


@dataclass(frozen=True)
class _Wanted:
    """What is read of every file."""

    grid: AreaGrid
    bands: tuple[int, ...]
    resampling: Resampling
    no_data: tuple[float, ...]


@dataclass(frozen=True)
class _Told:
    """What is told of one file, and who may stop it."""

    name: str
    tally: Tally
    stopped: IsCancelled


def _raise_first(problems: Sequence[BaseException | None]) -> None:
    """Raise what went wrong first: all else was only stopped because of it."""
    raised = [problem for problem in problems if problem is not None]
    causes = [problem for problem in raised if not isinstance(problem, JobCancelled)]
    for problem in causes or raised:
        raise problem


def _read(url: str, wanted: _Wanted, told: _Told) -> MaskedArray:
    report = told.tally.of(told.name)
    with open_remote_raster(url, report=report, cancelled=told.stopped) as raster:
        if raster.crs is None:
            raise SourceError(f"{told.name} does not say where it lies. Take another scene.")
        missing = sorted(set(wanted.bands) - set(raster.indexes))
        if missing:
            raise SourceError(
                f"{told.name} has {raster.count} bands, no band {missing[0]}. Take another scene."
            )
        return _read_raster(raster, wanted, told)


def _read_raster(raster: DatasetReader, wanted: _Wanted, told: _Told) -> MaskedArray:
    own_type = np.dtype(raster.dtypes[wanted.bands[0] - 1])
    kept = own_type if wanted.resampling == Resampling.nearest else np.dtype(np.float32)
    shape = len(wanted.bands), *wanted.grid.shape
    values: MaskedArray = np.ma.masked_array(np.zeros(shape, dtype=kept), mask=True)
    found = fit(raster, wanted.bands[0], wanted.grid, wanted.resampling)
    parts = blocks(wanted.grid, found)
    for number, block in enumerate(parts, start=1):
        if told.stopped():
            raise JobCancelled("The transfer was stopped before all of it was here.")
        window = needed_window(raster, block, found)
        if window is not None:
            values[:, block.rows, block.columns] = _read_block(raster, window, block, found, wanted)
        told.tally.finished(told.name, number / len(parts))
    return values


def _read_block(
    raster: DatasetReader, window: Window, block: Block, found: Fit, wanted: _Wanted
) -> MaskedArray:
    pixels, missing, transform = _read_window(raster, window, found, wanted)
    values = np.where(missing, np.nan, pixels.astype(np.result_type(pixels, np.float32)))
    warped = _warp(values, transform, raster.crs, block, found, wanted)
    empty = np.isnan(warped)
    if empty.any() and missing.any():
        nearest = replace(wanted, resampling=Resampling.nearest)
        numbers = pixels.astype(values.dtype)
        under_mask = np.nan_to_num(_warp(numbers, transform, raster.crs, block, found, nearest))
    else:
        under_mask = np.zeros_like(warped)
    return np.ma.masked_array(np.where(empty, under_mask, warped), empty)


def _read_window(
    raster: DatasetReader, window: Window, found: Fit, wanted: _Wanted
) -> tuple[NDArray[Any], NDArray[np.bool_], Affine]:
    """Return the pixels of a window, where they are none, and the transform of their corner."""
    across, down = found.step
    rows, columns = round(window.height / down), round(window.width / across)
    shape = len(wanted.bands), rows, columns
    read = raster.read(list(wanted.bands), window=window, out_shape=shape, masked=True)
    pixels = np.ma.getdata(read)
    missing = np.ma.getmaskarray(read) | np.isin(pixels, wanted.no_data) | ~np.isfinite(pixels)
    placed = raster.transform @ Affine.scale(*found.spacing)
    corner = round(window.col_off / across), round(window.row_off / down)
    return pixels, missing, placed @ Affine.translation(*corner)


def _warp(
    pixels: NDArray[np.floating],
    transform: Affine,
    crs: CRS,
    block: Block,
    found: Fit,
    wanted: _Wanted,
) -> NDArray[np.floating]:
    count, rows, columns = pixels.shape
    shape_of_it = {"height": rows, "width": columns, "count": count, "dtype": pixels.dtype}
    with MemoryFile() as memory:
        with memory.open(
            driver="GTiff", crs=crs, transform=transform, nodata=np.nan, **shape_of_it
        ) as kept:
            kept.write(pixels)
        with (
            memory.open() as kept,
            WarpedVRT(
                kept,
                crs=wanted.grid.crs,
                transform=block.transform,
                height=block.shape[0],
                width=block.shape[1],
                resampling=wanted.resampling,
                nodata=np.nan,
                tolerance=_EXACT,
                XSCALE=repr(found.scale[0]),
                YSCALE=repr(found.scale[1]),
            ) as warped,
        ):
            return np.asarray(warped.read())
