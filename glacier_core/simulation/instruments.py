"""The instruments whose images are simulated, and how each sees a spectrum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Instrument:
    """What distinguishes the images of one satellite instrument.

    Attributes
    ----------
    name : str
    wavelengths : tuple of float
        Centres of blue, green, red, NIR, SWIR1 and SWIR2, nm (Sentinel-2 MSI technical guide;
        Landsat Data Users Handbooks of TM, ETM+ and OLI, centres of the nominal band limits).
    sampling, swir_sampling : float
        Ground sampling of the visible and NIR bands, and of the SWIR bands, m.
    thermal_sampling : float
        Of the thermal band, m; infinite for none.
    step : float
        Reflectance between two neighbouring digital numbers: 8 bits over about 0..0.9 for TM and
        ETM+ (an assumption, as the range depends on gain and sun), next to nothing for the rest.
    noise : tuple of float
        Range of the standard deviation of the noise, reflectance (assumed, larger for the 8-bit
        instruments).
    saturates : bool
        Whether bright snow exceeds the range of its visible bands.
    first_year, last_year : int
    gaps_from : int
        First year with the gaps of the broken scan-line corrector; beyond `last_year` for none.
    """

    name: str
    wavelengths: tuple[float, float, float, float, float, float]
    sampling: float
    swir_sampling: float
    thermal_sampling: float
    step: float
    noise: tuple[float, float]
    saturates: bool
    first_year: int
    last_year: int
    gaps_from: int = 9999


INSTRUMENTS: dict[str, Instrument] = {
    instrument.name: instrument
    for instrument in (
        Instrument(
            "Sentinel-2",
            (492.4, 559.8, 664.6, 864.7, 1613.7, 2202.4),
            sampling=10.0,
            swir_sampling=20.0,
            thermal_sampling=float("inf"),
            step=1e-4,
            noise=(0.001, 0.005),
            saturates=False,
            first_year=2015,
            last_year=2025,
        ),
        Instrument(
            "Landsat 8",
            (482.0, 561.5, 654.5, 865.0, 1608.5, 2200.5),
            sampling=30.0,
            swir_sampling=30.0,
            thermal_sampling=100.0,
            step=1e-4,
            noise=(0.001, 0.004),
            saturates=False,
            first_year=2013,
            last_year=2025,
        ),
        Instrument(
            "Landsat 7",
            (483.0, 560.0, 662.0, 835.0, 1648.0, 2206.0),
            sampling=30.0,
            swir_sampling=30.0,
            thermal_sampling=60.0,
            step=0.0035,
            noise=(0.002, 0.007),
            saturates=True,
            first_year=1999,
            last_year=2021,
            gaps_from=2004,
        ),
        Instrument(
            "Landsat 5",
            (485.0, 560.0, 660.0, 830.0, 1650.0, 2215.0),
            sampling=30.0,
            swir_sampling=30.0,
            thermal_sampling=120.0,
            step=0.0035,
            noise=(0.002, 0.007),
            saturates=True,
            first_year=1984,
            last_year=2011,
        ),
    )
}
SPECTRA_WAVELENGTHS = INSTRUMENTS["Landsat 8"].wavelengths
"""Band centres that the reflectance statistics stand for: most come from Landsat 8 and 9."""


def band_mixing(instrument: Instrument) -> NDArray[np.float32]:
    """Weights (6, 6) that turn reflectance at `SPECTRA_WAVELENGTHS` into an instrument's bands.

    Reflectance is taken as linear in wavelength between neighbouring bands, and beyond the
    outermost. Real spectra bend between bands (the red edge of plants most of all); the response
    functions themselves are not modelled.
    """
    centres = np.asarray(SPECTRA_WAVELENGTHS)
    weights = np.zeros((len(centres), len(centres)), dtype=np.float32)
    for band, wavelength in enumerate(instrument.wavelengths):
        low = int(np.clip(np.searchsorted(centres, wavelength) - 1, 0, len(centres) - 2))
        share = (wavelength - centres[low]) / (centres[low + 1] - centres[low])
        weights[band, low], weights[band, low + 1] = 1.0 - share, share
    return weights
