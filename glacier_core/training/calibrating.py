"""Calibrate a network on held-out scenes by the method that proves best on half of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glacier_core.confidence.calibrators import CALIBRATORS
from glacier_core.confidence.choosing import Pixels, compare_calibrations
from glacier_core.models.calibration import AnyCalibration
from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.training.evaluation import ScoredScene

FEWEST_SCENES = 2


@dataclass(frozen=True)
class Calibrated:
    """A calibration and why it was chosen."""

    calibration: AnyCalibration
    comparison: CalibrationComparison


def calibrate(scenes: Sequence[ScoredScene], told: str, *, simulated: bool) -> Calibrated:
    """Choose a method on the halves of some scenes, and fit it on all of them.

    Scenes are halved by turns, never pixels, as those of one scene are alike. What is scored
    later must be other scenes.

    Parameters
    ----------
    scenes : sequence of ScoredScene
    told : str
        What the scenes are, to follow their number.
    simulated : bool
        Whether they are.

    Raises
    ------
    ModelError
        If they hold no pixel that counts.
    """
    comparison = compare_halves(scenes, told, simulated=simulated)
    every = pixels_of(scenes, told)
    calibration = CALIBRATORS[comparison.chosen](
        every.confidence, every.correct, fitted_on=every.told
    )
    return Calibrated(calibration, comparison)


def compare_halves(
    scenes: Sequence[ScoredScene], told: str, *, simulated: bool
) -> CalibrationComparison:
    """Fit every method on every other scene and compare them on the rest.

    With fewer than two scenes nothing is compared and the choice is isotonic regression, which
    takes any pixels; the reason says so.
    """
    if len(scenes) < FEWEST_SCENES:
        return CalibrationComparison(
            chosen="isotonic",
            reason="Isotonic regression, as it makes no assumption about the shape: of one scene "
            "nothing is left to compare methods on.",
            dataset="nothing",
            simulated=simulated,
        )
    fitted, others = pixels_of(scenes[::2], told), pixels_of(scenes[1::2], f"other {told}")
    return compare_calibrations(fitted, others, simulated=simulated)


def pixels_of(scenes: Sequence[ScoredScene], told: str) -> Pixels:
    """Put the pixels of scenes together."""
    return Pixels(
        np.concatenate([scene.confidence for scene in scenes]),
        np.concatenate([scene.correct for scene in scenes]),
        f"{len(scenes)} {told}",
    )
