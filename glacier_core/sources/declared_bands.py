"""Which band of which file is which, as people declare it and files describe it."""

from collections.abc import Sequence
from pathlib import Path

from rasterio.io import DatasetReader

from glacier_core.errors import SceneError
from glacier_core.scene import BANDS
from glacier_core.sources.geotiffs import open_geotiff

Places = dict[str, tuple[Path, int]]
"""File and number (from 1) of every band that is needed, by its name."""


def declared_bands(paths: list[Path], bands: list[str]) -> Places:
    """Find the six bands in files, from their declared order.

    Parameters
    ----------
    paths : list of Path
        One file with all bands, or several whose bands follow each other.
    bands : list of str
        Names in the order of the files; those that are not needed may have any other.

    Raises
    ------
    SceneError
        When names and bands do not fit, or a file itself calls a band otherwise.
    """
    _check_declared(bands)
    places: Places = {}
    left = bands
    for path in paths:
        with open_geotiff(path) as raster:
            _check_count(path.name, raster.count, left, alone=len(paths) == 1)
            here, left = left[: raster.count], left[raster.count :]
            places |= _found(raster, path, here)
    if left or len(places) < len(BANDS):
        raise SceneError(
            f"The files hold too few bands: {', '.join(left)} missing. Give one file with all "
            f"bands, or one file a band, and declare them in order (needed: {', '.join(BANDS)})."
        )
    return places


def _found(raster: DatasetReader, path: Path, here: list[str]) -> Places:
    places = {}
    for index, name in enumerate(here, start=1):
        if name not in BANDS:
            continue
        described = (raster.descriptions[index - 1] or "").lower()
        if described in BANDS and described != name:
            raise SceneError(
                f"Band {index} is declared as {name}, but the file itself calls it {described}. "
                "Declare the bands in the order of the file."
            )
        places[name] = (path, index)
    return places


def _check_declared(bands: Sequence[str]) -> None:
    missing = [name for name in BANDS if name not in bands]
    twice = sorted({name for name in bands if name in BANDS and list(bands).count(name) > 1})
    if missing or twice:
        problem = f"{', '.join(missing)} missing" if missing else f"{', '.join(twice)} named twice"
        raise SceneError(
            f"The declared bands do not fit: {problem}. Name every band of the file in its order; "
            f"needed are {', '.join(BANDS)}."
        )


def _check_count(name: str, count: int, declared: list[str], *, alone: bool) -> None:
    bands = f"{count} band{'s' * (count != 1)}"
    if alone and count < len(BANDS):
        raise SceneError(
            f"{name} has {bands}; the network needs six ({', '.join(BANDS)}). A picture of red, "
            "green and blue is not enough: take the satellite product with its infrared bands."
        )
    if count > len(declared) or (alone and count < len(declared)):
        raise SceneError(
            f"{name} has {bands}, but declared are {len(declared)} ({', '.join(declared)}). "
            "Name every band in the order of the file; what is not needed may be called 'other'."
        )
