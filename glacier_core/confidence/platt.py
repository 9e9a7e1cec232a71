"""Platt scaling: a logistic curve over the logit of the chosen class."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit

from glacier_core.confidence.fitting import pixels_to_fit
from glacier_core.confidence.pixels import Vector
from glacier_core.errors import ModelError
from glacier_core.models.calibration import PlattScaling
from glacier_core.models.logit import chosen_logit


def fit_platt(
    confidence: ArrayLike,
    correct: ArrayLike,
    weight: ArrayLike | None = None,
    *,
    fitted_on: str = "",
) -> PlattScaling:
    """Fit slope and intercept of the highest likelihood, by scipy's trust region.

    Platt (1999), "Probabilistic outputs for support vector machines and comparisons to
    regularized likelihood methods", with his smoothed targets: (n + 1) / (n + 2) instead of 1
    for n right pixels, 1 / (m + 2) instead of 0 for m wrong ones. Here the outcome is whether a
    pixel is right, so both classes share one curve.

    Parameters
    ----------
    confidence, correct, weight, fitted_on
        As `calibration.fit_isotonic`.

    Raises
    ------
    ModelError
        If the pixels do not fit together, are fewer than two, of one confidence, all right or
        all wrong, or if the fit does not settle.
    """
    c, right, w = pixels_to_fit("Platt scaling", confidence, correct, weight, both_outcomes=True)
    logit = chosen_logit(c)
    scale = float(logit.max())  # so that slope and intercept are of one size
    found = minimize(
        _loss_and_slopes,
        x0=np.zeros(2),
        args=(logit / scale, _targets(right, w), w / w.sum()),
        jac=True,
        hess=_curvature,
        method="trust-exact",
        options={"gtol": 1e-8},
    )
    slope, intercept = (float(value) for value in found.x)
    if not np.isfinite(found.x).all() or np.abs(found.jac).max() > 1e-5:
        raise ModelError(
            f"Platt scaling did not settle on {len(c):,} pixels: {found.message} Isotonic "
            "regression makes no assumption about the shape."
        )
    return PlattScaling(slope=slope / scale, intercept=intercept, fitted_on=fitted_on)


def _targets(right: Vector, w: Vector) -> Vector:
    rights = float((w * right).sum())
    wrongs = float(w.sum()) - rights
    high, low = (rights + 1.0) / (rights + 2.0), 1.0 / (wrongs + 2.0)
    return np.asarray(low + (high - low) * right)


def _loss_and_slopes(
    parameters: Vector, logit: Vector, target: Vector, share: Vector
) -> tuple[float, Vector]:
    """Mean negative logarithm of the likelihood, and its derivatives."""
    scaled = parameters[0] * logit + parameters[1]
    loss = float((share * (np.logaddexp(0.0, scaled) - target * scaled)).sum())
    error = share * (expit(scaled) - target)
    return loss, np.array([(error * logit).sum(), error.sum()])


def _curvature(parameters: Vector, logit: Vector, target: Vector, share: Vector) -> Vector:
    """Second derivatives of the loss; the targets do not matter to them."""
    del target
    chance = expit(parameters[0] * logit + parameters[1])
    spread = share * chance * (1.0 - chance)
    mixed = float((spread * logit).sum())
    return np.array([[(spread * logit * logit).sum(), mixed], [mixed, spread.sum()]])
