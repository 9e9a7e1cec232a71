"""The part of a model card that tells where its model ends: failures, robustness, typicality."""

from collections.abc import Iterator
from pathlib import Path

from glacier_core.confidence.typicality import fit_typicality
from glacier_core.models.blocks import Network
from glacier_core.models.card import ModelCard
from glacier_core.models.parts import keep_pictures
from glacier_core.models.typicality import TypicalityLimit
from glacier_core.training.data import TrainingData
from glacier_core.training.failures import failure_pictures
from glacier_core.training.material import Scenes
from glacier_core.training.robustness import robustness_figures
from glacier_core.training.training_scene import TrainingScene
from glacier_core.training.verdicts import holds_and_fails

MOST_SCENES = 200
"""Training scenes that baselines and typicality are learnt from: more change little."""

DISTURBED_SCENES = 32
"""Scored scenes that are mapped disturbed as well, in each way: their changes are paired, so that
fewer tell as much as many do of the score itself."""


def with_limits(card: ModelCard, network: Network, data: TrainingData, folder: Path) -> ModelCard:
    """Return a card that also says what its model cannot do.

    Parameters
    ----------
    card : ModelCard
        With everything else.
    network : Network
        In evaluation mode.
    data : TrainingData
        Of real tiles only the typicality is learnt: their surfaces are unknown.
    folder : Path
        Of the model; pictures of failures are written into it.
    """
    learnt = card.model_copy(update={"typicality": _typicality(card, data)})
    if not data.simulated:
        return learnt
    figures = robustness_figures(
        network,
        some_scenes(data.scored, DISTURBED_SCENES),
        card.patch_size,
        scored_set=data.scored_set,
    )
    pictures = failure_pictures(network, data.scored, card.patch_size)
    holds, fails = holds_and_fails(card.accuracy)
    return learnt.model_copy(
        update={
            "holds": holds,
            "fails": fails,
            "accuracy": (*card.accuracy, *figures),
            "pictures": keep_pictures(folder, pictures),
        }
    )


def some_scenes(scenes: Scenes, most: int = MOST_SCENES) -> Iterator[TrainingScene]:
    """Yield `most` scenes at most, spread evenly over all."""
    step = -(-len(scenes) // most) or 1
    return (scenes[number].whole() for number in range(0, len(scenes), step))


def _typicality(card: ModelCard, data: TrainingData) -> TypicalityLimit:
    return fit_typicality(
        lambda: ((scene.optical, scene.slope) for scene in some_scenes(data.material.singles)),
        window=card.patch_size,
        fitted_on="the scenes it was trained on",
    )
