import numpy as np
import pytest
import torch
from affine import Affine
from shapely.geometry import box

from glacier_core.inference.engine import map_glaciers
from glacier_core.models.card import ModelCard
from glacier_core.models.glavitu import GlaViTU
from glacier_core.models.registry import Model
from glacier_core.outlines.schema import to_schema
from glacier_core.scene import SceneAttributes, build_scene
from glacier_core.training import reality
from glacier_core.training.reality import real_figures

SIZE = 64  # pixels of 30 m
OUTLINE = slice(20, 40)
BRIGHT = slice(20, 48)  # ice goes on for 8 pixels (240 m) to the right of the outline


@pytest.fixture
def scene():
    ice = np.zeros((SIZE, SIZE), bool)
    ice[OUTLINE, BRIGHT] = True
    optical = np.where(
        ice,
        np.array([0.6, 0.6, 0.55, 0.5, 0.05, 0.04])[:, None, None],
        np.array([0.1, 0.12, 0.14, 0.18, 0.25, 0.22])[:, None, None],
    )
    transform = Affine(30, 0, 500_000, 0, -30, 5_000_000)
    west, north = transform @ (OUTLINE.start, OUTLINE.start)
    east, south = transform @ (OUTLINE.stop, OUTLINE.stop)
    outlines = to_schema([box(west, south, east, north)], 32611, glacier_id=["one"])
    return build_scene(
        optical,
        np.add.outer(np.arange(SIZE), np.arange(SIZE)) * 3.0 + 1000,
        transform=transform,
        crs=32611,
        attributes=SceneAttributes(id="square", title="Square"),
        outlines=outlines,
    )


@pytest.fixture
def model(tiny_recipe):
    torch.manual_seed(5)
    card = ModelCard(
        name="tiny",
        title="Tiny",
        config=tiny_recipe.network,
        patch_size=32,
        training="none",
        licence="BSD-3-Clause",
    )
    return Model(GlaViTU(tiny_recipe.network).eval(), card)


def test_every_figure_is_real_and_beside_the_band_rule(scene, model, monkeypatch):
    asked = []
    shadow = np.zeros((SIZE, SIZE), bool)
    shadow[OUTLINE, 36:48] = True  # 20 x 8 pixels outside the outline, all of them icy
    monkeypatch.setattr(reality, "open_scene", lambda name: asked.append(name) or scene)
    monkeypatch.setattr(reality, "sample_shadow", lambda name: shadow)
    result = real_figures(model)
    assert asked == ["athabasca-2020"]
    assert not any(figure.simulated for figure in result)
    *rings, _, rule = result
    assert all(figure.dataset.startswith("Square, within 300 m") for figure in rings)
    assert (rule.metric, rule.value) == ("cast shadow called glacier, NDSI > 0.4", 1.0)
    values = {figure.metric: figure.value for figure in result[:3]}
    # The NDSI finds 20 x 28 pixels of ice, the outline holds 20 x 20; all lie within 300 m.
    assert values["IoU, NDSI > 0.4"] == pytest.approx(20 / 28, abs=1e-4)


def test_network_is_scored_only_within_300_m(scene, model, monkeypatch):
    mapped = map_glaciers(scene, model, cache=False).data["glacier"].to_numpy()
    rows, columns = np.indices((SIZE, SIZE))
    away = [np.maximum(np.maximum(20 - x, x - 39), 0) for x in (rows, columns)]
    near = 30 * np.hypot(*away) <= 300
    expert = np.zeros_like(near)
    expert[OUTLINE, OUTLINE] = True
    expected = (mapped & expert).sum() / ((mapped | expert) & near).sum()
    assert mapped[~near].any()
    monkeypatch.setattr(reality, "open_scene", lambda name: scene)
    monkeypatch.setattr(reality, "sample_shadow", lambda name: ~expert)
    assert real_figures(model)[0].value == pytest.approx(expected, abs=1e-4)
