"""The quality bands of Landsat: every bit, alone and together."""

import numpy as np
import pytest

from glacier_core.archives.imagery import Why
from glacier_core.archives.landsat_masks import cloud_percent, landsat_why, saturated_percent

CLEAR = 1 << 6  # the archive's own "clear" bit


def flags(*values):
    return np.ma.masked_array(np.array([values], dtype=np.uint16))


@pytest.mark.parametrize("sensor", ["OLI_TIRS", "OLI", "ETM", "TM"])
def test_each_bit_of_the_pixel_quality_means_what_it_should(sensor):
    expected = dict.fromkeys(range(16), Why.CLEAR)
    expected |= {0: Why.NO_DATA, 1: Why.CLOUD, 2: Why.CLOUD, 3: Why.CLOUD, 4: Why.CLOUD_SHADOW}
    quality = flags(*(1 << bit for bit in range(16)))
    assert landsat_why(quality, None, sensor)[0].tolist() == list(expected.values())


def test_values_that_the_geological_survey_gives_as_examples_are_read():
    # Landsat 8-9: fill, clear land, clear water, high cloud, high shadow, snow, high cirrus.
    quality = flags(1, 21824, 21952, 22280, 23888, 30048, 54596)
    assert landsat_why(quality, None, "OLI_TIRS")[0].tolist() == [
        *(Why.NO_DATA, Why.CLEAR, Why.CLEAR, Why.CLOUD, Why.CLOUD_SHADOW, Why.CLEAR, Why.CLOUD)
    ]


@pytest.mark.parametrize(("sensor", "bit"), [("OLI_TIRS", 11), ("OLI", 11), ("ETM", 9), ("TM", 9)])
def test_only_dropped_and_hidden_pixels_are_defective(sensor, bit):
    saturation = flags(*(1 << number for number in range(16)))
    why = landsat_why(flags(*[CLEAR] * 16), saturation, sensor)
    assert np.flatnonzero(why[0] == Why.DEFECTIVE).tolist() == [bit]
    assert set(why[0].tolist()) == {Why.CLEAR, Why.DEFECTIVE}


def test_no_data_goes_before_defects_defects_before_clouds_clouds_before_shadow():
    quality = flags(0b1_1001, 0b1_1000, 0b1_1000, 0b1_0000)
    saturation = flags(1 << 11, 1 << 11, 0, 0)
    why = landsat_why(quality, saturation, "OLI_TIRS")[0].tolist()
    assert why == [Why.NO_DATA, Why.DEFECTIVE, Why.CLOUD, Why.CLOUD_SHADOW]


def test_what_the_product_does_not_cover_has_no_data():
    quality = flags(CLEAR, CLEAR)
    quality[0, 1] = np.ma.masked
    assert landsat_why(quality, None, "TM")[0].tolist() == [Why.CLEAR, Why.NO_DATA]


def test_shares_are_of_the_pixels_with_data():
    quality = flags(1, CLEAR, CLEAR, 1 << 3, (1 << 3) | (1 << 4))
    percent = cloud_percent(quality)
    assert percent == {"cloud": 50, "cloud rim": 0, "cirrus": 0, "cloud shadow": 25}
    assert cloud_percent(flags(1)) == dict.fromkeys(percent, 0.0)


def test_saturation_is_counted_for_the_six_bands():
    # Bits are band numbers less one: blue is band 2 of OLI, but band 1 of TM.
    assert saturated_percent(flags(0b10, 0), "OLI_TIRS")["blue"] == 50
    assert saturated_percent(flags(0b1, 0), "TM")["blue"] == 50
    assert saturated_percent(flags(0b1, 0), "OLI")["blue"] == 0
    # Band 6 of TM is thermal; band 7, bit 6, is swir2 of both.
    assert sum(saturated_percent(flags(1 << 5), "ETM").values()) == 0
    assert saturated_percent(flags(1 << 5), "OLI")["swir1"] == 100
    assert saturated_percent(flags(1 << 6), "OLI")["swir2"] == 100
    assert saturated_percent(flags(1 << 6), "ETM")["swir2"] == 100
