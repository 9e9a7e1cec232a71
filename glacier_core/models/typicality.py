"""How much a pixel looks like what a network was trained on, as numbers that travel in its card."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from glacier_core.models.parts import Part

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

DARKEST = 0.005  # reflectance added before the logarithm: about the noise of a dark pixel
FLATTEST = 1e-3  # variance of log reflectance added before the logarithm
FINE, COARSE = 3, 9  # pixels: sides of the boxes in which contrast is measured
MARGIN = COARSE // 2
ROWS = 64  # at once: the features of so many rows lie in the processor's cache
WINDOW_ROWS = 512  # at once, of which means over windows are taken
FINEST = 2.0**-20  # densities are summed as whole numbers of this, as these sums are exact

FEATURES = (
    *("blue", "green", "red", "nir", "swir1", "swir2"),
    *("fine contrast", "coarse contrast", "colour contrast", "slope"),
)
"""Logarithms of reflectance, of its contrast within 3 and 9 pixels, and of how much the bands
vary against each other within 3; root of the slope."""


class Component(Part):
    """One Gaussian of a mixture over `FEATURES`."""

    mean: tuple[float, ...]
    whitening: tuple[tuple[float, ...], ...] = Field(
        description="Upper triangle W with W W' the inverse of the covariance."
    )
    log_weight: float = Field(description="Natural logarithm of its share of the mixture.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        count = len(FEATURES)
        if len(self.mean) != count or np.shape(self.whitening) != (count, count):
            raise ValueError(f"a component needs {count} means and {count} x {count} numbers")
        if np.any(np.diag(np.asarray(self.whitening)) <= 0):
            raise ValueError("the diagonal of the whitening must be positive")
        return self


class TypicalityLimit(Part):
    """What is too unlike the training scenes for any confidence to mean something.

    A mixture of Gaussians gives each pixel the logarithm of its density. A pixel is untypical if
    its own density, or the mean over the window around it, lies below what next to no training
    scene shows: the first catches odd surfaces, the second odd images, such as bands in a wrong
    order or a scale that is off, whose pixels are possible one by one.
    """

    components: tuple[Component, ...] = Field(min_length=1)
    pixel: float = Field(description="Log density below which a pixel is untypical.")
    around: float = Field(description="Mean log density below which all around it is.")
    window: int = Field(gt=0, description="Side in pixels of what lies around.")
    lowest: float = Field(description="Log densities below count as this in means.")
    fitted_on: str = Field(default="", description="The pixels it was fitted on, in words.")

    @property
    def margin(self) -> int:
        """Rows above and below a block of rows that decide on the pixels in it."""
        return MARGIN + self.window // 2

    def log_density(self, features: FloatArray) -> FloatArray:
        """Natural logarithm of the density of features (F, ...), of shape (...)."""
        flat = features.reshape(len(features), -1).astype(np.float32)
        return _Mixture.of(self.components).log_density(flat).reshape(features.shape[1:])

    def untypical(self, optical: FloatArray, slope: FloatArray) -> BoolArray:
        """Say which pixels are unlike anything in training.

        Parameters
        ----------
        optical : ndarray of float32, (6, rows, columns)
            Reflectance; NaN is missing.
        slope : ndarray of float32, (rows, columns)
            Degrees; NaN is missing.

        Returns
        -------
        ndarray of bool, (rows, columns)
            False where anything is missing: of nothing nothing is said.

        Notes
        -----
        A scene can be judged block by block of whole rows: given the `margin` of rows above and
        below a block, as far as the scene has them, the rows of the block come out as from the
        whole scene, bit by bit.
        """
        density = self.density_map(optical, slope)
        seen = np.isfinite(density)
        odd = density < self.pixel
        return np.asarray(seen & (odd | (self.mean_around(density) < self.around)))

    def density_map(self, optical: FloatArray, slope: FloatArray) -> FloatArray:
        """Log density of every pixel, NaN where anything is missing; arrays as `untypical`."""
        density = np.full(slope.shape, np.nan, np.float32)
        mixture = _Mixture.of(self.components)
        for first in range(0, len(slope), ROWS):
            top, end = max(first - MARGIN, 0), first + ROWS
            rows = slice(top, end + MARGIN)
            features, seen = typicality_features(optical[:, rows], slope[rows])
            for row in range(first, min(end, len(slope))):
                # Row by row, as a product of other matrices may be rounded otherwise.
                found = mixture.log_density(features[:, row - top])
                density[row] = np.where(seen[row - top], found, np.nan)
        return density

    def mean_around(self, density: FloatArray) -> FloatArray:
        """Mean of a density map over the window around each pixel, missing pixels left out."""
        mean = np.empty(density.shape, np.float32)
        before, after = _reach(self.window)
        for first in range(0, len(density), WINDOW_ROWS):
            end = min(first + WINDOW_ROWS, len(density))
            top, bottom = max(first - before, 0), min(end + after, len(density))
            part = density[top:bottom]
            seen = np.isfinite(part)
            whole = np.where(seen, np.rint(np.maximum(part, self.lowest) / FINEST), 0.0)
            totals, counts = (
                _window_sums(layer, first - top, end - first, self.window)
                for layer in (whole.astype(np.int64), seen.astype(np.int64))
            )
            mean[first:end] = np.where(counts > 0, totals * FINEST / np.maximum(counts, 1), 0.0)
        return mean


@dataclass(frozen=True)
class _Mixture:
    """All C components of a mixture over F features, one below the other.

    Attributes
    ----------
    whitening : ndarray of float32, (C F, F)
    shift : ndarray of float32, (C F, 1)
        Whitened means.
    constant : ndarray of float32, (C, 1)
        Log density of each component at its mean.
    """

    whitening: FloatArray
    shift: FloatArray
    constant: FloatArray

    @classmethod
    def of(cls, components: tuple[Component, ...]) -> Self:
        whitening = np.array([part.whitening for part in components]).transpose(0, 2, 1)
        means = np.array([part.mean for part in components])
        shift = np.einsum("cgf,cf->cg", whitening, means)
        constant = np.array([part.log_weight for part in components])
        constant += np.log(np.diagonal(whitening, axis1=1, axis2=2)).sum(axis=1)
        constant -= 0.5 * len(FEATURES) * np.log(2 * np.pi)
        stacked = whitening.reshape(-1, len(FEATURES)), shift.reshape(-1, 1), constant[:, None]
        return cls(*(numbers.astype(np.float32) for numbers in stacked))

    def log_density(self, flat: FloatArray) -> FloatArray:
        """Natural logarithm of the density of features (F, pixels)."""
        white = self.whitening @ flat
        white -= self.shift
        np.square(white, out=white)
        parts = white.reshape(len(self.constant), len(flat), -1).sum(axis=1)
        parts *= -0.5
        parts += self.constant
        largest = parts.max(axis=0)
        parts -= largest
        total = np.exp(parts, out=parts).sum(axis=0)
        return np.asarray(np.log(total) + largest, np.float32)


def typicality_features(optical: FloatArray, slope: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return `FEATURES` (F, rows, columns), and where nothing is missing (rows, columns)."""
    seen = np.isfinite(optical).all(axis=0) & np.isfinite(slope)
    features = np.empty((len(FEATURES), *slope.shape), np.float32)
    bands = features[:6]
    np.log(
        np.maximum(np.where(seen, optical, 0.0), 0.0, dtype=np.float32) + np.float32(DARKEST),
        out=bands,
    )
    brightness = bands.mean(axis=0)
    colours = bands - brightness
    fine, coarse = (_shares(seen, side) for side in (FINE, COARSE))
    contrasts = (
        _variance(brightness[None], seen, fine, FINE),
        _variance(brightness[None], seen, coarse, COARSE),
        _variance(colours, seen, fine, FINE),
    )
    for feature, variance in zip(features[6:9], contrasts, strict=True):
        feature[:] = 0.5 * np.log(variance + FLATTEST)
    features[9] = np.sqrt(np.where(seen, np.maximum(slope, 0.0), 0.0))
    return features, seen


def _variance(
    layers: FloatArray, seen: BoolArray, shares: NDArray[np.float64], side: int
) -> NDArray[np.float64]:
    """Variance within the box around each pixel, the mean over layers (L, rows, columns)."""
    known = np.where(seen, layers, 0.0).astype(np.float64)
    means = [_box_sums(layer, side) / shares for layer in known]
    squares = _box_sums(np.square(known).sum(axis=0), side) / shares
    variance = (squares - np.square(means).sum(axis=0)) / len(layers)
    return np.asarray(np.maximum(variance, 0.0))


def _shares(seen: BoolArray, side: int) -> NDArray[np.float64]:
    """Count the pixels in the box around each where nothing is missing; at least one."""
    return np.maximum(_box_sums(seen.astype(np.float64), side), 1.0)


def _box_sums(layer: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """Sum over the box around each pixel (rows, columns), of 3 or 9 pixels a side.

    Each sum is made of its own box alone and in one order, so that it is the same to the last
    bit wherever a scene is cut; running sums are not.
    """
    for axis in (0, 1):
        layer = np.moveaxis(layer, axis, 0)
        padded = np.zeros((len(layer) + side - 1, *layer.shape[1:]))
        padded[side // 2 : side // 2 + len(layer)] = layer
        step = 1
        while step < side:
            padded = padded[: -2 * step] + padded[step:-step] + padded[2 * step :]
            step *= 3
        layer = np.moveaxis(padded, 0, axis)
    return layer


def _reach(window: int) -> tuple[int, int]:
    """How far a window reaches before and after the pixel in its middle."""
    return window // 2, window - 1 - window // 2


def _window_sums(
    layer: NDArray[np.int64], first: int, count: int, window: int
) -> NDArray[np.int64]:
    """Sum over the window around each pixel of `count` rows from the `first` on."""
    rows = _running_sums(layer, window)[first : first + count]
    return _running_sums(rows.T, window).T


def _running_sums(layer: NDArray[np.int64], window: int) -> NDArray[np.int64]:
    """Sum over the rows that a window around each row reaches."""
    before, after = _reach(window)
    reached = np.concatenate([np.zeros((1, layer.shape[1]), np.int64), layer.cumsum(axis=0)])
    rows = np.arange(len(layer))
    ends, starts = np.minimum(rows + after + 1, len(layer)), np.maximum(rows - before, 0)
    return np.asarray(reached[ends] - reached[starts], np.int64)
