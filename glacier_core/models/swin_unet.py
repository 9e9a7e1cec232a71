"""Swin-Unet, a U-Net of nothing but transformers with shifted windows.

Cao et al. (2021), "Swin-Unet: Unet-like pure transformer for medical image segmentation",
https://arxiv.org/abs/2105.05537; used for lakes by Han, Huang, Gao (2024),
https://arxiv.org/abs/2408.10821.

Ours: the fusion block before the patches, so that it takes the inputs of the other networks;
windows of 12 tokens where the paper has 7, as 384 pixels are 96 tokens; no dropped paths.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.models.blocks import CLASSES, FusionNetwork, initialise
from glacier_core.models.config import SwinUNetConfig
from glacier_core.models.window_attention import WindowBlock


class SwinUNet(FusionNetwork):
    """Fusion, patches, levels down and up, pixels. Tokens are N, H, W, channels. t = width."""

    def __init__(self, config: SwinUNetConfig) -> None:
        super().__init__(config)
        patch, width = config.token_patch, config.token_width
        widths = [width << level for level in range(len(config.depths))]
        self.patch_embedding = nn.Conv2d(config.width, width, patch, stride=patch)
        self.patch_norm = nn.LayerNorm(width)
        self.encoder = nn.ModuleList(_level(config, level) for level in range(len(widths)))
        self.merging = nn.ModuleList(PatchMerging(t) for t in widths[:-1])
        self.bottom_norm = nn.LayerNorm(widths[-1])
        upward = range(len(widths) - 2, -1, -1)
        self.expanding = nn.ModuleList(PatchExpanding(2 * widths[k], widths[k], 2) for k in upward)
        self.concatenated = nn.ModuleList(nn.Linear(2 * widths[k], widths[k]) for k in upward)
        self.decoder = nn.ModuleList(_level(config, level) for level in upward)
        self.top_norm = nn.LayerNorm(width)
        self.last = PatchExpanding(width, width, patch)
        self.output = nn.Conv2d(width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into the logits of the one head."""
        x = self.patch_norm(self.patch_embedding(x).permute(0, 2, 3, 1))  # (N, H / 4, W / 4, t)
        x = self.ascend(*self.descend(x))
        x = self.last(self.top_norm(x))  # (N, H, W, t)
        return (self.output(x.permute(0, 3, 1, 2)),)

    def descend(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Give the bottom (N, H / 32, W / 32, 8t) and what the way up needs of each level."""
        *descending, bottom = self.encoder
        skips = []
        for level, merging in zip(descending, self.merging, strict=True):
            x = level(x)
            skips.append(x)
            x = merging(x)
        return self.bottom_norm(bottom(x)), skips

    def ascend(self, x: Tensor, skips: list[Tensor]) -> Tensor:
        """Give (N, H / 4, W / 4, t) from what `descend` gave."""
        for expanding, linear, level in zip(
            self.expanding, self.concatenated, self.decoder, strict=True
        ):
            x = level(linear(torch.cat([expanding(x), skips.pop()], dim=3)))
        return x


class PatchMerging(nn.Module):
    """Four neighbouring tokens to one of twice the width."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * width)
        self.reduce = nn.Linear(4 * width, 2 * width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, H, W, c) into (N, H / 2, W / 2, 2c)."""
        x = F.pixel_unshuffle(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)
        merged: Tensor = self.reduce(self.norm(x))
        return merged


class PatchExpanding(nn.Module):
    """One token to a square of `factor` x `factor` tokens."""

    def __init__(self, width: int, width_out: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.expand = nn.Linear(width, factor**2 * width_out, bias=False)
        self.norm = nn.LayerNorm(width_out)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, H, W, c) into (N, factor H, factor W, c')."""
        x = F.pixel_shuffle(self.expand(x).permute(0, 3, 1, 2), self.factor)
        expanded: Tensor = self.norm(x.permute(0, 2, 3, 1))
        return expanded


def _level(config: SwinUNetConfig, level: int) -> nn.Sequential:
    width, heads = config.token_width << level, config.heads[level]
    return nn.Sequential(
        *(
            WindowBlock(width, heads, config.window, shifted=bool(block % 2))
            for block in range(config.depths[level])
        )
    )
