"""Which calibration a model was given, and what the others would have been worth."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from glacier_core.models.calibration import Method
from glacier_core.models.parts import Part, Sentence, Share
from glacier_core.models.reliability import ReliabilityBin

Square = Annotated[float, Field(ge=0.0)]


class CalibrationFigures(Part):
    """How good confidence proved on pixels it was not fitted on.

    Brier = reliability - resolution + uncertainty + within_bin, see `confidence.metrics`.
    """

    count: Annotated[int, Field(gt=0)] = Field(description="Pixels.")
    ece: Share = Field(description="Expected calibration error, 100 bins of equal width.")
    ece_equal_mass: Share = Field(description="The same, 100 bins of equally many pixels.")
    maximum_error: Share = Field(description="Largest error of a bin of equal width.")
    brier: Share = Field(description="Mean square of confidence less whether it is right.")
    reliability: Square = Field(description="Part of the Brier score: mean square error of bins.")
    resolution: Square = Field(description="Part of it: how far bins lie from the mean accuracy.")
    uncertainty: Square = Field(description="Part of it: the variance of being right.")
    within_bin: float = Field(description="Part of it: what bins of a finite width leave out.")


class CalibrationTrial(Part):
    """One method, fitted on some pixels and held against others."""

    method: Method
    monotone: bool
    figures: CalibrationFigures
    bins: tuple[ReliabilityBin, ...] = Field(description="Ten of equal width, less empty ones.")


class CalibrationComparison(Part):
    """All methods on the same pixels, and which one was chosen for what reason.

    Raises
    ------
    pydantic.ValidationError
        If the chosen method was compared and is not monotone, or there are trials, but none of
        the chosen method.
    """

    chosen: Method
    reason: Sentence
    dataset: str = Field(description="The pixels compared on, in words; none fitted on.")
    simulated: bool
    raw: CalibrationFigures | None = Field(
        default=None, description="Of confidence before calibration; None: not compared."
    )
    trials: tuple[CalibrationTrial, ...] = Field(
        default=(), description="Empty where nothing could be compared, as the reason tells."
    )
    left_out: tuple[Sentence, ...] = Field(
        default=(), description="Methods that could not be fitted, and why."
    )

    @model_validator(mode="after")
    def _chosen_was_tried(self) -> Self:
        tried = {trial.method: trial.monotone for trial in self.trials}
        if tried and not tried.get(self.chosen, False):
            raise ValueError(f"{self.chosen} is not among the monotone methods that were tried")
        return self
