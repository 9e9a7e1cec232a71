"""What is held in memory so that it need not be read or made again: bounded in bytes, shared.

All threads of a process get the very same object, so nobody may change one. What was used longest
ago leaves first. What somebody still uses does not go away by that: Python keeps it, and as long
as it does, whoever asks next gets it too.
"""

import sys
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

import numpy as np
import pandas as pd
import shapely
import xarray as xr
from cachetools import LRUCache

from glacier_core.settings import settings

_T = TypeVar("_T")

Key = tuple[Hashable, ...]
"""Says what an object is and all that it was made from."""

COORDINATE_BYTES: Final = 16
"""Of a vertex, two numbers in double precision."""

GEOMETRY_BYTES: Final = 200
"""Of a geometry besides its vertices, as GEOS and Python keep it; about."""


MEASURED: Final = 1000
"""Parts of a long list that are measured, evenly spread; the others are taken to be like them."""


@dataclass(frozen=True)
class _Kept:
    """An object, its size, and how many parts it had then: cached properties add some."""

    thing: Any
    bytes: int
    parts: int


class Memory:
    """Objects by what they were made from.

    Every method may be called from any thread.

    Parameters
    ----------
    limit : float
        Bytes that may be held, as `size_of` counts them. A single object beyond it is handed out
        and not held.
    """

    def __init__(self, limit: float) -> None:
        self._lock = threading.Lock()
        self._held: LRUCache[Key, _Kept] = LRUCache(limit, getsizeof=lambda kept: kept.bytes)
        self._used: WeakValueDictionary[Key, Any] = WeakValueDictionary()
        self._making: dict[Key, threading.Lock] = {}

    @property
    def bytes(self) -> int:
        """How much is held."""
        return int(self._held.currsize)

    def get(self, key: Key, make: Callable[[], _T]) -> _T:
        """Return an object, made if it is not there yet.

        Several threads that ask for the same object wait for the first of them. What `make`
        raises is raised and not remembered.

        Parameters
        ----------
        key : tuple
            Whatever decides the object must be in it.
        make : callable
        """
        while True:
            with self._lock:
                found = self._look(key)
                turn = self._making.setdefault(key, threading.Lock()) if found is None else None
            if turn is None:
                self._hold(key, found)
                return found  # type: ignore[no-any-return]
            with turn:
                with self._lock:
                    if self._making.get(key) is not turn:
                        continue  # somebody else made it, or failed, while this one waited
                try:
                    made = make()
                    self._hold(key, made)
                finally:
                    with self._lock:
                        del self._making[key]
            return made

    def forget(self, *start: Hashable) -> None:
        """Let go of all objects whose key starts like this; of everything if nothing is given."""
        with self._lock:
            for shelf in (self._held, self._used):
                for key in [key for key in shelf if key[: len(start)] == start]:
                    shelf.pop(key, None)

    def _look(self, key: Key) -> Any:
        kept = self._held.get(key)
        return self._used.get(key) if kept is None else kept.thing

    def _hold(self, key: Key, found: Any) -> None:
        """Note the use of an object; one that has grown since is measured anew."""
        with self._lock:
            kept = self._held.get(key)
        parts = len(getattr(found, "__dict__", ()))
        if kept is None or kept.parts != parts:
            kept = _Kept(found, size_of(found), parts)
        with self._lock:
            self._held.pop(key, None)
            if kept.bytes <= self._held.maxsize:
                self._held[key] = kept
            try:
                self._used[key] = found
            except TypeError:  # numbers, texts and tuples cannot be watched
                self._used.pop(key, None)


@lru_cache(maxsize=1)
def memory() -> Memory:
    """Return the memory of this process; ``settings().memory_cache_megabytes`` is its size."""
    return Memory(settings().memory_cache_megabytes * 1_000_000)


def size_of(thing: Any) -> int:
    """Return about how many bytes of memory an object takes, with all it is made of.

    Arrays, rasters and tables are counted as they lie in memory; geometries by their vertices;
    networks by their weights. What two objects share is counted for both.
    """
    return _size(thing, set())


def _size(thing: Any, seen: set[int]) -> int:
    if thing is None or id(thing) in seen:
        return 0
    seen.add(id(thing))
    for kind, count in _COUNTERS:
        if isinstance(thing, kind):
            return count(thing, seen)
    if is_dataclass(thing) and not isinstance(thing, type):
        names = {field.name for field in fields(thing)} | set(getattr(thing, "__dict__", {}))
        return sum(_size(getattr(thing, name, None), seen) for name in names)
    if callable(weights := getattr(thing, "state_dict", None)):
        return sum(tensor.nbytes for tensor in weights().values())
    return sys.getsizeof(thing)


def _of_array(array: Any, seen: set[int]) -> int:
    # Views share their base, which may be larger and is what memory holds.
    base = array if array.base is None else array.base
    if base is not array:
        if id(base) in seen:
            return 0
        seen.add(id(base))
    whole = base.nbytes if isinstance(base, np.ndarray) else array.nbytes
    return int(max(whole, array.nbytes)) + _of_geometries(array)


def _of_geometries(array: Any) -> int:
    if array.dtype != object or not shapely.is_geometry(array).any():
        return 0
    coordinates = int(shapely.get_num_coordinates(array).sum())
    return coordinates * COORDINATE_BYTES + int(array.size) * GEOMETRY_BYTES


def _of_raster(raster: Any, seen: set[int]) -> int:
    layers = raster.variables if isinstance(raster, xr.Dataset) else {"": raster.variable}
    total = 0
    for layer in layers.values():
        held = layer._data
        total += _size(held, seen) if isinstance(held, np.ndarray) else int(layer.nbytes)
    return total


def _of_table(table: Any, _: set[int]) -> int:
    total = 0
    for name in table.columns:
        column = table[name]
        total += int(column.memory_usage(index=False, deep=True))
        if str(column.dtype) == "geometry":
            total += _of_geometries(np.asarray(column.array, dtype=object))
    return total + int(table.index.memory_usage(deep=True))


def _of_mapping(mapping: Any, seen: set[int]) -> int:
    return sys.getsizeof(mapping) + sum(
        _size(key, seen) + _size(value, seen) for key, value in mapping.items()
    )


def _of_sequence(sequence: Any, seen: set[int]) -> int:
    parts = list(sequence)
    told = parts[:: max(1, len(parts) // MEASURED)]
    share = len(parts) / max(len(told), 1)
    return sys.getsizeof(sequence) + int(share * sum(_size(part, seen) for part in told))


_COUNTERS: Final[tuple[tuple[Any, Callable[[Any, set[int]], int]], ...]] = (
    (np.ndarray, _of_array),
    ((xr.Dataset, xr.DataArray), _of_raster),
    (pd.DataFrame, _of_table),
    (pd.Series, lambda series, seen: _of_table(series.to_frame("x"), seen)),
    (Mapping, _of_mapping),
    ((list, tuple, set, frozenset), _of_sequence),
)
