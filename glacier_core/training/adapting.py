"""A recipe made to order: another strategy, track, architecture or data, by one word each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from glacier_core.errors import ModelError
from glacier_core.models.architectures import find_architecture
from glacier_core.models.card import ModelCard
from glacier_core.models.inputs import TRACKS
from glacier_core.models.registry import load_model
from glacier_core.training.hyperparameters import EnsembleRecipe, Recipe, TrainingRecipe
from glacier_core.training.strategies import MODALITY_DROPOUT, Strategy, find_strategy

FINETUNING_RATE: Final = 5e-5
"""First learning rate of finetuning with Adam and one cosine, as published."""


@dataclass(frozen=True)
class Choices:
    """What to change in a recipe; what is left out stays as it is.

    Attributes
    ----------
    strategy : str, optional
        See `strategies.STRATEGIES`.
    regions : sequence of str
        Codes of the regions to train on, for strategies that train on some only.
    track : str, optional
        Key of `TRACKS`.
    architecture : str, optional
        Key of `models.architectures.ARCHITECTURES`; its small size, or its full size if the
        network of the recipe has the full size of its own architecture.
    tiles : str or Path, optional
        Folder of tile files to train on, see `tile_scenes.find_tile_files`.
    start_from : str or Path, optional
        Model to train on, for the strategy "finetuning".
    steps : int, optional
        Updates of the weights.
    """

    strategy: str | None = None
    regions: Sequence[str] = ()
    track: str | None = None
    architecture: str | None = None
    tiles: str | Path | None = None
    start_from: str | Path | None = None
    steps: int | None = None


def adapt_recipe(recipe: Recipe, choices: Choices) -> Recipe:
    """Return a recipe with some choices made otherwise; its name then tells them.

    Raises
    ------
    ModelError
        If a choice does not exist, or choices do not go together.
    """
    if choices == Choices():
        return recipe
    if isinstance(recipe, EnsembleRecipe):
        members = tuple(_adapt(member, choices) for member in recipe.members)
        return replace(recipe, name=_name(recipe.name, choices), members=members)
    return _adapt(recipe, choices)


def _adapt(recipe: TrainingRecipe, choices: Choices) -> TrainingRecipe:
    strategy = find_strategy(choices.strategy or recipe.strategy)
    changes: dict[str, Any] = {
        "name": _name(recipe.name, choices),
        "strategy": strategy.name,
        "regions": tuple(choices.regions) or recipe.regions,
        "modality_dropout": MODALITY_DROPOUT if strategy.drops_features else 0.0,
        "steps": choices.steps or recipe.steps,
    }
    if choices.tiles is not None:
        # One image of each ground: there are no pairs to train on.
        changes |= {"tiles": Path(choices.tiles), "pairs": 0, "paired_scenes": 0, "watch": "IoU"}
        changes |= {"batch": recipe.batch + 2 * recipe.pairs}
        changes |= {"training_scenes": max(1, recipe.training_scenes)}
    if strategy.continued:
        return replace(recipe, **changes, **_continued(choices))
    if choices.start_from is not None:
        raise ModelError(
            f"The strategy {strategy.name!r} starts from random weights: leave start_from out, or "
            "choose 'finetuning'."
        )
    return replace(recipe, **changes, network=_network(recipe, strategy, choices))


def _network(recipe: TrainingRecipe, strategy: Strategy, choices: Choices) -> Any:
    network = recipe.network
    if choices.architecture is not None:
        chosen = find_architecture(choices.architecture)
        full = network == find_architecture(network.architecture).full
        network = chosen.full if full else chosen.small
    features = network.features if choices.track is None else _features(choices.track)
    return replace(network, features=features, location=strategy.location)


def _continued(choices: Choices) -> dict[str, Any]:
    """Return the changes for training on from the weights of a model."""
    if choices.start_from is None:
        raise ModelError("Finetuning starts from a trained model: name it with start_from.")
    card = load_model(choices.start_from).card
    _check_like(card, choices)
    return {
        "network": card.config,
        "patch_size": card.patch_size,
        "start_from": str(choices.start_from),
        "start_sha256": card.sha256,
        "learning_rate": FINETUNING_RATE,
        "weight_decay": 0.0,
        "cycles": (1,),
    }


def _check_like(card: ModelCard, choices: Choices) -> None:
    if card.architecture == "ensemble":
        raise ModelError(
            f"The model {card.name} is an ensemble: only one network can be trained on."
        )
    if choices.architecture not in (None, card.architecture):
        raise ModelError(
            f"The model {card.name} is a {card.architecture}, not a {choices.architecture}."
        )
    if choices.track is not None and set(_features(choices.track)) != set(card.inputs):
        raise ModelError(
            f"The model {card.name} takes {', '.join(card.inputs)}, not the track "
            f"{choices.track!r}."
        )


def _features(track: str) -> tuple[str, ...]:
    if track not in TRACKS:
        raise ModelError(f"There is no track {track!r}. Known are {', '.join(TRACKS)}.")
    return TRACKS[track]


def _name(name: str, choices: Choices) -> str:
    """Name of a recipe with all that was chosen otherwise."""
    parts = (choices.architecture, choices.strategy, *choices.regions, choices.track)
    return "-".join([name, *(part.lstrip("+") for part in parts if part)])
