"""The learning rate from step to step."""

import math

from glacier_core.training.hyperparameters import TrainingRecipe


def learning_rate(recipe: TrainingRecipe, step: int) -> float:
    """Learning rate after `step` steps: one cosine to zero for each cycle of the recipe.

    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts". A cycle
    begins with the full rate again.
    """
    whole = sum(recipe.cycles)
    place = step * whole  # in steps of 1 / whole, so that cycles end exactly where they should
    for length in recipe.cycles:
        span = length * recipe.steps
        if place < span:
            return recipe.learning_rate * 0.5 * (1.0 + math.cos(math.pi * place / span))
        place -= span
    return 0.0
