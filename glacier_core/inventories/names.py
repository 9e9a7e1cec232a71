"""Names of glaciers, stripped of what people leave out, add or write otherwise."""

import re
import unicodedata
from typing import Final

from glacier_core.outlines.attributes import tidy_text

_LETTERS: Final = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ð": "d", "đ": "d", "þ": "th", "ł": "l", "ı": "i"}
)
"""Letters that are no letter with an accent; ß becomes ss by case folding."""

_DOUBLED: Final = re.compile(r"(a)[ae]+|([ou])e+")
"""Inventories write ä as ae and å as aa, others as a: so all do."""

_SHORT_WORDS: Final = {"mt": "mount", "st": "saint", "ste": "sainte", "gl": "glacier"}

_GLACIER: Final = ("glacier", "glaciers", "gletscher", "glaciar", "glaciares", "ghiacciaio")
_GLACIER_TOO: Final = ("ghiacciai", "vedretta", "lednik", "buzulu")
_LITTLE: Final = ("the", "of", "de", "del", "della", "di", "da", "do", "dos", "du", "des", "d")
_ARTICLES: Final = ("la", "le", "les", "l", "el", "los")
_COMMON_WORDS: Final = frozenset((*_GLACIER, *_GLACIER_TOO, *_LITTLE, *_ARTICLES))
_COMMON_ENDS: Final = re.compile(
    r"(?<=[a-z]{4})(?:gletscher|gletschern|glaciar|ferner|kees|jokull|jokul|isen|breen|bre)$"
)
_APART: Final = re.compile(r"[/()\[\];|=]| – | - ")
"""What stands between two names of one glacier."""


def folded(text: str) -> str:
    """Return a text in small plain letters and digits, words apart by one space.

    Accents and umlauts go, however they are written: Ölduféllsjökull, Oeldufellsjoekull and
    oldufellsjokull are folded alike. Other scripts keep their letters.

    Parameters
    ----------
    text : str
    """
    parted = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", parted)
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.sub(r"[\W_]+", " ", letters).split()
    whole = " ".join(_SHORT_WORDS.get(word, word) for word in words)
    return _DOUBLED.sub(lambda found: found[1] or found[2], whole)


def search_key(name: str) -> str:
    """Return a name as it is compared: folded, without spaces and words like "glacier".

    Parameters
    ----------
    name : str
        One name; where it is nothing but such words, they stay.
    """
    words = folded(name).split()
    telling = [word for word in words if word not in _COMMON_WORDS]
    return "".join(telling or words)


def search_keys(name: str) -> tuple[str, ...]:
    """Return every key under which a glacier of this name is found.

    Parameters
    ----------
    name : str
        May hold several names: ``Vallelunga / Langtauferer``, ``Hofsjökull E (Þjórsárjökull)``.

    Returns
    -------
    tuple of str
        The keys of the whole and of each name, and without endings like "gletscher"; none
        twice, the whole first.
    """
    parts = [part for part in _APART.split(name) if part.strip()]
    keys = [search_key(part) for part in (name, *parts)]
    short = [_COMMON_ENDS.sub("", key) for key in keys]
    return tuple(dict.fromkeys(key for key in (*keys, *short) if key))


def tidy_name(text: str) -> str:
    """Return a name as its file has it, empty where it is none."""
    kept = tidy_text(text)
    return "" if len(kept) < 2 or kept.lower() in {"no name", "unnamed"} else kept
