import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from glacier_core.models.blocks import Network
from glacier_core.models.parts import LARGEST_PICTURE, keep_pictures
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.failures import failure_picture, failure_pictures
from glacier_core.training.material import SceneFiles
from glacier_core.viewing import palettes


class Blind(Network):
    """Calls everything glacier."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, inputs, location=None):
        nothing = torch.zeros_like(inputs["optical"][:, 0])
        return torch.stack([nothing, nothing + 5], dim=1)


@pytest.fixture
def network(tiny_recipe):
    return Blind(tiny_recipe.network).eval()


def covered(scene, surface, columns):
    changed = scene.surface.copy()
    changed[:, -columns:] = surface
    return replace(scene, surface=changed)


@pytest.fixture
def scenes(make_scene, tmp_path):
    """Little snow, much snow, a lake; half of each is ice."""
    kinds = ((SurfaceClass.SEASONAL_SNOW, 4), (SurfaceClass.SEASONAL_SNOW, 12))
    made = [covered(make_scene(0), *kind) for kind in (*kinds, (SurfaceClass.WATER, 6))]
    paths = [tmp_path / f"{number}.npz" for number in range(3)]
    for scene, path in zip(made, paths, strict=True):
        scene.save(path)
    return SceneFiles(paths)


def test_the_worst_of_each_kind_is_shown_once(network, scenes):
    pictures = failure_pictures(network, scenes, 32)
    assert list(pictures) == [
        "failure-snow.jpg",
        "failure-water.jpg",
        "failure-other-ground.jpg",  # no shadow and no debris is wrong
    ]
    _, snow = pictures["failure-snow.jpg"]
    assert "100% of the snow off the glaciers is called glacier" in snow
    assert snow.startswith("Simulated scene on procedural terrain")
    assert "IoU of the whole scene is 0.50" in snow
    sizes = {Image.open(io.BytesIO(content)).size for content, _ in pictures.values()}
    assert sizes == {(48, 48)}


def test_pictures_fit_into_a_card(network, scenes, tmp_path):
    pictures = failure_pictures(network, scenes, 32)
    assert all(len(content) <= LARGEST_PICTURE for content, _ in pictures.values())
    assert len(keep_pictures(tmp_path / "model", pictures)) == len(pictures)


def test_truth_is_blue_and_the_network_orange(make_scene):
    scene = make_scene(0)
    called = np.zeros_like(scene.glacier)
    called[10:20, 10:20] = True
    scene.optical[:, 40:] = np.nan
    picture = failure_picture(scene, called)
    assert tuple(picture[:, 45, 24]) == (0, 0, 0)  # nothing is drawn where nothing is seen
    assert tuple(picture[:, 5, 24]) == palettes.rgb(palettes.EXPERT)  # ice ends at column 23
    assert tuple(picture[:, 10, 15]) == palettes.rgb(palettes.PREDICTED)
    for line in ((5, 23), (15, 15), (9, 15)):
        assert tuple(picture[:, *line]) not in (
            palettes.rgb(palettes.EXPERT),
            palettes.rgb(palettes.PREDICTED),
        )


def test_a_network_without_fault_has_no_picture(network, make_scene, tmp_path):
    scene = make_scene(0)
    replace(scene, glacier=np.ones_like(scene.glacier)).save(tmp_path / "ice.npz")
    assert failure_pictures(network, SceneFiles([tmp_path / "ice.npz"]), 32) == {}


def test_the_edge_of_the_image_is_no_outline(make_scene):
    scene = make_scene(0)
    picture = failure_picture(scene, np.ones_like(scene.glacier))
    orange = np.array(palettes.rgb(palettes.PREDICTED))[:, None, None]
    assert not (picture == orange).all(axis=0).any()
