import numpy as np
import pytest

from glacier_core.simulation.instruments import INSTRUMENTS, SPECTRA_WAVELENGTHS, band_mixing


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_a_line_in_wavelength_is_seen_exactly(name):
    instrument = INSTRUMENTS[name]
    line = 0.1 + 3e-4 * np.array(SPECTRA_WAVELENGTHS)
    assert band_mixing(instrument) @ line == pytest.approx(
        0.1 + 3e-4 * np.array(instrument.wavelengths), rel=1e-5
    )


def test_the_instrument_of_the_spectra_sees_them_as_they_are():
    assert band_mixing(INSTRUMENTS["Landsat 8"]) == pytest.approx(np.eye(6), abs=1e-6)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_grey_stays_grey(name):
    assert band_mixing(INSTRUMENTS[name]).sum(axis=1) == pytest.approx(np.ones(6))


def test_only_landsat_7_has_gaps():
    broken = [i.name for i in INSTRUMENTS.values() if i.gaps_from <= i.last_year]
    assert broken == ["Landsat 7"]
