"""What can be told of a model without loading it."""

import math
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from glacier_core.errors import ModelError
from glacier_core.models.card import ModelCard, read_card
from glacier_core.models.registry import CARD, WEIGHTS, list_models, model_folder

NOT_LEARNT = ("running_mean", "running_var", "num_batches_tracked")
"""Ends of the names of what batch normalisation only observes: no parameters."""


@dataclass(frozen=True)
class ModelSummary:
    """A model at hand.

    Attributes
    ----------
    name : str
        What `load_model` takes.
    card : ModelCard
    parameters : int
        Numbers that were learnt.
    megabytes : float
        Of the weights on disk, 10^6 bytes.
    folder : Path
        Where it is.
    """

    name: str
    card: ModelCard
    parameters: int
    megabytes: float
    folder: Path


def summarise_model(source: str | Path) -> ModelSummary:
    """Read the card of a model and the head of its weights.

    Parameters
    ----------
    source : str or Path
        A name out of `list_models`, or a folder.

    Raises
    ------
    ModelError
        If there is no such model, or its card or weights cannot be read.
    """
    folder = model_folder(source)
    weights = folder / WEIGHTS
    card = read_card(folder / CARD)
    try:
        megabytes = weights.stat().st_size / 1e6
        with safe_open(weights, framework="numpy") as file:
            parameters = sum(
                math.prod(file.get_slice(name).get_shape())
                for name in file.keys()  # noqa: SIM118  (no mapping)
                if not name.endswith(NOT_LEARNT)
            )
    except (OSError, SafetensorError) as error:
        raise ModelError(
            f"The weights {weights} cannot be read: {error}. Fetch or train the model again."
        ) from error
    return ModelSummary(folder.name, card, parameters, megabytes, folder)


def summarise_models() -> tuple[list[ModelSummary], list[str]]:
    """Summaries of all models at hand, and what is wrong with those that cannot be read."""
    readable, faults = [], []
    for name in list_models():
        try:
            readable.append(summarise_model(name))
        except ModelError as error:
            faults.append(f"{name}: {error}")
    return readable, faults
