import numpy as np
import pytest
import torch

from glacier_core.models.calibration import PlattScaling, TemperatureScaling
from glacier_core.models.glavitu import GlaViTU
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.training.calibration_strata import (
    EVERYWHERE,
    UNCALIBRATED,
    PlacedPixels,
    boundary_distance,
    calibration_strata,
    placed_pixels,
    surface_name,
)

WITH = {
    "by temperature": TemperatureScaling(temperature=0.5),
    "falling": PlattScaling(slope=-1.0, intercept=1.0),
}


def pixels(region, confidence, right, surface=SurfaceClass.ICE, distance=0.5):
    count = len(confidence)
    return PlacedPixels(
        np.array(confidence, np.float32),
        np.array(right, bool),
        np.full(count, surface, np.uint8),
        np.full(count, distance, np.float32),
        region,
    )


def rows(table, by, part):
    return table.xs((by, part), level=("by", "part"))


@pytest.fixture
def table():
    scenes = [
        pixels("ALP", [0.2, 0.4], [1, 0]),
        pixels("ALP", [0.6, 0.8], [1, 1], SurfaceClass.DEBRIS, 2.0),
        pixels("NZ", [0.9], [0], SurfaceClass.SEASONAL_SNOW, np.inf),
    ]
    return calibration_strata(scenes, WITH).set_index(["by", "part", "calibration"])


def test_distance_is_to_the_line_between_pixels():
    glacier = np.zeros((3, 6), bool)
    glacier[:, 3:] = True
    assert boundary_distance(glacier)[1].tolist() == [2.5, 1.5, 0.5, 0.5, 1.5, 2.5]


@pytest.mark.parametrize("all_of_it", [True, False])
def test_without_a_boundary_everything_is_far(all_of_it):
    assert np.isinf(boundary_distance(np.full((2, 2), all_of_it))).all()


def test_distance_goes_the_shortest_way():
    glacier = np.zeros((5, 5), bool)
    glacier[0, 0] = True
    assert boundary_distance(glacier)[3, 4] == pytest.approx(5 - 0.5)


def test_every_part_has_a_row_for_every_calibration(table):
    parts = [
        (EVERYWHERE, EVERYWHERE),
        ("region", "ALP"),
        ("region", "NZ"),
        ("surface", "seasonal snow"),
        ("surface", "ice"),
        ("surface", "debris"),
        ("distance from the boundary", "0-1 pixels"),
        ("distance from the boundary", "1-3 pixels"),
        ("distance from the boundary", "> 10 pixels"),
    ]
    expected = [(*part, name) for part in parts for name in (UNCALIBRATED, *WITH)]
    assert table.index.tolist() == expected


def test_rows_are_measured_on_their_pixels(table):
    alps = rows(table, "region", "ALP").loc[UNCALIBRATED]
    assert (alps["scenes"], alps["pixels"]) == (2, 4)
    assert alps["accuracy"] == 0.75
    assert alps["mean_confidence"] == pytest.approx(0.5)
    assert alps["ece"] == pytest.approx((0.8 + 0.4 + 0.4 + 0.2) / 4)
    snow = rows(table, "surface", "seasonal snow")
    assert snow["brier"][UNCALIBRATED] == pytest.approx(0.81)
    surer = float(WITH["by temperature"].apply(0.9))
    assert snow["brier"]["by temperature"] == pytest.approx(surer**2)


def test_pixels_of_the_parts_add_up(table):
    raw = table.xs(UNCALIBRATED, level="calibration")["pixels"]
    assert raw.groupby("by").sum().tolist() == [5, 5, 5, 5]


def test_what_falls_is_told(table):
    everywhere = rows(table, EVERYWHERE, EVERYWHERE)["monotone"]
    assert everywhere.to_dict() == {UNCALIBRATED: True, "by temperature": True, "falling": False}


def test_pixels_that_do_not_count_are_left_out(make_scene, tiny_recipe):
    scene = make_scene()
    scene.weight[:, :10] = 0
    scene.optical[:, 40:] = np.nan
    torch.manual_seed(0)
    found = placed_pixels(GlaViTU(tiny_recipe.network).eval(), scene, 32)
    assert len(found.correct) == (48 - 8) * (48 - 10)
    assert found.distance.max() == pytest.approx(23.5)
    assert set(found.surface) == {SurfaceClass.ICE, SurfaceClass.ROCK}
    assert found.region == scene.region
    assert np.isfinite(found.confidence).all()


def test_surfaces_are_named_in_words():
    assert surface_name(SurfaceClass.PERENNIAL_SNOW) == "perennial snow"
    assert surface_name(255) == "unknown"
