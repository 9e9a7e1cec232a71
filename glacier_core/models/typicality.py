"""How much a pixel looks like what a network was trained on, as numbers that travel in its card."""

from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy import ndimage

from glacier_core.models.parts import Part

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

DARKEST = 0.005  # reflectance added before the logarithm: about the noise of a dark pixel
FLATTEST = 1e-3  # variance of log reflectance added before the logarithm
FINE, COARSE = 3, 9  # pixels: sides of the boxes in which contrast is measured
MARGIN = COARSE // 2
ROWS = 512  # at once, so that the features of a large scene never lie in memory together

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

    def log_density(self, features: FloatArray) -> FloatArray:
        """Natural logarithm of the density of features (F, ...), of shape (...)."""
        flat = features.reshape(len(features), -1).T.astype(np.float32)
        parts = np.stack([_log_normal(flat, component) for component in self.components])
        return np.asarray(np.logaddexp.reduce(parts), np.float32).reshape(features.shape[1:])

    @property
    def reach(self) -> int:
        """Pixels around a pixel on which it depends whether it is untypical."""
        return self.window // 2 + MARGIN + 1

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
        """
        density = self.density_map(optical, slope)
        seen = np.isfinite(density)
        odd = density < self.pixel
        return np.asarray(seen & (odd | (self.mean_around(density) < self.around)))

    def density_map(self, optical: FloatArray, slope: FloatArray) -> FloatArray:
        """Log density of every pixel, NaN where anything is missing; arrays as `untypical`."""
        density = np.full(slope.shape, np.nan, np.float32)
        for first in range(0, len(slope), ROWS):
            top, end = max(first - MARGIN, 0), first + ROWS
            rows = slice(top, end + MARGIN)
            features, seen = typicality_features(optical[:, rows], slope[rows])
            features, seen = features[:, first - top :], seen[first - top :]
            part = density[first:end]
            kept = seen[: len(part)]
            part[kept] = self.log_density(features[:, : len(part)][:, kept])
        return density

    def mean_around(self, density: FloatArray) -> FloatArray:
        """Mean of a density map over the window around each pixel, missing pixels left out."""
        seen = np.isfinite(density)
        clipped = np.where(seen, np.maximum(density, self.lowest), 0.0)
        return _box_mean(clipped, seen, self.window)


def typicality_features(optical: FloatArray, slope: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Return `FEATURES` (F, rows, columns), and where nothing is missing (rows, columns)."""
    seen = np.isfinite(optical).all(axis=0) & np.isfinite(slope)
    known = np.where(seen, optical, 0.0)
    bands = np.log(np.maximum(known, 0.0) + DARKEST)
    brightness = bands.mean(axis=0)
    fine, coarse = (_variance(brightness, seen, side) for side in (FINE, COARSE))
    colour = np.mean([_variance(band - brightness, seen, FINE) for band in bands], axis=0)
    contrasts = [0.5 * np.log(variance + FLATTEST) for variance in (fine, coarse, colour)]
    steepness = np.sqrt(np.where(seen, np.maximum(slope, 0.0), 0.0))
    return np.stack([*bands, *contrasts, steepness]).astype(np.float32), seen


def _variance(values: FloatArray, seen: BoolArray, side: int) -> FloatArray:
    mean = _box_mean(values, seen, side)
    return np.asarray(np.maximum(_box_mean(values**2, seen, side) - mean**2, 0.0), np.float32)


def _box_mean(values: FloatArray, seen: BoolArray, side: int) -> FloatArray:
    def box(layer: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.asarray(ndimage.uniform_filter(layer, side, np.float64, mode="constant"))

    total, share = box(np.where(seen, values, 0.0)), box(seen.astype(np.float64))
    # Sums run along rows, so an empty box may be left with a rounding error instead of zero.
    enough = share > 0.5 / side**2
    mean = np.divide(total, share, out=np.zeros_like(total), where=enough)
    return np.asarray(mean, np.float32)


def _log_normal(flat: FloatArray, component: Component) -> FloatArray:
    whitening = np.asarray(component.whitening, np.float32)
    white = (flat - np.asarray(component.mean, np.float32)) @ whitening
    constant = np.log(np.diag(whitening)).sum() - 0.5 * len(FEATURES) * np.log(2 * np.pi)
    distance = np.einsum("nf,nf->n", white, white)
    return np.asarray(component.log_weight + constant - 0.5 * distance, np.float32)
