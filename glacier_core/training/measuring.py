"""From a trained network to its model card: calibrated, scored, every figure measured here."""

import platform
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from glacier_core.confidence.calibration import fit_isotonic
from glacier_core.confidence.reliability import (
    expected_calibration_error,
    reliability,
    reliability_bins,
)
from glacier_core.errors import SourceError
from glacier_core.models.card import Accuracy, CalibrationCurve, ModelCard, Reliability
from glacier_core.models.registry import Model
from glacier_core.training.evaluation import (
    NETWORK,
    ScoredScene,
    agreement,
    score_scenes,
    scores_by_terrain,
)
from glacier_core.training.hyperparameters import Recipe, TrainingRecipe, members_of
from glacier_core.training.reality import real_figures

LICENCE = "BSD-3-Clause"
CALIBRATED_ON = (
    "simulated scenes apart from those scored, on the same terrain and with the same measured "
    "spectra, none of them trained on"
)
CAVEATS = (
    "Trained and calibrated on simulated scenes: calibrated confidence holds for those and may be "
    "too high on real ones. Weakest on debris-covered ice, on seasonal snow and in deep shadow. "
    "The real scene named among the figures was not trained on, and no choice was made by it."
)


@dataclass(frozen=True)
class Measured:
    """What held-out simulated scenes tell about a network.

    Attributes
    ----------
    curve : CalibrationCurve
    reliability : Reliability
        On scenes the curve was not fitted on.
    scores : dict
        As `scores_by_terrain` makes it.
    counts : dict of str to int
        Scored scenes by terrain.
    agreement : float
        As `evaluation.agreement`.
    """

    curve: CalibrationCurve
    reliability: Reliability
    scores: dict[tuple[str, str], dict[str, float]]
    counts: dict[str, int]
    agreement: float


def measure(
    network: nn.Module,
    recipe: Recipe,
    *,
    calibration: Iterable[Path],
    scored: Iterable[Path],
    pairs: Iterable[tuple[Path, ...]],
) -> Measured:
    """Calibrate on some held-out scenes, score on others.

    Parameters
    ----------
    network : nn.Module
    recipe : Recipe
        Says how wide the windows are.
    calibration, scored : iterable of Path
        Files of `TrainingScene.save`.
    pairs : iterable of pairs of Path
        Two images of one ground each.
    """
    patch_size = members_of(recipe)[0].patch_size
    curve = fit_curve(list(score_scenes(network, calibration, patch_size)))
    scenes = list(score_scenes(network, scored, patch_size))
    procedural = sum(scene.procedural for scene in scenes)
    return Measured(
        curve=curve,
        reliability=measure_reliability(curve, scenes),
        scores=scores_by_terrain(scenes),
        counts={
            "all": len(scenes),
            "real": len(scenes) - procedural,
            "procedural": procedural,
        },
        agreement=agreement(network, pairs, patch_size),
    )


def fit_curve(scenes: list[ScoredScene]) -> CalibrationCurve:
    """Fit calibrated confidence by isotonic regression on all pixels of some scenes."""
    return fit_isotonic(
        np.concatenate([scene.confidence for scene in scenes]),
        np.concatenate([scene.correct for scene in scenes]),
        fitted_on=f"{len(scenes)} {CALIBRATED_ON}",
    )


def measure_reliability(curve: CalibrationCurve, scenes: list[ScoredScene]) -> Reliability:
    """Reliability of raw and calibrated confidence over all pixels of some scenes."""
    raw = np.concatenate([scene.confidence for scene in scenes])
    correct = np.concatenate([scene.correct for scene in scenes])
    calibrated = curve.apply(raw)
    return Reliability(
        dataset=_simulated_set("all", len(scenes)),
        simulated=True,
        raw=reliability_bins(reliability(raw, correct)),
        calibrated=reliability_bins(reliability(calibrated, correct)),
        raw_error=expected_calibration_error(raw, correct),
        calibrated_error=expected_calibration_error(calibrated, correct),
    )


def write_card(
    recipe: Recipe,
    network: nn.Module,
    measured: Measured,
    training: str,
    tell: Callable[[str], None],
) -> ModelCard:
    """Make the model card; the real scene is scored here, when nothing is left to choose.

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
        calibration=measured.curve,
        reliability=measured.reliability,
        accuracy=tuple(simulated_figures(measured)),
        training=training,
        licence=LICENCE,
    )
    try:
        real = real_figures(Model(network, card))
    except SourceError as error:
        tell(f"Not scored on a real scene: {error}")
        return card
    return card.model_copy(update={"accuracy": (*card.accuracy, *real)})


def simulated_figures(measured: Measured) -> list[Accuracy]:
    """Every score of held-out scenes that is a number, the network's first."""
    figures = [
        Accuracy(
            dataset=_simulated_set(terrain, measured.counts[terrain]),
            metric=metric if method == NETWORK else f"{metric}, {method}",
            value=round(value, 4),
            simulated=True,
        )
        for (terrain, method), row in measured.scores.items()
        for metric, value in row.items()
        if np.isfinite(value)
    ]
    pairs = Accuracy(
        dataset="pairs of simulated images of one ground: two suns, TOA and surface reflectance",
        metric="IoU of the two maps, no truth involved",
        value=round(measured.agreement, 4),
        simulated=True,
    )
    return [*figures, pairs]


def describe_training(recipe: Recipe, seconds: float, offset: float, *, real_terrain: bool) -> str:
    """Tell data, recipe, time and limits in words, for the card."""
    members = members_of(recipe)
    shared = members[0]
    ground = (
        "half of them on procedural ground, half on real elevation models and glacier outlines"
        if real_terrain
        else "all of them on procedural ground"
    )
    trainings = "; ".join(_describe_steps(member) for member in members)
    together = (
        f"{len(members)} networks, each trained by itself, give the mean of their probabilities: "
        if len(members) > 1
        else ""
    )
    return (
        f"Only simulated scenes: {_describe_scenes(shared)}, 20 to 36 m, {ground}, with "
        "reflectance statistics of labelled Landsat and Sentinel-2 pixels (USGS benchmark "
        f"glaciers) and assumed ones. {together}{trainings}; {seconds / 60:.0f} minutes on "
        f"{torch.get_num_threads()} thread(s) of a {platform.machine()} processor. The glacier "
        f"logit was then shifted by {offset:+.2f}, which gave the highest IoU on "
        f"{shared.calibration_scenes} simulated scenes kept for that and for calibration. Made by "
        f"the recipe {recipe.name!r}. {CAVEATS}"
    )


def _describe_scenes(recipe: TrainingRecipe) -> str:
    size = f"of {recipe.scene_size} x {recipe.scene_size} pixels"
    singles = f"{recipe.training_scenes} {size}" if recipe.training_scenes else ""
    pairs = f"{recipe.paired_scenes} pairs of images of one ground, {size}"
    return " and ".join(filter(None, [singles, pairs if recipe.paired_scenes else ""]))


def _describe_steps(recipe: TrainingRecipe) -> str:
    size = f"of {recipe.patch_size} pixels"
    singles = f"{recipe.batch} patches {size}" if recipe.batch else ""
    pairs = (
        f"{recipe.pairs} pairs of patches {size} that show one ground in two images, whose "
        f"disagreement weighs {recipe.consistency_weight:g},"
    )
    patches = " and ".join(filter(None, [singles, pairs if recipe.pairs else ""]))
    statistics = (
        f", normalisation estimated anew from {recipe.batch_norm_batches} batches"
        if recipe.batch_norm_batches
        else ""
    )
    return (
        f"{recipe.steps} steps of {patches.rstrip(',')}, AdamW {recipe.learning_rate:g} along one "
        f"cosine, focal loss with gamma {recipe.focal_gamma:g}, seed {recipe.seed}{statistics}"
    )


def _simulated_set(terrain: str, count: int) -> str:
    ground = "real and procedural terrain" if terrain == "all" else f"{terrain} terrain"
    return f"{count} simulated held-out scenes, {ground}"
