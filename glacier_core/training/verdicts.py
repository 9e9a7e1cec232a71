"""Where a model holds and where it fails, told by its own figures against fixed marks."""

from collections.abc import Sequence
from dataclasses import dataclass

from glacier_core.models.card import Accuracy


@dataclass(frozen=True)
class Mark:
    """What a figure must reach for a model to be relied on.

    Attributes
    ----------
    metric : str
        Name of the figure on all held-out scenes.
    mark : float
        Set before the training, by what a careful person reaches without a network and by what
        makes a map useful; an opinion, not a law.
    less : bool
        Whether less is better.
    subject, told : str
        The surface, and the figure in words with its place.
    """

    metric: str
    mark: float
    less: bool
    subject: str
    told: str

    def reached(self, value: float) -> bool:
        """Say whether a figure is good enough."""
        return value <= self.mark if self.less else value >= self.mark

    def sentence(self, value: float) -> str:
        """Tell the figure and its mark."""
        limit = "at most" if self.less else "at least"
        return (
            f"{self.subject}: {self.told.format(value)} on simulated held-out scenes "
            f"(mark: {limit} {self.mark:.2f})."
        )


MARKS = (
    Mark("IoU of clean ice", 0.90, False, "Clean ice", "IoU {:.2f}"),
    Mark("IoU without seasonal snow", 0.90, False, "Scenes without seasonal snow", "IoU {:.2f}"),
    Mark("IoU in shadow", 0.60, False, "Shadow", "IoU {:.2f}"),
    Mark("recall of debris-covered ice", 0.65, False, "Debris-covered ice", "{:.2f} of it found"),
    Mark(
        "off-glacier snow called glacier",
        0.45,
        True,
        "Snow off the glaciers",
        "{:.2f} of it called glacier",
    ),
    Mark("water called glacier", 0.05, True, "Lakes and sea", "{:.2f} of it called glacier"),
    Mark(
        "other ground called glacier",
        0.04,
        True,
        "Rock, plants and other ground",
        "{:.2f} of it called glacier",
    ),
)


def holds_and_fails(figures: Sequence[Accuracy]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell where a model holds, and where it fails.

    Parameters
    ----------
    figures : sequence of Accuracy
        Of all held-out scenes, then of parts of them; the first of each metric counts.
    """
    values: dict[str, float] = {}
    for figure in figures:
        values.setdefault(figure.metric, figure.value)
    known = [(mark, values[mark.metric]) for mark in MARKS if mark.metric in values]
    holds = tuple(mark.sentence(value) for mark, value in known if mark.reached(value))
    fails = tuple(mark.sentence(value) for mark, value in known if not mark.reached(value))
    return holds, fails
