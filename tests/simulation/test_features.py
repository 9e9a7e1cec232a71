import numpy as np
import pytest

from glacier_core.errors import SceneError
from glacier_core.simulation.features import FEATURES, simulate_features
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.light import Sun

from .grounds import random

SUN = Sun(zenith=40.0, azimuth=150.0, incidence_power=1.0, haze=1.0)


@pytest.fixture
def scene(tongue):
    classes = np.where(tongue.glacier, SurfaceClass.ICE, SurfaceClass.ROCK).astype(np.uint8)
    return tongue, classes, SUN, np.ones(tongue.shape, dtype=np.float32)


def test_all_features_have_the_shapes_and_units_of_the_contract(scene):
    made = simulate_features(*scene, random())
    assert set(made) == FEATURES
    assert {name: pixels.shape for name, pixels in made.items()} == {
        "co_pol_sar": (2, 120, 120),
        "cross_pol_sar": (2, 120, 120),
        "in_sar": (2, 120, 120),
        "thermal": (120, 120),
    }
    assert all(pixels.dtype == np.float32 for pixels in made.values())
    assert all(np.isfinite(pixels).all() for pixels in made.values())
    assert made["co_pol_sar"].mean() > made["cross_pol_sar"].mean() > 0.0
    assert made["in_sar"].min() >= 0.0
    assert made["in_sar"].max() <= 1.0
    assert 230.0 < made["thermal"].min() < made["thermal"].max() < 322.1


@pytest.mark.parametrize("name", sorted(FEATURES))
def test_leaving_features_out_changes_none_of_the_rest(scene, name):
    all_of_them = simulate_features(*scene, random(3))
    one = simulate_features(*scene, random(3), frozenset({name}))
    assert set(one) == {name}
    assert (one[name] == all_of_them[name]).all()


def test_no_features_are_made_when_none_are_asked_for(scene):
    assert simulate_features(*scene, random(), frozenset()) == {}


def test_clouds_hide_the_ground_from_the_thermal_band_alone(scene):
    cloudy = np.zeros((120, 120), dtype=np.bool_)
    cloudy[60:] = True
    clear = simulate_features(*scene, random(1))
    clouded = simulate_features(*scene, random(1), cloudy=cloudy)
    assert (clear["co_pol_sar"] == clouded["co_pol_sar"]).all()
    assert (clear["in_sar"] == clouded["in_sar"]).all()
    assert (clouded["thermal"][80:] < clear["thermal"][80:]).mean() > 0.9
    assert (clouded["thermal"][:40] == clear["thermal"][:40]).all()


def test_an_unknown_feature_or_sensor_is_refused(scene):
    with pytest.raises(SceneError, match=r"no simulated feature lidar.*co_pol_sar"):
        simulate_features(*scene, random(), frozenset({"lidar", "thermal"}))
    with pytest.raises(SceneError, match="no thermal band"):
        simulate_features(*scene, random(), sensor="Sentinel-2")
