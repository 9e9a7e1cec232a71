"""What pages have opened or computed, kept once for all readers, as much as memory is to hold."""

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping
from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import shapely
import streamlit as st
import xarray as xr
from streamlit.runtime.scriptrunner import get_script_run_ctx

from glacier_core.settings import settings

P, R = ParamSpec("P"), TypeVar("R")

ALWAYS_KEPT = 2
"""Newest things of a kind that stay whatever their size: one of them is being shown."""


class Shelf:
    """Keeps things by name; those used longest ago leave when all are too large together.

    Every method may be called from any thread; a thing is made once, however many ask for it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[str, Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, kind: str, name: Hashable, make: Callable[[], Any]) -> Any:
        """Return a thing, made if it is not there; what making raises is not remembered."""
        key = (kind, name)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][1]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return self._kept[key][1]
            try:
                value = make()
                size = bytes_of(value)
                with self._lock:
                    self._kept[key] = (kind, value, size)
                    self._make_room()
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return value

    def forget(self, kind: str, name: Hashable) -> None:
        """Let go of a thing that is to be made anew."""
        with self._lock:
            self._kept.pop((kind, name), None)

    def bytes(self) -> int:
        """Return how large all things are together."""
        with self._lock:
            return sum(size for _, _, size in self._kept.values())

    def _make_room(self) -> None:
        total = sum(size for _, _, size in self._kept.values())
        left = Counter(kind for kind, _, _ in self._kept.values())
        for key in list(self._kept):
            kind, _, size = self._kept[key]
            if total <= settings().page_megabytes * 1_000_000:
                return
            if left[kind] > ALWAYS_KEPT:
                del self._kept[key]
                left[kind] -= 1
                total -= size


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """Return the one shelf of this process."""
    return Shelf()


def shared(spinner: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Keep what a function returns, by its arguments, once for all readers.

    As ``st.cache_resource``, but bounded by size; arguments whose names begin with an underscore
    do not count either.

    Parameters
    ----------
    spinner : str
        What is said meanwhile; empty for nothing.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        kind, expected = f"{function.__module__}.{function.__qualname__}", signature(function)

        @wraps(function)
        def kept(*args: P.args, **options: P.kwargs) -> R:
            bound = expected.bind(*args, **options).arguments
            name = tuple(value for key, value in bound.items() if not key.startswith("_"))

            def make() -> R:
                told = bool(spinner) and get_script_run_ctx() is not None
                with st.spinner(spinner) if told else nullcontext():
                    return function(*args, **options)

            value: R = shelf().get(kind, name, make)
            return value

        return kept

    return decorate


def forget(function: Callable[..., Any], *args: Hashable) -> None:
    """Let go of what a shared function returned for these arguments."""
    shelf().forget(f"{function.__module__}.{function.__qualname__}", args)


def bytes_of(value: Any) -> int:
    """Return about how much memory something takes; what it holds twice counts once."""
    return _bytes_of(value, set())


def _bytes_of(value: Any, seen: set[int]) -> int:
    if id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray | xr.Dataset | xr.DataArray):
        return int(value.nbytes)
    if isinstance(value, pd.DataFrame | pd.Series):
        return _bytes_of_table(value)
    if isinstance(value, Mapping):
        return sum(_bytes_of(part, seen) for pair in value.items() for part in pair)
    if isinstance(value, list | tuple | set | frozenset):
        return sys.getsizeof(value) + sum(_bytes_of(part, seen) for part in value)
    if is_dataclass(value):
        return sum(_bytes_of(getattr(value, one.name), seen) for one in fields(value))
    if hasattr(value, "parameters") and hasattr(value, "buffers"):  # a network
        tensors = [*value.parameters(), *value.buffers()]
        return sum(int(tensor.nbytes) for tensor in tensors)
    return sys.getsizeof(value)


def _bytes_of_table(table: "pd.DataFrame | pd.Series[Any]") -> int:
    size = int(np.sum(table.memory_usage(deep=True)))
    for name in getattr(table, "columns", ()):
        if str(table[name].dtype) == "geometry":
            size += 16 * int(shapely.get_num_coordinates(table[name].to_numpy()).sum())
    return size
