"""Pickles of numbers read as data: nothing that a file names is ever imported or called.

A pickle is a program for a small machine with a stack, and that machine calls what the program
names. Here its instructions are only listed, by Python's own `pickletools.genops`, and the few
that numbers need are followed on values that do nothing (`glacier_core.models.inert_values`);
any other instruction ends the reading. What each does stands in ``pickletools`` and in PEP 307,
3154 and 574.
"""

import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

from glacier_core.models.inert_values import RefusedPickle, called, known_name, made, set_state

LARGEST: Final = 1_000_000
"""Bytes of a file; a published one has some thousand."""

MOST_INSTRUCTIONS: Final = 1000
"""Of a file; a fitted estimator takes about a hundred, as arrays are stored in one piece."""

PROTOCOLS: Final = (2, 3, 4, 5)

_MARK: Final = object()


def read_inert(content: bytes) -> Any:
    """Read a pickle as data.

    Parameters
    ----------
    content : bytes
        The whole file, in protocol 2, 3, 4 or 5.

    Returns
    -------
    object
        None, bool, int, float, str, bytes, bytearray, a tuple, a dict with keys of text, or a
        class of `glacier_core.models.inert_values`, and the like within.

    Raises
    ------
    RefusedPickle
        If it is too large, damaged, or does anything but describe numbers.
    """
    if len(content) > LARGEST:
        raise RefusedPickle(f"has {len(content):,} bytes; at most {LARGEST:,} are read")
    machine, stream = _Machine(len(content)), BytesIO(content)
    try:
        for number, (instruction, argument, _) in enumerate(pickletools.genops(stream)):
            if number == 0 and instruction.name != "PROTO":
                raise RefusedPickle("does not begin like a pickle of protocol 2 to 5")
            if number == MOST_INSTRUCTIONS:
                raise RefusedPickle(f"has more than {MOST_INSTRUCTIONS:,} instructions")
            if instruction.name == "STOP":
                return machine.result(stream.read())
            machine.follow(instruction.name, argument)
    except RefusedPickle:
        raise
    except ValueError as error:  # pickletools' own, whatever is wrong with the bytes
        raise RefusedPickle("is damaged, cut off or no pickle at all") from error
    raise AssertionError("genops ends with STOP or with an error")


@dataclass
class _Machine:
    size: int
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def follow(self, instruction: str, argument: Any) -> None:
        if instruction in _CONSTANTS:
            self.stack.append(_CONSTANTS[instruction])
        elif instruction in _VALUES:
            self.stack.append(argument)
        elif instruction in _STEPS:
            _STEPS[instruction](self, argument)
        else:
            raise RefusedPickle(f"holds the instruction {instruction}, which numbers do not need")

    def result(self, rest: bytes) -> Any:
        found = self.pop()
        if self.stack or rest:
            raise RefusedPickle("holds more than one value")
        return found

    def pop(self) -> Any:
        if not self.stack or self.stack[-1] is _MARK:
            raise RefusedPickle("takes values that it never made")
        return self.stack.pop()

    def top(self) -> Any:
        value = self.pop()
        self.stack.append(value)
        return value

    def pop_to_mark(self) -> list[Any]:
        values = []
        while self.stack and self.stack[-1] is not _MARK:
            values.append(self.stack.pop())
        if not self.stack:
            raise RefusedPickle("takes values that it never made")
        self.stack.pop()
        return values[::-1]

    def begin(self, protocol: int) -> None:
        if protocol not in PROTOCOLS:
            raise RefusedPickle(f"is of protocol {protocol}; 2 to 5 are read")

    def frame(self, length: int) -> None:
        if length > self.size:
            raise RefusedPickle("announces more bytes than it has")

    def mark(self, _: None) -> None:
        self.stack.append(_MARK)

    def dictionary(self, _: None) -> None:
        self.stack.append({})

    def last(self, count: int) -> None:
        """Join the last values to a tuple."""
        self.stack.append(tuple([self.pop() for _ in range(count)][::-1]))

    def since_mark(self, _: None) -> None:
        self.stack.append(tuple(self.pop_to_mark()))

    def set_item(self, _: None) -> None:
        value, key = self.pop(), self.pop()
        self.set([key, value])

    def set_items(self, _: None) -> None:
        self.set(self.pop_to_mark())

    def set(self, items: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise RefusedPickle("fills what is no dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) is not str or key in target:
                raise RefusedPickle("has attributes that are no text, or one of them twice")
            target[key] = value

    def put(self, place: int | None) -> None:
        self.memo[len(self.memo) if place is None else place] = self.top()

    def get(self, place: int) -> None:
        if place not in self.memo:
            raise RefusedPickle("takes values that it never made")
        self.stack.append(self.memo[place])

    def name(self, joined: str) -> None:
        """Take module and name as genops joins the two lines of the instruction."""
        module, _, name = joined.partition(" ")
        self.stack.append(known_name(module, name))

    def name_on_stack(self, _: None) -> None:
        name, module = self.pop(), self.pop()
        if type(name) is not str or type(module) is not str:
            raise RefusedPickle("makes a name of what is no text")
        self.stack.append(known_name(module, name))

    def call(self, _: None) -> None:
        arguments, name = self.pop(), self.pop()
        self.stack.append(called(name, arguments))

    def new(self, _: None) -> None:
        arguments, name = self.pop(), self.pop()
        self.stack.append(made(name, arguments))

    def build(self, _: None) -> None:
        state = self.pop()
        set_state(self.top(), state)


_CONSTANTS: Final = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}

_VALUES: Final = frozenset(
    {
        *("BININT", "BININT1", "BININT2", "BINFLOAT", "SHORT_BINUNICODE", "BINUNICODE"),
        *("SHORT_BINBYTES", "BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)

_STEPS: Final[dict[str, Callable[[_Machine, Any], None]]] = {
    "PROTO": _Machine.begin,
    "FRAME": _Machine.frame,
    "MARK": _Machine.mark,
    "EMPTY_DICT": _Machine.dictionary,
    "TUPLE": _Machine.since_mark,
    "TUPLE1": lambda machine, _: machine.last(1),
    "TUPLE2": lambda machine, _: machine.last(2),
    "TUPLE3": lambda machine, _: machine.last(3),
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.put,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_on_stack,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.new,
    "BUILD": _Machine.build,
}
"""All that is followed; what is not here is refused."""
