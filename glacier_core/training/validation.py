"""How well a training is doing, on scenes it does not learn from."""

import numpy as np

from glacier_core.models.blocks import Network
from glacier_core.training.evaluation import NETWORK, agreement, metrics, score_scenes
from glacier_core.training.hyperparameters import TrainingRecipe
from glacier_core.training.material import Material, whole_scenes


def validation_score(network: Network, recipe: TrainingRecipe, material: Material) -> float:
    """Score to stop by: IoU on the validation scenes, or agreement of the watched pairs.

    A network that is told the region is scored with the true one and with "unknown", as in the
    published validation, and the mean is taken.
    """
    if recipe.watch == "agreement":
        return agreement(network, material.watched_pairs, recipe.patch_size)
    told = (False, True) if recipe.network.location == "region" else (False,)
    scores = [
        metrics(
            list(
                score_scenes(
                    network,
                    whole_scenes(material.validation),
                    recipe.patch_size,
                    unknown_region=unknown,
                )
            ),
            NETWORK,
        )["IoU"]
        for unknown in told
    ]
    return float(np.mean(scores))
