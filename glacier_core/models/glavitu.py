"""GlaViTU, the Glacier-VisionTransformer-U-Net.

Maslov, Persello, Schellenberger, Stein (2025), "Globally scalable glacier mapping by deep
learning matches expert delineation accuracy", Nature Communications 16:43,
https://doi.org/10.1038/s41467-024-54956-x.

A fusion block turns every feature group into as many channels and sums them; a light vision
transformer with a convolutional decoder (SETR) adds context; a residual U-Net (ResUNet) adds
detail. Two heads: one behind the context (deep supervision), one at the end. The blocks stand in
`glacier_core.models.blocks`, as the networks it is compared with are built of the same.

Three things are kept although they look like slips, as the published weights depend on them:
the second GELU at the end of a transformer's perceptron, the decoder of SETR without any
activation, and the 2x2 convolution that pads at the bottom and right only. There is no dropout:
in the published training it was never active.
"""

from torch import Tensor, nn

from glacier_core.models.blocks import (
    CLASSES,
    Attention,
    FusionNetwork,
    LocationEncodingBlock,
    ResUNet,
    TransformerBlock,
    UpConvolution,
    VisionTransformer,
    initialise,
    pup_convolutions,
    resize_bilinear,
)
from glacier_core.models.config import GLAVITU_SMALL, GlaViTUConfig

__all__ = [
    "GLAVITU_SMALL",
    "SETR",
    "Attention",
    "GlaViTU",
    "GlaViTUConfig",
    "LocationEncodingBlock",
    "TransformerBlock",
    "UpConvolution",
]


class GlaViTU(FusionNetwork):
    """The network of the paper; shapes N, channels, H, W. w = width.

    Location is encoded in one place only: a vector added to every pixel of the fused features.
    """

    config: GlaViTUConfig

    def __init__(self, config: GlaViTUConfig | None = None) -> None:
        config = config or GlaViTUConfig()
        super().__init__(config)
        self.setr = SETR(config)
        self.deep_supervision = nn.Conv2d(config.width, CLASSES, 1)
        self.resunet = ResUNet(config)
        self.output = nn.Conv2d(config.width, CLASSES, 1)
        self.apply(initialise)

    def heads(self, x: Tensor) -> tuple[Tensor, ...]:
        """Give the logits of the output, and in training mode those behind the context."""
        context, detail = self.context_and_detail(x)
        if self.training:
            return self.output(detail), self.deep_supervision(context)
        return (self.output(detail),)

    def features(self, inputs: dict[str, Tensor], location: Tensor | None) -> tuple[Tensor, Tensor]:
        """Compute what the two heads see: context, and context with detail, each (N, w, H, W)."""
        return self.context_and_detail(self.fuse(inputs, location))

    def context_and_detail(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Add context to fused features (N, w, H, W), then detail to both."""
        context = x + self.setr(x)
        return context, context + self.resunet(context)


class SETR(VisionTransformer):
    """Vision transformer encoder and progressive-upsampling decoder."""

    def __init__(self, config: GlaViTUConfig) -> None:
        super().__init__(config, config.width, config.token_patch)
        self.decoder = PUPDecoder(config)

    def forward(self, x: Tensor) -> Tensor:
        """Add context to (N, w, H, W), all of it linear at the end."""
        decoded: Tensor = self.decoder(self.encode(x))  # (N, w, H, W)
        return decoded


class PUPDecoder(nn.Module):
    """Convolve, normalise, double the size, until tokens are pixels again. No activations."""

    def __init__(self, config: GlaViTUConfig) -> None:
        super().__init__()
        self.convolutions = pup_convolutions(config, config.width)
        self.last = nn.Conv2d(config.width, config.width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Turn tokens (N, t, rows, columns) into (N, w, H, W)."""
        *doubling, final = self.convolutions
        for convolution in doubling:  # 24, 48, 96 tokens a side
            x = resize_bilinear(convolution(x), 2)
        return resize_bilinear(self.last(final(x)), 2)  # 192 to 384 pixels
