"""DeepLabv3+ on a ResNeSt-101, the convolutional reference in GlaViTU's paper.

Maslov et al. (2025), Nature Communications 16:43, after Chen et al. (2018), "Encoder-decoder with
atrous separable convolution for semantic image segmentation", ECCV,
https://arxiv.org/abs/1802.02611, and Zhang et al. (2020), "ResNeSt: Split-attention networks",
https://arxiv.org/abs/2004.08955.

What differs from those: the fusion block instead of a stem, with one average pooling behind it; a
stage halves the size in its last block; the last convolution of a block is activated before the
sum. That puts the low-level features before the last block of the second stage. Which layers have
a bias or a normalisation is our reading of the published count, 51,097,314 parameters, which it
meets; other readings meet it, too. The dropout of the original, which never dropped anything, is
left out.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.models.blocks import (
    CLASSES,
    EPSILON,
    LAYER_SLOPE,
    FusionNetwork,
    initialise,
    resize_bilinear,
)
from glacier_core.models.config import DeepLabConfig

RADIX = 2  # splits that attention weighs against each other
EXPANSION = 4  # channels of a block's output over its inner width
RATES = (6, 12, 18)  # pixels of the coarsest features, between the taps of the atrous convolutions


class DeepLab(FusionNetwork):
    """Backbone, atrous pyramid, decoder. b = width of the first stage, p = pyramid width."""

    def __init__(self, config: DeepLabConfig) -> None:
        super().__init__(config)
        low, high, pyramid = (
            8 * config.backbone_width,
            32 * config.backbone_width,
            config.pyramid_width,
        )
        self.backbone = ResNeSt(config)
        self.pyramid = AtrousPyramid(high, config)
        self.project_low = normalised(nn.Conv2d(low, pyramid, 1), config)
        self.refine = nn.Sequential(
            separable(2 * pyramid, pyramid, 1, config), separable(pyramid, pyramid, 1, config)
        )
        self.last = nn.Conv2d(pyramid, config.head_width, 1)
        self.output = nn.Conv2d(config.head_width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into the logits of the one head."""
        low, high = self.backbone(x)  # (N, 8b, H / 4, W / 4), (N, 32b, H / 16, W / 16)
        context = resize_bilinear(self.pyramid(high), 4)  # (N, p, H / 4, W / 4)
        x = self.refine(torch.cat([self.project_low(low), context], dim=1))
        return (self.output(self.last(resize_bilinear(x, 4))),)


class ResNeSt(nn.Module):
    """Four stages of split-attention blocks of inner width b, 2b, 4b, 8b."""

    def __init__(self, config: DeepLabConfig) -> None:
        super().__init__()
        self.first = _stage(0, config)
        self.second = _stage(1, config)
        self.third = _stage(2, config)
        self.fourth = _stage(3, config)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Turn (N, w, H, W) into low- and high-level features at a 4th and a 16th of the size."""
        x = self.first(F.avg_pool2d(x, 3, stride=2, padding=1))  # (N, 4b, H / 4, W / 4)
        low = self.second[:-1](x)  # (N, 8b, H / 4, W / 4)
        return low, self.fourth(self.third(self.second[-1](low)))


class SplitAttentionBlock(nn.Module):
    """A bottleneck with a split-attention convolution beside a shortcut. i = inner width."""

    def __init__(self, channels: int, inner: int, halving: bool, config: DeepLabConfig) -> None:
        super().__init__()
        expanded = EXPANSION * inner
        self.halving = halving
        self.narrow = normalised(nn.Conv2d(channels, inner, 1), config)
        self.split = normalised(nn.Conv2d(inner, RADIX * inner, 3, padding=1, groups=RADIX), config)
        self.squeeze = nn.Conv2d(inner, inner * RADIX // 4, 1)
        self.excite = nn.Conv2d(inner * RADIX // 4, RADIX * inner, 1, bias=False)
        self.expand = normalised(nn.Conv2d(inner, expanded, 1), config)
        projected = halving or channels != expanded
        self.shortcut = nn.Conv2d(channels, expanded, 1, bias=False) if projected else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, c, H, W) into (N, 4i, H, W), or half the size."""
        splits = self.split(self.narrow(x)).unflatten(1, (RADIX, -1))  # (N, 2, i, H, W)
        gate = F.leaky_relu(self.squeeze(splits.sum(1).mean((2, 3), keepdim=True)), LAYER_SLOPE)
        gate = self.excite(gate).unflatten(1, (RADIX, -1)).softmax(1)  # (N, 2, i, 1, 1)
        refined, shortcut = (splits * gate).sum(1), x
        if self.halving:
            refined = F.avg_pool2d(refined, 3, stride=2, padding=1)
            shortcut = F.avg_pool2d(x, 2)
        total: Tensor = self.expand(refined) + self.shortcut(shortcut)
        return total


class AtrousPyramid(nn.Module):
    """The same features seen from near, from three distances, and as a whole."""

    def __init__(self, channels: int, config: DeepLabConfig) -> None:
        super().__init__()
        width = config.pyramid_width
        self.near = normalised(nn.Conv2d(channels, width, 1), config)
        self.atrous = nn.ModuleList(separable(channels, width, rate, config) for rate in RATES)
        self.whole = nn.Conv2d(channels, width, 1)
        self.whole_norm = normalised(nn.Identity(), config, width)
        self.merge = normalised(nn.Conv2d((2 + len(RATES)) * width, width, 1), config)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, c, rows, columns) into (N, p, rows, columns)."""
        whole = self.whole(x.mean((2, 3), keepdim=True)).expand(-1, -1, *x.shape[2:])
        # Normalised after it is spread, which changes nothing but lets one image be a batch.
        views = [self.near(x), *(atrous(x) for atrous in self.atrous), self.whole_norm(whole)]
        merged: Tensor = self.merge(torch.cat(views, dim=1))
        return merged


def _stage(stage: int, config: DeepLabConfig) -> nn.Sequential:
    """All blocks of a stage; but for the last stage, the last block halves the size."""
    blocks, inner = config.layers[stage], config.backbone_width << stage
    channels = EXPANSION * inner // 2 if stage else config.width
    widths = [channels] + [EXPANSION * inner] * (blocks - 1)
    halving = [stage < 3 and block == blocks - 1 for block in range(blocks)]
    return nn.Sequential(
        *(
            SplitAttentionBlock(width, inner, half, config)
            for width, half in zip(widths, halving, strict=True)
        )
    )


def separable(channels: int, width: int, rate: int, config: DeepLabConfig) -> nn.Sequential:
    """Depthwise 3x3 and pointwise convolution, each normalised and activated."""
    depthwise = nn.Conv2d(
        channels, channels, 3, padding=rate, dilation=rate, groups=channels, bias=False
    )
    pointwise = nn.Conv2d(channels, width, 1, bias=False)
    return nn.Sequential(normalised(depthwise, config), normalised(pointwise, config))


def normalised(
    layer: nn.Module, config: DeepLabConfig, channels: int | None = None
) -> nn.Sequential:
    """Append batch normalisation and a leaky ReLU to a layer."""
    width = layer.out_channels if isinstance(layer, nn.Conv2d) else channels
    assert width is not None  # noqa: S101
    return nn.Sequential(
        layer,
        nn.BatchNorm2d(width, EPSILON, config.batch_norm_momentum),
        nn.LeakyReLU(LAYER_SLOPE),
    )
