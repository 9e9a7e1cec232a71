from types import SimpleNamespace

import numpy as np
import pytest
import xarray as xr
from affine import Affine
from rasterio.crs import CRS

from glacier_core.confidence.area_interval import AreaErrors
from glacier_core.confidence.mapped_area import mapped_area_interval
from glacier_core.errors import ModelError


def a_map(confidence, glacier):
    return SimpleNamespace(
        confidence=xr.DataArray(confidence),
        glacier=xr.DataArray(glacier),
        transform=Affine(30.0, 0.0, 500_000.0, 0.0, -30.0, 5_205_000.0),
        crs=CRS.from_epsg(32624),
        shape=confidence.shape,
        resolution=30.0,
    )


def test_a_sure_map_has_its_true_area():
    glacier = np.zeros((70, 90), dtype=bool)
    glacier[:, :40] = True
    found = mapped_area_interval(a_map(np.ones((70, 90)), glacier))
    # The scale of UTM along its central meridian is 0.9996: pixels are larger than they seem.
    truth = 70 * 40 * (0.03 / 0.9996) ** 2
    assert (found.low_km2, found.high_km2) == pytest.approx((truth, truth), rel=1e-5)


def test_unsure_ground_may_be_ice():
    confidence = np.full((70, 90), 0.8)
    found = mapped_area_interval(a_map(confidence, np.zeros((70, 90), dtype=bool)))
    assert found.low_km2 < 0.2 * 70 * 90 * 0.0009 < found.high_km2
    wider = mapped_area_interval(
        a_map(confidence, np.zeros((70, 90), dtype=bool)), errors=AreaErrors(2000.0, 0.9)
    )
    assert wider.high_km2 > found.high_km2


def test_a_map_of_nothing_is_refused():
    unmapped = np.full((5, 5), np.nan)
    with pytest.raises(ModelError, match="Nothing was mapped"):
        mapped_area_interval(a_map(unmapped, np.zeros((5, 5), dtype=bool)))
