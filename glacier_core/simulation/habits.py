"""How one analyst draws: the unsteady hand, and what is taken for ice where that is in doubt."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Habits:
    """Habits of one analyst; as they stand, of one who interprets everything rightly.

    Attributes
    ----------
    wobble : float
        Standard deviation of the hand along each axis, px. With 0.7 it strays about a pixel in
        all, as repeated digitisations of clean ice do (Paul et al. 2013, Annals of Glaciology
        54(63)).
    wobble_length : float
        Pixels over which the hand errs in one direction.
    generalisation : float
        Detail that is drawn straight, px.
    lean : float
        Pixels by which the line is set outside the true margin, in mixed pixels.
    debris_share : float
        Share of a glacier's doubtful debris that is drawn; above 1, rubble beyond it as well.
    debris_doubt : float
        Standard deviation of that share from glacier to glacier.
    snow_patches : float
        Largest attached snow patch drawn as ice, km²; 0 for none.
    shadow : float
        Pixels by which the line is set outside the true margin where a shadow hides it.
    smallest_part : float
        Smaller islands and nunataks are not drawn, km².
    """

    wobble: float = 0.7
    wobble_length: float = 25.0
    generalisation: float = 1.0
    lean: float = 0.0
    debris_share: float = 1.0
    debris_doubt: float = 0.0
    snow_patches: float = 0.0
    shadow: float = 0.0
    smallest_part: float = 0.01


def draw_habits(generator: np.random.Generator) -> Habits:
    """Draw the habits of one analyst.

    The ranges are ours. `debris_share` and `lean` are calibrated (benchmarks/expert_spread.py) so
    that the areas of a panel spread as published (``simulation.experts.area_spread``).

    Parameters
    ----------
    generator : numpy.random.Generator
        The only source of randomness.
    """
    takes_snow = generator.random() < 0.5
    return Habits(
        wobble=float(generator.uniform(0.5, 0.8)),
        wobble_length=float(generator.uniform(15.0, 35.0)),
        generalisation=float(generator.uniform(0.5, 2.0)),
        lean=float(generator.normal(0.0, 0.28)),
        debris_share=float(np.clip(generator.normal(0.88, 0.19), 0.4, 1.25)),
        debris_doubt=float(generator.uniform(0.03, 0.10)),
        snow_patches=float(takes_snow * generator.uniform(0.005, 0.05)),
        shadow=float(generator.normal(-0.3, 1.2)),
        smallest_part=float(np.exp(generator.uniform(np.log(0.005), np.log(0.04)))),
    )
