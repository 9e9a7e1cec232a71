import numpy as np
import pytest

from glacier_core.simulation.fields import fractal_field, smooth_step

from .grounds import random


def test_field_is_standard_and_follows_its_seed():
    field = fractal_field(random(3), (64, 80), exponent=1.5)
    assert field.shape == (64, 80)
    assert field.dtype == np.float32
    assert field.mean() == pytest.approx(0.0, abs=1e-5)
    assert field.std() == pytest.approx(1.0, abs=1e-5)
    assert np.array_equal(field, fractal_field(random(3), (64, 80), exponent=1.5))
    assert not np.array_equal(field, fractal_field(random(4), (64, 80), exponent=1.5))


def test_spectrum_falls_with_the_exponent():
    field = fractal_field(random(), (256, 256), exponent=2.0)
    power = np.abs(np.fft.fft2(field)) ** 2
    wave = np.hypot(*np.meshgrid(np.fft.fftfreq(256), np.fft.fftfreq(256)))
    far, near = (wave > 0.2) & (wave < 0.24), (wave > 0.05) & (wave < 0.06)
    # Power falls as the wavenumber to minus twice the exponent: 4 times finer, 4**4 weaker.
    assert power[near].mean() / power[far].mean() == pytest.approx(4.0**4, rel=0.35)


def test_longest_wavelength_flattens_the_field():
    smooth = fractal_field(random(), (128, 128), exponent=2.0)
    short = fractal_field(random(), (128, 128), exponent=2.0, longest=8.0)
    assert np.abs(short[:, 32:] - short[:, :-32]).mean() == pytest.approx(1.13, rel=0.15)
    neighbours = [np.abs(np.diff(field, axis=0)).mean() for field in (smooth, short)]
    assert neighbours[0] < 0.3 * neighbours[1]


def test_smooth_step_has_its_ends_and_middle():
    assert smooth_step(np.array([-1.0, 0.0, 1.0, 2.0, 9.0]), 0.0, 2.0).tolist() == [0, 0, 0.5, 1, 1]
