"""What the quality bands of Landsat Collection 2 say of each pixel.

Bits as in the Data Format Control Books of the U.S. Geological Survey: LSDS-1822 (Landsat 8
and 9), LSDS-1414 (7) and LSDS-1415 (4 and 5).
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.imagery import Why
from glacier_core.scene import BANDS

MaskedArray = np.ma.MaskedArray[tuple[int, int], np.dtype[Any]]

_FILL: Final = 0
_CLOUDS: Final = {"cloud": 3, "cloud rim": 1, "cirrus": 2}
_SHADOW: Final = 4
_DEFECTIVE: Final = {"TM": 9, "ETM": 9, "OLI": 11, "OLI_TIRS": 11}
"""A pixel that was dropped, or ground that the terrain hides: it shows other ground."""

_SATURATED: Final = {
    "OLI": dict(zip(BANDS, (1, 2, 3, 4, 5, 6), strict=True)),
    "TM": dict(zip(BANDS, (0, 1, 2, 3, 4, 6), strict=True)),
}


def landsat_why(
    quality: MaskedArray, saturation: MaskedArray | None, sensor: str
) -> NDArray[np.uint8]:
    """Return why each pixel is not mapped.

    Parameters
    ----------
    quality : masked array of uint16, (rows, columns)
        Band QA_PIXEL; masked where the product has nothing.
    saturation : masked array of uint16, (rows, columns), optional
        Band QA_RADSAT; None where the archive does not hand it out.
    sensor : str
        ``OLI_TIRS``, ``OLI``, ``ETM`` or ``TM``.

    Returns
    -------
    ndarray of uint8, (rows, columns)
        A :class:`~glacier_core.archives.imagery.Why` a pixel. Rims of clouds and cirrus count as
        cloud. Saturated pixels stay clear: snow is often brighter than a sensor can tell.
    """
    flags = quality.filled(0)
    why = np.full(flags.shape, Why.CLEAR, dtype=np.uint8)
    why[_bit(flags, _SHADOW)] = Why.CLOUD_SHADOW
    for bit in _CLOUDS.values():
        why[_bit(flags, bit)] = Why.CLOUD
    if saturation is not None:
        why[_bit(saturation.filled(0), _DEFECTIVE[sensor])] = Why.DEFECTIVE
    why[np.ma.getmaskarray(quality) | _bit(flags, _FILL)] = Why.NO_DATA
    return why


def cloud_percent(quality: MaskedArray) -> dict[str, float]:
    """Return the percentages of the pixels with data by kind of cloud; kinds may overlap."""
    flags = quality.compressed()
    flags = flags[~_bit(flags, _FILL)]
    kinds = _CLOUDS | {"cloud shadow": _SHADOW}
    return {kind: _percent(_bit(flags, bit)) for kind, bit in kinds.items()}


def saturated_percent(saturation: MaskedArray, sensor: str) -> Mapping[str, float]:
    """Return the percentage of saturated pixels by band."""
    bits = _SATURATED["OLI" if sensor.startswith("OLI") else "TM"]
    flags = saturation.compressed()
    return {band: _percent(_bit(flags, bit)) for band, bit in bits.items()}


def _bit(flags: NDArray[Any], bit: int) -> NDArray[np.bool_]:
    return np.asarray((flags >> bit) & 1, dtype=np.bool_)


def _percent(chosen: NDArray[np.bool_]) -> float:
    return 100 * float(chosen.mean()) if chosen.size else 0.0
