"""Scenes: what is refused, what is kept, and what two scenes have in common."""

import numpy as np
import pytest
from affine import Affine
from pydantic import ValidationError
from rasters import BANDS, GRID, make_scene, plane, reflectances

from glacier_core.errors import SceneError
from glacier_core.scene import SceneAttributes
from glacier_core.settings import settings
from glacier_core.slope import horn_slope


def test_a_scene_knows_its_grid():
    scene = make_scene((24, 20))
    assert scene.shape == (24, 20)
    assert scene.transform == GRID
    assert scene.resolution == 30.0
    assert scene.bounds == (477870.0, 5783760.0, 478470.0, 5784480.0)
    assert scene.crs.to_epsg() == 32611
    assert list(scene.data.band.values) == list(BANDS)
    assert scene.data.x.values[0] == 477885.0
    assert scene.data.y.values[-1] == 5783775.0
    assert scene.data["optical"].dtype == np.float32


def test_a_transform_without_an_end_is_kept_exactly():
    odd = Affine(10 / 3, 0, 500000 + 1 / 3, 0, -10 / 3, 5784480 - 1 / 7)
    assert tuple(make_scene(transform=odd).transform) == tuple(odd)


def test_slope_is_computed_where_none_is_given():
    scene = make_scene()
    expected = np.degrees(np.arctan(np.hypot(0.2, 0.1)))
    np.testing.assert_allclose(scene.data.slope.values[1:-1, 1:-1], expected, atol=1e-3)


def test_valid_is_where_everything_is_there():
    shape = (4, 6)
    optical, heights = reflectances(shape), plane(shape)
    optical[3, 0, 0] = np.nan
    optical[0, 0, 1] = np.inf
    heights[1, 2] = -np.inf
    slopes = horn_slope(heights, 30)
    slopes[2, 3] = np.nan
    cloud = np.ones(shape, dtype=bool)
    cloud[3, 4] = False
    scene = make_scene(shape, optical=optical, elevation=heights, slope=slopes, valid=cloud)
    assert sorted(map(tuple, np.argwhere(~scene.valid))) == [(0, 0), (0, 1), (1, 2), (2, 3), (3, 4)]
    assert np.isnan(scene.data.optical.values[0, 0, 1])
    assert np.isnan(scene.data.elevation.values[1, 2])


def test_pixels_are_copied_and_cannot_be_changed():
    optical = reflectances((5, 5))
    scene = make_scene((5, 5), optical=optical)
    before = scene.fingerprint()
    optical[:] = 0
    assert scene.fingerprint() == before
    with pytest.raises(ValueError, match="read-only"):
        scene.data.optical.values[0, 0, 0] = 1


def test_the_fingerprint_is_of_pixels_grid_and_kind_of_reflectance_only():
    attributes = SceneAttributes(id="tiny", title="A tiny scene")
    base = make_scene().fingerprint()
    brighter = reflectances((24, 20))
    brighter[5, 3, 3] += 1e-6
    assert make_scene(scene_id="another").fingerprint() == base
    others = [
        make_scene(optical=brighter),
        make_scene(elevation=plane((24, 20)) + 1),
        make_scene(transform=GRID @ Affine.translation(1, 0), elevation=plane((24, 20))),
        make_scene(crs="EPSG:32612"),
        make_scene(attributes=attributes.model_copy(update={"reflectance": "surface"})),
        make_scene(valid=np.eye(24, 20, dtype=bool)),
        make_scene(thermal=np.full((24, 20), 270.0)),
    ]
    assert len({base, *(scene.fingerprint() for scene in others)}) == len(others) + 1


def test_optional_features_keep_their_place():
    radar = {
        name: np.full((2, 24, 20), value) for name, value in [("co_pol_sar", 2.0), ("in_sar", 0.5)]
    }
    scene = make_scene(radar=radar, thermal=np.full((24, 20), 265.0))
    assert scene.data.co_pol_sar.dims == ("orbit", "y", "x")
    assert list(scene.data.orbit.values) == ["ascending", "descending"]
    assert float(scene.data.thermal.mean()) == 265.0
    assert "cross_pol_sar" not in scene.data


def test_bright_dry_ground_is_no_sign_of_swapped_bands():
    soil = np.array([0.12, 0.17, 0.25, 0.35, 0.55, 0.5])  # a desert soil, four times brighter
    optical = reflectances((24, 20))
    optical[:, :12] = soil[:, None, None]
    assert make_scene(optical=optical).valid.all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"optical": reflectances((24, 20)) * 10000}, "raw digital numbers"),
        ({"optical": reflectances((24, 20)) * 100}, "looks like percent"),
        ({"optical": reflectances((24, 20))[:3]}, "needed are six bands"),
        ({"optical": reflectances((24, 20))[[0, 4, 2, 3, 1, 5]]}, "NDSI would be upside down"),
        ({"optical": reflectances((24, 20))[[0, 1, 2, 3, 1, 5]]}, "are the same image"),
        ({"elevation": np.full((24, 20), np.nan)}, "elevation model holds no data"),
        ({"elevation": plane((24, 20)) * 100}, "Check its unit"),
        ({"elevation": plane((20, 24))}, "bring them onto one grid"),
        ({"slope": np.full((24, 20), 91.0)}, "slope runs from 91"),
        ({"slope": np.full((24, 20), -1.0)}, "slope runs from -1"),
        ({"thermal": np.full((24, 20), -5.0)}, "thermal runs from -5"),
        ({"radar": {"in_sar": np.full((2, 24, 20), 1.5)}}, "in_sar runs from"),
        ({"radar": {"co_pol_sar": np.full((2, 24, 20), -10.0)}}, "co_pol_sar runs from -10"),
        ({"radar": {"in_sar": np.zeros((24, 20))}}, "in_sar has shape"),
        ({"radar": {"vv": np.zeros((2, 24, 20))}}, "vv is no radar feature"),
        ({"valid": np.zeros((24, 20), dtype=bool)}, "No pixel has all six bands"),
    ],
)
def test_what_is_refused(change, sentence):
    with pytest.raises(SceneError, match=sentence):
        make_scene(**change)


@pytest.mark.parametrize("band", range(6))
def test_an_empty_band_is_named(band):
    optical = reflectances((24, 20))
    optical[band] = np.nan
    with pytest.raises(SceneError, match=f"The {BANDS[band]} band holds no data"):
        make_scene(optical=optical)


def test_digital_numbers_are_found_in_a_large_scene_too():
    """Only a sample of the pixels is looked at; a scene of two million is sampled."""
    with pytest.raises(SceneError, match="raw digital numbers"):
        make_scene((2000, 1100), optical=reflectances((2000, 1100)) * 10000)


def test_bright_snow_and_dark_shadow_are_reflectances():
    optical = reflectances((24, 20)) * 1.6 - 0.05
    assert make_scene(optical=optical).valid.all()


def test_the_limit_of_pixels(monkeypatch):
    monkeypatch.setenv("GLACIER_MAX_SCENE_PIXELS", "479")
    settings.cache_clear()
    with pytest.raises(SceneError, match=r"480 pixels; the limit is 479"):
        make_scene((24, 20))


@pytest.mark.parametrize("bad", ["", "../up", "Capital", "a" * 81, "-begins", "blank space"])
def test_ids_are_safe_as_folder_names(bad):
    with pytest.raises(ValidationError):
        SceneAttributes(id=bad, title="A scene")


def test_other_outlines():
    scene = make_scene()
    assert scene.outlines is None
    assert scene.with_outlines(None).fingerprint() == scene.fingerprint()


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_imagery_without_a_picture_is_refused(value):
    with pytest.raises(SceneError, match="Every pixel of the imagery is the same"):
        make_scene((4, 4), optical=np.full((6, 4, 4), value))


def test_every_pixel_may_have_a_date_of_its_own():
    dates = np.full((24, 20), 20200816)
    dates[0, 0] = 0
    scene = make_scene((24, 20), observed=dates)
    assert scene.data["observed"].dtype == np.int32
    np.testing.assert_array_equal(scene.data["observed"], dates)
    assert "observed" not in make_scene((24, 20)).data


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        (np.full((24, 20), 20201332), "20201332 is no date"),
        (np.full((24, 20), -1), "-1 is no date"),
        (np.full((24, 19), 20200816), r"dates have shape \(24, 19\)"),
    ],
)
def test_dates_that_are_none_are_refused(dates, sentence):
    with pytest.raises(SceneError, match=sentence):
        make_scene((24, 20), observed=dates)
