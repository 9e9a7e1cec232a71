import numpy as np
import pytest

from glacier_core.errors import SourceError, StorageError
from glacier_core.viewing.points import confidence_at, point_values

from .places import degrees_of


def test_point_tells_the_pixel_under_it(scene, result):
    told = point_values(scene.id, *degrees_of(scene, 33, 47), map_key=result.key)
    rows = dict(told["rows"])
    optical = scene.data["optical"].to_numpy()[:, 33, 47]
    assert told["inside"]
    assert [rows[name] for name in ("Blue", "Green", "Red", "Near infrared", "SWIR1", "SWIR2")] == [
        f"{value:.3f}" for value in optical
    ]
    assert rows["NDSI"] == f"{(optical[1] - optical[4]) / (optical[1] + optical[4]):.2f}"
    assert rows["Elevation"] == f"{1000 + 10 * (59 - 33)} m"
    assert rows["Slope"] == f"{np.degrees(np.arctan(1 / 3)):.0f}°"
    assert rows["Probability of glacier"] == "59 %"
    assert rows["Calibrated confidence"] == "56 %"


def test_pixel_without_data_says_so_but_keeps_its_elevation(scene, result):
    rows = dict(point_values(scene.id, *degrees_of(scene, 3, 5), map_key=result.key)["rows"])
    assert rows["Blue"] == rows["NDSI"] == rows["Probability of glacier"] == "no data"
    assert rows["Elevation"] == "1560 m"


def test_confidence_under_a_point(scene, result):
    held = result.confidence.to_numpy()
    assert confidence_at(result.key, *degrees_of(scene, 33, 47)) == pytest.approx(
        held[33, 47], abs=5e-3
    )
    assert np.isnan(confidence_at(result.key, *degrees_of(scene, 3, 5)))
    assert np.isnan(confidence_at(result.key, 0.0, 0.0))


def test_point_without_a_map_tells_no_probability(scene):
    assert "Probability of glacier" not in dict(
        point_values(scene.id, *degrees_of(scene, 30, 30))["rows"]
    )


@pytest.mark.parametrize(("row", "column"), [(-1, 30), (60, 30), (30, -1), (30, 80)])
def test_point_beside_the_scene_is_outside(scene, row, column):
    assert point_values(scene.id, *degrees_of(scene, row, column)) == {"inside": False, "rows": []}


@pytest.mark.parametrize(("lon", "lat"), [(181, 0), (0, 91), (float("nan"), 0), (0, float("inf"))])
def test_point_on_no_earth_is_refused(scene, lon, lat):
    with pytest.raises(SourceError, match="on Earth"):
        point_values(scene.id, lon, lat)


def test_far_side_of_the_earth_is_outside(scene):
    assert not point_values(scene.id, -171.0, -47.0)["inside"]


def test_damaged_raster_is_a_sentence(scene, own_data_dir):
    (own_data_dir / "scenes" / scene.id / "elevation.tif").write_bytes(b"nothing")
    with pytest.raises(StorageError, match=r"elevation\.tif"):
        point_values(scene.id, *degrees_of(scene, 30, 30))
