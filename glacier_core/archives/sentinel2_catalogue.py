"""What a catalogue's item says about the numbers of Sentinel-2: a claim, to be compared."""

import math
from collections.abc import Mapping
from typing import Any, Final

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "B02": ("blue", "B02"),
    "B03": ("green", "B03"),
    "B04": ("red", "B04"),
    "B08": ("nir", "B08"),
    "B11": ("swir16", "B11"),
    "B12": ("swir22", "B12"),
}
"""Names that catalogues give to the files of the bands."""


def told_scaling(item: Mapping[str, Any], band: str) -> tuple[float, float] | None:
    """Return scale and offset that an item claims for a band, None where it claims none.

    Parameters
    ----------
    item : mapping
        STAC item, with ``raster:bands`` (extension raster 1.1) or without.
    band : str

    Returns
    -------
    (float, float) or None
        Reflectance is ``DN * scale + offset``.
    """
    assets = item.get("assets", {})
    for name in NAMES[band]:
        try:
            told = assets[name]["raster:bands"][0]
            scale, offset = float(told["scale"]), float(told.get("offset", 0.0))
        except (KeyError, IndexError, TypeError, ValueError, AttributeError):
            continue
        if math.isfinite(scale) and scale > 0 and math.isfinite(offset):
            return scale, offset
    return None
