"""Random fields in which the errors of a map come about: alike nearby, and alike over a scene."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

MARGIN: Final = 2.0
"""Correlation lengths by which the periodic field is wider than what is used of it: the opposite
sides of a field then share exp(-2) of their variance at most, and no more than a large scene."""

MOST_AT_ONCE: Final = 2**18
"""Cells of the fields drawn together, to bound memory."""


def error_fields(
    shape: tuple[int, int],
    spacing_m: float,
    correlation_length_m: float,
    *,
    draws: int,
    seed: int = 0,
) -> Iterator[NDArray[np.float32]]:
    """Draw standard normal fields whose correlation is exp(-distance / correlation length).

    By circulant embedding (Dietrich and Newsam 1993, "A fast and exact method for
    multidimensional Gaussian stochastic simulations"), on a torus; negative eigenvalues, small
    ones only, are set to 0 and the variance brought back to 1.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns.
    spacing_m : float
        Between cells.
    correlation_length_m : float
        Distance over which correlation falls to 1/e; above 0.
    draws : int
    seed : int

    Yields
    ------
    ndarray of float32, (fields, rows, columns)
        A few at a time, `draws` in all.
    """
    reach = MARGIN * correlation_length_m / spacing_m
    sides = [fft.next_fast_len(int(np.ceil(side + min(reach, side)))) for side in shape]
    amplitude = _amplitude(sides, spacing_m / correlation_length_m)
    generator = np.random.default_rng(seed)
    at_once = max(1, MOST_AT_ONCE // (sides[0] * sides[1]))
    left = draws
    while left > 0:
        pairs = min(at_once, -(-left // 2))
        white = generator.standard_normal((2, pairs, *sides), dtype=np.float32)
        # Real and imaginary part of one transform are two independent fields.
        both = fft.fft2((white[0] + 1j * white[1]) * amplitude)[:, : shape[0], : shape[1]]
        yield np.concatenate([both.real, both.imag])[:left]
        left -= 2 * pairs


def _amplitude(sides: list[int], steps: float) -> NDArray[np.float32]:
    """Amplitude of each wave for unit variance; `steps` are correlation lengths between cells."""
    rows, columns = (np.minimum(np.arange(side), side - np.arange(side)) for side in sides)
    correlation = np.exp(-steps * np.hypot(rows[:, None], columns[None, :]))
    power = np.maximum(fft.fft2(correlation).real, 0.0)
    return np.asarray(np.sqrt(power / power.sum()), dtype=np.float32)
