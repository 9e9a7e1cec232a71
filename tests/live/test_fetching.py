"""A scene of the Great Aletsch Glacier from the archives of the world, and tiles of elevation."""

from datetime import date

import numpy as np
import pytest

from glacier_core.archives.areas import area_of
from glacier_core.archives.elevation import read_elevation
from glacier_core.archives.elevation_tiles import GLO30, GLO90, Tile, product_of
from glacier_core.archives.fetching import fetch_scene
from glacier_core.archives.grids import grid_of
from glacier_core.archives.plan import FetchPlan
from glacier_core.archives.searching import search_scenes
from glacier_core.baselines import ndsi

pytestmark = pytest.mark.live

ALETSCH = area_of((7.99, 46.49, 8.01, 46.51), name="Great Aletsch Glacier")


def test_lists_tell_land_from_withheld_land_and_sea():
    assert product_of(Tile(46, 7)) == GLO30
    assert product_of(Tile(40, 44)) == GLO90  # Yerevan
    assert product_of(Tile(45, -30)) is None  # the North Atlantic


def test_the_alps_are_as_high_as_they_are():
    terrain = read_elevation(grid_of(ALETSCH, 30.0))
    assert 2000 < terrain.elevation.min() < terrain.elevation.max() < 4274
    assert 5 < np.median(terrain.slope) < 45


def test_a_scene_is_fetched_and_shows_the_glacier():
    best = search_scenes(
        ALETSCH,
        archives=["sentinel-2-l1c"],
        start=date(2023, 8, 1),
        end=date(2023, 9, 30),
        most_cloud_percent=20,
    )[0]
    scene = fetch_scene(FetchPlan(ALETSCH, (best,), 10.0))
    assert scene.valid.mean() > 0.5
    assert (ndsi(scene)[scene.valid] > 0.4).mean() > 0.2
