from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glacier_core.training.augmentation import (
    Augmentation,
    add_noise,
    change_light,
    draw_pair,
    draw_patch,
    punch_hole,
)

NOTHING = Augmentation(
    zoom_share=0.0, light_share=0.0, noise_share=0.0, hole_share=0.0, no_dem_share=0.0
)


def only(**shares) -> Augmentation:
    return replace(NOTHING, **shares)


@pytest.fixture
def generator():
    return np.random.default_rng(11)


def test_light_is_gain_times_power_of_physical_reflectance(generator):
    optical = np.full((6, 2, 2), 0.25, np.float32)
    fixed = only(gain=(0.8, 0.8), gamma=(1.2, 1.2))
    assert change_light(optical, generator, fixed) == pytest.approx(0.8 * 0.25**1.2)
    assert change_light(-optical, generator, fixed) == pytest.approx(-0.8 * 0.25**1.2)


def test_light_differs_between_channels_not_within(generator):
    changed = change_light(np.full((6, 8, 8), 0.3, np.float32), generator, Augmentation())
    assert np.ptp(changed, axis=(1, 2)).max() < 1e-6
    assert len(np.unique(changed[:, 0, 0])) == 6


def test_noise_has_the_stated_size(generator):
    flat = np.zeros((6, 200, 200), np.float32)
    changes = Augmentation(offset=0.0, noise=0.005)
    assert add_noise(flat, generator, changes).std() == pytest.approx(0.005, rel=0.02)
    offsets = [
        add_noise(flat[:, :1, :1], generator, Augmentation(offset=0.012, noise=0.0))[:, 0, 0]
        for _ in range(400)
    ]
    assert np.std(offsets) == pytest.approx(0.012, rel=0.05)


def test_hole_is_a_rectangle_without_data_or_weight(make_scene, generator):
    scene = make_scene()
    for _ in range(20):
        holed = punch_hole(scene, generator, 0.5)
        hole = np.isnan(holed.optical).all(axis=0)
        rows, columns = np.nonzero(hole)
        assert hole.sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1) > 0
        assert np.array_equal(holed.weight == 0, hole)
        assert np.isfinite(holed.elevation).all()
    assert np.isfinite(scene.optical).all()


def test_missing_terrain_takes_elevation_and_slope_together(make_scene, generator):
    patch = draw_patch(make_scene(), generator, 32, only(no_dem_share=1.0))
    assert np.isnan(patch.elevation).all()
    assert np.isnan(patch.slope).all()
    assert np.isfinite(patch.optical).all()
    assert patch.weight.min() == 1.0


def test_zoom_never_asks_for_more_than_the_scene(make_scene, generator):
    for _ in range(20):
        patch = draw_patch(make_scene(size=36), generator, 32, only(zoom_share=1.0))
        assert patch.glacier.shape == (32, 32)


def test_without_changes_a_patch_is_a_piece_of_the_scene(make_scene, generator):
    scene = make_scene()
    patch = draw_patch(scene, generator, 48, NOTHING)
    assert sorted(patch.optical[0].ravel()) == sorted(scene.optical[0].ravel())


def test_the_same_generator_draws_the_same_patch(make_scene):
    first, second = (
        draw_patch(make_scene(), np.random.default_rng(2), 32, Augmentation()) for _ in range(2)
    )
    assert np.array_equal(first.optical, second.optical, equal_nan=True)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(24, 60),
    columns=st.integers(24, 60),
    zoom=st.tuples(st.floats(0.5, 1.0), st.floats(1.0, 2.0)),
)
def test_both_images_of_a_pair_show_the_same_ground(numbered_scene, seed, rows, columns, zoom):
    images = tuple(numbered_scene(rows, columns, number) for number in range(2))
    changes = only(zoom=zoom, zoom_share=0.7, light_share=0.9, hole_share=0.5)
    first, second = draw_pair(images, np.random.default_rng(seed), 24, changes)
    assert first.glacier.shape == second.glacier.shape == (24, 24)
    assert np.array_equal(first.surface, second.surface)
    assert np.array_equal(first.elevation, second.elevation)
    assert np.array_equal(first.slope, second.slope)
    assert np.array_equal(first.glacier, second.glacier)


def test_the_images_of_a_pair_are_changed_each_by_itself(make_scene):
    image = make_scene()
    differ = {"light": 0, "hole": 0, "dem": 0}
    generator = np.random.default_rng(5)
    for _ in range(40):
        first, second = draw_pair((image, image), generator, 32, Augmentation())
        differ["light"] += not np.array_equal(first.optical, second.optical, equal_nan=True)
        differ["hole"] += np.isnan(first.optical).any() != np.isnan(second.optical).any()
        differ["dem"] += np.isnan(first.elevation).any() != np.isnan(second.elevation).any()
    assert min(differ.values()) > 2
    assert differ["light"] > 20
