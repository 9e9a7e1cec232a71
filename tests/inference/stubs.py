"""Tiny scenes, and networks whose answer is known."""

import numpy as np
import torch
from affine import Affine
from torch import nn

from glacier_core.models.card import CalibrationCurve, ModelCard
from glacier_core.models.config import GlaViTUConfig
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import Model
from glacier_core.scene import SceneAttributes, build_scene

PATCH = 16
TINY = GlaViTUConfig(
    width=4,
    token_patch=8,
    token_width=8,
    positional_grid=2,
    transformer_blocks=1,
    heads=2,
    mlp_width=8,
    resunet_width=4,
)
CURVE = CalibrationCurve(x=(0.0, 0.5, 1.0), y=(0.5, 0.9, 1.0))
TRANSFORM = Affine(30.0, 0.0, 480_000.0, 0.0, -30.0, 5_790_000.0)


def make_scene(rows=20, columns=24, *, seed=0, valid=None, crs="EPSG:32611", radar=None, **facts):
    random = np.random.default_rng(seed)
    attributes = {"id": "tiny", "title": "Tiny scene", "acquired": "2020-08-01"} | facts
    return build_scene(
        random.uniform(0.05, 0.4, (6, rows, columns)).astype(np.float32),
        random.uniform(1000, 1500, (rows, columns)).astype(np.float32),
        transform=TRANSFORM,
        crs=crs,
        slope=np.full((rows, columns), 10.0),
        valid=valid,
        radar=radar,
        attributes=SceneAttributes(**attributes),
    )


def make_card(config=TINY, **facts):
    facts = {"calibration": CURVE, "patch_size": PATCH, "name": "stub"} | facts
    return ModelCard(title="Stub", config=config, training="none", licence="none", **facts)


def stub_model(network, **facts):
    return Model(network.eval(), make_card(**facts))


def tiny_glavitu(seed=0, config=TINY, **facts):
    torch.manual_seed(seed)
    return Model(GlaViTU(config).eval().requires_grad_(False), make_card(config, **facts))


class Shared:
    """Something copies of a network share, so that tests can look at it."""

    def __deepcopy__(self, memo):
        return self


class Log(Shared, list):
    """What a network was asked for."""


class Brightness(nn.Module):
    """Each pixel by itself: logit = 40 (mean of the scaled optical bands - 0.11)."""

    def __init__(self, log=None):
        super().__init__()
        self.gain = nn.Parameter(torch.tensor(40.0), requires_grad=False)
        self.log = log

    def forward(self, inputs, location=None):
        if self.log is not None:
            self.log.append((inputs, location))
        logit = self.gain * (inputs["optical"].mean(dim=1) - 0.11)
        return torch.stack([torch.zeros_like(logit), logit], dim=1)


class PatchMean(nn.Module):
    """The whole patch at once: every pixel gets the mean of all, zeros included."""

    def forward(self, inputs, location=None):
        mean = inputs["optical"].mean(dim=(1, 2, 3), keepdim=True)[:, 0]
        logit = (mean * 40 - 3).expand(-1, *inputs["optical"].shape[2:])
        return torch.stack([torch.zeros_like(logit), logit], dim=1)


class Forgetful(Brightness):
    """Has memory for `most` windows only."""

    def __init__(self, most, log=None, error=torch.OutOfMemoryError):
        super().__init__(log)
        self.most, self.error = most, error

    def forward(self, inputs, location=None):
        logits = super().forward(inputs, location)
        if len(logits) > self.most:
            raise self.error("DefaultCPUAllocator: not enough memory (test)")
        return logits


class Gate(Shared):
    """Holds a network up until a test lets it go."""

    def __init__(self, event_factory):
        self.entered, self.open = event_factory(), event_factory()


class Held(Brightness):
    def __init__(self, gate):
        super().__init__()
        self.gate = gate

    def forward(self, inputs, location=None):
        self.gate.entered.set()
        assert self.gate.open.wait(60)
        return super().forward(inputs, location)


class Broken(nn.Module):
    def forward(self, inputs, location=None):
        raise ZeroDivisionError("a fault in the network (test)")


class NotANumber(Brightness):
    def forward(self, inputs, location=None):
        return super().forward(inputs, location) * torch.nan


def scaled_brightness(scene):
    """The mean of the scaled optical bands, computed apart from the library."""
    low = np.array([-0.00373555, -0.01996775, -0.01857444, -0.02698885, -0.0254627, -0.02451179])
    high = np.array([2.0468, 2.1253, 2.2303, 2.6781, 2.1246, 2.1602])
    optical = scene.data["optical"].to_numpy().astype(float)
    scaled = (optical - low[:, None, None]) / (high - low)[:, None, None]
    scaled[:, ~scene.valid] = 0.0
    return scaled


def brightness_answer(scene):
    """What Brightness makes of a scene, by the definition."""
    probability = 1 / (1 + np.exp(-40 * (scaled_brightness(scene).mean(axis=0) - 0.11)))
    return np.where(scene.valid, probability, np.nan)
