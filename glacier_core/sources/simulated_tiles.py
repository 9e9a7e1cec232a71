"""A whole tile dataset, simulated: three splits, and four sets that are new in place, date, sensor.

Nothing is told from real tiles but by the file itself: it says that it is simulated, and so must
whatever is made of it.
"""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from pyproj import Geod

from glacier_core.errors import SourceError, StorageError
from glacier_core.settings import settings
from glacier_core.simulation.ground import SurfaceClass
from glacier_core.simulation.instruments import INSTRUMENTS
from glacier_core.simulation.regional import draw_regional_world
from glacier_core.simulation.regions import REGIONS
from glacier_core.simulation.world import World
from glacier_core.sources.simulated import simulation_version
from glacier_core.sources.tile_layout import Bounds
from glacier_core.sources.tile_writing import write_tiles
from glacier_core.sources.tiles import Tile, TileSet

SHARES: Final = {"training": 0.6, "validation": 0.2, "test": 0.2}
FILES: Final = ("training", "validation", "test", "place", "date", "sensor", "place-date-sensor")
"""Names of the files: three splits, and what is new in each independent set."""

TILES_PER_PLACE: Final = 4

_TURNS: Final = 10
_OWN_PLACES: Final = {
    "training": (0, 1, 2, 3),
    "validation": (4, 5),
    "test": (6, 7),
    "place": (8,),
    "place-date-sensor": (9,),
}
"""Which of ten places in turn belong to a file, whatever the seed and the number of tiles: so no
dataset's training ground is ever another's test ground."""

_SAME_GROUND: Final = {"date": "test", "sensor": "test"}
_OTHER_DATE: Final = ("date", "place-date-sensor")
_OTHER_SENSOR: Final = ("sensor", "place-date-sensor")
_OTHER_SPECTRA: Final = ("place", "place-date-sensor")
_WINDOWS: Final = 1_000_000  # windows of a place that belong to one seed
_STAMP: Final = "dataset.json"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class TileRecipe:
    """Everything that decides what a simulated tile dataset holds.

    Attributes
    ----------
    tiles_per_region : int
        In the three splits together, shared .6, .2, .2; each independent set has as many as the
        test set.
    size : int
        Rows and columns of a tile.
    resolution : float
        m.
    seed : int
    regions : tuple of str
        Codes.
    features : bool
        Whether radar and thermal features come along where the region has them.
    simulation : str
        Digest of the simulation: another one makes other pixels.
    """

    tiles_per_region: int
    size: int
    resolution: float
    seed: int
    regions: tuple[str, ...]
    features: bool
    simulation: str

    def counts(self) -> dict[str, int]:
        """Return the tiles of a region in each file."""
        test = max(1, round(SHARES["test"] * self.tiles_per_region))
        validation = max(1, round(SHARES["validation"] * self.tiles_per_region))
        counts = dict.fromkeys(FILES, test)
        return counts | {
            "training": self.tiles_per_region - validation - test,
            "validation": validation,
        }


@dataclass(frozen=True)
class _Draw:
    """One tile to be drawn."""

    name: str
    region: str
    subregion: str
    place: int
    window: int
    date: int
    sensor: str | None
    held_out: bool


def simulate_tile_dataset(
    folder: str | Path,
    *,
    tiles_per_region: int,
    size: int = 384,
    resolution: float = 10.0,
    seed: int = 0,
    regions: Sequence[str] | None = None,
    features: bool = True,
    progress: Tell | None = None,
) -> Path:
    """Simulate a tile dataset in the layout of the authors' benchmark dataset.

    Written are ``training.hdf5``, ``validation.hdf5`` and ``test.hdf5``, whose places never share
    ground, and the independent acquisitions ``place.hdf5`` (ground and spectra of their own),
    ``date.hdf5`` (ground and instrument of the test tiles on another day: other snow, sun,
    clouds),
    ``sensor.hdf5`` (ground of the test tiles seen by an instrument that the region's training
    tiles never come from) and ``place-date-sensor.hdf5`` (all three). Tiles of the same ground
    have the same name. Calling it again goes on where it stopped, with the same result.

    Parameters
    ----------
    folder : str or Path
        May hold an unfinished dataset of the very same parameters, or nothing.
    tiles_per_region : int
        In the three splits together, at least 3; each independent set has as many as the test set.
    size : int
        Rows and columns of a tile.
    resolution : float
        m.
    seed : int
        The same seed gives the same tiles.
    regions : sequence of str, optional
        Codes; all eleven when left out.
    features : bool
        Whether radar and thermal features come along where the region has them.
    progress : callable, optional
        Is told a sentence for every tile.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    SourceError
        When the parameters make no sense, or the folder holds something else.
    StorageError
        When the disk refuses; finished tiles stay.
    """
    recipe = TileRecipe(
        tiles_per_region=tiles_per_region,
        size=size,
        resolution=resolution,
        seed=seed,
        regions=tuple(REGIONS if regions is None else sorted(set(regions))),
        features=features,
        simulation=simulation_version(),
    )
    _check(recipe)
    folder = Path(folder)
    _stamp(folder, recipe)
    tell = progress or _silently
    for file in FILES:
        if not (folder / f"{file}.hdf5").is_file():
            _make_file(folder, file, recipe, tell)
        tell(f"{file}.hdf5 is there.")
    return folder


def _silently(sentence: str) -> None:
    """Say nothing."""
    del sentence


def _check(recipe: TileRecipe) -> None:
    unknown = [code for code in recipe.regions if code not in REGIONS]
    if unknown or not recipe.regions:
        raise SourceError(
            f"There is no region {', '.join(unknown) or 'given'} to simulate. Known are "
            f"{', '.join(REGIONS)}."
        )
    if recipe.tiles_per_region < len(SHARES) or recipe.size < 1 or recipe.resolution <= 0:
        raise SourceError(
            f"{recipe.tiles_per_region} tiles a region of {recipe.size} pixels of "
            f"{recipe.resolution:g} m make no dataset: at least {len(SHARES)} tiles are needed, "
            "one for each split, of at least one pixel."
        )


def _stamp(folder: Path, recipe: TileRecipe) -> None:
    """Leave the recipe in the folder, or check that it is the one that is there."""
    text = json.dumps(asdict(recipe), indent=2) + "\n"
    stamp = folder / _STAMP
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if stamp.is_file():
            known = stamp.read_text(encoding="utf-8")
        elif any(folder.glob("[!.]*")):
            known = ""
        else:
            stamp.write_text(text, encoding="utf-8")
            known = text
    except OSError as problem:
        raise StorageError(
            f"Tiles cannot be kept in {folder}: {problem}. Check its rights and the free space."
        ) from problem
    if known != text:
        raise SourceError(
            f"{folder} holds something else, or a dataset of other parameters or of another "
            f"version of the simulation (see {_STAMP}). Choose another folder, or delete it."
        )


def _make_file(folder: Path, file: str, recipe: TileRecipe, tell: Tell) -> None:
    parts = folder / f".{file}"
    draws = list(_draws(file, recipe))
    if file == "date":
        draws = _by_the_same_sensors(draws, folder / "test.hdf5")
    started = time.monotonic()
    for number, draw in enumerate(draws, start=1):
        part = parts / f"{draw.name}.hdf5"
        if not part.is_file():
            write_tiles(part, [_drawn(draw, recipe)])
        left = (time.monotonic() - started) / number * (len(draws) - number)
        tell(f"{file}.hdf5: tile {number} of {len(draws)}, {draw.name}, {left:.0f} s left.")
    kept = (_only_tile(parts / f"{draw.name}.hdf5") for draw in draws)
    told: dict[str, str | int] = {
        "simulated": True,
        "seed": recipe.seed,
        "file": file,
        "simulation": recipe.simulation,
    }
    write_tiles(folder / f"{file}.hdf5", kept, attributes=told)
    shutil.rmtree(parts, ignore_errors=True)


def _by_the_same_sensors(draws: list[_Draw], path: Path) -> list[_Draw]:
    """Have each image taken as the tile of the same name was: only the day is new."""
    with TileSet(path) as tiles:
        return [replace(draw, sensor=tiles.summary(draw.name).sensor) for draw in draws]


def _only_tile(part: Path) -> Tile:
    with TileSet(part) as tiles:
        return tiles.tile(tiles.names[0])


def _draws(file: str, recipe: TileRecipe) -> Iterator[_Draw]:
    ground = _SAME_GROUND.get(file, file)
    for code in recipe.regions:
        region = REGIONS[code]
        own = {name for name, _ in region.instruments}
        others = [name for name in INSTRUMENTS if name not in own]
        for number in range(recipe.counts()[file]):
            turn, window = divmod(number, TILES_PER_PLACE)
            place = _place(ground, turn)
            subregion = region.subregions[turn % len(region.subregions)]
            yield _Draw(
                name=f"{subregion}-{place}-{window}",
                region=code,
                subregion=subregion,
                place=place,
                window=recipe.seed * _WINDOWS + window,
                date=int(file in _OTHER_DATE),
                sensor=others[number % len(others)] if file in _OTHER_SENSOR else None,
                held_out=file in _OTHER_SPECTRA,
            )


def _place(file: str, turn: int) -> int:
    own = _OWN_PLACES[file]
    rounds, which = divmod(turn, len(own))
    return rounds * _TURNS + own[which]


def _drawn(draw: _Draw, recipe: TileRecipe) -> Tile:
    world = draw_regional_world(
        draw.region,
        draw.window,
        size=recipe.size,
        resolution=recipe.resolution,
        place=draw.place,
        date=draw.date,
        sensor=draw.sensor,
        held_out=draw.held_out,
        features=recipe.features,
        terrain_cache=settings().data_dir / "terrain",
    )
    return tile_of_world(world, draw.name, draw.subregion)


def tile_of_world(world: World, name: str, subregion: str) -> Tile:
    """Take what a tile holds out of a simulated world.

    Glaciers that cannot be told, under cloud or where nothing was seen, are not labelled.

    Parameters
    ----------
    world : World
        With a place.
    name : str
        Of the tile.
    subregion : str
    """
    hidden = ~world.valid | ~np.isfinite(world.elevation)
    optical = np.where(hidden, np.float32(np.nan), world.optical)
    debris = world.glacier & (world.surface == SurfaceClass.DEBRIS)
    return Tile(
        name=name,
        region=world.region,
        subregion=subregion,
        features={
            "optical": optical,
            "elevation": world.elevation,
            "slope": world.slope,
            **world.features,
        },
        glacier=world.glacier,
        labelled=world.weight > 0,
        valid=np.asarray(np.isfinite(optical).all(axis=0)),
        bounds=bounds_around(
            world.longitude, world.latitude, world.glacier.shape, world.resolution
        ),
        debris=debris,
        surface=world.surface,
        shadow=world.shadow,
        sensor=world.sensor,
        acquired=world.acquired,
    )


def bounds_around(
    longitude: float, latitude: float, shape: tuple[int, ...], resolution: float
) -> Bounds:
    """Return the bounds in degrees of square pixels around a place, on the WGS 84 ellipsoid.

    Parameters
    ----------
    longitude, latitude : float
        Degrees, of the centre.
    shape : tuple of int
        Rows and columns.
    resolution : float
        m.
    """
    rows, columns = shape
    up, aside = rows * resolution / 2, columns * resolution / 2
    directions, distances = [0.0, 90.0, 180.0, 270.0], [up, aside, up, aside]
    east, north, _ = Geod(ellps="WGS84").fwd([longitude] * 4, [latitude] * 4, directions, distances)
    return Bounds(float(east[3]), float(north[2]), float(east[1]), float(north[0]))
