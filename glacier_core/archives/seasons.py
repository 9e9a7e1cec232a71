"""When glaciers are seen best: the end of the ablation season."""

from dataclasses import dataclass
from typing import Final

from glacier_core.errors import SourceError


@dataclass(frozen=True)
class Season:
    """Months in which imagery shows most of a glacier and least of other snow.

    Attributes
    ----------
    months : tuple of int
        1 to 12, in the order they come.
    sentence : str
        Why, for people.
    """

    months: tuple[int, ...]
    sentence: str


_SEASONS: Final = (
    (
        66.5,
        Season(
            (7, 8),
            "July and August: in the Arctic the snow of winter is gone late, and from September "
            "new snow falls and the sun stands low.",
        ),
    ),
    (
        36.0,
        Season(
            (8, 9),
            "August and September: the end of the northern summer, when the snow of winter has "
            "melted off the ground and new snow has not fallen yet.",
        ),
    ),
    (
        23.4,
        Season(
            (9, 10, 11),
            "September to November: around the Himalaya clouds of the monsoon hide the glaciers "
            "in summer, and the air is clearest after it. Fresh snow may lie in any of them.",
        ),
    ),
    (
        0.0,
        Season(
            (12, 1, 2),
            "December to February: near the equator ice melts all year, and north of it these "
            "months are the driest. Snow may fall at any time, so compare several scenes.",
        ),
    ),
    (
        -23.4,
        Season(
            (6, 7, 8, 9),
            "June to September: ice melts all year in the tropics, and south of the equator these "
            "months are dry, with the fewest clouds and little fresh snow.",
        ),
    ),
    (
        -60.0,
        Season(
            (2, 3),
            "February and March: the end of the southern summer, when the snow of winter has "
            "melted off the ground and new snow has not fallen yet.",
        ),
    ),
    (
        -90.0,
        Season(
            (1, 2),
            "January and February: the Antarctic summer is short, and the sun stands low "
            "outside it.",
        ),
    ),
)
"""Southern edge of each belt of latitude in degrees, and its season."""


def suggested_season(latitude: float) -> Season:
    """Return when glaciers of a latitude are seen best.

    Inventories are drawn from images of the end of the ablation season, as seasonal snow hides
    where ice ends (Paul et al. 2009, Annals of Glaciology 50(53), 119-126).

    Parameters
    ----------
    latitude : float
        Degrees, -90 to 90.

    Raises
    ------
    SourceError
        When there is no such latitude.
    """
    for southern_edge, season in _SEASONS:
        if southern_edge <= latitude <= 90:
            return season
    raise SourceError(f"There is no latitude {latitude}: it lies between -90 and 90 degrees.")
