"""What was opened or computed is shared by all readers, within one limit of memory.

The limit is ``settings().memory_cache_megabytes``. Streamlit's own caches count entries, and an
entry may be a scene of a gigabyte; they also know nothing of a scene that was fetched anew.
"""

from collections.abc import Callable, Hashable
from contextlib import nullcontext
from copy import deepcopy
from functools import update_wrapper
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

import streamlit as st

from glacier_core.memory import Key, memory
from glacier_core.models.registry import model_state
from glacier_core.sources import scene_state

_P = ParamSpec("_P")
_T = TypeVar("_T")

_STATES: dict[str, Callable[[str], Hashable]] = {"scene_id": scene_state, "model_id": model_state}


class Remembered(Generic[_P, _T]):
    """A function whose results are shared; see `remembered`."""

    def __init__(self, function: Callable[_P, _T], spinner: str, *, copied: bool) -> None:
        self._function, self._spinner, self._copied = function, spinner, copied
        self._names = list(signature(function).parameters)
        update_wrapper(self, function)

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Return the result of these arguments, made if it is not remembered."""
        found = self._found(*args, **kwargs)
        return deepcopy(found) if self._copied else found

    def clear(self) -> None:
        """Forget all results."""
        memory().forget(*self._start)

    def _found(self, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        key = self._key(args, kwargs)
        found = memory().get(key, lambda: self._make(*args, **kwargs))
        now = self._key(args, kwargs)
        if now == key:
            return found
        # The scene was made, or made anew, in the meantime: it is remembered as what it is now.
        memory().forget(*key)
        return memory().get(now, lambda: self._make(*args, **kwargs))

    @property
    def _start(self) -> Key:
        return self._function.__module__, self._function.__qualname__

    def _make(self, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with st.spinner(self._spinner) if self._spinner else nullcontext():
            return self._function(*args, **kwargs)

    def _key(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Key:
        given = {**dict(zip(self._names, args, strict=False)), **kwargs}
        decides = {name: value for name, value in given.items() if not name.startswith("_")}
        states = [_STATES[name](value) for name, value in decides.items() if name in _STATES]
        return (*self._start, *sorted(decides.items()), *states)


def remembered(
    spinner: str = "", *, copied: bool = False
) -> Callable[[Callable[_P, _T]], Remembered[_P, _T]]:
    """Share the results of a function among all readers, who must not change them.

    Parameters
    ----------
    spinner : str
        Shown while a result is made.
    copied : bool
        Whether everybody gets a copy, which may be changed; for small tables.

    Notes
    -----
    A result belongs to the arguments, but for those whose name starts with an underscore, and to
    the state on disk of a scene given as ``scene_id`` and of a model given as ``model_id``. Errors
    are not remembered, and neither is None.
    """
    return lambda function: Remembered(function, spinner, copied=copied)
