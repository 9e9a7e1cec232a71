"""A glacier on the border of two tiles: found as one pass, fetched as one seamless scene."""

from datetime import date

import numpy as np
import pytest

from archives.world.ground import reflectance
from archives.world.places import PLACES, Raster, local_metres
from glacier_core.archives.areas import area_of
from glacier_core.archives.fetching import fetch_scene
from glacier_core.archives.plan import FetchPlan
from glacier_core.archives.searching import search_scenes, whole_pass

PLACE = PLACES["caucasus"]
HALF = 0.006  # degrees


@pytest.fixture
def area(archive_world):
    east = HALF / np.cos(np.radians(PLACE.latitude))
    return area_of(
        (
            PLACE.longitude - east,
            PLACE.latitude - HALF,
            PLACE.longitude + east,
            PLACE.latitude + HALF,
        ),
        name=PLACE.name,
    )


@pytest.fixture
def sides(area):
    return search_scenes(
        area, archives=["sentinel-2-l1c"], start=date(2024, 1, 1), end=date(2024, 12, 31)
    )


def test_each_side_covers_a_part(sides):
    assert {scene.item["properties"]["grid:code"] for scene in sides} == {
        "MGRS-38TQL",
        "MGRS-38TRL",
    }
    assert all(40 < scene.coverage_percent < 95 for scene in sides)


def test_the_whole_pass_is_both_sides(area, sides):
    assert {scene.id for scene in whole_pass(sides[0], sides, area)} == {
        scene.id for scene in sides
    }


def test_both_sides_make_one_seamless_scene(archive_world, area, sides):
    scene = fetch_scene(FetchPlan(area, tuple(sides), 20.0))
    made = archive_world.sentinel2["caucasus", "west"]
    grid = Raster(scene.crs.to_epsg(), scene.transform, scene.shape)
    east, north = local_metres(PLACE, grid)
    seen = np.hypot(east, north) < 1000  # on both sides of the border, inside the products
    assert scene.valid[seen].all()
    truth = reflectance(PLACE, east, north, "B11", made.sight)
    swir = scene.data["optical"].sel(band="swir1").to_numpy()
    # 20 m pixels of one grid: nothing is resampled, so only the rounding of numbers remains.
    np.testing.assert_allclose(swir[seen], truth[seen], atol=6e-5)
