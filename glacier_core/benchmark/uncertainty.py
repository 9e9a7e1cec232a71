"""What other sources of uncertainty add to a map's confidence, and for what cost."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from glacier_core.confidence.calibration import fit_isotonic
from glacier_core.confidence.disagreement import Disagreement
from glacier_core.confidence.entropy import entropy_confidence
from glacier_core.confidence.reliability import expected_calibration_error
from glacier_core.deviations.definitions import Definition
from glacier_core.errors import ModelError
from glacier_core.models.blocks import Network
from glacier_core.models.opinions import members, thinned, views
from glacier_core.training.evaluation import map_scene
from glacier_core.training.training_scene import TrainingScene

FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]

SAMPLES: Final = 4000
"""Pixels of a scene that count in the areas under curves and in calibration; IoU takes all."""

TABLE: Final = "uncertainty_sources.csv"

ASKED: Final[dict[str, Callable[[Network], Iterator[Network]]]] = {
    "the map as it is": lambda network: iter((network,)),
    "one member of the ensemble": lambda network: iter((next(members(network)),)),
    "members of the ensemble": members,
    "turned and relit views": views,
    "dropout put in afterwards": thinned,
}
"""The sources in the order of the table; the first is what the others are held against."""

SOURCE_DEFINITIONS: dict[str, Definition] = {
    "iou": Definition(
        "IoU",
        "",
        "glacier in both / glacier in either, pixels of all scenes together",
        "common",
        "How well the mean of the opinions maps glaciers.",
    ),
    "ece": Definition(
        "ECE, expected calibration error",
        "",
        "sum over 100 bins of (pixels of the bin / all pixels) |confidence - share right|",
        "Guo et al. (2017), On calibration of modern neural networks",
        "Gap between confidence and share right, of the mean's confidence, calibrated by isotonic "
        "regression on the other half of the scenes.",
    ),
    "auroc_confidence": Definition(
        "Errors found by confidence",
        "",
        "area under the receiver operating characteristic of 1 - confidence for wrong pixels",
        "Fawcett (2006), An introduction to ROC analysis",
        "Chance that a wrong pixel is less confident than a right one: 0.5 tells nothing, 1 all.",
    ),
    "auroc_spread": Definition(
        "Errors found by spread",
        "",
        "the same, of the standard deviation of the opinions' probabilities",
        "Fawcett (2006), An introduction to ROC analysis",
        "Chance that the opinions differ more on a wrong pixel than on a right one.",
    ),
    "auroc_both": Definition(
        "Errors found by both",
        "",
        "the same, of a logistic regression on the mean's raw confidence, the standard deviation "
        "and the mutual information, fitted on the other half of the scenes",
        "own definition",
        "What confidence and spread tell together.",
    ),
    "seconds_per_scene": Definition(
        "Seconds a scene",
        "s",
        "processor time of all opinions / scenes",
        "own definition",
        "On one core, a window of 256 x 256 pixels of each scene.",
    ),
    "cost_ratio": Definition(
        "Cost",
        "",
        "seconds a scene / those of the map as it is",
        "own definition",
        "How many maps it costs.",
    ),
}
"""Every number of the table, by its column."""


@dataclass
class Answers:
    """What a source said of some scenes, pixels whose truth counts only.

    Attributes
    ----------
    overlaps : ndarray of int, (2,)
        Pixels of glacier in both map and truth, and in either.
    raw, spread, information : list of ndarray
        Raw confidence of the mean, standard deviation and mutual information, a vector a scene.
    right : list of ndarray of bool
        Whether the mean is right.
    seconds : float
        Processor time.
    opinions : int
    """

    overlaps: NDArray[np.int64] = field(default_factory=lambda: np.zeros(2, np.int64))
    raw: list[FloatArray] = field(default_factory=list)
    spread: list[FloatArray] = field(default_factory=list)
    information: list[FloatArray] = field(default_factory=list)
    right: list[BoolArray] = field(default_factory=list)
    seconds: float = 0.0
    opinions: int = 0


def compare_sources(
    network: Network, scenes: Iterable[TrainingScene], patch_size: int
) -> Iterator[pd.DataFrame]:
    """Ask every source about the same scenes, two or more.

    Parameters
    ----------
    network : Network
        An ensemble in evaluation mode.
    scenes : iterable of TrainingScene
        Simulated, none of them learned from.
    patch_size : int
        Side of the windows in pixels.

    Yields
    ------
    DataFrame
        After every scene from the second on, of all scenes so far, one row a source: ``source``,
        ``opinions``, the columns of :data:`SOURCE_DEFINITIONS`, ``scenes``, ``simulated``.

    Raises
    ------
    ModelError
        If there are fewer than two scenes, or the network is no ensemble.
    """
    answers = {name: Answers() for name in ASKED}
    count = 0
    for count, scene in enumerate(scenes, start=1):
        for name, ask in ASKED.items():
            _ask(answers[name], ask(network), scene, patch_size, np.random.default_rng(count))
        if count > 1:
            yield _table(answers, count)
    if count < 2:
        raise ModelError(
            f"There are {count} scenes; two or more are needed, as one half is fitted on and the "
            "other scored."
        )


def _table(answers: dict[str, Answers], scenes: int) -> pd.DataFrame:
    table = pd.DataFrame([{"source": name, **_scores(some)} for name, some in answers.items()])
    cost = table["seconds_per_scene"] / table["seconds_per_scene"].iloc[0]
    return table.assign(cost_ratio=cost, scenes=scenes, simulated=True)


def shipped_sources() -> pd.DataFrame:
    """Return the table that was measured with the shipped model."""
    return pd.read_csv(str(files("glacier_core.benchmark") / TABLE))


def _ask(
    answers: Answers,
    networks: Iterator[Network],
    scene: TrainingScene,
    patch_size: int,
    generator: np.random.Generator,
) -> None:
    started = time.process_time()
    gathered = Disagreement()
    for network in networks:
        gathered.add(map_scene(network, scene, patch_size))
    answers.seconds += time.process_time() - started
    answers.opinions = gathered.opinions
    counted = (scene.weight > 0) & np.isfinite(gathered.probability)
    probability, glacier = gathered.probability[counted], scene.glacier[counted]
    called = probability > 0.5
    answers.overlaps += (called & glacier).sum(), (called | glacier).sum()
    drawn = generator.integers(0, len(glacier), SAMPLES)
    answers.raw.append(entropy_confidence(probability[drawn]))
    answers.spread.append(gathered.standard_deviation[counted][drawn])
    answers.information.append(gathered.mutual_information[counted][drawn])
    answers.right.append(np.asarray(called == glacier)[drawn])


def _scores(answers: Answers) -> dict[str, Any]:
    right = np.concatenate(answers.right)
    raw, spread = np.concatenate(answers.raw), np.concatenate(answers.spread)
    return {
        "opinions": answers.opinions,
        "iou": float(answers.overlaps[0] / answers.overlaps[1]),
        "ece": expected_calibration_error(_crossed(answers, _calibrated), right),
        "auroc_confidence": float(roc_auc_score(~right, 1 - raw)),
        "auroc_spread": float(roc_auc_score(~right, spread)),
        "auroc_both": float(roc_auc_score(~right, _crossed(answers, _regressed))),
        "seconds_per_scene": answers.seconds / len(answers.right),
    }


Fit = Callable[[FloatArray, BoolArray, FloatArray], FloatArray]
"""Features (pixels, 3) and truth fitted on, and the features to judge, to one value a pixel."""


def _crossed(answers: Answers, fit: Fit) -> FloatArray:
    """Judge every other scene by what was fitted on the rest, and the rest by them."""
    features = [
        np.stack(columns, axis=1)
        for columns in zip(answers.raw, answers.spread, answers.information, strict=True)
    ]
    judged: list[FloatArray] = [np.zeros(0, np.float32)] * len(features)
    for fold in (0, 1):
        x = np.concatenate(features[1 - fold :: 2])
        y = np.concatenate(answers.right[1 - fold :: 2])
        for place in range(fold, len(features), 2):
            judged[place] = fit(x, y, features[place])
    return np.concatenate(judged)


def _calibrated(x: FloatArray, right: BoolArray, judged: FloatArray) -> FloatArray:
    curve = fit_isotonic(x[:, 0], right)
    return np.asarray(curve.apply(judged[:, 0]), dtype=np.float32)


def _regressed(x: FloatArray, right: BoolArray, judged: FloatArray) -> FloatArray:
    model = make_pipeline(StandardScaler(), LogisticRegression())
    return np.asarray(model.fit(x, ~right).predict_proba(judged)[:, 1], dtype=np.float32)
