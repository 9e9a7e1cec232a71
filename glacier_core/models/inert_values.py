"""What a pickle of numbers may describe, as values that do nothing.

Names stand for themselves. What a file asks to be called or filled is made by hand here, for the
few kinds that a fitted estimator of scikit-learn consists of; how numpy describes an array stands
in ``numpy.ndarray.__reduce__`` and ``numpy.dtype.__reduce__``.

Values are only ever looked at place by place: a file may hold one value a million times over, or
within itself, and comparing or printing it whole would never end.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

NUMBERS: Final = ("f4", "f8")
ORDERS: Final = ("<", ">")
MOST_DIMENSIONS: Final = 2


class RefusedPickle(ValueError):  # noqa: N818  (what became of it, not what went wrong)
    """A pickle is not of the one kind that is read; says why, as the end of a sentence."""


@dataclass(frozen=True)
class Name:
    """A name that a pickle may hold, never looked up."""

    module: str
    name: str


@dataclass
class NumberKind:
    """A description of numbers, such as ``f8``, and the order of their bytes once it comes."""

    code: str
    order: str = ""


@dataclass
class NumberArray:
    """An array, and its numbers once they come."""

    values: NDArray[Any] | None = None


@dataclass
class Estimator:
    """An estimator of the one class that is read, and its attributes once they come."""

    attributes: dict[str, Any] | None = None


KERNEL_RIDGE: Final = Name("sklearn.kernel_ridge", "KernelRidge")
_ENCODE: Final = Name("_codecs", "encode")
_DTYPE: Final = Name("numpy", "dtype")
_NDARRAY: Final = Name("numpy", "ndarray")
_HOMES: Final = ("numpy.core", "numpy._core")  # before numpy 2, and since
_RECONSTRUCT: Final = [Name(f"{home}.multiarray", "_reconstruct") for home in _HOMES]
_FROM_BUFFER: Final = [Name(f"{home}.numeric", "_frombuffer") for home in _HOMES]


def known_name(module: str, name: str) -> Name:
    """Give a name as a mark.

    Raises
    ------
    RefusedPickle
        If it is none of those that numbers need.
    """
    found = Name(module, name)
    if found not in (KERNEL_RIDGE, _NDARRAY, *_CALLS):
        raise RefusedPickle(f"names {_shown(f'{module}.{name}')}, which numbers do not need")
    return found


def called(name: Any, arguments: Any) -> Any:
    """Give what calling a name would give, without calling it.

    Raises
    ------
    RefusedPickle
        If this is none of the calls that numbers need.
    """
    make = _CALLS.get(name) if type(name) is Name else None
    if make is None:
        raise RefusedPickle("calls something")
    return make(arguments)


def made(name: Any, arguments: Any) -> Estimator:
    """Give an empty object of a class.

    Raises
    ------
    RefusedPickle
        If it is of another class than the one that is read.
    """
    if type(name) is not Name or name != KERNEL_RIDGE or not _are(arguments):
        raise RefusedPickle("makes an object of another class")
    return Estimator()


def set_state(target: Any, state: Any) -> None:
    """Complete a value that was made before.

    Raises
    ------
    RefusedPickle
        If it has no state, has one already, or gets one that does not fit.
    """
    if type(target) is NumberKind and not target.order:
        _set_order(target, state)
    elif type(target) is NumberArray and target.values is None:
        _set_numbers(target, state)
    elif type(target) is Estimator and target.attributes is None and type(state) is dict:
        target.attributes = state
    else:
        raise RefusedPickle("sets a state that does not fit")


def _encoded(arguments: Any) -> bytes:
    """Give bytes that protocol 2 writes as text, for want of an instruction of their own."""
    if not _are(arguments, str, str) or arguments[1] != "latin1":
        raise RefusedPickle("encodes text in an unknown way")
    try:
        return bytes(arguments[0].encode("latin-1"))
    except UnicodeEncodeError as error:
        raise RefusedPickle("encodes text in an unknown way") from error


def _number_kind(arguments: Any) -> NumberKind:
    """Take a code and two flags, not to be aligned and to be copied; old files write 0 and 1."""
    flags = _are(arguments, str, bool, bool) or _are(arguments, str, int, int)
    if not flags or arguments[0] not in NUMBERS or arguments[1] or arguments[2] != 1:
        raise RefusedPickle("holds an array of something other than floating-point numbers")
    return NumberKind(arguments[0])


def _set_order(kind: NumberKind, state: Any) -> None:
    """Take version, order of bytes, and what simple numbers do not have."""
    none = type(None)
    fits = _are(state, int, str, none, none, none, int, int, int)
    if not fits or state[1] not in ORDERS or (state[0], *state[5:]) != (3, -1, -1, 0):
        raise RefusedPickle("holds an array of something other than floating-point numbers")
    kind.order = state[1]


def _empty_array(arguments: Any) -> NumberArray:
    fits = _are(arguments, Name, tuple, bytes) and _are(arguments[1], int)
    if not fits or arguments[0] != _NDARRAY or arguments[1][0] != 0 or arguments[2] != b"b":
        raise RefusedPickle("describes an array in an unknown way")
    return NumberArray()


def _set_numbers(array: NumberArray, state: Any) -> None:
    if not _are(state, int, tuple, NumberKind, bool, bytes) or state[0] != 1:
        raise RefusedPickle("describes an array in an unknown way")
    _, shape, kind, by_column, content = state
    array.values = _numbers(content, kind, shape, "F" if by_column else "C")


def _array_of_buffer(arguments: Any) -> NumberArray:
    fits = _are(arguments, bytes, NumberKind, tuple, str)
    if not (fits or _are(arguments, bytearray, NumberKind, tuple, str)):
        raise RefusedPickle("describes an array in an unknown way")
    content, kind, shape, order = arguments
    return NumberArray(_numbers(bytes(content), kind, shape, order))


def _numbers(content: bytes, kind: NumberKind, shape: Any, order: str) -> NDArray[Any]:
    if order not in ("C", "F") or not kind.order or len(shape) > MOST_DIMENSIONS:
        raise RefusedPickle("describes an array in an unknown way")
    sizes = [size for size in shape if type(size) is int and size > 0]
    dtype = np.dtype(kind.order + kind.code)
    if len(sizes) != len(shape) or math.prod(sizes) * dtype.itemsize != len(content):
        raise RefusedPickle("holds an array whose size is not that of its numbers")
    return np.frombuffer(content, dtype).reshape(sizes, order="C" if order == "C" else "F")


def _are(values: Any, *kinds: type) -> bool:
    """Tell whether values are a tuple of exactly these classes; nothing inside is looked at."""
    return type(values) is tuple and [type(value) for value in values] == list(kinds)


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:60]


_CALLS: Final[dict[Name, Callable[[Any], Any]]] = {
    _ENCODE: _encoded,
    _DTYPE: _number_kind,
    **dict.fromkeys(_RECONSTRUCT, _empty_array),
    **dict.fromkeys(_FROM_BUFFER, _array_of_buffer),
}
