"""What a tile file must be before anything of it is used."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SourceError
from glacier_core.settings import settings
from glacier_core.sources.tile_layout import (
    ALWAYS,
    CHANNELS,
    DEGREES,
    LABEL_CHANNELS,
    OUTLINES,
    Bounds,
)

_PICKLES: Final = (".pickle", ".pkl")
_TROUBLES: Final = (OSError, RuntimeError, KeyError, ValueError, TypeError)
"""What h5py raises where a file is damaged."""

_TIFF: Final = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_AGAIN: Final = "Download or write the file again and compare its size with the original."


def open_hdf5(path: Path) -> h5py.File:
    """Open a tile file for reading, without a lock: media may be read-only or shared.

    Raises
    ------
    SourceError
        When there is no such file, or it is no HDF5, or damaged.
    """
    _check_beginning(path)
    try:
        return h5py.File(path, "r", locking=False)
    except _TROUBLES as problem:
        raise SourceError(
            f"{path.name} is damaged or incomplete: it begins like HDF5, but cannot be opened "
            f"({str(problem)[:120]!r}). {_AGAIN}"
        ) from problem


def _check_beginning(path: Path) -> None:
    if not path.is_file():
        raise SourceError(f"There is no tile file {path}.")
    try:
        with path.open("rb") as file:
            beginning = file.read(8)
        right = h5py.is_hdf5(path)
    except OSError as problem:
        raise SourceError(f"{path} cannot be read: {problem}. Check its rights.") from problem
    if right:
        return
    if path.suffix.lower() in _PICKLES or beginning[:1] == b"\x80":
        raise SourceError(
            f"{path.name} is a Python pickle. Reading one runs any program hidden in it, so none "
            "is ever read here. The authors' independent acquisitions come as pickles: take the "
            "imagery and the elevations they were made from as GeoTIFFs and make a scene of them "
            "with `glacier-core scene import`."
        )
    if beginning[:4] in _TIFF:
        raise SourceError(
            f"{path.name} is a GeoTIFF, not a file of tiles. Imagery becomes a scene with "
            "`glacier-core scene import`; a raster of glaciers becomes outlines in any GIS "
            "(gdal_polygonize.py)."
        )
    raise SourceError(
        f"{path.name} is not HDF5, whatever its name says (its first bytes are {beginning!r}). "
        "If it was downloaded, open it in a text editor: it may hold an error message instead."
    )


@contextmanager
def reading(where: str) -> Iterator[None]:
    """Turn what h5py raises on damage into a sentence that says where."""
    try:
        yield
    except _TROUBLES as problem:
        raise SourceError(
            f"{where} is damaged and cannot be read ({str(problem)[:120]!r}). {_AGAIN}"
        ) from problem


def tile_names(file: h5py.File, name: str) -> tuple[str, ...]:
    """Return the names of all tiles of a file, sorted.

    Raises
    ------
    SourceError
        When there is none, or something that is no tile.
    """
    with reading(name):
        names = tuple(sorted(file))
        strange = [key for key in names if not _is_own(file, key, h5py.Group)]
    if strange:
        raise SourceError(
            f"{name} holds {strange[0]!r}, which is no group of datasets. A tile file has one "
            "group for each tile and nothing else: see the section Tile dataset of docs/formats.md."
        )
    if not names:
        raise SourceError(
            f"{name} holds no tile. Write it again, or take the file that has the tiles."
        )
    return names


def check_tile(group: h5py.Group, where: str) -> tuple[int, int]:
    """Check names, kinds and shapes of all datasets of a tile, and return its rows and columns.

    Raises
    ------
    SourceError
        When one is missing or not as it should be.
    """
    missing = [name for name in (*ALWAYS, OUTLINES) if name not in group]
    if missing:
        raise SourceError(
            f"{where} has no dataset {missing[0]!r}. Every tile needs {', '.join(ALWAYS)} and "
            f"{OUTLINES}: add it, or delete the tile from the file."
        )
    expected = {**CHANNELS, **LABEL_CHANNELS}
    present = [name for name in expected if name in group]
    sizes = {
        name: _check_dataset(group, name, expected[name], f"{where}, dataset {name}")
        for name in present
    }
    size = sizes["optical"]
    for name, other in sizes.items():
        if other != size:
            raise SourceError(
                f"{where}, dataset {name} has {other[0]} x {other[1]} pixels, optical "
                f"{size[0]} x {size[1]}. Bring all datasets of the tile onto one grid."
            )
    return size


def _check_dataset(group: h5py.Group, name: str, channels: int, where: str) -> tuple[int, int]:
    with reading(where):
        own = _is_own(group, name, h5py.Dataset)
        if own:
            shape, kind = tuple(group[name].shape), group[name].dtype.kind
            elsewhere = group[name].is_virtual or group[name].external
    if not own or elsewhere:
        raise SourceError(
            f"{where} lies in another file or is no dataset. Copy the values into this file "
            "(h5repack or h5copy)."
        )
    if kind not in "fiub":
        raise SourceError(f"{where} holds no numbers. Store it as float64.")
    if channels == 1 and len(shape) == 2:
        shape = (*shape, 1)
    if len(shape) != 3:
        raise SourceError(f"{where} has the shape {shape}; expected (rows, columns, {channels}).")
    if shape[2] != channels:
        raise SourceError(
            f"{where} has {shape[2]} channels; expected are {channels}, last in the shape "
            f"(rows, columns, channels), and here it is {shape}. Bring them into that order."
        )
    _check_size(shape[0], shape[1], where)
    return shape[0], shape[1]


def _check_size(rows: int, columns: int, where: str) -> None:
    limit = settings().max_scene_pixels
    if not 0 < rows * columns <= limit:
        raise SourceError(
            f"{where} has {rows} x {columns} pixels; it must have some, and at most {limit:,} "
            "(GLACIER_MAX_SCENE_PIXELS). Cut it into smaller tiles."
        )


def _is_own(group: h5py.Group, name: str, kind: type) -> bool:
    """Whether something is in this very file: a link could point at any file of the machine."""
    return isinstance(group.get(name, getlink=True), h5py.HardLink) and (
        group.get(name, getclass=True) is kind
    )


def text_of(group: h5py.Group, name: str, where: str) -> str:
    """Return an attribute as text.

    Raises
    ------
    SourceError
        When it is not there, or no text.
    """
    value = _attribute(group, name, where)
    if not isinstance(value, str) or not value:
        raise SourceError(f"{where}: the attribute {name!r} is {value!r}; expected a text.")
    return value


def bounds_of(group: h5py.Group, where: str) -> Bounds:
    """Return the bounds of a tile in degrees.

    Raises
    ------
    SourceError
        When an attribute is missing, no number, no place on the globe, or not in EPSG:4326.
    """
    epsg = _number(group, "epsg", where)
    if epsg != DEGREES:
        raise SourceError(
            f"{where} is in EPSG:{epsg:g}; tiles are in degrees, EPSG:{DEGREES}. Warp it first."
        )
    bounds = Bounds(*(_number(group, name, where) for name in Bounds._fields))
    west, south, east, north = bounds
    if not (-360 <= west < east <= 360 and -90 <= south < north <= 90):
        raise SourceError(
            f"{where}: xmin..ymax is {tuple(bounds)}, no place on the globe. Give west, south, "
            "east and north in degrees."
        )
    return bounds


def _number(group: h5py.Group, name: str, where: str) -> float:
    value = _attribute(group, name, where)
    try:
        number = float(value.upper().removeprefix("EPSG:") if isinstance(value, str) else value)
    except (TypeError, ValueError):
        number = np.nan
    if not np.isfinite(number):
        raise SourceError(f"{where}: the attribute {name!r} is {value!r}; expected a number.")
    return number


def _attribute(group: h5py.Group, name: str, where: str) -> Any:
    with reading(f"{where}, attribute {name}"):
        present = name in group.attrs
        value = group.attrs[name] if present else None
    if not present:
        raise SourceError(
            f"{where} has no attribute {name!r}. Every tile says its region, subregion, epsg, "
            f"{', '.join(Bounds._fields)}."
        )
    if isinstance(value, np.generic | np.ndarray) and value.size == 1:
        value = value.item()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def check_labels(labels: NDArray[np.float64], where: str) -> None:
    """Check that outlines are one-hot: (1, 0) ground, (0, 1) glacier, (0, 0) not known.

    Raises
    ------
    SourceError
        When a pixel is anything else.
    """
    wrong = ~np.isin(labels, (0, 1)).all(axis=-1) | (labels.sum(axis=-1) > 1)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise SourceError(
            f"{where} is not one-hot in {wrong.sum()} pixels, the first in row {row}, column "
            f"{column}: {tuple(labels[row, column].tolist())}. Use (1, 0) for ground, (0, 1) for "
            "glacier and (0, 0) for what is not known."
        )
