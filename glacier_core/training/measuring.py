"""From a trained network to its model card: calibrated, scored, every figure measured here."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from glacier_core.confidence.reliability import (
    expected_calibration_error,
    reliability,
    reliability_bins,
)
from glacier_core.errors import ModelError, SourceError
from glacier_core.models.blocks import Network
from glacier_core.models.calibration import AnyCalibration, Calibration
from glacier_core.models.calibration_comparison import CalibrationComparison
from glacier_core.models.card import Accuracy, ModelCard, Reliability
from glacier_core.models.inputs import PUBLISHED_REGIONS
from glacier_core.models.registry import Model
from glacier_core.training.calibrating import calibrate
from glacier_core.training.card_limits import some_scenes
from glacier_core.training.data import TrainingData
from glacier_core.training.describing import deviations_of
from glacier_core.training.evaluation import (
    NETWORK,
    ScoredScene,
    Tally,
    agreement,
    by_terrain,
    score_scenes,
    scores_by_terrain,
    tallies_by_terrain,
)
from glacier_core.training.hyperparameters import Recipe, members_of
from glacier_core.training.intervals import interval_facts
from glacier_core.training.material import SceneFiles, whole_scenes
from glacier_core.training.pixel_baselines import fit_pixel_baselines
from glacier_core.training.reality import real_figures

LICENCE = "BSD-3-Clause"


@dataclass(frozen=True)
class Measured:
    """What held-out simulated scenes tell about a network.

    Attributes
    ----------
    calibration : AnyCalibration
    reliability : Reliability
        On scenes the calibration was not fitted on.
    scores : dict
        As `scores_by_terrain` makes it.
    counts : dict of str to int
        Scored scenes by terrain.
    agreement : float, optional
        As `evaluation.agreement`; None without pairs.
    tallies : dict
        As `tallies_by_terrain` makes it, for the intervals of the scores.
    comparison : CalibrationComparison, optional
        Why this calibration.
    """

    calibration: AnyCalibration
    reliability: Reliability
    scores: dict[tuple[str, str], dict[str, float]]
    counts: dict[str, int]
    agreement: float | None
    tallies: dict[tuple[str, str], dict[str, list[Tally]]] = field(default_factory=dict)
    comparison: CalibrationComparison | None = None


def measure(network: Network, recipe: Recipe, data: TrainingData) -> Measured:
    """Calibrate on some held-out scenes, score on others.

    Parameters
    ----------
    network : Network
    recipe : Recipe
        Says how wide the windows are.
    data : TrainingData
    """
    patch_size = members_of(recipe)[0].patch_size
    validation = score_scenes(network, whole_scenes(data.material.validation), patch_size)
    calibrated = calibrate(list(validation), data.calibrated_on, simulated=data.simulated)
    baselines = fit_pixel_baselines(some_scenes(data.material.singles))
    scenes = list(score_scenes(network, whole_scenes(data.scored), patch_size, baselines))
    pairs = data.material.watched_pairs
    return Measured(
        calibration=calibrated.calibration,
        reliability=measure_reliability(calibrated.calibration, scenes, data),
        scores=_scores(scenes, data),
        counts={terrain: len(some) for terrain, some in by_terrain(scenes).items()},
        agreement=agreement(network, pairs, patch_size) if len(pairs) else None,
        tallies=tallies_by_terrain(scenes),
        comparison=calibrated.comparison,
    )


def measure_reliability(
    calibration: Calibration, scenes: list[ScoredScene], data: TrainingData
) -> Reliability:
    """Reliability of raw and calibrated confidence over all pixels of some scenes."""
    raw = np.concatenate([scene.confidence for scene in scenes])
    correct = np.concatenate([scene.correct for scene in scenes])
    calibrated = calibration.apply(raw)
    return Reliability(
        dataset=f"{len(scenes)} {_scored_set(data, 'all')}",
        simulated=data.simulated,
        raw=reliability_bins(reliability(raw, correct)),
        calibrated=reliability_bins(reliability(calibrated, correct)),
        raw_error=expected_calibration_error(raw, correct),
        calibrated_error=expected_calibration_error(calibrated, correct),
    )


def write_card(
    recipe: Recipe,
    network: Network,
    measured: Measured,
    data: TrainingData,
    training: str,
    tell: Callable[[str], None],
) -> ModelCard:
    """Make the model card.

    If the recipe asks for it, the real scene is scored here, when nothing is left to choose.

    Parameters
    ----------
    training : str
        As `describe_training` tells it.
    tell : callable
        Is told if there is no real scene to score on.
    """
    card = ModelCard(
        name=recipe.name,
        title=recipe.title,
        config=network.config,
        patch_size=members_of(recipe)[0].patch_size,
        regions=PUBLISHED_REGIONS if network.config.location == "region" else (),
        calibration=measured.calibration,
        calibration_comparison=measured.comparison,
        reliability=measured.reliability,
        accuracy=tuple(measured_figures(measured, data)),
        training=training,
        strategy=members_of(recipe)[0].strategy,
        trained_regions=members_of(recipe)[0].regions,
        seeds=tuple(member.seed for member in members_of(recipe)),
        deviations=deviations_of(members_of(recipe)[0]),
        licence=LICENCE,
    )
    if not recipe.real_exam:
        return card
    try:
        real = real_figures(Model(network, card))
    except (ModelError, SourceError) as error:
        tell(f"Not scored on a real scene: {error}")
        return card
    return card.model_copy(update={"accuracy": (*card.accuracy, *real)})


def measured_figures(measured: Measured, data: TrainingData) -> list[Accuracy]:
    """Every score of held-out scenes that is a number, the network's first."""
    figures = [
        Accuracy(
            dataset=f"{measured.counts[terrain]} {_scored_set(data, terrain)}",
            metric=metric if method == NETWORK else f"{metric}, {method}",
            value=round(value, 4),
            simulated=data.simulated,
            **interval_facts(measured.tallies.get((terrain, method), {}).get(metric, ())),
        )
        for (terrain, method), row in measured.scores.items()
        for metric, value in row.items()
        if np.isfinite(value)
    ]
    if measured.agreement is None:
        return figures
    pairs = Accuracy(
        dataset="pairs of simulated images of one ground: two suns, TOA and surface reflectance",
        metric="IoU of the two maps, no truth involved",
        value=round(measured.agreement, 4),
        simulated=True,
    )
    return [*figures, pairs]


def _scores(
    scenes: list[ScoredScene], data: TrainingData
) -> dict[tuple[str, str], dict[str, float]]:
    """Scores by terrain; tiles are one kind of terrain only, so they are not told apart."""
    scores = scores_by_terrain(scenes)
    if isinstance(data.scored, SceneFiles):
        return scores
    return {key: row for key, row in scores.items() if key[0] == "all"}


def _scored_set(data: TrainingData, terrain: str) -> str:
    """Name the scored scenes on a kind of terrain, their number first."""
    ground = "real and procedural terrain" if terrain == "all" else f"{terrain} terrain"
    return (
        f"{data.scored_set}, {ground}" if isinstance(data.scored, SceneFiles) else data.scored_set
    )
