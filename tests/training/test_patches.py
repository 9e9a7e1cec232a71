from dataclasses import replace

import numpy as np
import pytest

from glacier_core.models.inputs import PUBLISHED_SCALING
from glacier_core.training.patches import scaled_inputs, seen


def test_scaled_inputs_are_those_of_the_published_ranges(make_scene):
    scene = make_scene(0, 32)
    inputs = scaled_inputs(scene)
    elevation = PUBLISHED_SCALING["dem"][0]
    expected = (scene.elevation - elevation.minimum) / (elevation.maximum - elevation.minimum)
    assert inputs["dem"][0] == pytest.approx(expected)
    assert inputs["optical"].shape == (6, 32, 32)


def test_one_missing_band_or_elevation_hides_the_pixel_in_every_channel(make_scene):
    scene = make_scene(0, 32)
    scene.optical[5, 1, 2] = np.nan
    scene.elevation[3, 4] = np.nan
    assert np.argwhere(~seen(scene)).tolist() == [[1, 2], [3, 4]]
    for values in scaled_inputs(scene).values():
        assert (values[:, 1, 2] == 0).all()
        assert (values[:, 3, 4] == 0).all()
        assert (values[:, 5, 5] != 0).all()


def test_without_any_terrain_the_bands_are_still_seen(make_scene):
    scene = make_scene(0, 32)
    missing = np.full_like(scene.elevation, np.nan)
    scene = replace(scene, elevation=missing, slope=missing)
    assert seen(scene).all()
    inputs = scaled_inputs(scene)
    assert (inputs["dem"] == 0).all()
    assert (inputs["optical"] != 0).any()
