import numpy as np
import pytest

import glacier_core as gc
from glacier_core.inference.planning import plan_windows
from glacier_core.inference.request import MappingOptions, resolve
from glacier_core.scene import SceneAttributes, build_scene

from .stubs import PATCH, TRANSFORM, Brightness, Log, make_scene, stub_model


def scene_of(elevation, nir=0.3, valid=None):
    shape = elevation.shape
    optical = np.random.default_rng(0).uniform(0.1, 0.3, (6, *shape)).astype(np.float32)
    optical[3] = nir
    return build_scene(
        optical,
        elevation,
        transform=TRANSFORM,
        crs="EPSG:32611",
        valid=valid,
        attributes=SceneAttributes(id="planned", title="Planned"),
    )


def planned(scene, **options):
    options = {"stride": PATCH // 2} | options
    return plan_windows(resolve(scene, stub_model(Brightness()), MappingOptions(**options)))


@pytest.fixture
def coast():
    """Sea in the western half of 64 x 96 pixels, land of 100 to 700 m in the eastern."""
    elevation = np.zeros((64, 96))
    elevation[:, 48:] = np.linspace(100, 700, 48)
    nir = np.where(elevation > 0, 0.3, 0.03)
    return scene_of(elevation, nir)


def test_every_window_of_ordinary_ground_is_looked_at():
    plan = planned(make_scene(64, 64))
    assert len(plan.windows) == 7**2
    assert (plan.sea, plan.low, plan.why_skipped()) == (0, 0, "")


def test_open_sea_is_left_out(coast):
    plan = planned(coast)
    assert plan.sea > 0
    assert plan.sea + len(plan.windows) == 7 * 11
    assert all(window.column + PATCH > 48 for window in plan.windows)
    assert "open sea" in plan.why_skipped()


def test_bright_sea_is_looked_at(coast):
    """It may be ice."""
    elevation = coast.data["elevation"].to_numpy()
    assert planned(scene_of(elevation, np.where(elevation > 0, 0.3, 0.11))).sea == 0
    one = np.where(elevation > 0, 0.3, 0.03)
    one[20, 20] = 0.4
    assert all(
        any(w.row <= 20 < w.row + PATCH and w.column <= 20 < w.column + PATCH for w in [window])
        for window in planned(scene_of(elevation, one)).windows
        if window.column + PATCH <= 48
    )
    assert planned(scene_of(elevation, one)).sea < planned(coast).sea


def test_land_at_0_m_is_not_sea_where_anything_is_higher():
    elevation = np.zeros((64, 64))
    elevation[5, 5] = 1
    plan = planned(scene_of(elevation, 0.03))
    assert [(w.row, w.column) for w in plan.windows] == [(0, 0)]


def test_ground_below_every_glacier_is_left_out_only_when_asked(coast):
    assert planned(coast).low == 0
    plan = planned(coast, lowest_ice=500.0)
    assert plan.low > 0
    elevation = coast.data["elevation"].to_numpy()
    assert all(elevation[window.inside(coast.shape)].max() >= 500 for window in plan.windows)
    assert "below every glacier" in plan.why_skipped()


def test_the_authors_look_everywhere(coast):
    assert planned(coast, compatibility="authors").sea == 0


def test_what_was_not_looked_at_is_no_glacier_and_the_map_says_so(coast):
    log = Log()
    found = gc.map_glaciers(coast, stub_model(Brightness(log)), lowest_ice=500.0, stride=PATCH // 2)
    elevation = coast.data["elevation"].to_numpy()
    far_below = np.zeros(coast.shape, bool)
    far_below[:, :72] = True  # 16 pixels and more from the first at 500 m
    assert elevation[far_below].max() < 500
    assert not found.unmapped.any()
    assert (found.probability.to_numpy()[:, :60] == 0).all()
    assert (found.probability.to_numpy()[:, 85:] > 0).all()
    (note,) = [note for note in found.notes if "without a look" in note]
    assert "open sea" in note
    assert "below every glacier of the region, as asked" in note
    assert sum(len(inputs["optical"]) for inputs, _ in log) == len(
        planned(coast, lowest_ice=500.0).windows
    )


def test_no_data_stays_unmapped_where_windows_are_left_out(coast):
    valid = np.ones(coast.shape, bool)
    valid[:20, :20] = False
    scene = scene_of(coast.data["elevation"].to_numpy(), coast.data["optical"].to_numpy()[3], valid)
    found = gc.map_glaciers(scene, stub_model(Brightness()))
    assert np.array_equal(found.unmapped, ~valid)


def test_batches_are_always_the_same_windows():
    plan = planned(make_scene(64, 64))
    batches = plan.batches(4)
    assert sum(batches, ()) == plan.windows
    assert {len(batch) for batch in batches[:-1]} == {4}
