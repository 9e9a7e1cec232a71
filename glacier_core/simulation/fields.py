"""Random fields with structure at every scale: the raw stuff of terrain, dirt and clouds."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

Grid = NDArray[np.float32]


def seeded(*seed: int) -> np.random.Generator:
    """Return a generator of random numbers; other numbers, or other counts, give other streams."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


def fractal_field(
    generator: np.random.Generator,
    shape: tuple[int, int],
    *,
    exponent: float = 1.8,
    longest: float | None = None,
) -> Grid:
    """Gaussian random field whose amplitude spectrum falls as a power of the wavenumber.

    Parameters
    ----------
    generator : numpy.random.Generator
        The only source of randomness.
    shape : tuple of int
        Rows and columns.
    exponent : float
        Fall of the amplitude per unit log wavenumber; 0 is white, 2 is smooth mountains.
    longest : float, optional
        Wavelength in pixels above which the spectrum is flat; default the longer side.

    Returns
    -------
    ndarray of float32, (rows, columns)
        Zero mean, unit standard deviation, periodic at the borders.
    """
    white = generator.standard_normal(shape, dtype=np.float32)
    rows = fft.fftfreq(shape[0])[:, None].astype(np.float32)
    columns = fft.rfftfreq(shape[1])[None, :].astype(np.float32)
    corner = 1.0 / (longest or max(shape))
    amplitude = (rows * rows + columns * columns + corner * corner) ** (-exponent / 2)
    field = fft.irfft2(fft.rfft2(white) * amplitude.astype(np.float32), s=shape)
    field -= field.mean()
    return (field / max(float(field.std()), 1e-12)).astype(np.float32)


def smooth_step(values: NDArray[np.floating], low: float, high: float) -> Grid:
    """Rise from 0 at `low` to 1 at `high` with flat ends (cubic Hermite)."""
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return np.asarray(share * share * (3.0 - 2.0 * share), dtype=np.float32)
