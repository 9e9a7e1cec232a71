"""How a tile lies in its HDF5 group: names, channels, and units in the file and outside it.

The layout is that of GlaViTU's benchmark dataset (Maslov et al. 2025, doi 10.11582/2024.00168).
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

CHANNELS: Final = {
    "optical": 6,
    "dem": 2,
    "co_pol_sar": 2,
    "cross_pol_sar": 2,
    "in_sar": 2,
    "thermal": 1,
}
"""Channels of every feature group, in the order of the file."""

ALWAYS: Final = ("optical", "dem")
"""Feature groups without which a tile is of no use."""

OUTLINES: Final = "outlines"
BRIGHT_DARK: Final = "bright_dark_outlines"
SURFACE: Final = "surface"
SHADOW: Final = "shadow"
"""Datasets of labels; the last two are an addition of simulated tiles."""

LABEL_CHANNELS: Final = {OUTLINES: 2, BRIGHT_DARK: 3, SURFACE: 1, SHADOW: 1}

DEGREES: Final = 4326
BACKSCATTER: Final = ("co_pol_sar", "cross_pol_sar")
BACKSCATTER_OFFSET: Final = 1e-6  # added to sigma nought before the logarithm
MEASURED_ZERO: Final = 2.0**-23  # stands for a zero that was measured, as 0 means missing

Stored = NDArray[np.float64]
Physical = NDArray[np.float32]


class Bounds(NamedTuple):
    """West, south, east and north edge in degrees."""

    xmin: float
    ymin: float
    xmax: float
    ymax: float


def features_of(stored: dict[str, Stored]) -> dict[str, Physical]:
    """Turn the feature groups of the file into named features in physical units.

    Parameters
    ----------
    stored : dict
        (H, W, channels) by group; ``optical`` and ``dem`` must be among them. 0 or anything that
        is not finite is missing. Elevations of 0 m are real (the sea), unless the slope is 0 as
        well and no band of the imagery is there: then the pixel is padding.

    Returns
    -------
    dict
        As :func:`glacier_core.models.inputs.scale_features` takes them: ``optical`` (6, H, W)
        reflectance, ``elevation`` (H, W) m, ``slope`` (H, W) degrees, and of the rest what there
        is: ``co_pol_sar`` and ``cross_pol_sar`` (2, H, W) linear sigma nought, ``in_sar``
        (2, H, W) coherence, ``thermal`` (H, W) K. NaN is missing.
    """
    layers = {name: np.moveaxis(values, -1, 0) for name, values in stored.items()}
    features = {name: _physical(name, values) for name, values in layers.items() if name != "dem"}
    padding = np.isnan(features["optical"]).all(axis=0) & (layers["dem"] == 0).all(axis=0)
    elevation, slope = np.where(padding | ~np.isfinite(layers["dem"]), np.nan, layers["dem"])
    features["elevation"] = elevation.astype(np.float32)
    features["slope"] = slope.astype(np.float32)
    if "thermal" in features:
        features["thermal"] = features["thermal"][0]
    return features


def stored_of(features: dict[str, Physical]) -> dict[str, Stored]:
    """Turn named features into the feature groups of the file; the way back of `features_of`.

    A measured zero becomes 2**-23, since 0 means missing there. A pixel without elevation loses its
    imagery too: the file could not tell it from the sea, and no network uses it.
    """
    optical = np.where(np.isnan(features["elevation"]), np.nan, features["optical"])
    dem = np.stack([features["elevation"], features["slope"]]).astype(np.float64)
    groups = {"optical": _stored("optical", optical), "dem": np.nan_to_num(dem, nan=0.0)}
    for name in CHANNELS:
        if name in features and name not in groups:
            values = features[name]
            groups[name] = _stored(name, values[np.newaxis] if values.ndim == 2 else values)
    return {
        name: np.ascontiguousarray(np.moveaxis(groups[name], 0, -1))
        for name in CHANNELS
        if name in groups
    }


def _physical(name: str, values: Stored) -> Physical:
    present = np.isfinite(values) & (values != 0)
    known = np.where(present, values, np.nan)
    if name in BACKSCATTER:
        known = np.maximum(10.0**known - BACKSCATTER_OFFSET, 0.0)
    return known.astype(np.float32)


def _stored(name: str, values: NDArray[np.floating]) -> Stored:
    known = values.astype(np.float64)
    if name in BACKSCATTER:
        known = np.log10(np.maximum(known, 0.0) + BACKSCATTER_OFFSET)
    known = np.where(known == 0, MEASURED_ZERO, known)
    return np.where(np.isfinite(known), known, 0.0)
