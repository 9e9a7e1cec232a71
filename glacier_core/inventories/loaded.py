"""The index in memory, ready to be searched."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from glacier_core.errors import OutlineError
from glacier_core.inventories.building import index_path
from glacier_core.inventories.index_table import COLUMNS, rectangles
from glacier_core.inventories.index_table import CRS as WGS84
from glacier_core.inventories.names import folded
from glacier_core.inventories.well_known import well_known_glaciers

_NEAR: Final = 0.1
"""Degrees that a glacier may lie outside of the rough rectangle of one of its name."""


@dataclass(frozen=True, eq=False)
class GlacierIndex:
    """Every glacier that can be found, and what it is found under.

    Attributes
    ----------
    table : pandas.DataFrame
        The columns of :data:`glacier_core.inventories.index_table.COLUMNS`, without geometry.
    keys : pyarrow.Array of string
        Folded names, see :mod:`glacier_core.inventories.names`.
    rows : ndarray of int64
        Row of the table that every key belongs to.
    """

    table: pd.DataFrame
    keys: pa.Array
    rows: NDArray[np.int64]

    @cached_property
    def key_list(self) -> list[str]:
        """The keys as Python texts, which RapidFuzz takes."""
        texts: list[str] = self.keys.to_pylist()
        return texts

    @cached_property
    def tree(self) -> shapely.STRtree:
        """The rectangles of all glaciers, in the order of the table."""
        return shapely.STRtree(rectangles(self.bounds))

    @cached_property
    def bounds(self) -> NDArray[np.float64]:
        """West, south, east and north of every row."""
        return self.table[["west", "south", "east", "north"]].to_numpy(dtype=np.float64)

    @cached_property
    def places(self) -> tuple[list[str], NDArray[np.int64]]:
        """Where glaciers are, folded (region, its number, country), and which row is where."""
        written = self.table["region_name"] + " " + self.table["region"]
        codes, known = pd.factorize(written + " " + self.table["country"])
        return [folded(text) for text in known], np.asarray(codes, dtype=np.int64)

    def taken(self, rows: NDArray[np.int64]) -> gpd.GeoDataFrame:
        """Return rows of the index, with their rectangles, numbered anew."""
        table = self.table.iloc[rows].reset_index(drop=True)
        frame = gpd.GeoDataFrame(table, geometry=rectangles(self.bounds[rows]), crs=WGS84)
        return frame[list(COLUMNS)]


def glacier_index() -> GlacierIndex:
    """Return the index of this installation: the one built here, and the well-known glaciers."""
    path = index_path()
    if not path.is_file():
        return _shipped()
    facts = path.stat()
    return _loaded((path, facts.st_mtime_ns, facts.st_size))


def has_full_index() -> bool:
    """Tell whether all glaciers can be found here, or the well-known ones only."""
    return index_path().is_file()


@lru_cache(maxsize=1)
def _shipped() -> GlacierIndex:
    return indexed(pd.DataFrame(well_known_glaciers().drop(columns="geometry")))


@lru_cache(maxsize=1)
def _loaded(version: tuple[Path, int, int]) -> GlacierIndex:
    """Load a file once as long as its time and size stay."""
    return opened_index(version[0])


def opened_index(path: Path) -> GlacierIndex:
    """Load an index and add the well-known glaciers that it does not hold.

    Parameters
    ----------
    path : Path
        As :func:`glacier_core.inventories.building.build_index` writes it.

    Raises
    ------
    OutlineError
        When it is damaged, or no such index.
    """
    try:
        table = pq.read_table(path, columns=list(COLUMNS[:-1])).to_pandas()
    except (pa.ArrowException, OSError, KeyError) as problem:
        raise OutlineError(
            f"The index of glaciers {path.name} cannot be read. Build it again: "
            "glacier-core glaciers index."
        ) from problem
    known = pd.DataFrame(well_known_glaciers().drop(columns="geometry"))
    matches = _matches(table, known)
    # The inventory does not tell the country of a glacier.
    table.loc[matches["row"], "country"] = known["country"].to_numpy()[matches["known"]]
    missing = known.drop(index=known.index[matches["known"].unique()])
    return indexed(pd.concat([table, missing]))


def indexed(table: pd.DataFrame) -> GlacierIndex:
    """Make a table searchable.

    Parameters
    ----------
    table : pandas.DataFrame
        The columns of :data:`glacier_core.inventories.index_table.COLUMNS`, without geometry.
    """
    table = table.reset_index(drop=True)
    keys, rows = _split_keys(table)
    return GlacierIndex(table=table, keys=keys, rows=rows)


def _split_keys(table: pd.DataFrame) -> tuple[pa.Array, NDArray[np.int64]]:
    """Return every key of a table, and the position of the row it is a key of."""
    lists = pc.split_pattern(pa.array(table["search_keys"], type=pa.string()), "|")
    keys, rows = pc.list_flatten(lists), pc.list_parent_indices(lists)
    real = pc.not_equal(keys, "")
    return keys.filter(real), rows.filter(real).to_numpy().astype(np.int64)


def _matches(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """Tell which rows of an index are which well-known glaciers: one name at one place."""
    ours, theirs = _keyed(known), _keyed(table, _split_keys(known)[0])
    pairs = ours.merge(theirs, on="key").drop_duplicates(["row_x", "row_y"])
    box = known.iloc[pairs["row_x"]].reset_index(drop=True)
    spot = table.iloc[pairs["row_y"]].reset_index(drop=True)
    within = (
        spot["longitude"].between(box["west"] - _NEAR, box["east"] + _NEAR)
        & spot["latitude"].between(box["south"] - _NEAR, box["north"] + _NEAR)
    ).to_numpy()
    found = pairs[within].rename(columns={"row_x": "known", "row_y": "row"})
    return found[["known", "row"]].reset_index(drop=True)


def _keyed(frame: pd.DataFrame, wanted: pa.Array | None = None) -> pd.DataFrame:
    keys, rows = _split_keys(frame)
    if wanted is not None:
        real = pc.is_in(keys, wanted)
        keys, rows = keys.filter(real), rows[real.to_numpy(zero_copy_only=False)]
    return pd.DataFrame({"key": keys.to_pandas(), "row": rows})
