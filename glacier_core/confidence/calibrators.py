"""The family of calibrations: every method is fitted alike, by its name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from numpy.typing import ArrayLike

from glacier_core.confidence.calibration import fit_isotonic
from glacier_core.confidence.kernel_ridge import fit_kernel_ridge
from glacier_core.confidence.platt import fit_platt
from glacier_core.confidence.temperature import fit_temperature
from glacier_core.models.calibration import AnyCalibration, Method


class Fit(Protocol):
    """How a calibration is fitted to pixels."""

    def __call__(
        self,
        confidence: ArrayLike,
        correct: ArrayLike,
        weight: ArrayLike | None = None,
        *,
        fitted_on: str = "",
    ) -> AnyCalibration:
        """Fit to raw confidence and whether pixels are right, see `fit_isotonic`."""
        ...


CALIBRATORS: Mapping[Method, Fit] = MappingProxyType(
    {
        "isotonic": fit_isotonic,
        "temperature scaling": fit_temperature,
        "Platt scaling": fit_platt,
        "kernel ridge": fit_kernel_ridge,
    }
)
"""Every method by its name. ``CALIBRATORS[name](confidence, correct)`` fits it; what comes out
has ``apply``, ``monotone`` and, as every part of a model card, ``model_dump``."""
