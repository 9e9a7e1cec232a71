import numpy as np
import pytest

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.calibrating import calibrate, compare_halves
from glacier_core.training.evaluation import ScoredScene


def scene(seed, temperature=0.5, size=4000):
    """Pixels that a network of some temperature maps, in truth surer than it says."""
    random = np.random.default_rng(seed)
    logit = random.normal(0, 2, size)
    glacier = random.random(size) < 1 / (1 + np.exp(-logit / temperature))
    return ScoredScene(
        (1 / (1 + np.exp(-logit))).astype(np.float32),
        {},
        glacier,
        np.zeros(size, bool),
        np.full(size, SurfaceClass.ICE, np.uint8),
        procedural=True,
    )


def test_methods_are_compared_on_every_other_scene():
    # The scenes to compare on are of another temperature, which shows in their errors.
    alike = compare_halves([scene(seed) for seed in range(6)], "scenes", simulated=True)
    apart = compare_halves(
        [scene(seed, 0.5 if seed % 2 == 0 else 3.0) for seed in range(6)], "scenes", simulated=True
    )
    assert alike.trials[0].figures.ece < 0.03
    assert apart.trials[0].figures.ece > 0.1
    assert alike.dataset == "3 other scenes; fitted on 3 scenes"
    assert alike.simulated
    assert alike.trials[0].figures.count == 3 * 4000


def test_the_chosen_method_is_fitted_on_all_scenes():
    scenes = [scene(seed) for seed in range(5)]
    found = calibrate(scenes, "held-out scenes", simulated=True)
    assert found.calibration.method == found.comparison.chosen
    assert found.calibration.fitted_on == "5 held-out scenes"
    assert found.comparison.dataset == "2 other held-out scenes; fitted on 3 held-out scenes"


def test_of_one_scene_nothing_is_left_to_compare_on():
    found = calibrate([scene(1)], "held-out scenes", simulated=True)
    assert found.calibration.method == "isotonic"
    assert found.comparison.trials == ()
    assert "of one scene nothing is left" in found.comparison.reason
    assert found.calibration.apply(1.0) == pytest.approx(1.0, abs=0.02)
