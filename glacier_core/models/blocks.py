"""Blocks that several architectures are built of, all in the form GlaViTU uses them.

Maslov, Persello, Schellenberger, Stein (2025), Nature Communications 16:43,
https://doi.org/10.1038/s41467-024-54956-x. Shapes are N, channels, H, W. w = width.
"""

from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glacier_core.errors import ModelError
from glacier_core.models.config import (
    RESUNET_STEPS,
    GlaViTUConfig,
    NetworkConfig,
    ResUNetConfig,
    SETRConfig,
    TransformerConfig,
    TransUNetConfig,
)
from glacier_core.models.inputs import FEATURE_CHANNELS, check_shapes
from glacier_core.models.stem import EXPANDED_CHANNELS, InputStem

EPSILON = 1e-3  # of batch and layer normalisation, the default of Keras
FUSION_SLOPE = 0.2  # of the leaky ReLU in the fusion block and ResUNet
LAYER_SLOPE = 0.3  # of Keras' layer of that name: in the location encoding block and elsewhere
CLASSES = 2  # background, glacier (clean and debris-covered ice together)


class Network(nn.Module):
    """What `glacier_core.models.architectures.build_network` returns."""

    config: NetworkConfig

    def forward(
        self, inputs: dict[str, Tensor], location: Tensor | None = None
    ) -> Tensor | tuple[Tensor, ...]:
        """Class logits of every pixel; softmax gives the probabilities.

        Parameters
        ----------
        inputs : dict of Tensor (N, C, H, W)
            Scaled features (see `glacier_core.models.inputs`); H and W multiples of the config's
            `size_multiple`.
        location : Tensor (N, L), optional
            One-hot region or coordinate vector, if and only if the network was built for it.

        Returns
        -------
        Tensor (N, 2, H, W)
            Logits of background and glacier. In training mode a tuple: these first, then those
            of the deep-supervision heads, if there are any.

        Raises
        ------
        ModelError
            If a feature is missing, or a shape does not fit.
        """
        raise NotImplementedError


class FusionNetwork(Network):
    """A network behind the stem and the fusion block; a child gives `heads`."""

    def __init__(self, config: NetworkConfig, fusion_block: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.stem = InputStem() if config.expanded_inputs else None
        self.fusion_block = fusion_block or FusionBlock(config)
        self.location_encoding_block = LocationEncodingBlock(config) if config.location else None

    def forward(
        self, inputs: dict[str, Tensor], location: Tensor | None = None
    ) -> Tensor | tuple[Tensor, ...]:
        """Class logits, see `Network.forward`."""
        heads = self.heads(self.fuse(inputs, location))
        return heads if self.training else heads[0]

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Turn fused features (N, w, H, W) into logits (N, 2, H, W), the output's first."""
        raise NotImplementedError

    def fuse(self, inputs: dict[str, Tensor], location: Tensor | None) -> Tensor:
        """Check the inputs, expand them where asked, and fuse them into (N, w, H, W)."""
        shapes = {name: tuple(tensor.shape) for name, tensor in inputs.items()}
        number = check_shapes(shapes, self.config.features, self.config.size_multiple)
        _check_location(self.config, number, location)
        if self.stem is not None:
            inputs = {name: self.stem(name, inputs[name]) for name in self.config.features}
        x: Tensor = self.fusion_block(inputs)  # (N, w, H, W)
        if self.location_encoding_block is not None:
            x = x + self.location_encoding_block(location)[:, :, None, None]
        return x


class FusionBlock(nn.Module):
    """One branch a feature group, summed."""

    def __init__(
        self, config: NetworkConfig, *, slope: float = FUSION_SLOPE, gated: bool = True
    ) -> None:
        super().__init__()
        channels = EXPANDED_CHANNELS if config.expanded_inputs else FEATURE_CHANNELS
        self.branches = nn.ModuleDict(
            {
                name: FusionBranch(channels[name], config)
                if gated
                else convolution_pair(channels[name], config.width, config, slope)
                for name in config.features
            }
        )

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """Fuse groups of (N, c, H, W) into (N, w, H, W)."""
        fused: Tensor = reduce(
            torch.add, (branch(inputs[name]) for name, branch in self.branches.items())
        )
        return fused


class FusionBranch(nn.Module):
    """Two convolutions, then squeeze and excitation without a bottleneck."""

    def __init__(self, channels: int, config: NetworkConfig) -> None:
        super().__init__()
        self.convolutions = convolution_pair(channels, config.width, config)
        self.squeeze = nn.Linear(config.width, config.width)
        self.excite = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, c, H, W) into (N, w, H, W)."""
        x = self.convolutions(x)  # (N, w, H, W)
        gate = F.leaky_relu(self.squeeze(x.mean((2, 3))), FUSION_SLOPE)  # (N, w)
        gate = torch.sigmoid(self.excite(gate))
        return x * gate[:, :, None, None]


class LocationEncodingBlock(nn.Module):
    """A location vector (N, L) to one channel vector (N, w)."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        momentum = config.batch_norm_momentum
        self.layers = nn.Sequential(
            nn.Linear(config.location_length, config.width),
            nn.BatchNorm1d(config.width, EPSILON, momentum),
            nn.LeakyReLU(LAYER_SLOPE),
            nn.Linear(config.width, config.width),
            nn.BatchNorm1d(config.width, EPSILON, momentum),
            nn.LeakyReLU(LAYER_SLOPE),
        )

    def forward(self, location: Tensor) -> Tensor:
        """Encode (N, L) as (N, w)."""
        encoded: Tensor = self.layers(location)
        return encoded


class VisionTransformer(nn.Module):
    """Patches to tokens, learned positions, and blocks of equal size. T = tokens, t = width."""

    def __init__(self, config: TransformerConfig, channels: int, patch: int) -> None:
        super().__init__()
        self.grid = grid = config.positional_grid
        self.patch_embedding = nn.Conv2d(channels, config.token_width, patch, stride=patch)
        self.positional_embedding = nn.Parameter(torch.empty(1, grid * grid, config.token_width))
        self.blocks = nn.ModuleList(
            TransformerBlock(config) for _ in range(config.transformer_blocks)
        )

    def encode(self, x: Tensor) -> Tensor:
        """Turn (N, c, H, W) into tokens (N, t, rows, columns) that have seen each other."""
        x = self.patch_embedding(x)  # (N, t, rows, columns)
        rows, columns = x.shape[2:]
        x = x.flatten(2).transpose(1, 2)  # (N, T, t), tokens row by row
        x = x + self.positions(rows, columns)
        for block in self.blocks:
            x = block(x)
        return x.transpose(1, 2).reshape(x.shape[0], -1, rows, columns)  # (N, t, rows, columns)

    def forward(self, x: Tensor) -> Tensor:
        """Give the encoded tokens."""
        return self.encode(x)

    def positions(self, rows: int, columns: int) -> Tensor:
        """Give the positional embedding (1, T, t), stretched bilinearly off the native size."""
        if rows == columns == self.grid:
            return self.positional_embedding
        x = self.positional_embedding.transpose(1, 2).reshape(1, -1, self.grid, self.grid)
        x = F.interpolate(x, (rows, columns), mode="bilinear", align_corners=False)
        return x.flatten(2).transpose(1, 2)


class TransformerBlock(nn.Module):
    """Attention and perceptron, each behind a layer normalisation and beside a shortcut."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.norm_attention = nn.LayerNorm(config.token_width, EPSILON)
        self.attention = Attention(config)
        self.norm_mlp = nn.LayerNorm(config.token_width, EPSILON)
        self.mlp = nn.Sequential(
            nn.Linear(config.token_width, config.mlp_width),
            nn.GELU(),
            nn.Linear(config.mlp_width, config.token_width),
            nn.GELU(),  # unusual here, but so it was trained
        )

    def forward(self, x: Tensor) -> Tensor:
        """Refine tokens (N, T, t)."""
        x = x + self.attention(self.norm_attention(x))
        refined: Tensor = x + self.mlp(self.norm_mlp(x))
        return refined


class Attention(nn.Module):
    """Multi-head self-attention; every head is t / heads wide."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.query = nn.Linear(config.token_width, config.token_width)
        self.key = nn.Linear(config.token_width, config.token_width)
        self.value = nn.Linear(config.token_width, config.token_width)
        self.out = nn.Linear(config.token_width, config.token_width)

    def forward(self, x: Tensor) -> Tensor:
        """Let every token of (N, T, t) look at all others."""
        query, key, value = (
            dense(x).unflatten(2, (self.heads, -1)).transpose(1, 2)  # (N, heads, T, t / heads)
            for dense in (self.query, self.key, self.value)
        )
        x = F.scaled_dot_product_attention(query, key, value)
        mixed: Tensor = self.out(x.transpose(1, 2).flatten(2))  # (N, T, t)
        return mixed


def pup_convolutions(config: GlaViTUConfig | SETRConfig, width: int) -> nn.ModuleList:
    """Give the convolutions of a progressive-upsampling decoder, one a doubling, no activations."""
    doublings = config.token_patch.bit_length() - 1  # 4 for a patch of 16
    channels = [config.token_width] + [width] * doublings
    return nn.ModuleList(
        nn.Sequential(
            nn.Conv2d(channels[step], channels[step + 1], 3, padding=1),
            nn.BatchNorm2d(channels[step + 1], EPSILON, config.batch_norm_momentum),
        )
        for step in range(doublings)
    )


class ResUNet(nn.Module):
    """Residual U-Net: widths r, 2r, 4r … at full size, a half, a quarter … r = ResUNet width.

    With `last`, a 1x1 convolution at the end leads to the width of the fused features.
    """

    def __init__(
        self,
        config: GlaViTUConfig | ResUNetConfig | TransUNetConfig,
        *,
        steps: int = RESUNET_STEPS,
        slope: float = FUSION_SLOPE,
        last: bool = True,
    ) -> None:
        super().__init__()
        widths = [config.resunet_width * 2**step for step in range(steps + 1)]
        encoder = zip([config.width, *widths], widths, strict=False)
        self.encoder = nn.ModuleList(ResidualUnit(i, o, config, slope) for i, o in encoder)
        upward = list(zip(widths[:0:-1], widths[-2::-1], strict=True))  # 8r to 4r, 4r to 2r, …
        self.upsampling = nn.ModuleList(UpConvolution(i, o, config) for i, o in upward)
        self.decoder = nn.ModuleList(ResidualUnit(2 * o, o, config, slope) for _, o in upward)
        self.last = nn.Conv2d(config.resunet_width, config.width, 1) if last else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Find detail in (N, w, H, W); all of it linear at the end."""
        return self.decode(*self.encode(x))

    def encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Give the bottom (N, 8r, H / 8, W / 8) and what the way up needs of each size."""
        *descending, bottleneck = self.encoder
        skips = []
        for unit in descending:  # H, H / 2, H / 4
            x = unit(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        return bottleneck(x), skips

    def decode(self, x: Tensor, skips: list[Tensor]) -> Tensor:
        """Give (N, w, H, W), or (N, r, H, W) without `last`, from what `encode` gave."""
        for upsample, unit in zip(self.upsampling, self.decoder, strict=True):
            x = unit(torch.cat([upsample(x), skips.pop()], dim=1))
        detail: Tensor = self.last(x)
        return detail


class ResidualUnit(nn.Module):
    """Two convolutions beside a 1x1 shortcut, which is there even where widths agree."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        config: NetworkConfig,
        slope: float = FUSION_SLOPE,
    ) -> None:
        super().__init__()
        self.convolutions = convolution_pair(channels_in, channels_out, config, slope)
        self.shortcut = nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, i, H, W) into (N, o, H, W); no activation after the sum."""
        total: Tensor = self.convolutions(x) + self.shortcut(x)
        return total


class UpConvolution(nn.Module):
    """Nearest-neighbour doubling and a 2x2 convolution."""

    def __init__(self, channels_in: int, channels_out: int, config: NetworkConfig) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels_in, channels_out, 2, bias=False)
        self.norm = nn.BatchNorm2d(channels_out, EPSILON, config.batch_norm_momentum)

    def forward(self, x: Tensor) -> Tensor:
        """Turn (N, i, H, W) into (N, o, 2H, 2W); no activation."""
        x = F.interpolate(x, scale_factor=2, mode="nearest")
        x = F.pad(x, (0, 1, 0, 1))  # right and bottom, as TensorFlow pads an even kernel
        upsampled: Tensor = self.norm(self.convolution(x))
        return upsampled


def convolution_pair(
    channels_in: int, channels_out: int, config: NetworkConfig, slope: float = FUSION_SLOPE
) -> nn.Sequential:
    """Twice: 3x3 convolution, batch normalisation, leaky ReLU."""
    layers: list[nn.Module] = []
    for channels in (channels_in, channels_out):
        layers += [
            nn.Conv2d(channels, channels_out, 3, padding=1),
            nn.BatchNorm2d(channels_out, EPSILON, config.batch_norm_momentum),
            nn.LeakyReLU(slope, inplace=True),
        ]
    return nn.Sequential(*layers)


def resize_bilinear(x: Tensor, factor: int) -> Tensor:
    """Enlarge by a whole factor, half-pixel centres."""
    return F.interpolate(x, scale_factor=factor, mode="bilinear", align_corners=False)


def initialise(module: nn.Module) -> None:
    """Weights as Keras draws them by default: Glorot uniform, biases zero."""
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, VisionTransformer):
        # The patch embedding is a dense layer on flattened patches: its fan-out is one token.
        nn.init.xavier_uniform_(module.patch_embedding.weight.detach().flatten(1))
        nn.init.normal_(module.positional_embedding, std=0.05)


def _check_location(config: NetworkConfig, number: int, location: Tensor | None) -> None:
    if config.location is None and location is not None:
        raise ModelError("This network takes no location; it was given one. Leave it out.")
    expected = (number, config.location_length)
    given = None if location is None else tuple(location.shape)
    if config.location is not None and given != expected:
        builder = "region_vector" if config.location == "region" else "coordinate_vector"
        raise ModelError(
            f"This network needs a {config.location} vector of shape {expected}; it was given "
            f"{given}. Build it with glacier_core.models.inputs.{builder}."
        )
