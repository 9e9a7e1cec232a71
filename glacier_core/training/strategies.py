"""The strategies of training one network for many regions, each by its name.

Five are those of Maslov et al. (2025), https://doi.org/10.1038/s41467-024-54956-x; the sixth,
modality dropout, is an addition of this project, so that one model maps with whatever inputs
there are.
"""

from dataclasses import dataclass
from typing import Final, Literal

from glacier_core.errors import ModelError
from glacier_core.models.inputs import PUBLISHED_REGIONS, UNKNOWN_REGION

UNKNOWN_SHARE: Final = 0.1
"""How often the region of a patch is hidden in training, as published."""

MODALITY_DROPOUT: Final = 0.2
"""How often each feature of a patch is dropped; not tuned."""


@dataclass(frozen=True)
class Strategy:
    """One way to train for many regions.

    Attributes
    ----------
    name, title : str
    location : {"region", "coordinates"}, optional
        What the network is told of where it looks.
    one_region : bool
        Whether it is trained on some regions only, which must be named.
    continued : bool
        Whether it starts from the weights of a trained model.
    drops_features : bool
        Whether whole features are dropped in training.
    """

    name: str
    title: str
    location: Literal["region", "coordinates"] | None = None
    one_region: bool = False
    continued: bool = False
    drops_features: bool = False


STRATEGIES: Final = {
    strategy.name: strategy
    for strategy in (
        Strategy("global", "One network for all regions, not told where it looks"),
        Strategy("regional", "A network of their own for some regions", one_region=True),
        Strategy(
            "finetuning",
            "A trained network, trained on for some regions",
            one_region=True,
            continued=True,
        ),
        Strategy("region-encoding", "One network, told the region", location="region"),
        Strategy("coordinate-encoding", "One network, told the place", location="coordinates"),
        Strategy(
            "modality-dropout",
            "One network for all regions and for whatever inputs there are",
            drops_features=True,
        ),
    )
}


def find_strategy(name: str) -> Strategy:
    """Return the strategy of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if name not in STRATEGIES:
        raise ModelError(f"There is no strategy {name!r}. Known are {', '.join(STRATEGIES)}.")
    return STRATEGIES[name]


def check_regions(strategy: Strategy, regions: tuple[str, ...]) -> None:
    """Check that the regions named go with a strategy.

    Raises
    ------
    ModelError
        If there is no such region, or regions are named where none, or none where some are due.
    """
    known = [region for region in PUBLISHED_REGIONS if region != UNKNOWN_REGION]
    unknown = [region for region in regions if region not in known]
    if unknown:
        raise ModelError(f"There is no region {unknown[0]!r}. Known are {', '.join(known)}.")
    if strategy.one_region and not regions:
        raise ModelError(
            f"The strategy {strategy.name!r} trains on some regions only: name one or more of "
            f"{', '.join(known)}."
        )
    if regions and not strategy.one_region:
        raise ModelError(
            f"The strategy {strategy.name!r} trains on all regions, but {', '.join(regions)} "
            "are named. Leave them out, or choose 'regional' or 'finetuning'."
        )
