import numpy as np
import pytest

from glacier_core.errors import ModelError
from glacier_core.inference.location import location_vector, scene_centre

from .stubs import TINY, make_card, make_scene

REGIONS = ("ALP", "HMA", "unknown")


def card_by(kind):
    config = TINY.__class__(**{**vars(TINY), "location": kind, "regions": len(REGIONS)})
    return make_card(config, regions=REGIONS if kind == "region" else ())


@pytest.mark.parametrize(
    ("location", "expected"),
    [(None, [0, 0, 1]), ("HMA", [0, 1, 0]), ([0.25, 0.75, 0], [0.25, 0.75, 0])],
)
def test_regions_by_name_by_weights_or_unknown(location, expected):
    vector = location_vector(make_scene(), card_by("region"), location)
    assert vector.dtype == np.float32
    assert vector.tolist() == expected


@pytest.mark.parametrize("location", ["Mars", [1.0, 0.0], [np.nan, 0, 0]])
def test_a_region_that_does_not_fit_is_refused(location):
    with pytest.raises(ModelError, match="ALP"):
        location_vector(make_scene(), card_by("region"), location)


def test_coordinates_are_the_centre_of_the_scene_in_radians():
    scene = make_scene(rows=200, columns=100, crs="EPSG:32611")
    # 480 000 + 1 500 m east: 18 500 m west of the central meridian (117 W) of zone 11.
    longitude, latitude = scene_centre(scene)
    north = 5_790_000 - 3_000
    assert latitude == pytest.approx(north / 0.9996 / 111_000, rel=5e-3)
    metres_per_degree = 111_320 * np.cos(np.radians(latitude))
    assert longitude == pytest.approx(-117 - 18_500 / 0.9996 / metres_per_degree, abs=2e-3)
    vector = location_vector(scene, card_by("coordinates"), None)
    lat, lon = np.radians([latitude, longitude])
    expected = [np.sin(lat), np.cos(lat), np.sin(lon), np.cos(lon)]
    np.testing.assert_allclose(vector, expected, rtol=1e-6)


def test_coordinates_can_be_given_in_degrees():
    vector = location_vector(make_scene(), card_by("coordinates"), (90.0, 30.0))
    np.testing.assert_allclose(vector, [0.5, 3**0.5 / 2, 1, 0], atol=1e-7)


@pytest.mark.parametrize("location", ["ALP", (1.0,), (5e5, 5.8e6)])
def test_coordinates_that_do_not_fit_are_refused(location):
    with pytest.raises(ModelError, match="degrees"):
        location_vector(make_scene(), card_by("coordinates"), location)


def test_a_model_without_location_takes_none():
    assert location_vector(make_scene(), make_card(), None) is None
    with pytest.raises(ModelError, match="takes no location"):
        location_vector(make_scene(), make_card(), "ALP")
