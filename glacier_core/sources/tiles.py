"""Tile datasets in HDF5, the authors' and simulated ones, read piece by piece.

>>> with TileSet("test.hdf5") as tiles:  # doctest: +SKIP
...     for tile in tiles:
...         print(tile.name, tile.region, tile.glacier.mean())
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from glacier_core.errors import SourceError
from glacier_core.sources.tile_checks import (
    bounds_of,
    check_labels,
    check_tile,
    open_hdf5,
    reading,
    text_of,
    tile_names,
)
from glacier_core.sources.tile_layout import (
    ALWAYS,
    BRIGHT_DARK,
    CHANNELS,
    DEGREES,
    OUTLINES,
    SHADOW,
    SURFACE,
    Bounds,
    Physical,
    Stored,
    features_of,
)

_EVERYTHING: Final = (slice(None), slice(None))
_DARK: Final = 2  # channel of dark ice; the first two are ground and bright ice
_OPTIONAL: Final = ("sensor", "acquired")
_EXTRAS: Final = {"debris": BRIGHT_DARK, "surface": SURFACE, "shadow": SHADOW}

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Tile:
    """A tile, or a part of one, in physical units.

    Attributes
    ----------
    name : str
    region, subregion : str
        Codes, such as "NZ" and "NZL".
    features : dict of ndarray of float32
        ``optical`` (6, H, W) reflectance, ``elevation`` (H, W) m, ``slope`` (H, W) degrees, and
        of the rest what there is: ``co_pol_sar`` and ``cross_pol_sar`` (2, H, W) linear sigma
        nought, ``in_sar`` (2, H, W) coherence, ``thermal`` (H, W) K. NaN is missing.
    glacier : ndarray of bool, (H, W)
    labelled : ndarray of bool, (H, W)
        Whether `glacier` is known there.
    valid : ndarray of bool, (H, W)
        Where all six bands and the elevation are there.
    bounds : tuple of float
        West, south, east and north edge, degrees.
    epsg : int
        4326.
    debris : ndarray of bool, (H, W), optional
        Debris-covered ("dark") ice, where the file tells it.
    surface : ndarray of uint8, (H, W), optional
        `SurfaceClass` of each pixel, in simulated tiles.
    shadow : ndarray of bool, (H, W), optional
        Cast or own shadow, in simulated tiles.
    sensor, acquired : str
        Instrument and ISO date, where the file tells them (the authors' files do not).
    """

    name: str
    region: str
    subregion: str
    features: dict[str, Physical]
    glacier: Mask
    labelled: Mask
    valid: Mask
    bounds: tuple[float, float, float, float]
    epsg: int = DEGREES
    debris: Mask | None = None
    surface: NDArray[np.uint8] | None = None
    shadow: Mask | None = None
    sensor: str = ""
    acquired: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.glacier.shape
        return rows, columns

    @property
    def centre(self) -> tuple[float, float]:
        """Longitude and latitude of the middle, degrees."""
        west, south, east, north = self.bounds
        return (west + east) / 2, (south + north) / 2


@dataclass(frozen=True)
class TileSummary:
    """What can be told of a tile without reading a pixel.

    Attributes
    ----------
    name, region, subregion : str
    shape : tuple of int
        Rows and columns.
    groups : tuple of str
        Feature groups in it: ``optical``, ``dem`` and maybe ``co_pol_sar`` and so on.
    bounds : Bounds
        Degrees.
    sensor, acquired : str
        Empty where the file does not tell.
    """

    name: str
    region: str
    subregion: str
    shape: tuple[int, int]
    groups: tuple[str, ...]
    bounds: Bounds
    sensor: str = ""
    acquired: str = ""


class TileSet:
    """A file of tiles, open for reading; no more of it is in memory than what was asked for.

    To be used by one thread at a time, and closed: best by ``with``. A copy sent to another
    process opens the file anew.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    SourceError
        When it is no file of tiles, or damaged; the file is closed again then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = open_hdf5(self.path)
        self._summaries: dict[str, TileSummary] = {}
        try:
            self.names: tuple[str, ...] = tile_names(self._file, self.path.name)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[type[Self], tuple[Path]]:
        return type(self), (self.path,)

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Tile]:
        return (self.tile(name) for name in self.names)

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        self._file.close()

    @property
    def regions(self) -> tuple[str, ...]:
        """Codes of the regions that the tiles lie in, sorted."""
        return tuple(sorted({self.summary(name).region for name in self.names}))

    @property
    def simulated(self) -> bool:
        """Whether the tiles are simulated; anything made from them has to say so too."""
        with reading(self.path.name):
            return bool(self._file.attrs.get("simulated", False))

    def summary(self, name: str) -> TileSummary:
        """Return what can be told of a tile without reading a pixel.

        Raises
        ------
        SourceError
            When there is no such tile, or its datasets or attributes are not as they should be.
        """
        if name not in self._summaries:
            self._summaries[name] = self._summarise(name)
        return self._summaries[name]

    def names_with(self, groups: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the tiles that hold all of these feature groups."""
        return tuple(name for name in self.names if set(groups) <= set(self.summary(name).groups))

    def tile(self, name: str) -> Tile:
        """Read one tile.

        Raises
        ------
        SourceError
            When there is no such tile, or it cannot be used: the message names the dataset.
        """
        summary = self.summary(name)
        tile = self._read(summary, summary.groups, _EVERYTHING, summary.bounds)
        if not tile.valid.any():
            raise SourceError(
                f"{self._where(name)}, datasets optical and dem hold no single usable pixel: all "
                "are NaN or 0. Write the tile again, or delete it from the file."
            )
        return tile

    def patch(
        self, name: str, top: int, left: int, size: int, features: Sequence[str] | None = None
    ) -> Tile:
        """Read a square part of a tile, and nothing else of it.

        Parameters
        ----------
        name : str
        top, left : int
            First row and column.
        size : int
            Rows and columns.
        features : sequence of str, optional
            Feature groups to read; all when left out. ``optical`` and ``dem`` always come, since
            they tell which pixels are valid.

        Raises
        ------
        SourceError
            When the tile has no such part or group, or cannot be used.
        """
        summary = self.summary(name)
        groups = summary.groups if features is None else tuple({*ALWAYS, *features})
        absent = sorted(set(groups) - set(summary.groups))
        if absent:
            raise SourceError(
                f"{self._where(name)} has no dataset {absent[0]!r}, only "
                f"{', '.join(summary.groups)}. Choose tiles with names_with."
            )
        rows, columns = summary.shape
        if not (0 <= top <= rows - size and 0 <= left <= columns - size and size > 0):
            raise SourceError(
                f"{self._where(name)} has {rows} x {columns} pixels: no {size} x {size} of them "
                f"begin in row {top}, column {left}."
            )
        window = (slice(top, top + size), slice(left, left + size))
        return self._read(summary, groups, window, _part_of(summary, window))

    def _read(
        self,
        summary: TileSummary,
        groups: Sequence[str],
        window: tuple[slice, slice],
        bounds: Bounds,
    ) -> Tile:
        where = self._where(summary.name)
        group = self._group(summary.name)
        labels = self._values(group, OUTLINES, window)
        check_labels(labels, f"{where}, dataset {OUTLINES}")
        order = [name for name in CHANNELS if name in groups]
        features = features_of({name: self._values(group, name, window) for name in order})
        complete = np.isfinite(features["optical"]).all(axis=0)
        return Tile(
            name=summary.name,
            region=summary.region,
            subregion=summary.subregion,
            features=features,
            glacier=labels[..., 1] == 1,
            labelled=np.asarray(labels.any(axis=-1)),
            valid=complete & np.isfinite(features["elevation"]),
            bounds=bounds,
            sensor=summary.sensor,
            acquired=summary.acquired,
            **self._extras(group, window),
        )

    def _extras(self, group: h5py.Group, window: tuple[slice, slice]) -> dict[str, Any]:
        with reading(self._where(group.name[1:])):
            present = {name for name in _EXTRAS.values() if name in group}
        layers = {
            field: self._values(group, name, window)
            for field, name in _EXTRAS.items()
            if name in present
        }
        extras: dict[str, Any] = {field: values[..., 0] for field, values in layers.items()}
        if "debris" in layers:
            extras["debris"] = layers["debris"][..., _DARK] > 0
        if "surface" in extras:
            extras["surface"] = extras["surface"].astype(np.uint8)
        if "shadow" in extras:
            extras["shadow"] = extras["shadow"] > 0
        return extras

    def _values(self, group: h5py.Group, name: str, window: tuple[slice, slice]) -> Stored:
        with reading(f"{self._where(group.name[1:])}, dataset {name}"):
            values: Stored = group[name][window].astype(np.float64)
        return values if values.ndim == 3 else values[..., np.newaxis]

    def _summarise(self, name: str) -> TileSummary:
        where = self._where(name)
        if name not in self.names:
            raise SourceError(
                f"{self.path.name} has no tile {name!r}. It has {len(self)}, the first is "
                f"{self.names[0]}."
            )
        group = self._group(name)
        with reading(where):
            groups = tuple(feature for feature in CHANNELS if feature in group)
            told = {key: text_of(group, key, where) for key in _OPTIONAL if key in group.attrs}
        return TileSummary(
            name=name,
            region=text_of(group, "region", where),
            subregion=text_of(group, "subregion", where),
            shape=check_tile(group, where),
            groups=groups,
            bounds=bounds_of(group, where),
            **told,
        )

    def _group(self, name: str) -> h5py.Group:
        if not self._file:
            raise SourceError(f"{self.path.name} is closed. Read its tiles inside the `with`.")
        with reading(self._where(name)):
            return self._file[name]

    def _where(self, name: str) -> str:
        return f"{self.path.name}, tile {name}"


def _part_of(summary: TileSummary, window: tuple[slice, slice]) -> Bounds:
    west, south, east, north = summary.bounds
    rows, columns = summary.shape
    across, down = (east - west) / columns, (north - south) / rows
    return Bounds(
        west + window[1].start * across,
        north - window[0].stop * down,
        west + window[1].stop * across,
        north - window[0].start * down,
    )
