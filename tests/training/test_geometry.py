from dataclasses import replace

import numpy as np
import pytest

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.geometry import Geometry, draw_geometry, rescale, show, turn


@pytest.fixture
def generator():
    return np.random.default_rng(11)


def test_cut_keeps_arrays_together(make_scene, generator):
    scene = make_scene()
    rows, columns = np.indices(scene.glacier.shape, dtype=np.float32)
    scene = replace(scene, elevation=rows, slope=columns)
    for _ in range(20):
        place = draw_geometry(scene.shape, generator, 16)
        patch = scene.cut(place.top, place.left, place.side)
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
    patch = make_scene().cut(7, 11, 24)
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


def test_a_geometry_counts_rows_and_columns_from_the_corner(numbered_scene):
    scene = numbered_scene(40, 50, 0)
    place = Geometry(top=3, left=9, side=24, quarters=0, mirrored=False)
    patch = show(scene, place, 24, nearest=False)
    assert (patch.elevation[0, 0], patch.elevation[-1, 0]) == (3, 26)
    assert (patch.surface[0, 0], patch.surface[0, -1]) == (9, 32)


def test_nearest_invents_no_value_and_leaves_slopes(make_scene):
    place = Geometry(top=4, left=8, side=25, quarters=1, mirrored=True)
    scene = replace(make_scene(), thermal=np.arange(48 * 48, dtype=np.float32).reshape(48, 48))
    patch = show(scene, place, 32, nearest=True)
    assert set(patch.optical[0].ravel()) <= set(scene.optical[0].ravel())
    assert set(patch.thermal.ravel()) <= set(scene.thermal.ravel())
    assert np.array_equal(patch.slope, np.full((32, 32), 20.0))


def test_all_features_are_cut_turned_and_zoomed_alike(numbered_scene):
    scene = numbered_scene(40, 50, 0)
    radar = np.stack([scene.elevation, scene.optical[0]])
    scene = replace(scene, co_pol_sar=radar, in_sar=radar, thermal=scene.elevation)
    for place in (Geometry(3, 9, 24, 3, True), Geometry(3, 9, 20, 1, False)):
        patch = show(scene, place, 24, nearest=False)
        assert np.array_equal(patch.co_pol_sar, np.stack([patch.elevation, patch.optical[0]]))
        assert np.array_equal(patch.in_sar, patch.co_pol_sar)
        assert np.array_equal(patch.thermal, patch.elevation)
        assert patch.cross_pol_sar is None
