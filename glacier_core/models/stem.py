"""A fixed expansion of the scaled inputs for compact networks: nothing in it is learned.

The published scaling maps reflectance 0..2 and elevation over the whole Earth onto 0..1, which
leaves shaded ice within 0.05 of zero and the relief of a valley within 0.05 of a constant. A wide
network learns to undo that; a narrow one is better given the result. The interface stays: scaled
features in, missing pixels (0 in every channel of a group) remain 0 in every expanded channel.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.models.inputs import FEATURE_CHANNELS, PUBLISHED_SCALING

EXPANDED_CHANNELS = FEATURE_CHANNELS | {"optical": 15, "dem": 7}

INDEX_OFFSET = 1e-3  # reflectance; keeps the indices quiet where both bands are nearly black
MEAN_SIZES = (5, 15, 41)  # pixels
# Typical heights in mountains above the means of these sizes at 10 to 40 m, so that the
# expanded channels are of order one.
HEIGHT_UNITS = (10.0, 50.0, 200.0)  # m
ROUGHNESS_UNIT = 10.0  # m
STEEP = 90.0  # degrees


class InputStem(nn.Module):
    """Expand ``optical`` from 6 to 15 and ``dem`` from 2 to 7 channels; pass the rest on."""

    minimum_optical: Tensor
    range_optical: Tensor
    minimum_dem: Tensor
    range_dem: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("optical", "dem"):
            low = torch.tensor([channel.minimum for channel in PUBLISHED_SCALING[name]])
            high = torch.tensor([channel.maximum for channel in PUBLISHED_SCALING[name]])
            self.register_buffer(f"minimum_{name}", low.view(-1, 1, 1), persistent=False)
            self.register_buffer(f"range_{name}", (high - low).view(-1, 1, 1), persistent=False)

    def forward(self, name: str, scaled: Tensor) -> Tensor:
        """Expand one scaled feature group (N, C, H, W).

        It must be float32, as the eight bits of bfloat16 are 33 m of elevation; autocast around
        the network leaves it alone.
        """
        if name not in ("optical", "dem"):
            return scaled
        valid = (scaled != 0).any(dim=1, keepdim=True)  # (N, 1, H, W)
        if name == "optical":
            added = expand_optical(scaled * self.range_optical + self.minimum_optical)
        else:
            added = expand_dem(scaled * self.range_dem + self.minimum_dem, valid)
        return torch.cat([scaled, added * valid], dim=1)


def expand_optical(reflectance: Tensor) -> Tensor:
    """Add square roots of the six bands, NDSI, NDVI and the same index of blue and NIR.

    Parameters
    ----------
    reflectance : Tensor (N, 6, H, W)
        Bands blue, green, red, NIR, SWIR1, SWIR2; negative values count as 0.

    Returns
    -------
    Tensor (N, 9, H, W)
    """
    reflectance = reflectance.clamp(min=0.0)
    blue, green, red, nir, swir1, _ = reflectance.chunk(6, dim=1)
    indices = [
        (first - second) / (first + second + INDEX_OFFSET)
        for first, second in ((green, swir1), (nir, red), (blue, nir))
    ]
    return torch.cat([reflectance.sqrt(), *indices], dim=1)


def expand_dem(dem: Tensor, valid: Tensor) -> Tensor:
    """Height above three local means, roughness, and the square root of slope.

    Roughness is the root mean square, over 5 x 5 pixels, of the height above the 5-pixel mean.

    Parameters
    ----------
    dem : Tensor (N, 2, H, W)
        Elevation in m and slope in degrees.
    valid : bool Tensor (N, 1, H, W)
        Where there is data; nothing else enters a mean.

    Returns
    -------
    Tensor (N, 5, H, W), of order one
    """
    elevation, slope = dem.chunk(2, dim=1)
    heights = [elevation - box_mean(elevation, valid, size) for size in MEAN_SIZES]
    roughness = box_mean(heights[0].square(), valid, MEAN_SIZES[0]).sqrt() / ROUGHNESS_UNIT
    relief = [height / unit for height, unit in zip(heights, HEIGHT_UNITS, strict=True)]
    return torch.cat([*relief, roughness, (slope.clamp(min=0.0) / STEEP).sqrt()], dim=1)


def box_mean(values: Tensor, valid: Tensor, size: int) -> Tensor:
    """Mean of the valid values in a box of `size` x `size` pixels around each pixel.

    Two one-dimensional passes, the cost of which grows with `size`, not with its square.
    Beyond the border there is no data. Where no pixel of the box is valid the mean is 0.
    """
    weighted = torch.cat([values * valid, valid.to(values.dtype)], dim=1)
    half = size // 2
    rows = F.avg_pool2d(weighted, (size, 1), stride=1, padding=(half, 0))
    total, share = F.avg_pool2d(rows, (1, size), stride=1, padding=(0, half)).chunk(2, dim=1)
    return total / share.clamp(min=0.5 / size**2)
