"""ResU-Net, the purely convolutional baseline of GlaViTU's authors.

Maslov et al. (2025), Nature Communications 16:43, after Zhang, Liu, Wang (2018), "Road
extraction by deep residual U-Net", https://doi.org/10.1109/LGRS.2018.2802944.

The fusion block, then GlaViTU's own residual U-Net with one more step and without its last linear
layer.
"""

from torch import Tensor, nn

from glacier_core.models.blocks import CLASSES, FusionNetwork, ResUNet, initialise
from glacier_core.models.config import ResUNetConfig


class FusionResUNet(FusionNetwork):
    """Fusion block and residual U-Net. r = width of the U-Net at full size."""

    def __init__(self, config: ResUNetConfig) -> None:
        super().__init__(config)
        self.resunet = ResUNet(config, steps=config.steps, last=False)
        self.output = nn.Conv2d(config.resunet_width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into the logits of the one head."""
        return (self.output(self.resunet(x)),)  # (N, r, H, W) to (N, 2, H, W)
