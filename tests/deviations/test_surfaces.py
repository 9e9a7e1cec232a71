import numpy as np
import pytest

from glacier_core.deviations import surfaces as module
from glacier_core.deviations.surfaces import (
    ESTIMATED_SURFACES,
    TRUE_BASIS,
    TRUE_SURFACES,
    estimate_surfaces,
    known_surfaces,
    terrain_shadow,
    true_surfaces,
)
from glacier_core.errors import SceneError
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.truth import SceneTruth

from .maps import block
from .scenes import ICE, ROCK, make_scene

SHAPE = (20, 30)


def test_every_kind_of_surface_has_one_name_or_is_no_data():
    named = [kind for members in TRUE_SURFACES.values() for kind in members]
    assert sorted([*named, SurfaceClass.NO_DATA]) == sorted(SurfaceClass)


def test_true_surfaces_are_those_of_the_simulation():
    surface = np.array([[SurfaceClass.FIRN, SurfaceClass.POND], [SurfaceClass.WATER, 12]], np.uint8)
    shadow = np.array([[True, False], [False, False]])
    found = true_surfaces(SceneTruth(surface, shadow))
    names = [*found.names, None]
    assert [[names[code] for code in row] for row in found.codes] == [
        ["clean ice", "debris-covered ice"],
        ["water", None],
    ]
    assert np.array_equal(found.shadow, shadow)
    assert np.array_equal(found.water, [[False, False], [True, False]])
    assert {found.basis, found.shadow_basis, found.water_basis} == {TRUE_BASIS}


def test_an_estimate_tells_bright_from_dark_inside_and_outside():
    expert = block(SHAPE, (5, 15), (0, 20))
    bright = block(SHAPE, (0, 20), (0, 10))
    scene = make_scene(SHAPE, ice=bright)
    found = estimate_surfaces(scene, expert)
    clean, debris, snow, ground = range(4)
    assert (found.codes[expert & bright] == clean).all()
    assert (found.codes[expert & ~bright] == debris).all()
    assert (found.codes[~expert & bright] == snow).all()
    assert (found.codes[~expert & ~bright] == ground).all()
    assert found.names == ESTIMATED_SURFACES
    assert all("estimate" in name for name in found.names)
    assert "estimate" in found.basis


def test_without_the_sun_there_is_a_reason_instead_of_a_shadow():
    found = estimate_surfaces(make_scene(SHAPE), np.zeros(SHAPE, bool))
    assert found.shadow is None
    assert "sun" in found.shadow_basis
    assert found.water is None
    assert "lakes and sea" in found.water_basis


def test_pixels_without_imagery_have_no_surface():
    gap = block(SHAPE, (0, 3), (0, 3))
    found = estimate_surfaces(make_scene(SHAPE, gap=gap), np.zeros(SHAPE, bool))
    assert ((found.codes == -1) == gap).all()


def test_a_wall_throws_a_shadow_of_its_height_over_the_tangent():
    heights = np.full(SHAPE, 1000.0)
    heights[:, 9] = 1105.0  # 105 m: three and a half pixels of shadow with the sun at 45 degrees
    scene = make_scene(SHAPE, elevation=heights)
    shadow = terrain_shadow(scene, 45.0, 90.0)  # sun in the east, shadow to the west
    middle = shadow[10]
    assert middle[6:9].all()
    assert not middle[:6].any()
    assert not middle[12:].any()


def test_ground_that_faces_away_lies_in_its_own_shadow():
    columns = np.indices(SHAPE)[1]
    scene = make_scene(SHAPE, elevation=1000.0 + 60 * columns)  # falls to the west, 63 degrees
    assert terrain_shadow(scene, 60.0, 90.0)[:, 1:-1].all()
    assert not terrain_shadow(scene, 60.0, 270.0)[:, 1:-1].any()


def test_with_the_sun_the_shadow_is_that_of_the_terrain():
    heights = np.full(SHAPE, 1000.0)
    heights[:, 9] = 1090.0
    scene = make_scene(SHAPE, elevation=heights)
    found = estimate_surfaces(scene, np.zeros(SHAPE, bool), sun=(45.0, 90.0))
    assert np.array_equal(found.shadow, terrain_shadow(scene, 45.0, 90.0))
    assert "45°" in found.shadow_basis


@pytest.mark.parametrize("zenith", [90.0, -1.0, float("nan")])
def test_a_sun_below_the_horizon_is_refused(zenith):
    with pytest.raises(SceneError, match="above the horizon"):
        terrain_shadow(make_scene(SHAPE), zenith, 0.0)


def test_a_mask_of_another_grid_is_refused():
    with pytest.raises(SceneError, match="grid of the scene"):
        estimate_surfaces(make_scene(SHAPE), np.zeros((3, 3), bool))


def test_the_truth_goes_before_an_estimate(monkeypatch):
    surface = np.full(SHAPE, SurfaceClass.ICE, dtype=np.uint8)
    truth = SceneTruth(surface, np.zeros(SHAPE, bool))
    monkeypatch.setattr(module, "scene_truth", lambda scene: truth)
    assert known_surfaces(make_scene(SHAPE), np.zeros(SHAPE, bool)).basis == TRUE_BASIS


def test_an_observed_scene_is_estimated():
    found = known_surfaces(make_scene(SHAPE), np.zeros(SHAPE, bool))
    assert found.names == ESTIMATED_SURFACES


def test_the_made_up_spectra_are_what_they_are_called():
    """Guard the tests above: ice passes both rules, rock neither."""
    green, red, swir1 = (ICE[band] for band in (1, 2, 4))
    assert (green - swir1) / (green + swir1) > 0.4
    assert red / swir1 > 2
    green, red, swir1 = (ROCK[band] for band in (1, 2, 4))
    assert (green - swir1) / (green + swir1) < 0.4
    assert red / swir1 < 2
