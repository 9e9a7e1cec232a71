"""Tile datasets at hand: files that were added once, and which tiles they hold.

What is told of a tile is kept beside, so that a list of thousands opens none of the files.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from glacier_core.disk import disk_errors, write_file
from glacier_core.errors import SourceError
from glacier_core.settings import settings
from glacier_core.sources.tile_layout import Bounds
from glacier_core.sources.tiles import TileSet, TileSummary

ENDINGS: Final = (".hdf5", ".h5")

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,47}")
_STRANGE: Final = re.compile(r"[^a-z0-9]+")


class ListedTile(BaseModel):
    """A tile of a dataset.

    Attributes
    ----------
    name : str
        In its file.
    scene : str
        Id of the scene that :func:`glacier_core.sources.open_scene` makes of it.
    region, subregion : str
    bounds : tuple of float
        West, south, east and north edge, degrees.
    acquired, sensor : str
        Empty where the file does not tell.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scene: str
    region: str
    subregion: str
    bounds: tuple[float, float, float, float]
    acquired: str = ""
    sensor: str = ""


class TileDataset(BaseModel):
    """A file of tiles that was added.

    Attributes
    ----------
    id : str
        Short name; the ids of its scenes begin with it.
    path : Path
        The file; it stays where it is.
    size, modified : int
        Bytes, and when it was last changed (nanoseconds of the file system): another file of the
        same name is noticed.
    simulated : bool
    tiles : tuple of ListedTile
    faults : tuple of str
        A sentence for each tile that cannot be used.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    path: Path
    size: int
    modified: int
    simulated: bool
    tiles: tuple[ListedTile, ...]
    faults: tuple[str, ...] = ()


def add_dataset(path: str | Path) -> list[TileDataset]:
    """Make the tiles of a file, or of every tile file in a folder, scenes that can be opened.

    Only what the file tells of each tile is read, no pixel. Adding a file again reads it anew.

    Parameters
    ----------
    path : str or Path
        In the layout of GlaViTU's benchmark dataset (doi 10.11582/2024.00168), as
        :class:`~glacier_core.sources.tiles.TileSet` reads it.

    Raises
    ------
    SourceError
        When there is no file of tiles, or none of its tiles can be used, or another file was
        added under the same name.
    StorageError
        When the list cannot be kept.
    """
    files = _files(Path(path).expanduser().resolve())
    return [_keep(_read(file)) for file in files]


def tile_datasets() -> list[TileDataset]:
    """Return every dataset that was added; a damaged list counts as none."""
    found = []
    for listed in sorted(_home().glob("*.json")):
        try:
            found.append(TileDataset.model_validate_json(listed.read_bytes()))
        except (ValidationError, OSError):
            continue
    return found


def find_tile(scene_id: str) -> tuple[TileDataset, ListedTile] | None:
    """Return the dataset and the tile of a scene id, None where there is no such tile."""
    for dataset in tile_datasets():
        if not scene_id.startswith(dataset.id):
            continue
        for tile in dataset.tiles:
            if tile.scene == scene_id:
                return dataset, tile
    return None


def _home() -> Path:
    return settings().data_dir / "tile_datasets"


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in ENDINGS)
    if not files:
        raise SourceError(
            f"The folder {path} holds no tile file (.hdf5 or .h5). Name the folder they lie in, or "
            "one of them."
        )
    return files


def _read(file: Path) -> TileDataset:
    name = _STRANGE.sub("-", file.stem.lower()).strip("-")[:48].strip("-")
    if not _ID.fullmatch(name):
        raise SourceError(
            f"{file.name} cannot be named in an address: its name holds no letter a to z and no "
            "digit. Rename the file."
        )
    faults: list[str] = []
    with TileSet(file) as tiles:
        listed = tuple(_listed(name, tiles, faults))
        simulated = tiles.simulated
    if not listed:
        raise SourceError(f"No tile of {file.name} can be used. {faults[0]}")
    about = file.stat()
    return TileDataset(
        id=name,
        path=file,
        size=about.st_size,
        modified=about.st_mtime_ns,
        simulated=simulated,
        tiles=listed,
        faults=tuple(faults),
    )


def _listed(dataset: str, tiles: TileSet, faults: list[str]) -> Iterator[ListedTile]:
    taken: set[str] = set()
    for name in tiles.names:
        try:
            summary = tiles.summary(name)
        except SourceError as fault:
            faults.append(str(fault))
            continue
        yield _tile(dataset, summary, taken)


def _tile(dataset: str, summary: TileSummary, taken: set[str]) -> ListedTile:
    slug = _STRANGE.sub("-", summary.name.lower()).strip("-")[:24].strip("-")
    scene = f"{dataset}-{slug}"
    while scene in taken:
        scene = f"{dataset}-{slug}-{len(taken)}"
    taken.add(scene)
    west, south, east, north = Bounds(*summary.bounds)
    return ListedTile(
        name=summary.name,
        scene=scene,
        region=summary.region,
        subregion=summary.subregion,
        bounds=(west, south, east, north),
        acquired=summary.acquired,
        sensor=summary.sensor,
    )


def _keep(dataset: TileDataset) -> TileDataset:
    place = _home() / f"{dataset.id}.json"
    other = next((known for known in tile_datasets() if known.id == dataset.id), None)
    if other is not None and other.path != dataset.path and other.path.is_file():
        raise SourceError(
            f"A file of this name was added already: {other.path}. Rename one of the two, as the "
            "addresses of its scenes are made from its name."
        )
    with disk_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
    write_file(place, dataset.model_dump_json().encode())
    return dataset
