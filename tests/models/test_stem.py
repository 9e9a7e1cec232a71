import numpy as np
import pytest
import torch
from scipy.signal import convolve2d

from glacier_core.models.inputs import scale_feature
from glacier_core.models.stem import EXPANDED_CHANNELS, InputStem, box_mean

INTERIOR = slice(45, 75)  # beyond the reach of the border, through two passes of the boxes


def expand(name, physical):
    scaled = torch.from_numpy(scale_feature(name, np.asarray(physical, np.float32)))[None]
    return scaled, InputStem()(name, scaled)[0].numpy()


def dem(elevation, slope=0.0):
    return np.stack([elevation, np.full_like(elevation, slope)])


def test_channels_and_pass_through():
    stem = InputStem()
    for name, channels in EXPANDED_CHANNELS.items():
        scaled = torch.rand(2, 6 if name == "optical" else 1 if name == "thermal" else 2, 16, 16)
        expanded = stem(name, scaled)
        assert expanded.shape == (2, channels, 16, 16)
        assert torch.equal(expanded[:, : scaled.shape[1]], scaled)


def test_stem_learns_nothing_and_stores_nothing():
    assert not list(InputStem().parameters())
    assert not InputStem().state_dict()


def test_optical_channels_from_reflectance():
    bands = [0.36, 0.25, 0.16, 0.49, 0.04, 0.09]  # blue, green, red, NIR, SWIR1, SWIR2
    _, expanded = expand("optical", np.tile(np.array(bands)[:, None, None], (1, 4, 4)))
    pixel = expanded[6:, 2, 2]
    np.testing.assert_allclose(pixel[:6], [0.6, 0.5, 0.4, 0.7, 0.2, 0.3], atol=1e-5)
    ndsi, ndvi, blue_nir = 0.21 / 0.291, 0.33 / 0.651, -0.13 / 0.851
    np.testing.assert_allclose(pixel[6:], [ndsi, ndvi, blue_nir], atol=1e-5)


def test_negative_reflectance_counts_as_black():
    _, expanded = expand("optical", np.full((6, 4, 4), -0.002))
    np.testing.assert_array_equal(expanded[6:], 0.0)


@pytest.mark.parametrize("base", [0.0, 7000.0])
def test_heights_of_a_plane_are_zero(base):
    rows, columns = np.mgrid[0:120, 0:120]
    _, expanded = expand("dem", dem(base + 3.0 * rows - 2.0 * columns))
    np.testing.assert_allclose(expanded[2:6, INTERIOR, INTERIOR], 0.0, atol=2e-3)


def test_heights_and_roughness_of_a_parabola():
    # The mean of a x^2 over k pixels is a (x^2 + (k^2 - 1) / 12).
    columns = np.arange(120.0) - 60
    a = 0.5
    _, expanded = expand("dem", dem(np.tile(1000 + a * columns**2, (120, 1))))
    heights = [-a * (size**2 - 1) / 12 for size in (5, 15, 41)]
    expected = [heights[0] / 10, heights[1] / 50, heights[2] / 200, abs(heights[0]) / 10]
    for channel, value in zip(expanded[2:6], expected, strict=True):
        np.testing.assert_allclose(channel[INTERIOR, INTERIOR], value, atol=2e-3)


def test_slope_channel_is_the_square_root_of_a_share_of_vertical():
    _, expanded = expand("dem", dem(np.full((16, 16), 500.0), slope=22.5))
    np.testing.assert_allclose(expanded[6], 0.5, atol=1e-5)


@pytest.mark.parametrize(("name", "channels"), [("optical", 6), ("dem", 2)])
def test_missing_pixels_stay_zero(name, channels):
    scaled = torch.rand(1, channels, 64, 64) + 0.1
    scaled[:, :, 10:30, 20:40] = 0
    expanded = InputStem()(name, scaled)
    assert (expanded[:, :, 10:30, 20:40] == 0).all()
    assert (expanded[:, channels:, 0, 0] != 0).any()


def test_missing_pixels_do_not_pull_the_means():
    level = np.full((64, 64), 3000.0)
    level[20:40, 20:40] = np.nan
    _, expanded = expand("dem", np.stack([level, np.where(np.isnan(level), np.nan, 10.0)]))
    np.testing.assert_allclose(expanded[2:6], 0.0, atol=2e-3)


@pytest.mark.parametrize("size", [1, 5, 15])
def test_box_mean_equals_brute_force(size):
    random = np.random.default_rng(1)
    values = random.normal(size=(23, 31)).astype(np.float32)
    valid = random.random((23, 31)) > 0.4
    box = np.ones((size, size))
    number = convolve2d(valid, box, mode="same")
    expected = convolve2d(values * valid, box, mode="same") / np.maximum(number, 1)
    result = box_mean(
        torch.from_numpy(values)[None, None], torch.from_numpy(valid)[None, None], size
    )
    np.testing.assert_allclose(result[0, 0], np.where(number > 0, expected, 0), atol=1e-5)


def test_autocast_does_not_coarsen_the_stem():
    scaled = torch.rand(1, 2, 48, 48)
    plain = InputStem()("dem", scaled)
    with torch.autocast("cpu", torch.bfloat16):
        cast = InputStem()("dem", scaled)
    assert cast.dtype == torch.float32
    assert torch.equal(plain, cast)
