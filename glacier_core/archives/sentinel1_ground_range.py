"""Sentinel-1 ground-range images made sigma nought, and brought onto the grid of an area."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.io import DatasetReader
from rasterio.windows import Window
from scipy.ndimage import map_coordinates, uniform_filter

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.documents import fetch_document
from glacier_core.archives.geoid import geoid_height
from glacier_core.archives.sentinel1_geometry import (
    RadarImage,
    image_positions,
    mesh_heights,
    parse_annotation,
)
from glacier_core.archives.sentinel1_metadata import (
    MOST_BYTES,
    LookUpTable,
    Noise,
    parse_calibration,
    parse_noise,
)
from glacier_core.errors import SourceError
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.transfer import IsCancelled, Report
from glacier_core.scene import FloatArray

_BLOCK: Final = 1024
"""Pixels a side of the grid that are filled at once."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GroundRangeImage:
    """One polarisation of a ground-range product: its pixels' address and its annotations.

    Attributes
    ----------
    address : str
    geometry : RadarImage
    calibration : LookUpTable
        For sigma nought.
    noise : Noise, optional
        None where the processor took it off already.
    """

    address: str
    geometry: RadarImage
    calibration: LookUpTable
    noise: Noise | None


def find_image(
    pixels: str, calibration: str, noise: str, polarisation: str, cancelled: IsCancelled
) -> GroundRangeImage:
    """Fetch what is told of one polarisation.

    Parameters
    ----------
    pixels, calibration, noise : str
        Addresses.
    polarisation : str
        What it should be, in capitals.
    cancelled : callable

    Raises
    ------
    SourceError
        When an annotation is missing or damaged, or tells of another polarisation.

    Notes
    -----
    The annotation itself lies one folder above its calibration. Catalogues name another file in
    its place, that of interference (``annotation/rfi/…``).
    """

    def fetched(address: str) -> tuple[bytes, str]:
        content = fetch_document(address, most_bytes=MOST_BYTES, cancelled=cancelled)
        return content, address.rsplit("/", 1)[-1].partition("?")[0]

    above = re.sub(r"/calibration/calibration-([^/]+\.xml)", r"/\1", calibration)
    geometry = parse_annotation(*fetched(above))
    if geometry.polarisation != polarisation:
        raise SourceError(
            f"The archive offers an image as {polarisation}, but its annotation says "
            f"{geometry.polarisation[:10]!r}. Choose another scene."
        )
    return GroundRangeImage(
        pixels,
        geometry,
        parse_calibration(*fetched(calibration)),
        None if geometry.noise_removed else parse_noise(*fetched(noise)),
    )


def sigma_nought(
    numbers: NDArray[Any], line: int, sample: int, image: GroundRangeImage
) -> FloatArray:
    """Return sigma nought of a part of an image, linear; NaN where there is no number.

    Parameters
    ----------
    numbers : ndarray, (lines, samples)
        Amplitudes as stored; 0 is no data.
    line, sample : int
        Where the part begins in the image.
    image : GroundRangeImage

    Notes
    -----
    ``(DN^2 - noise) / A^2``, never below 0, with A and noise interpolated bilinearly: the
    radiometric calibration of Level-1 products (ESA-EOPG-CSCOP-TN-0002) and their thermal
    denoising (MPC-0392).
    """
    lines = line + np.arange(numbers.shape[0], dtype=np.float64)
    samples = sample + np.arange(numbers.shape[1], dtype=np.float64)
    power = numbers.astype(np.float64) ** 2
    if image.noise is not None:
        power = np.maximum(power - image.noise.at(lines, samples), 0)
    power /= image.calibration.at(lines, samples) ** 2
    power[numbers == 0] = np.nan
    return power.astype(np.float32)


def onto_grid(
    images: Mapping[str, GroundRangeImage],
    grid: AreaGrid,
    elevation: FloatArray | None,
    report: Report,
    cancelled: IsCancelled,
) -> dict[str, FloatArray]:
    """Return sigma nought on a grid, each pixel from where its ground lies in the images.

    Parameters
    ----------
    images : mapping of str to GroundRangeImage
        The polarisations of one product, which lie on each other.
    grid : AreaGrid
    elevation : ndarray, (rows, columns), optional
        Metres above sea level; the heights that come with the product where left out.
    report, cancelled : callable

    Returns
    -------
    dict of str to ndarray of float32, (rows, columns)
        NaN beyond the image. Where a pixel of the grid is larger than one of the image, those
        around are averaged first: an odd number a side, so that nothing moves.

    Raises
    ------
    SourceError
        When an image is not of the size that its annotation says, or they do not lie on each
        other.
    """
    geometry = _common_geometry(images)
    values = {name: np.full(grid.shape, np.nan, dtype=np.float32) for name in images}
    with ExitStack() as opened:
        rasters = {
            name: opened.enter_context(
                open_remote_raster(image.address, report=report, cancelled=cancelled)
            )
            for name, image in images.items()
        }
        for raster in rasters.values():
            _check_size(raster, geometry)
        for part, rows, columns in _parts(grid):
            given = None if elevation is None else elevation[rows, columns]
            lines, samples = image_positions(geometry, part, _heights(geometry, part, given))
            looks = 1 + 2 * int(grid.resolution / geometry.spacing / 2)
            for name, raster in rasters.items():
                values[name][rows, columns] = _sampled(raster, images[name], lines, samples, looks)
    return values


def _heights(geometry: RadarImage, grid: AreaGrid, elevation: FloatArray | None) -> Numbers:
    """Return metres above the ellipsoid."""
    if elevation is None:
        return mesh_heights(geometry, grid)
    return elevation + geoid_height(grid)


def _common_geometry(images: Mapping[str, GroundRangeImage]) -> RadarImage:
    """Return the geometry of images that lie on each other."""
    geometry, *others = (image.geometry for image in images.values())
    for other in others:
        if (geometry.shape, geometry.first_line) != (other.shape, other.first_line):
            raise SourceError(
                f"The images in {' and '.join(images)} do not lie on each other: they differ in "
                "size or in the moment of their first line. Choose another scene."
            )
    return geometry


def _check_size(raster: DatasetReader, geometry: RadarImage) -> None:
    if raster.shape != geometry.shape:
        raise SourceError(
            f"The image has {raster.shape} lines and samples, but its annotation says "
            f"{geometry.shape}. Choose another scene."
        )


def _parts(grid: AreaGrid) -> Iterator[tuple[AreaGrid, slice, slice]]:
    rows, columns = grid.shape
    for top in range(0, rows, _BLOCK):
        for left in range(0, columns, _BLOCK):
            shape = min(_BLOCK, rows - top), min(_BLOCK, columns - left)
            corner = grid.transform @ Affine.translation(left, top)
            part = AreaGrid(grid.crs, corner, shape)
            yield part, slice(top, top + shape[0]), slice(left, left + shape[1])


def _sampled(
    raster: DatasetReader, image: GroundRangeImage, lines: Numbers, samples: Numbers, looks: int
) -> FloatArray:
    """Return sigma nought at places of an image."""
    window = _window(lines, samples, image.geometry.shape, looks)
    if window is None:
        return np.full(lines.shape, np.nan, dtype=np.float32)
    top, left = int(window.row_off), int(window.col_off)
    values = _averaged(sigma_nought(raster.read(1, window=window), top, left, image), looks)
    places = np.nan_to_num(np.stack([lines - top, samples - left]), nan=-1.0)
    found: FloatArray = map_coordinates(values, places, order=1, cval=np.nan)
    return found


def _window(lines: Numbers, samples: Numbers, shape: tuple[int, int], margin: int) -> Window | None:
    """Return the part of an image that positions fall into; None for none."""
    inside = (lines > -1) & (lines < shape[0]) & (samples > -1) & (samples < shape[1])
    if not inside.any():
        return None
    spans = [
        slice(
            max(int(places[inside].min()) - margin, 0),
            min(int(places[inside].max()) + margin + 2, size),
        )
        for places, size in zip((lines, samples), shape, strict=True)
    ]
    return Window.from_slices(*spans)


def _averaged(power: FloatArray, looks: int) -> FloatArray:
    """Return the mean of the values around each pixel of an image; NaN where it has none."""
    if looks == 1:
        return power
    there = np.isfinite(power)
    total = uniform_filter(np.where(there, power, 0.0).astype(np.float64), looks, mode="constant")
    share = uniform_filter(there.astype(np.float64), looks, mode="constant")
    mean = np.divide(total, share, out=np.full(power.shape, np.nan), where=there & (share > 0))
    return np.asarray(mean, dtype=np.float32)
