"""Simple band rules."""

import numpy as np
import pytest
from affine import Affine

from glacier_core.baselines import band_ratio, ndsi, ndsi_glacier
from glacier_core.scene import BANDS, SceneAttributes, build_scene


def scene(green, swir1):
    """Return a scene of one row whose green and SWIR1 are given, the other bands 0.3."""
    bands = np.full((len(BANDS), 1, len(green)), 0.3)
    bands[BANDS.index("green")], bands[BANDS.index("swir1")] = green, swir1
    return build_scene(
        bands,
        np.full((1, len(green)), 1000.0),
        transform=Affine(30, 0, 0, 0, -30, 0),
        crs="EPSG:32611",
        attributes=SceneAttributes(id="row", title="A row"),
    )


def test_index_by_hand():
    assert ndsi(scene([0.8, 0.1, 0.3], [0.2, 0.3, 0.3]))[0] == pytest.approx([0.6, -0.5, 0.0])


def test_rule_is_above_the_threshold():
    green, swir1 = [0.8, 0.65, 0.75], [0.2, 0.35, 0.25]  # 0.6, 0.3, 0.5
    assert ndsi_glacier(scene(green, swir1))[0].tolist() == [True, False, True]
    assert ndsi_glacier(scene(green, swir1), threshold=0.55)[0].tolist() == [True, False, False]


def test_no_data_and_negative_sums_have_no_index():
    """Over-corrected shadow: both bands below zero would make a large, meaningless quotient."""
    row = scene([np.nan, -0.02, 0.01, 0.5], [0.1, -0.001, -0.01, 0.1])
    assert np.isnan(ndsi(row)[0, :3]).all()
    assert ndsi_glacier(row)[0].tolist() == [False, False, False, True]


def test_pixels_that_must_not_be_used_are_no_glacier():
    clear = scene([0.8, 0.7], [0.1, 0.1])
    clouded = build_scene(
        clear.data["optical"],
        clear.data["elevation"],
        transform=clear.transform,
        crs=clear.crs,
        valid=[[True, False]],
        attributes=clear.attributes,
    )
    assert ndsi_glacier(clouded)[0].tolist() == [True, False]


def test_the_ratio_of_red_to_shortwave_infrared_by_hand():
    optical = np.zeros((6, 1, 4), np.float32)
    optical[2] = [0.6, 0.2, 0.3, np.nan]  # red
    optical[4] = [0.1, 0.4, 0.0, 0.1]  # swir1
    ratio = band_ratio(optical)
    np.testing.assert_allclose(ratio[0, :2], [6.0, 0.5], rtol=1e-6)
    assert np.isnan(ratio[0, 2:]).all()  # nothing to divide by, and no data
