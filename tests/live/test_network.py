"""The archives of the world are where we think they are, and hand out parts of files."""

import pytest
from rasterio.windows import Window

from glacier_core.network.access import authorise
from glacier_core.network.addresses import check_address
from glacier_core.network.ranged import open_remote_raster
from glacier_core.network.services import SERVICES, reached_at, service

pytestmark = pytest.mark.live

TILE = "Copernicus_DSM_COG_10_N46_00_E008_00_DEM"


@pytest.mark.parametrize("name", SERVICES)
def test_every_archive_lies_at_a_public_place(name):
    check_address(service(name))


@pytest.mark.parametrize(
    "name", [name for name in SERVICES if name.startswith("planetary-computer-sentinel-1")]
)
def test_the_planetary_computer_gives_tokens_to_anybody(name):
    signed, _ = authorise(reached_at(f"{SERVICES[name]}/x.tif"))
    assert "sig=" in signed


def test_a_piece_of_an_elevation_model_travels_once():
    """Around the Great Aletsch Glacier the land lies between the Rhône and the Finsteraarhorn."""
    told = []
    for _ in range(2):
        with open_remote_raster(
            f"{service('copernicus-dem-30m')}/{TILE}/{TILE}.tif", report=told.append
        ) as raster:
            heights = raster.read(1, window=Window(100, 1800, 64, 64))
        told.append(None)
    assert (heights > 600).all()
    assert (heights < 4300).all()
    first, second = told[: told.index(None)], told[told.index(None) + 1 : -1]
    assert second[-1].done == 1 < first[-1].done
