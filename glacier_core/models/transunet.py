"""TransU-Net, a residual U-Net with a transformer at its bottom.

Maslov, Persello, Schellenberger, Stein (2023), "GlaViTU: a hybrid CNN-transformer for
multi-regional glacier mapping from multi-source data", IGARSS, compare with it. The idea is of
Chen et al. (2021), "TransUNet: Transformers make strong encoders for medical image segmentation",
https://arxiv.org/abs/2102.04306.

As in that comparison the fusion has no squeeze and excitation, the leaky ReLU a slope of 0.3, and
what comes out of the U-Net is added to the fused features. The tokens replace the bottom of the
U-Net: nothing passes by them.
"""

import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.models.blocks import (
    CLASSES,
    LAYER_SLOPE,
    FusionBlock,
    FusionNetwork,
    ResUNet,
    VisionTransformer,
    initialise,
)
from glacier_core.models.config import RESUNET_STEPS, TransUNetConfig


class TransUNet(FusionNetwork):
    """Fusion, way down, transformer, way up. w = width, r = U-Net width, t = token width."""

    def __init__(self, config: TransUNetConfig) -> None:
        super().__init__(config, FusionBlock(config, slope=LAYER_SLOPE, gated=False))
        bottom = config.resunet_width << RESUNET_STEPS
        self.resunet = ResUNet(config, slope=LAYER_SLOPE)
        self.transformer = VisionTransformer(config, bottom, patch=1)
        self.widen = nn.Conv2d(config.token_width, bottom, 1)
        self.output = nn.Conv2d(config.width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into the logits of the one head."""
        bottom, skips = self.resunet.encode(x)  # (N, 8r, H / 8, W / 8)
        tokens = self.transformer(F.max_pool2d(bottom, 2))  # (N, t, H / 16, W / 16)
        bottom = F.interpolate(self.widen(tokens), scale_factor=2, mode="nearest")
        detail = self.resunet.decode(bottom, skips)  # (N, w, H, W)
        return (self.output(x + detail),)
