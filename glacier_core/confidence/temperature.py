"""Temperature scaling: one number that makes a network more or less sure everywhere."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar

from glacier_core.confidence.fitting import pixels_to_fit
from glacier_core.confidence.pixels import Vector
from glacier_core.errors import ModelError
from glacier_core.models.calibration import TemperatureScaling
from glacier_core.models.logit import chosen_logit

COLDEST, HOTTEST = 1e-2, 1e2
"""Temperatures looked for; at either end a network is all but certain, or all but a coin."""


def fit_temperature(
    confidence: ArrayLike,
    correct: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    fitted_on: str = "",
) -> TemperatureScaling:
    """Divide the logits by the temperature of the highest likelihood.

    Guo et al. (2017), "On calibration of modern neural networks". Of two classes the likelihood
    of the truth under a scaled softmax is that of being right under the scaled probability of the
    chosen class, so confidence and whether it was right are all that is needed.

    Parameters
    ----------
    confidence, correct, weight, fitted_on
        As `calibration.fit_isotonic`.

    Raises
    ------
    ModelError
        If the pixels do not fit together, are fewer than two, of one confidence, all right or
        all wrong, or if being surer went with being wrong, so that no temperature fits.
    """
    c, right, w = pixels_to_fit(
        "Temperature scaling", confidence, correct, weight, both_outcomes=True
    )
    logit = chosen_logit(c)
    found = minimize_scalar(
        lambda log_temperature: _loss(logit * np.exp(-log_temperature), right, w),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
        options={"xatol": 1e-6},
    )
    temperature = float(np.exp(found.x))
    if not 1.01 * COLDEST < temperature < HOTTEST / 1.01:
        raise ModelError(
            f"Temperature scaling found no temperature between {COLDEST:g} and {HOTTEST:g}: "
            f"{np.average(right, weights=w):.1%} of the pixels are right, whatever the "
            "confidence. Isotonic regression makes no assumption about the shape."
        )
    return TemperatureScaling(temperature=temperature, fitted_on=fitted_on)


def _loss(logit: Vector, right: Vector, w: Vector) -> float:
    """Mean negative logarithm of the likelihood."""
    terms = np.logaddexp(0.0, logit) - right * logit
    return float(np.average(terms, weights=w))
