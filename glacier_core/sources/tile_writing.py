"""Files of tiles, written whole or not at all."""

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import h5py
import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SourceError, StorageError
from glacier_core.sources.tile_layout import (
    ALWAYS,
    BRIGHT_DARK,
    CHANNELS,
    OUTLINES,
    SHADOW,
    SURFACE,
    stored_of,
)
from glacier_core.sources.tiles import Tile

_SIDES = ("top", "bottom", "left", "right")


def write_tiles(
    path: str | Path,
    tiles: Iterable[Tile],
    *,
    attributes: Mapping[str, str | int | bool] | None = None,
) -> Path:
    """Write tiles in the layout of the benchmark dataset, one after the other.

    Parameters
    ----------
    path : str or Path
        A file already there is replaced, once all tiles are written.
    tiles : iterable of Tile
        May be a generator: one tile at a time is in memory.
    attributes : mapping, optional
        Attributes of the file itself, such as ``{"simulated": True, "seed": 0}``.

    Returns
    -------
    Path

    Raises
    ------
    SourceError
        When two tiles have one name, a tile lacks a feature, or there is no tile.
    StorageError
        When the disk refuses. Nothing half written is left behind.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}-{uuid4().hex}")
    try:
        with _disk_troubles(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            disk = _Disk(beside, "w+")
        with disk:
            _fill(disk, tiles, attributes or {}, path)
        with _disk_troubles(path):
            beside.replace(path)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return path


class _Disk(io.FileIO):
    """A file that keeps its first trouble for later: HDF5 ends the process on a full disk."""

    trouble: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of it, or pretend to."""
        left = memoryview(data).cast("B")
        total = len(left)
        try:
            while left:
                left = left[super().write(left) or 0 :]
        except OSError as problem:
            self.trouble = self.trouble or problem
        return total

    def truncate(self, size: int | None = None) -> int:
        """Set the length, or pretend to."""
        try:
            return super().truncate(size)
        except OSError as problem:
            self.trouble = self.trouble or problem
            return size or 0

    def check(self) -> None:
        """Raise the trouble kept, if any."""
        if self.trouble is not None:
            raise self.trouble


@contextmanager
def _disk_troubles(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise StorageError(
            f"The tiles could not be written to {path}: {problem}. Nothing was kept. Check the "
            "free space and the rights of that folder."
        ) from problem


def _fill(disk: _Disk, tiles: Iterable[Tile], attributes: Mapping[str, Any], path: Path) -> None:
    with h5py.File(disk, "w") as file:
        file.attrs.update(attributes)
        for tile in tiles:
            _check(file, tile)
            _write(file, tile)
            file.flush()
            with _disk_troubles(path):
                disk.check()
        if not len(file):
            raise SourceError(f"There is no tile to write to {path}: give at least one.")
    with _disk_troubles(path):
        disk.check()
        os.fsync(disk.fileno())


def _write(file: h5py.File, tile: Tile) -> None:
    group = file.create_group(tile.name)
    group.attrs.update(_attributes(tile))
    for name, values in {**stored_of(tile.features), **_labels(tile)}.items():
        group.create_dataset(name, data=values)


def _check(file: h5py.File, tile: Tile) -> None:
    if tile.name in file or not tile.name or "/" in tile.name:
        raise SourceError(
            f"{tile.name!r} cannot name a tile: it is taken, empty or holds a slash. Tiles are "
            "named PREFIX-row-column."
        )
    needed = {"optical": (6, *tile.shape), "elevation": tile.shape, "slope": tile.shape}
    for name, channels in CHANNELS.items():
        if name in tile.features and name not in ALWAYS:
            needed[name] = tile.shape if channels == 1 else (channels, *tile.shape)
    for name, shape in needed.items():
        found = tile.features[name].shape if name in tile.features else "missing"
        if found != shape:
            raise SourceError(
                f"Tile {tile.name}: the feature {name} is {found}; expected the shape {shape}."
            )


def _attributes(tile: Tile) -> dict[str, Any]:
    rows, columns = tile.shape
    told = {"sensor": tile.sensor, "acquired": tile.acquired}
    return {
        "region": tile.region,
        "subregion": tile.subregion,
        "tile_name": tile.name,
        "epsg": tile.epsg,
        "height": rows,
        "width": columns,
        "original_height": rows,
        "original_width": columns,
        **{f"padding_{side}": 0 for side in _SIDES},
        **dict(zip(("xmin", "ymin", "xmax", "ymax"), tile.bounds, strict=True)),
        **{name: value for name, value in told.items() if value},
    }


def _labels(tile: Tile) -> dict[str, NDArray[Any]]:
    ground, glacier = tile.labelled & ~tile.glacier, tile.labelled & tile.glacier
    labels: dict[str, NDArray[Any]] = {OUTLINES: np.stack([ground, glacier], -1).astype(float)}
    if tile.debris is not None:
        bright, dark = glacier & ~tile.debris, glacier & tile.debris
        labels[BRIGHT_DARK] = np.stack([ground, bright, dark], -1).astype(np.uint8)
    if tile.surface is not None:
        labels[SURFACE] = tile.surface
    if tile.shadow is not None:
        labels[SHADOW] = tile.shadow.astype(np.uint8)
    return labels
