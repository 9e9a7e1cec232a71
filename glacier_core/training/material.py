"""What a training has to work with: scenes by purpose, in memory or on disk."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from glacier_core.training.geometry import Cuttable
from glacier_core.training.training_scene import TrainingScene


class Scene(Cuttable, Protocol):
    """A scene that can be cut, or taken as a whole."""

    def whole(self) -> TrainingScene:
        """Return all of it."""
        ...


class Scenes(Protocol):
    """Scenes by number, always in the same order."""

    def __len__(self) -> int: ...

    def __getitem__(self, number: int) -> Scene: ...


class SceneFiles:
    """Scenes that `TrainingScene.save` wrote, read one at a time."""

    def __init__(self, paths: Sequence[Path] = ()) -> None:
        self.paths = tuple(paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> TrainingScene:
        return TrainingScene.load(self.paths[number])


@dataclass(frozen=True)
class Pairs:
    """Two images of one ground each, by number."""

    first: Scenes
    second: Scenes

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, number: int) -> tuple[Scene, Scene]:
        return self.first[number], self.second[number]


def pair_files(paths: Sequence[tuple[Path, ...]]) -> Pairs:
    """Pairs of scenes that `TrainingScene.save` wrote."""
    return Pairs(
        SceneFiles([first for first, _ in paths]), SceneFiles([second for _, second in paths])
    )


NO_SCENES = SceneFiles()
NO_PAIRS = Pairs(NO_SCENES, NO_SCENES)


@dataclass(frozen=True)
class Material:
    """Scenes to learn from, and some to watch the learning by.

    Attributes
    ----------
    singles : Scenes
        To learn from.
    pairs : Pairs
        Likewise, for recipes with paired scenes.
    validation : Scenes
        None of them learned from; for balance, calibration and, if asked for, early stopping.
    watched_pairs : Pairs
        Pairs not learned from, whose agreement is measured.
    """

    singles: Scenes
    pairs: Pairs = NO_PAIRS
    validation: Scenes = NO_SCENES
    watched_pairs: Pairs = NO_PAIRS


def whole_scenes(scenes: Scenes) -> Iterator[TrainingScene]:
    """Yield every scene as a whole, one at a time in memory."""
    return (scenes[number].whole() for number in range(len(scenes)))
