"""Landsat of the world: reflectance and temperature of a glacier are those of a glacier.

With GLACIER_SERVICES_ROOT set to a mirror, or to the test archive, the same is asked there.
"""

import os
from datetime import date

import numpy as np
import pytest

from glacier_core.archives.areas import area_of
from glacier_core.archives.grids import grid_of
from glacier_core.archives.imagery import Why
from glacier_core.archives.landsat import read_landsat
from glacier_core.archives.searching import search_scenes
from glacier_core.scene import BANDS

pytestmark = pytest.mark.live

ALETSCH = area_of((7.99, 46.49, 8.01, 46.51), name="Great Aletsch Glacier")


@pytest.mark.parametrize("archive", ["landsat-c2-l1", "landsat-c2-l2"])
def test_ice_is_bright_in_the_visible_dark_in_the_shortwave_and_cold(archive):
    if archive == "landsat-c2-l1" and "AWS_ACCESS_KEY_ID" not in os.environ:
        pytest.skip("the reader pays: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    best = search_scenes(
        ALETSCH,
        archives=[archive],
        start=date(2023, 7, 1),
        end=date(2023, 9, 30),
        most_cloud_percent=20,
        limit=1,
    )[0]
    imagery = read_landsat(best, grid_of(ALETSCH, 30.0))
    clear = imagery.why == Why.CLEAR
    assert clear.mean() > 0.5
    green, swir1 = (imagery.optical[BANDS.index(band)][clear] for band in ("green", "swir1"))
    assert -0.05 < green.min() < green.max() < 2.5
    assert ((green - swir1) / (green + swir1) > 0.4).mean() > 0.03
    if archive == "landsat-c2-l1":
        assert (
            250 < np.nanpercentile(imagery.thermal, 5) < np.nanpercentile(imagery.thermal, 95) < 310
        )
    else:
        assert imagery.thermal is None
        assert imagery.facts["reflectance"] == "surface"
