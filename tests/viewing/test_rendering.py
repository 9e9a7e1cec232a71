import io

import numpy as np
import pytest
from PIL import Image

from glacier_core.viewing import palettes, rendering

from .places import decoded

rng = np.random.default_rng(3)


def test_bands_of_a_composite_are_counted_from_one():
    assert rendering.band_numbers("natural") == (3, 2, 1)
    assert rendering.band_numbers("swir") == (5, 4, 3)


def test_one_stretch_for_all_bands_keeps_grey_grey():
    grey = np.tile(rng.uniform(0, 0.9, (20, 30)).astype(np.float32), (3, 1, 1))
    picture = rendering.composite_picture(grey, rendering.stretch_limits(grey))
    np.testing.assert_array_equal(picture[0], picture[1])
    np.testing.assert_array_equal(picture[0], picture[2])


def test_stretch_runs_from_the_first_to_the_last_percent():
    values = np.arange(0, 1.0001, 0.001, dtype=np.float32)[None, None]
    low, high = rendering.stretch_limits(values)
    assert (low, high) == pytest.approx((0.01, 0.99), abs=1e-3)
    picture = rendering.composite_picture(values, (low, high))[0, 0]
    assert picture[10] == 0
    assert picture[990] == 255
    assert (np.diff(picture.astype(int)) >= 0).all()


def test_stretch_of_nothing_and_of_one_value_is_still_one():
    assert rendering.stretch_limits(np.full((3, 4, 4), np.nan, np.float32)) == (0.0, 1.0)
    low, high = rendering.stretch_limits(np.full((3, 4, 4), 0.3, np.float32))
    assert high > low


def test_ndsi_is_the_normalised_difference():
    green, swir1 = np.array([[0.6, 0.2, 0.0]]), np.array([[0.2, 0.6, 0.0]])
    np.testing.assert_allclose(
        rendering.ndsi(green.astype(np.float32), swir1.astype(np.float32)),
        [[0.5, -0.5, np.nan]],
        rtol=1e-6,
    )


def test_hillshade_of_flat_ground_is_the_sine_of_the_suns_altitude():
    shade = rendering.hillshade(np.full((9, 9), 500, np.float32), 30)
    assert shade.shape == (3, 7, 7)
    assert np.unique(shade) == [round(255 * np.sin(np.radians(45)))]


def test_hillshade_is_white_where_the_slope_faces_the_sun():
    """A slope of 45 degrees that falls to the north-west looks straight into the sun."""
    rows, columns = np.mgrid[:9, :9].astype(float)
    falls_north_west = (rows + columns) * 30 / np.sqrt(2)
    facing = rendering.hillshade(falls_north_west.astype(np.float32), 30)
    turned = rendering.hillshade(-falls_north_west.astype(np.float32), 30)
    assert facing.min() >= 254
    assert turned.max() <= 1


def test_value_picture_carries_the_value_in_red():
    picture = rendering.value_picture(np.array([[0.0, 0.5, 1.0, np.nan]], np.float32))
    np.testing.assert_array_equal(picture[0, 0], [0, 128, 255, 0])


def test_agreement_is_drawn_in_the_colours_of_the_palette():
    picture, mask = rendering.agreement_picture(np.array([[0, 1, 2, 3, 255]], np.uint8))
    np.testing.assert_array_equal(mask, [[0, 255, 255, 255, 0]])
    assert tuple(picture[:, 0, 2]) == palettes.rgb(palettes.PREDICTED)
    assert tuple(picture[:, 0, 3]) == palettes.rgb(palettes.EXPERT)


def test_ramp_picture_clips_to_the_ends_of_the_ramp():
    ramp = palettes.Ramp((-1.0, 1.0), ("#000000", "#FFFFFF"))
    picture = rendering.ramp_picture(np.array([[-5, -1, 0, 1, 5, np.nan]], np.float32), ramp)
    np.testing.assert_array_equal(picture[0, 0], [0, 0, 128, 255, 255, 0])


def test_a_photograph_is_made_as_small_as_asked():
    noise = np.random.default_rng(0).integers(0, 255, (3, 200, 200), dtype=np.uint8)
    large, small = rendering.jpeg(noise, 10_000_000), rendering.jpeg(noise, 40_000)
    assert len(small) <= 40_000 < len(large)
    assert Image.open(io.BytesIO(small)).size == (200, 200)


def test_a_line_of_one_pixel_keeps_its_colour():
    picture = np.full((3, 40, 40), 120, np.uint8)
    picture[:, 20] = np.array(palettes.rgb(palettes.PREDICTED))[:, None]
    shown = np.asarray(Image.open(io.BytesIO(rendering.jpeg(picture, 60_000))), int)
    assert np.abs(shown[20, 5:35] - palettes.rgb(palettes.PREDICTED)).max() < 40


@pytest.mark.parametrize("grey", [True, False])
@pytest.mark.parametrize("opaque", [True, False])
def test_a_png_holds_all_four_values_of_each_pixel(grey, opaque):
    generator = np.random.default_rng(1)
    picture = generator.integers(0, 256, (3, 9, 11), dtype=np.uint8)
    if grey:
        picture[1:] = picture[0]
    mask = np.full((9, 11), 255, dtype=np.uint8)
    if not opaque:
        mask[3:5, 4] = 0
    shown = decoded(rendering.png(picture, mask))
    assert np.array_equal(shown[..., :3], np.moveaxis(picture, 0, -1))
    assert np.array_equal(shown[..., 3], mask)


def test_a_png_of_grey_holds_no_channel_twice():
    """Grey relief in three channels took twice the bytes and twice the time."""
    noise = np.random.default_rng(2).integers(0, 256, (64, 64), dtype=np.uint8)
    opaque = np.full((64, 64), 255, dtype=np.uint8)
    assert len(rendering.png(np.stack([noise] * 3), opaque)) < 1.1 * noise.size
