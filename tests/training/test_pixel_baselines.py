from dataclasses import replace

import numpy as np
import pytest

from glacier_core.baselines import BAND_RATIO, BOOSTING, PIXEL_BASELINES, TUNED_NDSI
from glacier_core.errors import ModelError
from glacier_core.training.pixel_baselines import (
    NDSI_THRESHOLDS,
    ThresholdRule,
    fit_pixel_baselines,
    tune_rule,
)


def pixels(*colours):
    return np.array(colours, np.float32).T


ICE = (0.6, 0.6, 0.55, 0.5, 0.05, 0.04)  # NDSI 0.85, red/SWIR1 11
DIRTY = (0.3, 0.3, 0.3, 0.25, 0.12, 0.1)  # NDSI 0.43, red/SWIR1 2.5
LAKE = (0.1, 0.1, 0.06, 0.03, 0.01, 0.01)  # NDSI 0.82, red/SWIR1 6, dark in NIR
ROCK = (0.1, 0.12, 0.14, 0.18, 0.25, 0.22)
DARK = (0.02, 0.01, 0.01, 0.01, 0.0, 0.0)  # no SWIR1 at all


def test_rules_by_hand():
    optical = pixels(ICE, DIRTY, LAKE, ROCK, DARK)
    ndsi = ThresholdRule("ndsi", 0.5, 0.1)
    assert ndsi.of_pixels(optical).tolist() == [True, False, False, False, False]
    ratio = ThresholdRule("ratio", 2.0, 0.05)
    assert ratio.of_pixels(optical).tolist() == [True, True, True, False, False]


def test_tuning_finds_what_parts_ice_from_water_and_ground():
    optical = pixels(ICE, DIRTY, LAKE, ROCK, DARK)
    rule = tune_rule("ndsi", NDSI_THRESHOLDS, optical, np.array([1, 1, 0, 0, 0], bool))
    assert rule.of_pixels(optical).tolist() == [True, True, False, False, False]
    assert rule.threshold < 0.43
    assert 0.03 <= rule.darkest < 0.25


def test_all_three_learn_a_plain_scene_and_are_the_same_each_time(make_scene, tmp_path):
    make_scene(0).save(tmp_path / "a.npz")
    fitted = fit_pixel_baselines([tmp_path / "a.npz", make_scene(1)], seed=2)
    assert tuple(fitted) == PIXEL_BASELINES == (TUNED_NDSI, BAND_RATIO, BOOSTING)
    again = fit_pixel_baselines([tmp_path / "a.npz", make_scene(1)], seed=2)
    unseen = make_scene(7)
    for name, rule in fitted.items():
        assert (rule(unseen) == unseen.glacier).mean() > 0.99, name
        assert np.array_equal(rule(unseen), again[name](unseen))


def test_trees_know_the_slope(make_scene):
    scene = make_scene(0)
    grey = np.full_like(scene.optical, 0.3)
    sloped = replace(
        scene, optical=grey, slope=np.where(scene.glacier, 5.0, 40.0).astype(np.float32)
    )
    fitted = fit_pixel_baselines([sloped])
    assert np.array_equal(fitted[BOOSTING](sloped), sloped.glacier)


def test_missing_pixels_are_not_learnt_from_and_do_not_stop_it(make_scene):
    scene = make_scene(0)
    scene.optical[:, :20] = np.nan
    scene.weight[20:, :30] = 0.0
    fitted = fit_pixel_baselines([scene, make_scene(1)])
    assert all(rule(scene).shape == scene.glacier.shape for rule in fitted.values())


def test_one_class_alone_is_refused(make_scene):
    scene = make_scene(0)
    with pytest.raises(ModelError, match="both glacier and other ground"):
        fit_pixel_baselines([replace(scene, glacier=np.zeros_like(scene.glacier))])
    with pytest.raises(ModelError, match="there are none"):
        fit_pixel_baselines([replace(scene, weight=np.zeros_like(scene.weight))])
