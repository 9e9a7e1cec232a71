"""A tiny network and its card, for tests that need some model but not a good one."""

import pytest
import torch

from glacier_core.models.card import ModelCard
from glacier_core.models.glavitu import GlaViTU, GlaViTUConfig

TINY = GlaViTUConfig(
    width=4,
    token_width=8,
    positional_grid=2,
    transformer_blocks=1,
    heads=2,
    mlp_width=8,
    resunet_width=4,
)


@pytest.fixture
def tiny_config():
    return TINY


@pytest.fixture
def tiny_network():
    torch.manual_seed(1)
    return GlaViTU(TINY)


@pytest.fixture
def tiny_card():
    return ModelCard(
        name="tiny",
        title="A tiny network",
        config=TINY,
        patch_size=32,
        training="None: random weights.",
        licence="BSD-3-Clause",
    )
