"""SETR, the purely transformer baseline of GlaViTU's authors.

Maslov et al. (2025), Nature Communications 16:43, after Zheng et al. (2021), "Rethinking semantic
segmentation from a sequence-to-sequence perspective with transformers", CVPR,
https://arxiv.org/abs/2012.15840.

The fusion block, a vision transformer on patches of 16 pixels, and the decoder of progressive
upsampling without any activation. As in the authors' network the classes are decided at half the
size and the last doubling interpolates probabilities, not logits.
"""

import torch
from torch import Tensor, nn

from glacier_core.models.blocks import (
    CLASSES,
    FusionNetwork,
    VisionTransformer,
    initialise,
    pup_convolutions,
    resize_bilinear,
)
from glacier_core.models.config import SETRConfig


class FusionSETR(FusionNetwork):
    """Fusion block, transformer, decoder. t = token width, d = decoder width."""

    def __init__(self, config: SETRConfig) -> None:
        super().__init__(config)
        self.transformer = VisionTransformer(config, config.width, config.token_patch)
        self.decoder = pup_convolutions(config, config.decoder_width)
        self.output = nn.Conv2d(config.decoder_width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into log-probabilities."""
        x = self.transformer(x)  # (N, t, H / 16, W / 16)
        *doubling, final = self.decoder
        for convolution in doubling:
            x = resize_bilinear(convolution(x), 2)
        logits = self.output(final(x))  # (N, 2, H / 2, W / 2)
        return (double_probabilities(logits),)


def double_probabilities(logits: Tensor) -> Tensor:
    """Interpolate the probabilities of (N, 2, H, W) bilinearly to (N, 2, 2H, 2W), and take the log.

    In float32: bfloat16 cannot tell probabilities near 1 apart.
    """
    with torch.autocast(logits.device.type, enabled=False):
        probabilities = resize_bilinear(logits.float().softmax(1), 2)
        return probabilities.clamp_min(torch.finfo(torch.float32).tiny).log()
