from dataclasses import replace

import numpy as np
import pytest
import torch

from glacier_core.models.blocks import Network
from glacier_core.slope import horn_slope
from glacier_core.training.intervals import INTERVAL
from glacier_core.training.robustness import (
    DISTURBANCES,
    METRIC,
    UNDISTURBED,
    err_in_height,
    lose_pixels,
    pixel_size,
    robustness_figures,
    shift_bands,
    turn,
)


class BrightGreen(Network):
    """Calls glacier what is brighter than 0.5 in green; knows nothing but single pixels."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, location=None):
        green = inputs["optical"][:, 1]
        limit = (0.5 + 0.01996775) / (2.1253 + 0.01996775)  # as scaled
        ice = 50 * (green - limit)
        return torch.stack([-ice, ice], dim=1)


@pytest.fixture
def network(tiny_recipe):
    return BrightGreen(tiny_recipe.network).eval()


def generator():
    return np.random.default_rng(0)


def test_the_card_is_told_what_changes_what(network, make_scene):
    figures = robustness_figures(network, [make_scene(seed) for seed in range(5)], 32)
    assert figures[0].metric == UNDISTURBED
    assert figures[0].value == 1.0
    changes = {figure.dataset.split(", ")[1]: figure for figure in figures[1:]}
    assert set(changes) == set(DISTURBANCES)
    assert all(figure.metric == METRIC and figure.simulated for figure in figures[1:])
    # Ice of green 0.60 is lost below 0.5 only when darkened by a fifth; its noise is 0.01.
    assert changes["20 % darker"].value < -0.9
    others = [figure.value for name, figure in changes.items() if name != "20 % darker"]
    assert others == pytest.approx([0.0] * 5)
    assert changes["20 % darker"].interval == INTERVAL
    assert changes["20 % darker"].low <= changes["20 % darker"].value


def test_the_same_scenes_give_the_same_figures(network, make_scene):
    scenes = [make_scene(seed) for seed in range(2)]
    assert robustness_figures(network, scenes, 32) == robustness_figures(network, scenes, 32)


def test_every_band_but_green_moves_by_one_pixel(make_scene):
    scene = make_scene(0)
    shifted = shift_bands(scene, generator()).optical
    assert np.array_equal(shifted[1], scene.optical[1])
    inner = (slice(2, -2), slice(2, -2))
    for band in (0, 2, 3, 4, 5):
        moved = [
            np.roll(scene.optical[band], move, (0, 1))[inner]
            for move in ((1, 0), (-1, 0), (0, 1), (0, -1))
        ]
        assert sum(np.array_equal(shifted[band][inner], one) for one in moved) == 1


def test_a_tenth_of_the_pixels_is_lost(make_scene):
    lost = np.isnan(lose_pixels(make_scene(0, 96), generator()).optical)
    assert lost.all(axis=0).mean() == pytest.approx(0.1, abs=0.01)
    assert np.array_equal(lost.any(axis=0), lost.all(axis=0))


def rough(make_scene, resolution):
    """A scene whose slope is that of its elevation on pixels of this size."""
    row, column = np.mgrid[:96, :96].astype(np.float32)
    elevation = 1500 + 400 * np.sin(row / 15) + 300 * np.cos(column / 11)
    return replace(make_scene(0, 96), elevation=elevation, slope=horn_slope(elevation, resolution))


@pytest.mark.parametrize("resolution", [10.0, 27.0, 36.0])
def test_the_size_of_a_pixel_is_in_slope_and_elevation(make_scene, resolution):
    assert pixel_size(rough(make_scene, resolution)) == pytest.approx(resolution, rel=1e-3)


def test_heights_are_wrong_by_sixty_metres_and_smoothly(make_scene):
    scene = rough(make_scene, 30.0)
    disturbed = err_in_height(scene, generator())
    error = disturbed.elevation - scene.elevation
    assert error.std() == pytest.approx(60.0, rel=1e-2)
    # Gaussian of 500 m: neighbours at 30 m differ by 60 * 30 / 500 / sqrt(2) = 2.5 m or so.
    assert np.diff(error, axis=0).std() < 5.0
    assert disturbed.slope == pytest.approx(horn_slope(disturbed.elevation, 30.0), abs=0.1)


def test_four_turns_are_none(make_scene):
    scene = turned = make_scene(0)
    assert not np.array_equal(turn(scene, generator()).glacier, scene.glacier)
    for _ in range(4):
        turned = turn(turned, generator())
    assert all(np.array_equal(turned.arrays[name], x) for name, x in scene.arrays.items())


def test_figures_name_the_scenes_they_are_of(network, make_scene):
    figures = robustness_figures(network, [make_scene(1)], 32, scored_set="simulated tiles (a)")
    assert all(figure.dataset.startswith("1 simulated tiles (a)") for figure in figures)
