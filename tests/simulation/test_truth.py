from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from glacier_core.simulation import truth as truth_module
from glacier_core.simulation.demonstrations import simulate_demonstration_world, simulate_scene
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.truth import scene_truth

SEED = 2


@pytest.fixture(scope="module")
def scene():
    return simulate_scene(SEED, "valley")


@pytest.fixture(scope="module", autouse=True)
def simulated_once():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            truth_module, "simulate_demonstration_world", cache(simulate_demonstration_world)
        )
        yield


def test_the_truth_is_that_of_the_scene(scene):
    truth = scene_truth(scene)
    assert truth.surface.shape == truth.shadow.shape == scene.shape
    snow = np.isin(truth.surface, (SurfaceClass.SNOW, SurfaceClass.FIRN))
    green = scene.data["optical"].sel(band="green").to_numpy()
    assert np.median(green[snow]) > 2 * np.median(green[truth.surface == SurfaceClass.ROCK])


def renamed(scene, **facts):
    return replace(scene, attributes=scene.attributes.model_copy(update=facts))


@pytest.mark.parametrize(
    "facts", [{"simulated": False}, {"id": "simulated-valley-2-1980"}, {"id": "my-valley"}]
)
def test_what_is_not_that_very_scene_has_no_truth(scene, facts):
    assert scene_truth(renamed(scene, **facts)) is None


def test_a_scene_of_other_ground_has_no_truth(scene):
    data = scene.data.assign(elevation=scene.data["elevation"] + 1)
    assert scene_truth(replace(scene, data=data)) is None
    cut = scene.data.isel(y=slice(0, 9))
    assert scene_truth(replace(scene, data=cut)) is None


def test_a_named_demonstration_has_its_truth(scene):
    assert scene_truth(renamed(scene, id="simulated-valley")) is not None
