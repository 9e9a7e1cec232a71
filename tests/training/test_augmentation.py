from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.augmentation import (
    Augmentation,
    Geometry,
    add_noise,
    change_light,
    cut,
    draw_geometry,
    draw_pair,
    draw_patch,
    punch_hole,
    rescale,
    turn,
)

NOTHING = Augmentation(
    zoom_share=0.0, light_share=0.0, noise_share=0.0, hole_share=0.0, no_dem_share=0.0
)


def only(**shares) -> Augmentation:
    return replace(NOTHING, **shares)


@pytest.fixture
def generator():
    return np.random.default_rng(11)


def test_cut_keeps_arrays_together(make_scene, generator):
    scene = make_scene()
    rows, columns = np.indices(scene.glacier.shape, dtype=np.float32)
    scene = replace(scene, elevation=rows, slope=columns)
    for _ in range(20):
        patch = cut(scene, draw_geometry(scene, generator, 16, NOTHING))
        top, left = int(patch.elevation[0, 0]), int(patch.slope[0, 0])
        assert patch.optical.shape == (6, 16, 16)
        assert np.array_equal(patch.optical, scene.optical[:, top : top + 16, left : left + 16])
        assert np.array_equal(patch.glacier, scene.glacier[top : top + 16, left : left + 16])


def test_eight_different_orientations_keep_bands_in_place(make_scene):
    scene = make_scene()
    scene = replace(scene, elevation=np.random.default_rng(0).random((48, 48), dtype=np.float32))
    seen = set()
    for quarters in range(4):
        for mirrored in (False, True):
            turned = turn(scene, quarters, mirrored)
            seen.add(turned.elevation.tobytes())
            ice = np.median(turned.optical[:, turned.glacier], axis=1)
            assert ice == pytest.approx([0.6, 0.6, 0.55, 0.5, 0.05, 0.04], abs=0.01)
    assert len(seen) == 8


def test_four_quarter_turns_are_none(make_scene):
    scene = make_scene()
    turned = scene
    for _ in range(4):
        turned = turn(turned, 1, False)
    assert np.array_equal(turned.elevation, scene.elevation)
    assert np.array_equal(turned.optical, scene.optical)


def test_enlarging_makes_slopes_gentler_and_keeps_elevations(make_scene):
    patch = cut(make_scene(), Geometry(top=7, left=11, side=24, quarters=0, mirrored=False))
    large = rescale(patch, 48)
    assert large.slope == pytest.approx(np.rad2deg(np.arctan(np.tan(np.deg2rad(20.0)) / 2)))
    # One pixel is now half as wide, so the rise from pixel to pixel is halved as well.
    steps = np.diff(large.elevation[:, 2:-2], axis=1)
    assert steps == pytest.approx(5.0, abs=1e-3)
    assert large.elevation.mean() == pytest.approx(patch.elevation.mean(), abs=0.01)


def test_rescaling_keeps_classes_whole(make_scene):
    patch = make_scene()
    patch.surface[10, 10] = SurfaceClass.NO_DATA
    small = rescale(patch, 37)
    assert set(np.unique(small.surface)) <= set(np.unique(patch.surface))
    assert small.glacier.dtype == bool
    assert small.glacier.mean() == pytest.approx(0.5, abs=0.02)


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


def numbered_scene(make_scene, rows: int, columns: int, seed: int):
    """A scene whose elevation tells the row and whose classes tell the column of a pixel."""
    scene = make_scene(seed, max(rows, columns)).map(lambda array: array[..., :rows, :columns])
    row, column = np.indices((rows, columns))
    return replace(
        scene,
        elevation=row.astype(np.float32),
        surface=column.astype(np.uint8),
        optical=np.broadcast_to(column.astype(np.float32), (6, rows, columns)).copy(),
    )


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(24, 60),
    columns=st.integers(24, 60),
    zoom=st.tuples(st.floats(0.5, 1.0), st.floats(1.0, 2.0)),
)
def test_both_images_of_a_pair_show_the_same_ground(make_scene, seed, rows, columns, zoom):
    images = tuple(numbered_scene(make_scene, rows, columns, number) for number in range(2))
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


def test_a_geometry_counts_rows_and_columns_from_the_corner(make_scene):
    scene = numbered_scene(make_scene, 40, 50, 0)
    patch = cut(scene, Geometry(top=3, left=9, side=24, quarters=0, mirrored=False))
    assert (patch.elevation[0, 0], patch.elevation[-1, 0]) == (3, 26)
    assert (patch.surface[0, 0], patch.surface[0, -1]) == (9, 32)
