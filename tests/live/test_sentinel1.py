"""Both radar archives of the world show one glacier alike.

With GLACIER_SERVICES_ROOT set to a mirror, or to the test archive, the same is asked there.
"""

from datetime import date

import numpy as np
import pytest

from glacier_core.archives.areas import area_of
from glacier_core.archives.elevation import read_elevation
from glacier_core.archives.grids import grid_of
from glacier_core.archives.searching import search_scenes
from glacier_core.archives.sentinel1 import read_sentinel1

pytestmark = pytest.mark.live

ALETSCH = area_of((7.99, 46.49, 8.01, 46.51), name="Great Aletsch Glacier")


@pytest.mark.parametrize("orbit", ["ascending", "descending"])
def test_sigma_nought_placed_here_lies_on_gamma_nought_corrected_there(orbit):
    grid = grid_of(ALETSCH, 30.0)
    elevation = read_elevation(grid).elevation
    radar = []
    for archive in ("sentinel-1-rtc", "sentinel-1-grd"):
        found = search_scenes(
            ALETSCH, archives=[archive], start=date(2023, 8, 1), end=date(2023, 8, 31), limit=100
        )
        radar.append(
            {
                scene.acquired.date(): scene
                for scene in found
                if scene.item["properties"]["sat:orbit_state"] == orbit
                and scene.coverage_percent == 100
            }
        )
    day = max(radar[0].keys() & radar[1].keys())
    gamma, sigma = (read_sentinel1(scenes[day], grid, elevation=elevation) for scenes in radar)
    assert (gamma.quantity, sigma.quantity) == ("gamma nought", "sigma nought")
    assert gamma.orbit == sigma.orbit == orbit
    both = np.isfinite(gamma.co_pol) & np.isfinite(sigma.co_pol) & (sigma.co_pol > 0)
    assert both.mean() > 0.2
    decibels = [10 * np.log10(of.co_pol[both]) for of in (gamma, sigma)]
    # cos(29 to 46 degrees) is 0.6 to 1.6 dB; slopes spread it.
    assert -1 < np.median(decibels[0] - decibels[1]) < 4
    assert np.corrcoef(*decibels)[0, 1] > 0.4
