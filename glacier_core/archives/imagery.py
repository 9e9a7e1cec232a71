"""What is read of a satellite product, on the grid of an area."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.scene import FloatArray

MANY_SATURATED: Final = 1.0
"""Percent of saturated pixels from which on a reader has to know."""


class Why(IntEnum):
    """Why a pixel is not mapped."""

    CLEAR = 0
    NO_DATA = 1
    CLOUD = 2
    CLOUD_SHADOW = 3
    DEFECTIVE = 4


@dataclass(frozen=True, eq=False)
class Imagery:
    """One optical product on a grid.

    Attributes
    ----------
    optical : ndarray of float32, (6, rows, columns)
        Reflectance in the order of :data:`glacier_core.scene.BANDS`; NaN where there is no data.
    why : ndarray of uint8, (rows, columns)
        A :class:`Why` a pixel; all but ``CLEAR`` stay unmapped.
    thermal : ndarray of float32, (rows, columns), optional
        Brightness temperature in kelvin; NaN where there is no data.
    facts : mapping of str to str
        What provenance keeps: product name, processing baseline, coefficients, hashes.
    notes : tuple of str
        What a reader of any number made from it must know.
    """

    optical: FloatArray
    why: NDArray[np.uint8]
    thermal: FloatArray | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Radar:
    """Backscatter of one orbit direction on a grid.

    Attributes
    ----------
    co_pol, cross_pol : ndarray of float32, (rows, columns)
        Backscatter, linear; NaN where there is none.
    orbit : {"ascending", "descending"}
    quantity : {"sigma nought", "gamma nought"}
    facts : mapping of str to str
    notes : tuple of str
    """

    co_pol: FloatArray
    cross_pol: FloatArray
    orbit: str
    quantity: str
    facts: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
