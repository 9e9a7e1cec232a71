"""GDGT, a global-local detail-guided transformer, after an abstract.

Huang, Hong, Su (2024), "Global-local detail guided transformer for sea ice recognition in optical
remote sensing images", IGARSS, https://arxiv.org/abs/2405.13197.

Only the abstract could be read. From there: a U shape of a convolutional encoder and a transformer
decoder, a global-local feature fusion that joins structure with texture, and a decoder guided by
detail from wavelets. All else is ours: the stages of ResNet-18; attention to a pooled image beside
a depthwise convolution as the fusion; Haar wavelets, of whose inverse the decoder's feature is the
low frequency and the gated detail of the encoder the rest; windows in the decoder's transformer.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.models.blocks import CLASSES, EPSILON, FusionNetwork, initialise
from glacier_core.models.config import GDGTConfig
from glacier_core.models.window_attention import WindowBlock

STAGES = 4
# Of the four pixels of a square, row by row, to their mean and their differences across, down and
# crosswise. Symmetric and orthogonal, so its own inverse.
HAAR = (
    (0.5, 0.5, 0.5, 0.5),
    (0.5, -0.5, 0.5, -0.5),
    (0.5, 0.5, -0.5, -0.5),
    (0.5, -0.5, -0.5, 0.5),
)


class GDGT(FusionNetwork):
    """Fusion, four stages down, four up. e = encoder width of the first stage."""

    def __init__(self, config: GDGTConfig) -> None:
        super().__init__(config)
        widths = [config.width, *(config.encoder_width << stage for stage in range(STAGES))]
        steps = list(pairwise(widths))
        self.encoder = nn.ModuleList(_stage(i, o, config) for i, o in steps)
        self.fusions = nn.ModuleList(GlobalLocalFusion(o, config) for o in widths[1:])
        self.guides = nn.ModuleList(DetailGuide(o, i, config) for i, o in reversed(steps))
        self.blocks = nn.ModuleList(
            WindowBlock(width, config.heads, config.window, shifted=bool(level % 2))
            for level, width in enumerate(widths[-2:0:-1])
        )
        self.last = ConvolutionBlock(config.width, config.width, 1, config)
        self.output = nn.Conv2d(config.width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into the logits of the one head."""
        skips = [x]
        for stage, fusion in zip(self.encoder, self.fusions, strict=True):
            x = stage(x)  # (N, e, H / 2, W / 2) to (N, 8e, H / 16, W / 16)
            skips.append(fusion(x))
        x = skips.pop()
        *deep, shallow = self.guides
        for guide, block in zip(deep, self.blocks, strict=True):
            x = guide(x, skips.pop())
            x = block(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        x = self.last(shallow(x, skips.pop()))  # pixels are too many for attention
        return (self.output(x),)


class ConvolutionBlock(nn.Module):
    """The basic block of ResNet: two 3x3 convolutions beside a shortcut."""

    def __init__(self, channels: int, width: int, stride: int, config: GDGTConfig) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        self.first_norm = _norm(width, config)
        self.second = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.second_norm = _norm(width, config)
        same = stride == 1 and channels == width
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, i, H, W) into (N, o, H / stride, W / stride)."""
        refined = self.second(F.relu(self.first_norm(self.first(x))))
        return F.relu(self.second_norm(refined) + self.shortcut(x))


class GlobalLocalFusion(nn.Module):
    """Structure of the whole image and texture around a pixel, joined and gated."""

    def __init__(self, width: int, config: GDGTConfig) -> None:
        super().__init__()
        self.whole = PooledAttention(width, config.heads, config.pooled_grid)
        self.local = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.join = nn.Conv2d(2 * width, width, 1, bias=False)
        self.norm = _norm(width, config)
        self.squeeze = nn.Linear(width, width)
        self.excite = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Refine (N, c, H, W)."""
        joined = self.norm(self.join(torch.cat([self.whole(x), self.local(x)], dim=1)))
        gate = F.relu(self.squeeze(joined.mean((2, 3))))  # (N, c)
        gate = torch.sigmoid(self.excite(gate))
        refined: Tensor = x + joined * gate[:, :, None, None]
        return refined


class PooledAttention(nn.Module):
    """Every pixel looks at a pooled image of grid x grid."""

    def __init__(self, width: int, heads: int, grid: int) -> None:
        super().__init__()
        self.heads, self.grid = heads, grid
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, c, H, W) into (N, c, H, W)."""
        size = x.shape[2:]
        x = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        pooled = F.adaptive_avg_pool2d(x, self.grid).flatten(2).transpose(1, 2)  # (N, grid², c)
        query = self.query(x.flatten(2).transpose(1, 2)).unflatten(2, (self.heads, -1))
        key, value = self.key_value(pooled).unflatten(2, (2, self.heads, -1)).unbind(2)
        mixed = F.scaled_dot_product_attention(
            query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2)
        )  # (N, heads, H W, c / heads)
        mixed = self.out(mixed.transpose(1, 2).flatten(2)).transpose(1, 2)
        return torch.unflatten(mixed, 2, size)


class DetailGuide(nn.Module):
    """Double the size by an inverse wavelet transform, with the detail of the encoder."""

    def __init__(self, channels: int, width: int, config: GDGTConfig) -> None:
        super().__init__()
        self.project = nn.Conv2d(channels, width, 1, bias=False)
        self.norm = _norm(width, config)
        self.gate = nn.Conv2d(4 * width, 3 * width, 3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """Turn (N, i, H, W) and a skip (N, o, 2H, 2W) into (N, o, 2H, 2W)."""
        _, detail = haar(skip)  # (N, 3 o, H, W)
        x = self.norm(self.project(x))  # (N, o, H, W)
        gate = torch.sigmoid(self.gate(torch.cat([x, detail], dim=1)))
        return skip + inverse_haar(x, detail * gate)


def haar(x: Tensor) -> tuple[Tensor, Tensor]:
    """Transform (N, c, 2H, 2W) by one level of Haar wavelets.

    Returns
    -------
    Tensor (N, c, H, W)
        The low frequency: twice the mean of every square of four.
    Tensor (N, 3c, H, W)
        The differences across, down and crosswise of every channel.
    """
    squares = torch.unflatten(F.pixel_unshuffle(x, 2), 1, (-1, 4))  # (N, c, 4, H, W)
    parts = torch.einsum("ij,ncjhw->ncihw", x.new_tensor(HAAR), squares)
    return parts[:, :, 0], parts[:, :, 1:].flatten(1, 2)


def inverse_haar(low: Tensor, detail: Tensor) -> Tensor:
    """Undo `haar`: (N, c, H, W) and (N, 3c, H, W) to (N, c, 2H, 2W)."""
    parts = torch.cat([low[:, :, None], torch.unflatten(detail, 1, (-1, 3))], dim=2)
    squares = torch.einsum("ij,ncjhw->ncihw", parts.new_tensor(HAAR), parts)
    return F.pixel_shuffle(squares.flatten(1, 2), 2)


def _stage(channels: int, width: int, config: GDGTConfig) -> nn.Sequential:
    more = (ConvolutionBlock(width, width, 1, config) for _ in range(config.encoder_blocks - 1))
    return nn.Sequential(ConvolutionBlock(channels, width, 2, config), *more)


def _norm(width: int, config: GDGTConfig) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(width, EPSILON, config.batch_norm_momentum)
