"""Places on Earth, as people write them."""

import re
from dataclasses import dataclass
from typing import Final

from glacier_core.errors import SourceError
from glacier_core.inventories.identifiers import identifier_in


@dataclass(frozen=True)
class Place:
    """A point in degrees, WGS 84: north and east are positive.

    Raises
    ------
    SourceError
        When there is no such place.
    """

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if abs(self.latitude) > 90 or abs(self.longitude) > 180:
            raise SourceError(
                f"There is no place at latitude {self.latitude:g}, longitude {self.longitude:g}. "
                "Write the latitude (-90 to 90) first and the longitude (-180 to 180) second, "
                "or add letters in any order: 10.75E 46.8N."
            )


_NUMBER: Final = r"\d{1,3}(?:[.,]\d+)?"
_DEGREES: Final = r"(?:°|º|deg\b|d\b)"
_MINUTES: Final = r"(?:'(?!')|′|’|min\b|m\b)"
_SECONDS: Final = r"(?:\"|″|”|''|sec\b|s\b(?=\s*[NSEW]))"
_LETTER: Final = r"[NSEW](?![a-z])"


def _angle_pattern(minutes_mark: str, seconds_mark: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?P<before>{_LETTER})?\s*(?P<sign>[-+−])?\s*(?P<degrees>{_NUMBER})\s*{_DEGREES}?"
        rf"(?:\s*(?P<minutes>{_NUMBER})\s*{minutes_mark})?"
        rf"(?:\s*(?P<seconds>{_NUMBER})\s*{seconds_mark})?"
        rf"\s*(?(before)|(?P<after>{_LETTER})?)",
        re.IGNORECASE,
    )


_MARKED: Final = _angle_pattern(_MINUTES, _SECONDS)
_BARE: Final = _angle_pattern(f"{_MINUTES}?", f"{_SECONDS}?")
"""Minutes and seconds without marks: only told apart where letters end each angle."""

_LETTERED: Final = re.compile(r"(?=.*[NS](?![a-z]))(?=.*[EW](?![a-z]))", re.IGNORECASE)
_EAST_OR_WEST: Final = re.compile(r"\d\s*[°'′’\"″”]?\s*O(?![a-z])", re.IGNORECASE)
_SEPARATORS: Final = " \t,;/"


def place_in(text: str) -> Place | None:
    """Return the place a text means, or None where it is no pair of coordinates.

    Parameters
    ----------
    text : str
        ``46.80, 10.75`` (latitude first), ``46.80N 10.75E`` (letters: any order),
        ``46°48'N 10°45'E``, ``46°48'10.5"N, 10°45'00"E``, ``N 46 48.2' E 10 45.1'``,
        ``-49.3 -73.1``; decimal commas where no comma parts the two numbers. Or a GLIMS id,
        which spells the place of its glacier: ``G010752E46802N``.

    Raises
    ------
    SourceError
        When it is a pair of coordinates, but of no place on Earth.
    """
    text = text.strip()
    found = identifier_in(text)
    if found is not None:
        return _place_of_glims_id(found.text) if found.kind == "glims_id" else None
    if _EAST_OR_WEST.search(text):
        raise SourceError(
            f"{text[:60]!r}: O is east in German and west in French and Spanish. Write E or W."
        )
    spelled = _with_decimal_points(text)
    angles = _two_angles(spelled, _MARKED)
    if angles is None and _LETTERED.match(spelled):
        angles = _two_angles(spelled, _BARE)
    if angles is None:
        return None
    (first, letter), (second, other) = angles
    axes = {letter in "NS" if letter else None, other not in "NS" if other else None}
    if axes == {None} or axes <= {True, None}:
        return Place(first, second)
    if axes <= {False, None}:
        return Place(second, first)
    return None


def _place_of_glims_id(text: str) -> Place:
    """Read the place out of a GLIMS id: longitude eastwards and latitude in thousandths.

    The rule is that of the GLIMS glacier database (G, six digits, E, five digits, N or S).
    """
    longitude, latitude = int(text[1:7]) / 1000, int(text[8:13]) / 1000
    east = round((longitude + 180) % 360 - 180, 3)
    return Place(-latitude if text.endswith("S") else latitude, east)


def _with_decimal_points(text: str) -> str:
    """Turn decimal commas to points, where the commas can be nothing else: ``46,8 10,75``."""
    numbers = re.findall(r"\d+,\d+", text)
    return text.replace(",", ".") if len(numbers) == 2 and ", " not in text else text


def _two_angles(text: str, pattern: re.Pattern[str]) -> list[tuple[float, str]] | None:
    """Return two angles with their letters, where a text is those and nothing else."""
    angles: list[tuple[float, str]] = []
    rest = text
    while rest.strip(_SEPARATORS) and len(angles) < 2:
        rest = rest.lstrip(_SEPARATORS)
        found = pattern.match(rest)
        if found is None:
            return None
        angle = _angle(found)
        if angle is None:
            return None
        angles.append(angle)
        rest = rest[found.end() :]
    return angles if len(angles) == 2 and not rest.strip(_SEPARATORS) else None


def _angle(found: re.Match[str]) -> tuple[float, str] | None:
    minutes, seconds = (float(found[part] or 0) for part in ("minutes", "seconds"))
    before, after = (found["before"] or "").upper(), (found["after"] or "").upper()
    if minutes >= 60 or seconds >= 60:
        return None
    letter = before or after
    angle = float(found["degrees"]) + minutes / 60 + seconds / 3600
    negative = (found["sign"] in ("-", "−")) != (letter in ("S", "W"))
    return (-angle if negative else angle), letter
