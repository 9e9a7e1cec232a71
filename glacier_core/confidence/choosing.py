"""Choose a calibration: fit every method on some pixels, hold all against others."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan

from numpy.typing import ArrayLike

from glacier_core.confidence.calibrators import CALIBRATORS
from glacier_core.confidence.metrics import calibration_metrics
from glacier_core.confidence.reliability import reliability, reliability_bins
from glacier_core.errors import ModelError
from glacier_core.models.calibration import AnyCalibration, Method
from glacier_core.models.calibration_comparison import (
    CalibrationComparison,
    CalibrationFigures,
    CalibrationTrial,
)

FEWEST_OF_A_BIN = 100
"""Pixels that a bin must hold for its error to count as the largest."""

DIGITS = 6


@dataclass(frozen=True)
class Pixels:
    """Pixels whose truth is known.

    Attributes
    ----------
    confidence : array
        Raw, 0..1.
    correct : array of the same size
        Whether the class of each is right.
    told : str
        What they are, in words.
    """

    confidence: ArrayLike
    correct: ArrayLike
    told: str


def compare_calibrations(
    fitted: Pixels, others: Pixels, *, simulated: bool
) -> CalibrationComparison:
    """Fit every method on some pixels and choose by others.

    The chosen one is the method of the lowest expected calibration error (100 bins of equal
    width) on the other pixels among those that never fall: a map whose surer pixels are said to
    be less sure than others could not be read.

    Parameters
    ----------
    fitted : Pixels
        To fit on.
    others : Pixels
        To compare on, of other scenes.
    simulated : bool
        Whether the others are.

    Raises
    ------
    ModelError
        If the pixels to fit on, or the others, hold none whose confidence and truth are known.
    """
    trials, left_out = [], []
    for method in CALIBRATORS:
        try:
            trials.append(
                try_calibration(CALIBRATORS[method](fitted.confidence, fitted.correct), others)
            )
        except ModelError as error:
            if method == "isotonic":  # it takes any pixel, so there is none
                raise
            left_out.append(f"{_title(method)} was left out. {error}")
    chosen = lowest_error(trials)
    return CalibrationComparison(
        chosen=chosen.method,
        reason=_reason(chosen, trials),
        dataset=f"{others.told}; fitted on {fitted.told}",
        simulated=simulated,
        raw=figures_of(others.confidence, others.correct),
        trials=tuple(trials),
        left_out=tuple(left_out),
    )


def try_calibration(calibration: AnyCalibration, others: Pixels) -> CalibrationTrial:
    """Hold a calibration against pixels that it was not fitted on."""
    confidence = calibration.apply(others.confidence)
    return CalibrationTrial(
        method=calibration.method,
        monotone=calibration.monotone,
        figures=figures_of(confidence, others.correct),
        bins=reliability_bins(reliability(confidence, others.correct)),
    )


def figures_of(confidence: ArrayLike, correct: ArrayLike) -> CalibrationFigures:
    """Measure confidence for a model card.

    Raises
    ------
    ModelError
        If there is no pixel.
    """
    found = asdict(calibration_metrics(confidence, correct, fewest=FEWEST_OF_A_BIN))
    if not found["count"]:
        raise ModelError("Calibrations are compared on pixels: none has a confidence and a truth.")
    if isnan(found["maximum_error"]):  # too few pixels to leave any bin out
        found["maximum_error"] = calibration_metrics(confidence, correct).maximum_error
    return CalibrationFigures(**{name: round(value, DIGITS) for name, value in found.items()})


def lowest_error(trials: Sequence[CalibrationTrial]) -> CalibrationTrial:
    """Return the trial of the lowest expected calibration error among the monotone ones."""
    return min((one for one in trials if one.monotone), key=lambda one: one.figures.ece)


def _reason(chosen: CalibrationTrial, trials: Sequence[CalibrationTrial]) -> str:
    monotone = [one for one in trials if one.monotone]
    falling = [one for one in trials if not one.monotone]
    if len(monotone) > 1:
        next_best = lowest_error([one for one in monotone if one is not chosen])
        told = (
            f"{_title(chosen.method)} has the lowest expected calibration error among the methods "
            f"that never fall, {chosen.figures.ece:.4f} on pixels not fitted on; next is "
            f"{next_best.method} with {next_best.figures.ece:.4f}."
        )
    else:
        told = f"{_title(chosen.method)} is the only method that could be fitted and never falls."
    return " ".join([told, *(_why_not(one, chosen) for one in falling)])


def _why_not(falling: CalibrationTrial, chosen: CalibrationTrial) -> str:
    error = falling.figures.ece
    lower = ", although its error is lower" if error < chosen.figures.ece else ""
    return f"{_title(falling.method)} ({error:.4f}) is not monotone, so it was not chosen{lower}."


def _title(method: Method) -> str:
    named = "isotonic regression" if method == "isotonic" else method
    return named[0].upper() + named[1:]
