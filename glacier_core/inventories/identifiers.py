"""Ids of glaciers, as the inventories write them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["rgi7_id", "rgi6_id", "glims_id", "complex_id"]


@dataclass(frozen=True)
class Identifier:
    """One id, written as its inventory writes it.

    Attributes
    ----------
    kind : {"rgi7_id", "rgi6_id", "glims_id", "complex_id"}
        The column of the index that holds such ids.
    text : str
    """

    kind: Kind
    text: str


_PATTERNS: Final[tuple[tuple[re.Pattern[str], Kind, Callable[[re.Match[str]], str]], ...]] = (
    (
        re.compile(r"RGI2000-v7\.0-G-(\d{2})-(\d{5})", re.IGNORECASE),
        "rgi7_id",
        lambda found: f"RGI2000-v7.0-G-{found[1]}-{found[2]}",
    ),
    (
        re.compile(r"RGI2000-v7\.0-C-(\d{2})-(\d{5})", re.IGNORECASE),
        "complex_id",
        lambda found: f"RGI2000-v7.0-C-{found[1]}-{found[2]}",
    ),
    (
        # RGI 6.1 and 6.2 kept the ids of 6.0.
        re.compile(r"RGI6[012]-(\d{2})\.(\d{5})", re.IGNORECASE),
        "rgi6_id",
        lambda found: f"RGI60-{found[1]}.{found[2]}",
    ),
    (
        re.compile(r"G(\d{6})E(\d{5})([NS])", re.IGNORECASE),
        "glims_id",
        lambda found: found[0].upper(),
    ),
)


def identifier_in(text: str) -> Identifier | None:
    """Return the id a text is, or None where it is something else.

    Parameters
    ----------
    text : str
        An id of RGI 7.0 (``RGI2000-v7.0-G-11-03116``; with C, of a glacier complex), RGI 6
        (``RGI60-11.00897``) or GLIMS (``G010752E46802N``), in capitals or not.
    """
    for pattern, kind, written in _PATTERNS:
        if found := pattern.fullmatch(text.strip()):
            return Identifier(kind, written(found))
    return None
