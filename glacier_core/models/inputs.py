"""What goes into a network: feature groups, their scaling, and location vectors.

Ranges and orders are those of GlaViTU's published weights (Maslov et al. 2025, Nature
Communications 16:43), so that converted weights see what they were trained on.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glacier_core.errors import ModelError


class ChannelRange(NamedTuple):
    """The physical range of one input channel that is mapped onto 0..1."""

    name: str
    minimum: float
    maximum: float


Scaling = Mapping[str, Sequence[ChannelRange]]

# The descending SAR maxima are outliers near +156 dB. They stay, because the published weights
# were trained with them.
PUBLISHED_SCALING: dict[str, tuple[ChannelRange, ...]] = {
    "optical": (
        ChannelRange("blue", -0.00373555, 2.0468),
        ChannelRange("green", -0.01996775, 2.1253),
        ChannelRange("red", -0.01857444, 2.2303),
        ChannelRange("nir", -0.02698885, 2.6781),
        ChannelRange("swir1", -0.0254627, 2.1246),
        ChannelRange("swir2", -0.02451179, 2.1602),
    ),
    "dem": (
        ChannelRange("elevation", -103.29675627, 8349.42706884),
        ChannelRange("slope", 0.0, 88.97835244),
    ),
    "co_pol_sar": (
        ChannelRange("ascending", -6.0, 1.75761249),
        ChannelRange("descending", -6.0, 15.63508564),
    ),
    "cross_pol_sar": (
        ChannelRange("ascending", -6.0, 1.38859078),
        ChannelRange("descending", -6.0, 15.9050037),
    ),
    "in_sar": (
        ChannelRange("ascending", 0.0, 0.99999938),
        ChannelRange("descending", 0.0, 0.99999963),
    ),
    "thermal": (ChannelRange("brightness_temperature", 0.0, 322.08056641),),
}

FEATURE_CHANNELS: dict[str, int] = {
    name: len(channels) for name, channels in PUBLISHED_SCALING.items()
}

TRACKS: dict[str, tuple[str, ...]] = {
    "optical+dem": ("optical", "dem"),
    "+backscatter": ("optical", "dem", "co_pol_sar", "cross_pol_sar"),
    "+coherence": ("optical", "dem", "in_sar"),
    "+thermal": ("optical", "dem", "thermal"),
    "all": ("optical", "dem", "co_pol_sar", "cross_pol_sar", "in_sar", "thermal"),
}
"""Feature groups by track of the published comparison."""

BACKSCATTER_FEATURES = ("co_pol_sar", "cross_pol_sar")
BACKSCATTER_OFFSET = 1e-6  # added to sigma nought before the logarithm, so that 0 becomes -6

UNKNOWN_REGION = "unknown"
PUBLISHED_REGIONS = (
    *("ALP", "AN", "AWA", "CA", "GR", "HMA", "LL", "NZ", "SA", "SC", "SVAL"),
    UNKNOWN_REGION,
)


class InputDescription(Protocol):
    """The part of a model card that says what the network takes."""

    @property
    def inputs(self) -> Sequence[str]:
        """Feature groups, in the order of the network."""
        ...

    @property
    def optional_inputs(self) -> Sequence[str]:
        """Those of them that a scene may lack."""
        ...

    @property
    def scaling(self) -> Scaling:
        """Physical range of every channel."""
        ...


def scale_features(
    arrays: Mapping[Any, Any], card: InputDescription
) -> dict[str, NDArray[np.float32]]:
    """Scale the features that a model takes.

    Parameters
    ----------
    arrays : mapping
        Physical arrays by name, such as the dataset of a scene: ``optical`` (6, H, W)
        reflectance, ``elevation`` (H, W) m, ``slope`` (H, W) degrees, ``co_pol_sar`` and
        ``cross_pol_sar`` (2, H, W) linear sigma nought, ``in_sar`` (2, H, W) coherence,
        ``thermal`` (H, W) K. NaN is missing.
    card : ModelCard
        Names the inputs and their scaling.

    Returns
    -------
    dict of float32 arrays (C, H, W), mostly 0..1, missing values 0; so is all of an optional
    feature that is not there.

    Raises
    ------
    ModelError
        If a feature that the model needs is not among the arrays, or has the wrong channels.
    """
    present = [name for name in card.inputs if name in arrays or name not in card.optional_inputs]
    scaled = {
        name: scale_feature(name, _physical_feature(arrays, name), card.scaling) for name in present
    }
    shape = next(iter(scaled.values())).shape[1:]
    return {
        name: scaled.get(name, np.zeros((FEATURE_CHANNELS[name], *shape), np.float32))
        for name in card.inputs
    }


def scale_feature(
    name: str, values: ArrayLike, scaling: Scaling = PUBLISHED_SCALING
) -> NDArray[np.float32]:
    """Scale one feature group: (x - minimum) / (maximum - minimum), missing values 0.

    Backscatter is taken linear and turned into log10(x + 1e-6) first.

    Parameters
    ----------
    name : str
        A feature group, such as ``optical``.
    values : array (..., C, H, W)
        In the physical units of `scale_features`.

    Raises
    ------
    ModelError
        If the group is unknown or its channels do not fit.
    """
    physical = np.asarray(values, dtype=np.float32)
    ranges = _ranges(name, physical.shape, scaling)
    minimum = np.array([channel.minimum for channel in ranges], np.float32)[:, None, None]
    maximum = np.array([channel.maximum for channel in ranges], np.float32)[:, None, None]
    with np.errstate(invalid="ignore"):  # infinities are missing too
        if name in BACKSCATTER_FEATURES:
            physical = np.log10(np.maximum(physical, 0.0) + np.float32(BACKSCATTER_OFFSET))
        scaled = np.asarray((physical - minimum) / (maximum - minimum), dtype=np.float32)
    scaled[~np.isfinite(scaled)] = 0.0
    return scaled


def check_shapes(
    shapes: Mapping[str, tuple[int, ...]], features: Sequence[str], size_multiple: int
) -> int:
    """Check that a network can take tensors of these shapes, and return their number N.

    Parameters
    ----------
    shapes : mapping
        (N, C, H, W) by feature; features that the network does not take may be among them.
    features : sequence of str
        What the network takes.
    size_multiple : int
        H and W must be multiples of this.

    Raises
    ------
    ModelError
        If a feature is missing, has the wrong channels, or a size does not fit.
    """
    absent = [name for name in features if name not in shapes]
    if absent:
        raise ModelError(
            f"This network needs the features {', '.join(absent)}; it was given only "
            f"{', '.join(shapes) or 'nothing'}. Add them or choose another model."
        )
    for name in features:
        if len(shapes[name]) != 4 or shapes[name][1] != FEATURE_CHANNELS[name]:
            raise ModelError(
                f"Feature {name!r} has the shape {shapes[name]}; expected "
                f"(N, {FEATURE_CHANNELS[name]}, H, W)."
            )
    sizes = [(shapes[name][0], *shapes[name][2:]) for name in features]
    # Compared, not put into a set: what stands for an open size in an export has no hash.
    if any(size != sizes[0] for size in sizes):
        raise ModelError(f"The features differ in their number or size (N, H, W): {sizes}.")
    number, height, width = sizes[0]
    if height % size_multiple or width % size_multiple or not height * width:
        raise ModelError(
            f"The input is {height} x {width} pixels; both must be multiples of "
            f"{size_multiple}. Pad it with zeros, which count as missing."
        )
    return number


def region_vector(region: str, regions: Sequence[str]) -> NDArray[np.float32]:
    """One-hot vector (L,) of a region, in the order of the model's card.

    Raises
    ------
    ModelError
        If the model does not know the region.
    """
    if region not in regions:
        raise ModelError(
            f"The model does not know the region {region!r}. It knows {', '.join(regions)}; "
            f"use {UNKNOWN_REGION!r} for any other place."
        )
    return np.asarray(np.array(regions) == region, dtype=np.float32)


def coordinate_vector(longitude: float, latitude: float) -> NDArray[np.float32]:
    """Location vector [sin lat, cos lat, sin lon, cos lon] of a place in degrees.

    Raises
    ------
    ModelError
        If the place is not on the globe: easily the case for metres instead of degrees.
    """
    if not (abs(latitude) <= 90.0 and abs(longitude) <= 360.0):
        raise ModelError(
            f"Longitude {longitude}, latitude {latitude} is no place on the globe. "
            "Give both in degrees, longitude first."
        )
    lat, lon = np.deg2rad([latitude, longitude])
    return np.array([np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)], dtype=np.float32)


def _physical_feature(arrays: Mapping[Any, Any], name: str) -> NDArray[np.float32]:
    """Gather one feature group as (C, H, W)."""
    names = ("elevation", "slope") if name == "dem" else (name,)
    absent = [part for part in names if part not in arrays]
    if absent:
        raise ModelError(
            f"The model needs {', '.join(absent)}, which the scene does not have. "
            "Add it to the scene or choose a model without it."
        )
    parts = [np.asarray(arrays[part], dtype=np.float32) for part in names]
    return np.stack(parts) if parts[0].ndim == 2 else parts[0]


def _ranges(name: str, shape: tuple[int, ...], scaling: Scaling) -> Sequence[ChannelRange]:
    if name not in scaling:
        raise ModelError(f"Unknown feature {name!r}. Known are {', '.join(scaling)}.")
    ranges = scaling[name]
    if len(shape) < 3 or shape[-3] != len(ranges):
        channels = ", ".join(channel.name for channel in ranges)
        raise ModelError(
            f"Feature {name!r} has the shape {shape}; expected (..., {len(ranges)}, H, W) "
            f"with the channels {channels}."
        )
    return ranges
