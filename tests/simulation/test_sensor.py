import numpy as np
import pytest

from glacier_core.simulation.instruments import INSTRUMENTS
from glacier_core.simulation.sensor import (
    SensorStyle,
    band_blur,
    draw_sensor_style,
    take_image,
)
from glacier_core.simulation.spectra import TOA_GAIN, TOA_OFFSET

from .grounds import random

QUIET = SensorStyle("toa", blur=0.3, noise=0.0)


def scene(value=0.4, side=96):
    return np.full((6, side, side), value, dtype=np.float32), np.ones((side, side), dtype=bool)


def test_toa_follows_the_fitted_pairs_on_average():
    images = [take_image(*scene(), random(seed), QUIET).optical for seed in range(40)]
    mean = np.mean([image.mean(axis=(1, 2)) for image in images], axis=0)
    assert mean == pytest.approx(np.array(TOA_GAIN) * 0.4 + TOA_OFFSET, abs=0.012)


def test_surface_products_turn_negative_in_the_dark():
    style = SensorStyle("surface", blur=0.3, noise=0.0)
    dark = [take_image(*scene(0.002), random(seed), style).optical[0].mean() for seed in range(30)]
    assert min(dark) < -0.01
    assert np.median(dark) < 0.01
    toa = [take_image(*scene(0.002), random(seed), QUIET).optical[0].mean() for seed in range(30)]
    assert min(toa) > 0.02


def test_saturation_caps_the_visible():
    style = SensorStyle("toa", saturation=0.5, noise=0.0)
    optical = take_image(*scene(0.95), random(), style).optical
    assert optical[0].max() == pytest.approx(0.5)
    assert optical[3].min() > 0.6


def test_gaps_are_nan_and_not_valid():
    style = SensorStyle("toa", holes=True, stripes=True)
    image = take_image(*scene(), random(6), style)
    assert 0.02 < (~image.valid).mean() < 0.98
    assert np.array_equal(np.isnan(image.optical), np.broadcast_to(~image.valid, (6, 96, 96)))


def test_unknown_ground_is_never_valid():
    apparent, known = scene()
    known[:10] = False
    image = take_image(apparent, known, random(), QUIET)
    assert not image.valid[:10].any()
    assert image.valid[10:].all()


def test_point_spread_blurs_edges_and_keeps_the_mean():
    apparent, known = scene(0.1)
    apparent[:, :, 48:] = 0.6
    soft = take_image(apparent, known, random(1), SensorStyle("toa", blur=0.8, noise=0.0)).optical
    hard = take_image(apparent, known, random(1), SensorStyle("toa", blur=0.05, noise=0.0)).optical
    assert np.abs(np.diff(soft[3, 40])).max() < 0.7 * np.abs(np.diff(hard[3, 40])).max()
    assert soft[3].mean() == pytest.approx(hard[3].mean(), rel=1e-3)


def test_coarse_instruments_blur_a_fine_grid():
    sentinel, landsat = INSTRUMENTS["Sentinel-2"], INSTRUMENTS["Landsat 8"]
    assert band_blur(landsat, 0.4, 30.0) == pytest.approx([0.4] * 6)
    # Three cells wide: the variance of a box of 3 less that of one of 1, twelfths.
    assert band_blur(landsat, 0.0, 10.0)[0] == pytest.approx(np.sqrt(8.0 / 12.0))
    fine = band_blur(sentinel, 0.4, 10.0)
    assert fine[:4] == pytest.approx([0.4] * 4)
    assert fine[4] == fine[5] == pytest.approx(np.sqrt(0.16 + 3.0 / 12.0))


def test_eight_bits_leave_steps():
    apparent, known = scene()
    apparent += np.linspace(0.0, 0.01, 96, dtype=np.float32)
    style = SensorStyle("toa", "Landsat 5", blur=0.3, noise=0.0)
    levels = np.unique(np.round(take_image(apparent, known, random(), style).optical / 0.0035, 3))
    assert np.abs(levels - np.round(levels)).max() < 0.01


def test_styles_come_in_the_stated_shares():
    styles = [draw_sensor_style(random(seed)) for seed in range(1000)]
    assert np.mean([s.reflectance == "toa" for s in styles]) == pytest.approx(0.5, abs=0.05)
    assert np.mean([s.haze > 0 for s in styles]) == pytest.approx(0.12, abs=0.03)
    # 0.27 of 8-bit instruments saturate 6 times in 10, the others 12 times in 100.
    assert np.mean([np.isfinite(s.saturation) for s in styles]) == pytest.approx(0.25, abs=0.04)
    assert np.mean([s.holes for s in styles]) == pytest.approx(0.30, abs=0.04)
    assert np.mean([s.stripes for s in styles]) == pytest.approx(0.06, abs=0.02)
    assert np.mean([s.instrument == "Sentinel-2" for s in styles]) == pytest.approx(0.4, abs=0.05)


def test_only_the_broken_landsat_leaves_gaps():
    chosen = (("Landsat 7", 1.0),)
    assert any(draw_sensor_style(random(seed), chosen).stripes for seed in range(20))
    for name in set(INSTRUMENTS) - {"Landsat 7"}:
        styles = (draw_sensor_style(random(seed), ((name, 1.0),)) for seed in range(20))
        assert all(not style.stripes and style.instrument == name for style in styles)
