"""Calibrations as they travel in a model card: raw confidence in, share of right pixels out.

Each is a frozen set of numbers with a method's name. They are fitted in
`glacier_core.confidence`.
"""

from typing import Annotated, Any, Literal, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import Discriminator, Field, Tag, model_validator
from scipy.special import expit

from glacier_core.models.logit import chosen_logit
from glacier_core.models.parts import Part, Share

Method = Literal["isotonic", "temperature scaling", "Platt scaling", "kernel ridge"]

METHODS: tuple[Method, ...] = ("isotonic", "temperature scaling", "Platt scaling", "kernel ridge")
ROUNDING = 1e-9  # a fall smaller than this is no fall


class Calibration(Protocol):
    """What every method of calibration gives.

    `Part.model_dump` makes a plain dict of its parameters, `Part.model_validate` reads one.
    """

    @property
    def method(self) -> Method:
        """Name of the method."""
        ...

    @property
    def fitted_on(self) -> str:
        """The pixels it was fitted on, in words."""
        ...

    @property
    def monotone(self) -> bool:
        """Whether a pixel of higher raw confidence is never given a lower calibrated one."""
        ...

    def apply(self, confidence: ArrayLike) -> NDArray[np.float32]:
        """Calibrate raw confidence of any shape; NaN stays NaN, the result is in 0..1."""
        ...


class CalibrationCurve(Part):
    """A monotone curve from raw confidence to the share of pixels that prove right.

    Raises
    ------
    pydantic.ValidationError
        If x does not increase or y decreases.
    """

    method: Literal["isotonic"] = "isotonic"
    x: tuple[Share, ...] = Field(min_length=1, description="Raw entropy confidence, increasing.")
    y: tuple[Share, ...] = Field(min_length=1, description="Calibrated confidence.")
    fitted_on: str = Field(default="", description="The pixels it was fitted on, in words.")

    @model_validator(mode="after")
    def _monotone(self) -> Self:
        if len(self.x) != len(self.y):
            raise ValueError(f"x has {len(self.x)} knots, y has {len(self.y)}")
        if np.any(np.diff(self.x) <= 0) or np.any(np.diff(self.y) < 0):
            raise ValueError("x must increase from knot to knot, and y must never decrease")
        return self

    @property
    def monotone(self) -> bool:
        """Always: any other curve is refused."""
        return True

    def apply(self, confidence: ArrayLike) -> NDArray[np.float32]:
        """Calibrate raw confidence of any shape: linear between knots, constant beyond.

        NaN stays NaN. The result is in 0..1.
        """
        calibrated = np.interp(np.asarray(confidence, dtype=np.float64), self.x, self.y)
        return np.clip(calibrated, 0.0, 1.0).astype(np.float32)


class TemperatureScaling(Part):
    """The probability of the chosen class, its logit divided by one number (Guo et al. 2017).

    With the temperature 1 it is the network's own probability of the class it chose.
    """

    method: Literal["temperature scaling"] = "temperature scaling"
    temperature: float = Field(gt=0.0, description="Above 1 it makes the network less sure.")
    fitted_on: str = Field(default="", description="The pixels it was fitted on, in words.")

    @property
    def monotone(self) -> bool:
        """Always."""
        return True

    def apply(self, confidence: ArrayLike) -> NDArray[np.float32]:
        """Calibrate raw confidence of any shape: 1/2 or more. NaN stays NaN."""
        return np.asarray(expit(chosen_logit(confidence) / self.temperature), np.float32)


class PlattScaling(Part):
    """A logistic curve over the logit of the chosen class (Platt 1999)."""

    method: Literal["Platt scaling"] = "Platt scaling"
    slope: float
    intercept: float
    fitted_on: str = Field(default="", description="The pixels it was fitted on, in words.")

    @property
    def monotone(self) -> bool:
        """Unless being surer went with being wrong more often."""
        return self.slope >= 0.0

    def apply(self, confidence: ArrayLike) -> NDArray[np.float32]:
        """Calibrate raw confidence of any shape. NaN stays NaN."""
        logit = self.slope * chosen_logit(confidence) + self.intercept
        return np.asarray(expit(logit), np.float32)


class KernelRidgeCurve(Part):
    """A sum of Laplacian kernels, the method of the published GlaViTU; often not monotone.

    Raises
    ------
    pydantic.ValidationError
        If there are not as many coefficients as support points.
    """

    method: Literal["kernel ridge"] = "kernel ridge"
    x: tuple[Share, ...] = Field(min_length=1, description="Raw entropy confidence.")
    dual: tuple[float, ...] = Field(min_length=1, description="Coefficient of each x.")
    fitted_on: str = Field(default="", description="The pixels it was fitted on, in words.")

    @model_validator(mode="after")
    def _paired(self) -> Self:
        if len(self.x) != len(self.dual):
            raise ValueError(f"x has {len(self.x)} points, dual has {len(self.dual)}")
        return self

    @property
    def monotone(self) -> bool:
        """Whether it never falls, looked at in 1001 places and at its support points."""
        places = np.union1d(np.linspace(0.0, 1.0, 1001), self.x)
        return bool(np.all(np.diff(self._sum(places)) >= -ROUNDING))

    def apply(self, confidence: ArrayLike) -> NDArray[np.float32]:
        """Calibrate raw confidence of any shape, clipped to 0..1. NaN stays NaN."""
        return self._sum(np.asarray(confidence, dtype=np.float64)).astype(np.float32)

    def _sum(self, confidence: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.zeros_like(confidence)
        for point, coefficient in zip(self.x, self.dual, strict=True):  # never all in memory
            total += coefficient * np.exp(-np.abs(confidence - point))
        return np.clip(total, 0.0, 1.0)


def _method_of(given: Any) -> Any:
    """Cards written before there was a choice name no method: theirs is isotonic."""
    if isinstance(given, dict):
        return given.get("method", "isotonic")
    return getattr(given, "method", None)


AnyCalibration = Annotated[
    Annotated[CalibrationCurve, Tag("isotonic")]
    | Annotated[TemperatureScaling, Tag("temperature scaling")]
    | Annotated[PlattScaling, Tag("Platt scaling")]
    | Annotated[KernelRidgeCurve, Tag("kernel ridge")],
    Discriminator(_method_of),
]
