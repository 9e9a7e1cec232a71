"""Transformer blocks whose attention stays within windows, shifted in every second block.

Liu et al. (2021), "Swin Transformer: Hierarchical vision transformer using shifted windows", ICCV,
https://arxiv.org/abs/2103.14030. Sizes that windows do not divide are padded, and no token sees
the padding. Shapes are N, H, W, channels here; M = windows of an image, T = tokens of a window.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MLP_RATIO = 4
BIAS_DEVIATION = 0.02  # of the first relative position biases


class WindowBlock(nn.Module):
    """Attention within windows and a perceptron, each normalised and beside a shortcut."""

    def __init__(self, width: int, heads: int, window: int, *, shifted: bool) -> None:
        super().__init__()
        self.window = window
        self.shifted = shifted
        self.norm_attention = nn.LayerNorm(width)
        self.attention = WindowAttention(width, heads, window)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, MLP_RATIO * width), nn.GELU(), nn.Linear(MLP_RATIO * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Refine tokens (N, H, W, c)."""
        x = x + self.attend(self.norm_attention(x))
        refined: Tensor = x + self.mlp(self.norm_mlp(x))
        return refined

    def attend(self, x: Tensor) -> Tensor:
        """Let tokens (N, H, W, c) look at those of their window."""
        height, width = x.shape[1:3]
        shift = self.shift(height), self.shift(width)
        windows = split_windows(x, self.window, shift)  # (N, M, T, c)
        seen = visible(height, width, self.window, shift, x.device)
        mixed = self.attention(windows, seen)
        return join_windows(mixed, height, width, self.window, shift)

    def shift(self, length: int) -> int:
        """Tokens to roll a side by: half a window, none where one window covers the side."""
        return self.window // 2 if self.shifted and length > self.window else 0


class WindowAttention(nn.Module):
    """Multi-head self-attention with a learned bias for every offset between two tokens."""

    offsets: Tensor

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.bias = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.register_buffer("offsets", _offsets(window), persistent=False)
        nn.init.trunc_normal_(self.bias, std=BIAS_DEVIATION)

    def forward(self, x: Tensor, seen: Tensor | None) -> Tensor:
        """Mix the tokens of windows (N, M, T, c); `seen` (M, T, T) tells which see which."""
        number, windows = x.shape[:2]
        split = self.query_key_value(x.flatten(0, 1)).unflatten(2, (3, self.heads, -1))
        query, key, value = split.permute(2, 0, 3, 1, 4)  # each (N M, heads, T, c / heads)
        bias = self.bias[self.offsets].permute(2, 0, 1)[None].to(query.dtype)  # (1, heads, T, T)
        if seen is not None:
            bias = bias.masked_fill(~seen[:, None], -torch.inf).repeat(number, 1, 1, 1)
        x = F.scaled_dot_product_attention(query, key, value, bias)
        mixed: Tensor = self.out(x.transpose(1, 2).flatten(2))  # (N M, T, c)
        return torch.unflatten(mixed, 0, (number, windows))


def split_windows(x: Tensor, window: int, shift: tuple[int, int]) -> Tensor:
    """Cut (N, H, W, c), padded at the bottom and right and rolled back by `shift`, into windows.

    Returns
    -------
    Tensor (N, M, T, c)
        Windows row by row, and so the tokens of each.
    """
    height, width = x.shape[1:3]
    x = F.pad(x, (0, 0, 0, -width % window, 0, -height % window))
    x = x.roll((-shift[0], -shift[1]), (1, 2))
    x = torch.unflatten(torch.unflatten(x, 1, (-1, window)), 3, (-1, window))
    # (N, rows, w, columns, w, c) before, windows beside windows after
    return x.transpose(2, 3).flatten(3, 4).flatten(1, 2)


def join_windows(x: Tensor, height: int, width: int, window: int, shift: tuple[int, int]) -> Tensor:
    """Undo `split_windows`: (N, M, T, c) to (N, H, W, c)."""
    columns = -(-width // window)
    x = torch.unflatten(torch.unflatten(x, 2, (window, window)), 1, (-1, columns))
    x = x.transpose(2, 3).flatten(3, 4).flatten(1, 2)  # (N, H', W', c)
    return x.roll(shift, (1, 2))[:, :height, :width]


def visible(
    height: int, width: int, window: int, shift: tuple[int, int], device: torch.device
) -> Tensor | None:
    """Tell which tokens of a window see which: bool (M, T, T), None if all see all.

    Padding is apart from the image, and what the roll brought over the border is apart from what
    lies there.
    """
    if not any(shift) and height % window == 0 and width % window == 0:
        return None
    rows = _parts(height, window, shift[0], device)
    columns = _parts(width, window, shift[1], device)
    parts = 4 * rows[:, None] + columns  # (H', W')
    labels = split_windows(parts[None, :, :, None], window, (0, 0))[0, ..., 0]  # (M, T)
    return labels[:, :, None] == labels[:, None, :]


def _parts(length: int, window: int, shift: int, device: torch.device) -> Tensor:
    """Label one rolled side: 0 the image, 1 brought over the border, 2 padding."""
    padded = length + -length % window
    place = torch.arange(padded, device=device).roll(-shift)
    part = (place < shift).long()
    return torch.where(place >= length, 2, part)


def _offsets(window: int) -> Tensor:
    """Place in the table of biases for every pair of tokens (T, T) of a window."""
    steps = torch.arange(window)
    rows, columns = (grid.flatten() for grid in torch.meshgrid(steps, steps, indexing="ij"))
    down = rows[:, None] - rows + window - 1
    across = columns[:, None] - columns + window - 1
    return down * (2 * window - 1) + across
