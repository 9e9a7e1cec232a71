"""The words of an outline file, translated into the one schema."""

import re
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_NAMES: Final = {
    "glacier_id": (
        "glacierid",
        "rgiid",
        "glacid",
        "glimsid",
        "glimsidcr",
        "fcgiid",
        "cgiid",
        "id",
        "num",
    ),
    "name": ("name", "glacname", "glcname", "glaciername", "glacier"),
    "date": ("date", "srcdate", "bgndate", "repdate", "acqdate", "acquired", "year"),
    "analyst": ("analyst", "analysts", "compiler", "digitizer", "author"),
    "source": ("source",),
}
"""Attribute names that stand for each column, lower case without underscores, the first wins:
our own, RGI 5 to 7 (rgi_id, RGIId, src_date, BgnDate), GLIMS (glac_id, src_date, analysts),
the Chinese Glacier Inventory 2 (FCGI_ID, Glc_Name, Rep_Date, Compiler), and plain words."""

_INVENTORIES: Final = (
    ("rgiid", "RGI2000-v7.0-G", "RGI 7.0"),
    ("rgiid", "RGI2000-v7.0-C", "RGI 7.0 glacier complexes"),
    ("rgiid", "RGI60-", "RGI 6"),
    ("rgiid", "RGI50-", "RGI 5"),
    ("fcgiid", "", "Second Chinese Glacier Inventory"),
    ("anlysid", "", "GLIMS"),
)
"""Attribute, how its values begin, and the inventory that this betrays."""


UNCERTAINTIES: Final = ("local_uncertainty_m", "global_uncertainty_m")
"""Columns that outlines have besides the schema where their file states such: how far off their
vertices may be, in metres, as an analyst said (GLIMS: on its image; in the world)."""

_UNCERTAINTIES: Final = {
    "local_uncertainty_m": ("localuncertaintym", "locuncx", "locuncy"),
    "global_uncertainty_m": ("globaluncertaintym", "globuncx", "globuncy"),
}

_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(\d{4})",
        r"(\d{4})(\d{2})(\d{2})",
        r"(\d{4})[-/](\d{1,2})",
        r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ].*)?",
        r"(\d{4})年(?:(\d{1,2})月)?(?:(\d{1,2})日)?",
    )
)


def translate(table: pd.DataFrame, *, file_name: str) -> dict[str, list[str]]:
    """Return the texts of the schema's columns for a table of attributes.

    Parameters
    ----------
    table : pandas.DataFrame
        Attributes as read from a file. Every value is treated as text and nothing but text.
    file_name : str
        Written as the source where the table has no such column and betrays no inventory.

    Returns
    -------
    dict of str to list of str
        ``glacier_id`` (unique, made up where missing), ``name``, ``date``, ``analyst`` and
        ``source``, one entry a row; empty where unknown.
    """
    known = {plain_column(column): column for column in reversed(list(table.columns))}
    texts = {
        ours: [_text(value) for value in _column(table, known, theirs)]
        for ours, theirs in _NAMES.items()
    }
    for column in ("name", "analyst"):
        texts[column] = [tidy_text(text) for text in texts[column]]
    texts["date"] = [iso_date(value) for value in texts["date"]]
    texts["glacier_id"] = _unique(texts["glacier_id"])
    if "source" not in known:
        texts["source"] = [_inventory(table, known) or file_name] * len(table)
    return texts


def stated_uncertainty(table: pd.DataFrame) -> dict[str, NDArray[np.float64]]:
    """Return how uncertain the outlines are by their own table, where it tells.

    Parameters
    ----------
    table : pandas.DataFrame
        Attributes as read from a file; those of GLIMS (``loc_unc_x`` …) are understood.

    Returns
    -------
    dict of str to ndarray of float64
        Some of :data:`UNCERTAINTIES`, in metres, NaN where a row does not tell.
    """
    known = {plain_column(column): column for column in reversed(list(table.columns))}
    stated = {}
    for ours, theirs in _UNCERTAINTIES.items():
        columns = [known[name] for name in theirs if name in known]
        if columns:
            metres = table[columns].apply(pd.to_numeric, errors="coerce").max(axis=1)
            # Nobody knows a margin to nothing: zero stands for "not stated".
            stated[ours] = metres.where(metres > 0).to_numpy(dtype=np.float64)
    return {column: metres for column, metres in stated.items() if np.isfinite(metres).any()}


def tidy_text(text: str) -> str:
    """Return a text without what its file put there by mistake.

    Parameters
    ----------
    text : str
        As read: ``None`` and ``nan`` written out, blanks, stray bytes after the blanks that fill
        a field of fixed width, as in RGI 5, and letters of MS-DOS read as Latin-1, as in the
        Swiss names of GLIMS.
    """
    kept = _recoded(re.split(r"\s{4,}", text.replace("\x00", " ").rstrip())[0].strip())
    return "" if kept.lower() in {"none", "nan", "null", "n/a"} else kept


def _recoded(text: str) -> str:
    """Read bytes anew that are control characters in Latin-1, which no text holds."""
    if not any("\x80" <= letter <= "\x9f" for letter in text):
        return text
    has_latin_letters = any(letter >= "\xa0" for letter in text)
    try:
        return text.encode("latin-1").decode("cp1252" if has_latin_letters else "cp850")
    except UnicodeError:
        return text


def iso_date(text: str) -> str:
    """Return a date as ISO text as far as it is known: ``2003-07-30``, ``2003-07`` or ``2003``.

    Parameters
    ----------
    text : str
        ISO dates and times, ``20030730``, RGI's ``20030799`` and ``20039999`` (day or month
        unknown) and ``-9999999`` (all unknown), ``2009年8月31日``, years. Other text is kept.
    """
    if re.fullmatch(r"-?9+|0+", text):
        return ""
    found = next(filter(None, (pattern.fullmatch(text) for pattern in _DATES)), None)
    if found is None:
        return text
    parts = [f"{int(found[1]):04d}"]
    for part, most in zip(found.groups()[1:], (12, 31), strict=False):
        if part is None or not 1 <= int(part) <= most:
            break
        parts.append(f"{int(part):02d}")
    return "-".join(parts)


def plain_column(column: Any) -> str:
    """Return the name of a column without what files write differently: case and signs."""
    return re.sub(r"[^a-z0-9]", "", str(column).lower())


def _column(table: pd.DataFrame, known: dict[str, Any], theirs: tuple[str, ...]) -> list[Any]:
    for name in theirs:
        if name in known and table[known[name]].notna().any():
            return list(table[known[name]])
    return [""] * len(table)


def _text(value: Any) -> str:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip()
    return str(value).strip()


def _unique(ids: list[str]) -> list[str]:
    """Return ids that differ: the nameless and the repeats (other dates, say) get numbers."""
    digits = max(4, len(str(len(ids))))
    seen: set[str] = set()
    unique = []
    for number, text in enumerate(ids, start=1):
        wanted = candidate = text or f"outline-{number:0{digits}d}"
        repeat = 1
        while candidate in seen:
            repeat += 1
            candidate = f"{wanted}-{repeat}"
        seen.add(candidate)
        unique.append(candidate)
    return unique


def _inventory(table: pd.DataFrame, known: dict[str, Any]) -> str:
    for column, beginning, inventory in _INVENTORIES:
        if column in known and len(table):
            values = table[known[column]].astype("str")
            if values.str.startswith(beginning).all():
                return inventory
    return ""
