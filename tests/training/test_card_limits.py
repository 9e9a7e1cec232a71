from dataclasses import replace

import pytest
import torch

from glacier_core.models.architectures import build_network
from glacier_core.models.card import ModelCard
from glacier_core.models.parts import read_picture
from glacier_core.training.card_limits import MOST_SCENES, some_scenes, with_limits
from glacier_core.training.material import Material, SceneFiles
from glacier_core.training.robustness import DISTURBANCES


@pytest.fixture
def files(make_scene, tmp_path):
    paths = [tmp_path / f"{number}.npz" for number in range(3)]
    for number, path in enumerate(paths):
        make_scene(number, 64).save(path)
    return SceneFiles(paths)


def limited(tiny_recipe, data, files, folder, **facts):
    torch.manual_seed(0)
    network = build_network(tiny_recipe.network).eval()
    card = ModelCard(
        name="tiny",
        title="Tiny",
        config=tiny_recipe.network,
        patch_size=32,
        training="None.",
        licence="none",
    )
    full = replace(data, material=Material(files), scored=files, **facts)
    return with_limits(card, network, full, folder)


def test_a_card_tells_failures_robustness_and_what_is_typical(tiny_recipe, data, files, tmp_path):
    card = limited(tiny_recipe, data, files, tmp_path / "model")
    assert len(card.accuracy) == 1 + len(DISTURBANCES)
    assert card.pictures
    assert all(read_picture(tmp_path / "model", picture) for picture in card.pictures)
    scene = files[0]
    assert card.typicality.window == 32
    assert card.typicality.untypical(scene.optical, scene.slope).mean() < 0.05
    assert card.typicality.untypical(scene.optical[::-1].copy(), scene.slope).mean() > 0.4


def test_real_tiles_have_no_surfaces_to_tell_of(tiny_recipe, data, files, tmp_path):
    card = limited(tiny_recipe, data, files, tmp_path / "model", simulated=False)
    assert card.typicality is not None
    assert not card.pictures
    assert not card.accuracy


def test_scenes_are_spread_over_all(files):
    many = SceneFiles(files.paths * 100)
    assert len(list(some_scenes(files))) == 3
    assert len(list(some_scenes(many))) == 150 <= MOST_SCENES
    assert len(list(some_scenes(many, 32))) == 30
