"""From the numbers of Sentinel-2 to reflectance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.reading import MaskedArray
from glacier_core.scene import FloatArray


@dataclass(frozen=True)
class Scaling:
    """How the numbers of a product become reflectance.

    Attributes
    ----------
    quantification : float
        Number of a reflectance of 1, before the offset.
    offsets : mapping of str to float
        What is added to the numbers of each band first.
    """

    quantification: float
    offsets: Mapping[str, float]

    def __str__(self) -> str:
        told = ", ".join(f"{band} {offset:+g}" for band, offset in self.offsets.items())
        same = len(set(self.offsets.values())) == 1
        shift = f"{next(iter(self.offsets.values())):+g}" if same else f"offset: {told}"
        return f"(DN {shift}) / {self.quantification:g}"


@dataclass(frozen=True, eq=False)
class Reflectances:
    """Reflectance of the bands of a product on a grid.

    Attributes
    ----------
    optical : ndarray of float32, (bands, rows, columns)
        NaN where there is none.
    no_data : ndarray of bool, (rows, columns)
        Where a band has nothing, saturated pixels apart.
    saturated : ndarray of bool, (rows, columns)
        Where a band was brighter than it can tell.
    """

    optical: FloatArray
    no_data: NDArray[np.bool_]
    saturated: NDArray[np.bool_]


def reflectances(
    numbers: Mapping[str, MaskedArray], bands: Sequence[str], scaling: Scaling, saturated: int
) -> Reflectances:
    """Return ``(DN + offset) / quantification`` of each band.

    Negative reflectance is kept: noise around dark shadow is as often below zero as above.

    Parameters
    ----------
    numbers : mapping of str to masked array, (rows, columns)
        By band, masked where there is no data or a pixel is saturated, with its number below.
    bands : sequence of str
        In the order wanted.
    scaling : Scaling
    saturated : int
        Number of a saturated pixel.

    Notes
    -----
    Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), issue 14: the offset
    ``RADIO_ADD_OFFSET`` leaves room for negative values, and is added, not subtracted.
    """
    masks = np.stack([np.ma.getmaskarray(numbers[band]) for band in bands])
    brightest = np.stack([np.ma.getdata(numbers[band]) == saturated for band in bands])
    optical = np.stack(
        [
            (np.ma.getdata(numbers[band]).astype(np.float32) + np.float32(scaling.offsets[band]))
            / np.float32(scaling.quantification)
            for band in bands
        ]
    )
    optical[masks] = np.nan
    full = masks & brightest
    return Reflectances(optical, (masks & ~full).any(axis=0), full.any(axis=0))
