"""Fit the limit beyond which a pixel is unlike anything a network was trained on."""

from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from glacier_core.errors import ModelError
from glacier_core.models.typicality import Component, TypicalityLimit, typicality_features

FloatArray = NDArray[np.float32]
Images = Callable[[], Iterable[tuple[FloatArray, FloatArray]]]

CAP = 0.5
"""Highest confidence of an untypical pixel: that of a guess between two classes."""

COMPONENTS = 12
SAMPLES = 300  # pixels an image
SMALLEST_VARIANCE = 1e-2  # of a feature; keeps smooth surfaces from claiming certainty
LEFT_OUT = 1e-3  # share of training pixels that each of the two limits calls untypical
BELOW = 5.0  # by how much a density counts as lower than the lowest ordinary one, at most
DIGITS = 5  # of every number in the card


def fit_typicality(
    images: Images, *, window: int, fitted_on: str = "", seed: int = 0
) -> TypicalityLimit:
    """Fit a Gaussian mixture to the pixels of training images, and its limits.

    Expectation maximisation with full covariances (Dempster, Laird and Rubin 1977, "Maximum
    likelihood from incomplete data via the EM algorithm"), by scikit-learn.

    Parameters
    ----------
    images : callable
        Gives the images, (6, rows, columns) reflectance and (rows, columns) slope in degrees
        each, NaN where missing. Called twice, so that no more than one image is held at a time.
    window : int
        Side in pixels of what counts as around a pixel: that of the network's windows.
    fitted_on : str
        The images in words, for the model card.
    seed : int
        Of the pixels drawn and of the first means.

    Raises
    ------
    ModelError
        If there are too few pixels.
    """
    generator = np.random.default_rng(seed)
    drawn = [_draw(*image, generator) for image in images()]
    samples = np.concatenate(drawn) if drawn else np.empty((0, 0))
    if len(samples) < 10 * COMPONENTS:
        raise ModelError(
            f"Typicality needs {10 * COMPONENTS} training pixels or more, there are {len(samples)}."
        )
    mixture = GaussianMixture(
        COMPONENTS,
        reg_covar=SMALLEST_VARIANCE,
        random_state=seed,
        max_iter=200,
        init_params="k-means++",
    ).fit(samples)
    density = mixture.score_samples(samples)
    pixel = float(np.quantile(density, LEFT_OUT))
    fitted = TypicalityLimit(
        components=_components(mixture),
        pixel=round(pixel, DIGITS),
        around=pixel,
        window=window,
        lowest=round(pixel - BELOW, DIGITS),
        fitted_on=fitted_on,
    )
    around = np.concatenate([_means(fitted, *image) for image in images()])
    limit = round(float(np.quantile(around, LEFT_OUT)), DIGITS)
    return fitted.model_copy(update={"around": limit})


def _draw(
    optical: FloatArray, slope: FloatArray, generator: np.random.Generator
) -> NDArray[np.float32]:
    features, seen = typicality_features(optical, slope)
    pixels = features[:, seen].T
    if not len(pixels):
        return pixels
    return np.asarray(pixels[generator.integers(0, len(pixels), SAMPLES)])


def _means(fitted: TypicalityLimit, optical: FloatArray, slope: FloatArray) -> FloatArray:
    density = fitted.density_map(optical, slope)
    return np.asarray(fitted.mean_around(density)[np.isfinite(density)][:: fitted.window // 8 + 1])


def _components(mixture: GaussianMixture) -> tuple[Component, ...]:
    return tuple(
        Component(
            mean=tuple(float(f"{value:.{DIGITS}g}") for value in mean),
            whitening=tuple(
                tuple(float(f"{value:.{DIGITS}g}") for value in row) for row in whitening
            ),
            log_weight=round(float(np.log(weight)), DIGITS),
        )
        for mean, whitening, weight in zip(
            mixture.means_, mixture.precisions_cholesky_, mixture.weights_, strict=True
        )
    )
