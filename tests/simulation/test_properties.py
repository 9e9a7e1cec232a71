import numpy as np

from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.properties import is_any, lift_veil, per_pixel

from .grounds import make_ground


def test_each_class_gets_its_value_and_the_unknown_that_of_rock():
    classes = np.array([[SurfaceClass.ICE, SurfaceClass.WATER, 200]], dtype=np.uint8)
    values = per_pixel(classes, {"ROCK": 1.0, "ICE": 2.5})
    assert values.tolist() == [[2.5, 1.0, 1.0]]


def test_classes_are_found_by_name():
    classes = np.array([[SurfaceClass.ICE, SurfaceClass.WATER, SurfaceClass.SNOW]], dtype=np.uint8)
    assert is_any(classes, "ICE", "SNOW").tolist() == [[True, False, True]]
    assert not is_any(classes, "NO SUCH CLASS").any()


def test_beneath_clouds_lies_ice_or_rock_and_the_rest_stays():
    labels = np.array([[1, 0, 1, 0]])
    ground = make_ground(np.zeros((1, 4)), labels)
    codes = [SurfaceClass.CLOUD, SurfaceClass.CLOUD_SHADOW, SurfaceClass.DEBRIS, SurfaceClass.WATER]
    beneath = lift_veil(ground, np.array([codes], dtype=np.uint8))
    expected = [SurfaceClass.ICE, SurfaceClass.ROCK, SurfaceClass.DEBRIS, SurfaceClass.WATER]
    assert beneath.tolist() == [expected]
    assert beneath.dtype == np.uint8
