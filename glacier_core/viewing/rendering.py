"""Pictures from arrays: composites, shaded relief, coloured values; plain NumPy, no files."""

import io
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from glacier_core.deviations.comparison import BOTH, ONLY_EXPERT, ONLY_PREDICTED
from glacier_core.scene import BANDS
from glacier_core.viewing import palettes
from glacier_core.viewing.palettes import Ramp

Picture = NDArray[np.uint8]
Values = NDArray[np.float32]

GAMMA: Final = 1.6
"""Brightens dark rock beside snow ten times as bright; 1 would leave it as it is."""

SUN_AZIMUTH: Final = 315.0
SUN_ALTITUDE: Final = 45.0
"""The usual light of a hillshade: from the north-west, halfway up."""

JPEG_QUALITIES: Final = (92, 85, 75, 60, 40)

COMPOSITE_BANDS: Final = {
    "natural": ("red", "green", "blue"),
    "swir": ("swir1", "nir", "red"),
    "ndsi": ("green", "swir1"),
}
"""Bands of each picture of the imagery, in the order of its channels."""


def band_numbers(composite: str) -> tuple[int, ...]:
    """Return the 1-based positions of a composite's bands in a file of all six."""
    return tuple(BANDS.index(band) + 1 for band in COMPOSITE_BANDS[composite])


def stretch_limits(bands: Values) -> tuple[float, float]:
    """Return the reflectances that become black and white: the 1st and 99th percentile.

    One pair for all bands of a picture, so that snow stays white and no hue is invented.

    Parameters
    ----------
    bands : ndarray, (bands, rows, columns)
        NaN where there is no data.
    """
    finite = bands[np.isfinite(bands)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = (float(limit) for limit in np.percentile(finite, (1, 99)))
    low = max(low, 0.0)
    return low, max(high, low + 0.01)


def composite_picture(bands: Values, limits: tuple[float, float]) -> Picture:
    """Return red, green and blue from three bands, stretched and brightened by :data:`GAMMA`."""
    low, high = limits
    unit = np.clip((np.nan_to_num(bands) - low) / (high - low), 0, 1)
    return np.asarray((unit ** (1 / GAMMA) * 255).round(), dtype=np.uint8)


def ndsi(green: Values, swir1: Values) -> Values:
    """Return the normalised difference snow index, NaN where both bands are dark."""
    total = green + swir1
    index = np.full(total.shape, np.nan, dtype=np.float32)
    np.divide(green - swir1, total, out=index, where=total > 1e-4)
    return np.clip(index, -1, 1)


def ramp_picture(values: Values, ramp: Ramp) -> Picture:
    """Return the colours of values, (3, rows, columns); NaN takes the lowest colour."""
    table = ramp.table()
    unit = (np.nan_to_num(values, nan=ramp.values[0]) - ramp.values[0]) / (
        ramp.values[-1] - ramp.values[0]
    )
    steps = np.clip(unit * (len(table) - 1), 0, len(table) - 1).round().astype(int)
    return np.moveaxis(table[steps], -1, 0)


def hillshade(elevation: Values, pixel_m: float) -> Picture:
    """Return shaded relief as grey, (3, rows - 2, columns - 2): the margin of one is used up.

    Parameters
    ----------
    elevation : ndarray, (rows, columns)
        Metres, with a margin of one pixel.
    pixel_m : float
        Side of a pixel on the ground, in metres.

    References
    ----------
    Horn (1981), Hill shading and the reflectance map, Proceedings of the IEEE 69(1).
    """
    down, right = np.gradient(elevation.astype(np.float64), pixel_m)
    steepness = np.hypot(down, right)
    towards = np.arctan2(-down, right)
    zenith = np.radians(90 - SUN_ALTITUDE)
    sun = np.radians((360 - SUN_AZIMUTH + 90) % 360)
    slope = np.arctan(steepness)
    light = np.cos(zenith) * np.cos(slope) - np.sin(zenith) * np.sin(slope) * np.cos(sun - towards)
    grey = np.clip(np.nan_to_num(light)[1:-1, 1:-1] * 255, 0, 255).round().astype(np.uint8)
    return np.repeat(grey[np.newaxis], 3, axis=0)


def value_picture(values: Values) -> Picture:
    """Return values of 0 to 1 as a data-carrying picture: red is ``round(255 * value)``."""
    red = (np.clip(np.nan_to_num(values), 0, 1) * 255).round().astype(np.uint8)
    return np.stack([red, np.zeros_like(red), np.zeros_like(red)])


def png(picture: Picture, mask: Picture) -> bytes:
    """Return a picture (3, rows, columns) and its opacity (rows, columns) as a PNG.

    Grey is written as one channel, and opacity only where something is not opaque: every reader
    gets the same four values of each pixel from it.

    Not by GDAL: its writer warns of the missing place on Earth, and silencing a warning is no
    matter for one of many threads.
    """
    grey = np.array_equal(picture[0], picture[1]) and np.array_equal(picture[1], picture[2])
    layers = [*(picture[:1] if grey else picture), *([] if (mask == 255).all() else [mask])]
    pixels = layers[0] if len(layers) == 1 else np.stack(layers, axis=-1)
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "PNG", compress_level=1)
    return file.getvalue()


AGREEMENT_COLORS: Final = {
    BOTH: palettes.AGREEMENT,
    ONLY_PREDICTED: palettes.PREDICTED,
    ONLY_EXPERT: palettes.EXPERT,
}
"""Codes of an agreement layer and their colours."""


def agreement_picture(codes: NDArray[np.uint8]) -> tuple[Picture, NDArray[np.uint8]]:
    """Return the colours of agreement codes and their mask (0 clear, 255 solid)."""
    table = np.zeros((256, 3), dtype=np.uint8)
    for code, color in AGREEMENT_COLORS.items():
        table[code] = palettes.rgb(color)
    solid = np.isin(codes, list(AGREEMENT_COLORS))
    return np.moveaxis(table[codes], -1, 0), np.where(solid, 255, 0).astype(np.uint8)


def jpeg(picture: Picture, largest: float = inf) -> bytes:
    """Return a picture (3, rows, columns) as a JPEG of at most so many bytes, if that can be.

    Colours keep their full resolution, so that thin lines keep theirs; the quality falls until
    the size fits, and stays at the lowest where it never does.
    """
    image = Image.fromarray(np.ascontiguousarray(np.moveaxis(picture, 0, -1)))
    for quality in JPEG_QUALITIES:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, subsampling=0)
        if file.tell() <= largest:
            break
    return file.getvalue()
