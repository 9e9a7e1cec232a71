"""Tile datasets as scenes to train on: the authors' benchmark dataset, or a simulated one.

Nothing but the patches asked for is read: the published files are larger than any memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from glacier_core.errors import SourceError
from glacier_core.models.inputs import FEATURE_CHANNELS
from glacier_core.sources.tiles import Tile, TileSet
from glacier_core.training.training_scene import (
    OPTIONAL_ARRAYS,
    UNKNOWN_SURFACE,
    TrainingScene,
)

PURPOSES: Final = {
    "train": ("train", "training"),
    "val": ("val", "validation"),
    "test": ("test",),
}
"""Words in the names of the three files: the authors' and those of `tiles simulate`."""

ENDINGS: Final = (".hdf5", ".h5")


@dataclass(frozen=True)
class TileScene:
    """A tile that is read when it is cut.

    Attributes
    ----------
    tiles : TileSet
    name : str
        Of the tile.
    features : tuple of str
        Feature groups to read.
    """

    tiles: TileSet
    name: str
    features: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.tiles.summary(self.name).shape

    def cut(self, top: int, left: int, side: int) -> TrainingScene:
        """Read a square of `side` pixels, and nothing else of the tile."""
        present = [
            group for group in self.features if group in self.tiles.summary(self.name).groups
        ]
        tile = self.tiles.patch(self.name, top, left, side, present)
        return scene_of_tile(tile, self.features, simulated=self.tiles.simulated)

    def whole(self) -> TrainingScene:
        """Read all of the tile."""
        tile = self.tiles.tile(self.name)
        return scene_of_tile(tile, self.features, simulated=self.tiles.simulated)


class TileScenes:
    """Tiles of a file that a training can use; to be closed, best by ``with``.

    Parameters
    ----------
    path : Path
    features : sequence of str
        Feature groups of the network.
    regions : sequence of str
        Codes of the regions to take tiles of; empty for all.
    absent_as_missing : bool
        Whether tiles that lack a group are taken as well, with all of that group missing, for
        networks that learn to do without.

    Raises
    ------
    SourceError
        If it is no file of tiles, or none of its tiles can be used.
    """

    def __init__(
        self,
        path: Path,
        features: Sequence[str],
        regions: Sequence[str] = (),
        *,
        absent_as_missing: bool = False,
    ) -> None:
        self.tiles = TileSet(path)
        self.features = tuple(features)
        try:
            self.names = self._usable(regions, absent_as_missing)
        except BaseException:
            self.tiles.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tiles.close()

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, number: int) -> TileScene:
        return TileScene(self.tiles, self.names[number], self.features)

    def epoch_patches(self, size: int) -> int:
        """How many whole patches of `size` pixels the tiles hold side by side."""
        shapes = (self.tiles.summary(name).shape for name in self.names)
        return sum((rows // size) * (columns // size) for rows, columns in shapes)

    def _usable(self, regions: Sequence[str], absent_as_missing: bool) -> tuple[str, ...]:
        absent = sorted(set(regions) - set(self.tiles.regions))
        if absent:
            raise SourceError(
                f"{self.tiles.path.name} has no tile of the region {absent[0]!r}, only of "
                f"{', '.join(self.tiles.regions)}."
            )
        held = self.tiles.names_with(self.features)
        names = self.tiles.names if absent_as_missing and held else held
        if regions:
            names = tuple(n for n in names if self.tiles.summary(n).region in regions)
        if not names:
            where = f" of {', '.join(regions)}" if regions else ""
            raise SourceError(
                f"No tile{where} in {self.tiles.path.name} holds {', '.join(self.features)} "
                "together. Choose another track, or other tiles."
            )
        return names


def scene_of_tile(tile: Tile, features: Sequence[str], *, simulated: bool) -> TrainingScene:
    """Turn a tile into a scene to train on.

    What is not labelled or not valid has no weight. Where the file does not tell what is on the
    surface, weights by surface do not apply.

    Parameters
    ----------
    tile : Tile
    features : sequence of str
        Feature groups of the network; those that the tile lacks become all missing.
    simulated : bool
        Whether the tile is.
    """
    longitude, latitude = tile.centre
    unknown = np.full(tile.shape, UNKNOWN_SURFACE, np.uint8)
    extra: dict[str, Any] = {
        name: tile.features.get(name, _missing(name, tile.shape))
        for name in OPTIONAL_ARRAYS
        if name in features
    }
    return replace(
        TrainingScene(
            optical=tile.features["optical"],
            elevation=tile.features["elevation"],
            slope=tile.features["slope"],
            glacier=tile.glacier,
            surface=unknown if tile.surface is None else tile.surface,
            weight=(tile.labelled & tile.valid).astype(np.float32),
            shadow=np.zeros(tile.shape, bool) if tile.shadow is None else tile.shadow,
            procedural=simulated,
            region=tile.region,
            longitude=longitude,
            latitude=latitude,
        ),
        **extra,
    )


def find_tile_files(folder: Path) -> dict[str, Path]:
    """Find the files to train on, to validate by and to test with in a folder.

    Returns
    -------
    dict
        Path by ``train``, ``val`` and ``test``.

    Raises
    ------
    SourceError
        If there is not exactly one file for each, named after it: ``training.hdf5``, or as
        published ``20230905_train_global_ps384.hdf5``.
    """
    files = sorted(file for ending in ENDINGS for file in folder.glob(f"*{ending}"))
    found = {}
    for purpose, words in PURPOSES.items():
        named = [file for file in files if set(words) & set(file.stem.lower().split("_"))]
        if len(named) != 1:
            raise SourceError(
                f"The folder {folder} must hold exactly one file of tiles with the word "
                f"{' or '.join(words)} in its name, not {len(named)}. It holds "
                f"{', '.join(file.name for file in files) or 'no .hdf5 or .h5 file'}."
            )
        found[purpose] = named[0]
    return found


def _missing(name: str, shape: tuple[int, int]) -> np.ndarray[Any, np.dtype[np.float32]]:
    channels = FEATURE_CHANNELS[name]
    return np.full(shape if channels == 1 else (channels, *shape), np.nan, np.float32)
