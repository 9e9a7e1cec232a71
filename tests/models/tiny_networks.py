"""A tiny config of every architecture, and random inputs."""

import torch

from glacier_core.models.config import (
    DeepLabConfig,
    EnsembleConfig,
    GDGTConfig,
    GlaViTUConfig,
    ResUNetConfig,
    SETRConfig,
    SwinUNetConfig,
    TransUNetConfig,
)
from glacier_core.models.inputs import FEATURE_CHANNELS

TOKENS = {
    "token_width": 8,
    "positional_grid": 2,
    "transformer_blocks": 1,
    "heads": 2,
    "mlp_width": 8,
}
GLAVITU = GlaViTUConfig(width=4, resunet_width=4, **TOKENS)
RESUNET = ResUNetConfig(width=4, resunet_width=4, steps=2)

TINY_CONFIGS = {
    config.architecture: config
    for config in (
        GLAVITU,
        RESUNET,
        SETRConfig(width=4, decoder_width=4, **TOKENS),
        TransUNetConfig(width=4, resunet_width=4, **TOKENS),
        DeepLabConfig(
            width=4, layers=(1, 2, 1, 1), backbone_width=4, pyramid_width=8, head_width=4
        ),
        SwinUNetConfig(width=4, token_width=4, depths=(2, 2, 2), heads=(1, 2, 2), window=3),
        GDGTConfig(width=4, encoder_width=4, encoder_blocks=1, heads=2, window=4, pooled_grid=2),
        EnsembleConfig((GLAVITU, RESUNET)),
    )
}


def inputs_of(config, height, width, number=1, seed=0):
    """Random scaled features (N, C, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(number, FEATURE_CHANNELS[name], height, width, generator=generator)
        for name in config.features
    }
