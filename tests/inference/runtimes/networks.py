"""Small networks of every architecture that behave as trained ones do."""

import numpy as np
import torch
from torch.nn.functional import interpolate

from glacier_core.models.architectures import ARCHITECTURES, build_network
from glacier_core.models.config import EnsembleConfig, GlaViTUConfig

LOCATIONS = {"no location": None, "region": "region", "coordinates": "coordinates"}
TINY = {
    name: GlaViTUConfig(
        width=8,
        expanded_inputs=True,
        token_width=16,
        positional_grid=4,
        transformer_blocks=2,
        heads=2,
        mlp_width=16,
        resunet_width=8,
        location=location,
    )
    for name, location in LOCATIONS.items()
}


def smooth_windows(number, size, seed=0):
    """Windows like a scene's: (N, C, H, W) that change slowly, a corner of the first missing."""
    random = torch.Generator().manual_seed(seed)
    inputs = {}
    for name, channels in (("optical", 6), ("dem", 2)):
        coarse = torch.rand(number, channels, size // 16, size // 16, generator=random)
        fine = interpolate(coarse, (size, size), mode="bilinear", align_corners=False)
        inputs[name] = (0.05 + 0.3 * fine).numpy()
        inputs[name][0, :, : size // 4, : size // 4] = 0.0
    return inputs


def location_of(network):
    length = network.config.location_length
    if not length:
        return None
    return np.random.default_rng(0).random(length, dtype=np.float32)


def settled(config, seed=0):
    """A network of random weights whose batch normalisations know what they normalise.

    Without that its values grow from layer to layer, and the last digit of an input decides.
    """
    torch.manual_seed(seed)
    network = build_network(config)
    size = small_size(config)
    parts = network.members if isinstance(config, EnsembleConfig) else [network]
    inputs = {n: torch.from_numpy(a) for n, a in smooth_windows(3, size, seed=9).items()}
    vector = location_of(network)
    locations = None if vector is None else torch.from_numpy(vector).expand(3, -1).clone()
    if locations is not None:
        locations += 0.1 * torch.rand(locations.shape)
    with torch.no_grad():
        for part in parts:
            for module in part.modules():
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                    module.momentum = 0.7
            part.train()
            for _ in range(3):
                part(inputs, locations)
    return network.eval().requires_grad_(False)


def small_size(config):
    return max(2 * config.size_multiple, 64)


def all_small():
    yield from ((name, a.small) for name, a in ARCHITECTURES.items())
    yield from TINY.items()
