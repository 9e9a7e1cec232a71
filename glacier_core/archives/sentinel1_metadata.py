"""What the annotations of a Sentinel-1 ground-range product say of one of its images."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.documents import parse_xml
from glacier_core.errors import SourceError

MOST_BYTES: Final = 20_000_000
"""No annotation is larger (those of interferometric wide swaths have 2 MB)."""

FloatArray = NDArray[np.float64]
Choice = TypeVar("Choice")


@dataclass(frozen=True, eq=False)
class LookUpTable:
    """Values at some pixels of some lines of an image, and between them.

    Attributes
    ----------
    lines : ndarray, (n,)
        Rising; the first may lie before the image.
    pixels, values : tuple of ndarray
        Pixels of each line, which never fall (two alike make a step), and the values there.
    """

    lines: FloatArray
    pixels: tuple[FloatArray, ...]
    values: tuple[FloatArray, ...]

    def at(self, lines: FloatArray, pixels: FloatArray) -> FloatArray:
        """Return the table between its points, bilinearly, and as at its rim beyond.

        Parameters
        ----------
        lines, pixels : ndarray, (n,) and (m,)

        Returns
        -------
        ndarray, (n, m)
        """
        after = np.clip(np.searchsorted(self.lines, lines, side="right"), 1, len(self.lines) - 1)
        first, last = int(after.min()) - 1, int(after.max())
        rows = np.array(
            [
                np.interp(pixels, self.pixels[line], self.values[line])
                for line in range(first, last + 1)
            ]
        )
        starts, ends = self.lines[after - 1], self.lines[after]
        share = np.clip((lines - starts) / (ends - starts), 0, 1)[:, None]
        before: FloatArray = rows[after - 1 - first]
        return before + share * (rows[after - first] - before)


@dataclass(frozen=True, eq=False)
class AzimuthNoise:
    """How noise varies along the lines of one part of an image, as a factor.

    Attributes
    ----------
    lines, pixels : (first, last)
        The part; both ends belong to it.
    at_lines, factors : ndarray, (n,)
    """

    lines: tuple[int, int]
    pixels: tuple[int, int]
    at_lines: FloatArray
    factors: FloatArray


@dataclass(frozen=True, eq=False)
class Noise:
    """Thermal noise of an image, in squared numbers."""

    across: LookUpTable
    along: tuple[AzimuthNoise, ...]

    def at(self, lines: FloatArray, pixels: FloatArray) -> FloatArray:
        """Return the noise at lines (n,) and pixels (m,), as (n, m)."""
        noise = self.across.at(lines, pixels)
        for part in self.along:
            rows = (lines >= part.lines[0]) & (lines <= part.lines[1])
            columns = (pixels >= part.pixels[0]) & (pixels <= part.pixels[1])
            factors = np.interp(lines[rows], part.at_lines, part.factors)
            noise[np.ix_(rows, columns)] *= factors[:, None]
        return noise


def parse_calibration(content: bytes, name: str) -> LookUpTable:
    """Return the table that makes sigma nought of the numbers of an image.

    Parameters
    ----------
    content : bytes
        ``annotation/calibration/calibration-….xml``
    name : str
        What the file is called in messages.

    Raises
    ------
    SourceError
        When it is no calibration annotation, or its table is damaged.
    """
    reader = AnnotationReader(content, name, "calibration")
    table = reader.table("calibrationVector", "sigmaNought")
    if any((values <= 0).any() for values in table.values):
        raise SourceError(
            f"{name} holds a calibration of zero or less, by which no number could be divided. "
            "Choose another scene."
        )
    return table


def parse_noise(content: bytes, name: str) -> Noise:
    """Return the thermal noise of an image, in the layout of before or since March 2018.

    Parameters
    ----------
    content : bytes
        ``annotation/calibration/noise-….xml``
    name : str

    Raises
    ------
    SourceError
        When it is no noise annotation, or its tables are damaged.
    """
    reader = AnnotationReader(content, name, "noise")
    if reader.root.find("noiseVectorList") is not None:
        return Noise(reader.table("noiseVector", "noiseLut"), ())
    along = tuple(
        AzimuthNoise(
            (reader.whole(part, "firstAzimuthLine"), reader.whole(part, "lastAzimuthLine")),
            (reader.whole(part, "firstRangeSample"), reader.whole(part, "lastRangeSample")),
            *reader.pair(part, "line", "noiseAzimuthLut"),
        )
        for part in reader.root.iter("noiseAzimuthVector")
    )
    return Noise(reader.table("noiseRangeVector", "noiseRangeLut"), along)


class AnnotationReader:
    """Takes typed values out of one annotation, with messages that name it.

    Parameters
    ----------
    content : bytes
    name : str
        What the file is called in messages.
    kind : str
        What its root should be.
    """

    def __init__(self, content: bytes, name: str, kind: str) -> None:
        self.root = parse_xml(content, name)
        self.name = name
        if self.root.tag != kind:
            raise SourceError(
                f"{name} is a <{self.root.tag[:30]}> document; needed is the <{kind}> annotation "
                "of a Sentinel-1 product. Choose another scene."
            )

    def text(self, element: Element, path: str) -> str:
        """Return the text of an element."""
        value = (element.findtext(path) or "").strip()
        if not value:
            raise SourceError(f"{self.name} tells no {path}. Choose another scene.")
        return value

    def numbers(self, element: Element, path: str) -> FloatArray:
        """Return the finite numbers of an element, as many as it says it has."""
        try:
            found = np.array(self.text(element, path).split(), dtype=np.float64)
        except ValueError as problem:
            raise SourceError(
                f"{self.name} holds a {path} that is no list of numbers. Choose another scene."
            ) from problem
        holder = element.find(path)
        told = str(len(found)) if holder is None else holder.get("count", str(len(found)))
        if told != str(len(found)) or not np.isfinite(found).all():
            raise SourceError(
                f"{self.name} holds a damaged {path}: {len(found)} of {told[:12]} numbers, "
                f"{int((~np.isfinite(found)).sum())} of them not finite. Choose another scene."
            )
        return found

    def number(self, element: Element, path: str) -> float:
        """Return the only number of an element."""
        found = self.numbers(element, path)
        if len(found) != 1:
            raise SourceError(
                f"{self.name} holds {len(found)} numbers as {path}, where one belongs. "
                "Choose another scene."
            )
        return float(found[0])

    def choice(self, path: str, choices: Mapping[str, Choice]) -> Choice:
        """Return what one of a few words stands for."""
        value = self.text(self.root, path)
        if value not in choices:
            raise SourceError(
                f"{self.name} says {path} = {value[:30]!r}; known are {', '.join(choices)}. "
                "Choose another scene."
            )
        return choices[value]

    def whole(self, element: Element, path: str) -> int:
        """Return the only number of an element, which counts something."""
        return int(self.number(element, path))

    def seconds(self, element: Element, path: str, since: np.datetime64) -> float:
        """Return a moment as seconds since another."""
        return float((self.moment(element, path) - since) / np.timedelta64(1, "ns")) * 1e-9

    def moment(self, element: Element, path: str) -> np.datetime64:
        """Return a moment, in UTC."""
        value = self.text(element, path)
        try:
            return np.datetime64(value.removesuffix("Z"), "ns")
        except ValueError as problem:
            raise SourceError(
                f"{self.name} says {path} = {value[:40]!r}, which is no moment. "
                "Choose another scene."
            ) from problem

    def pair(self, element: Element, where: str, what: str) -> tuple[FloatArray, FloatArray]:
        """Return positions that never fall and as many values."""
        positions, values = self.numbers(element, where), self.numbers(element, what)
        if len(positions) != len(values) or (np.diff(positions) < 0).any():
            raise SourceError(
                f"{self.name} holds a damaged {what}: {len(values)} values at {len(positions)} "
                "positions, which should not fall. Choose another scene."
            )
        return positions, values

    def table(self, vector: str, what: str) -> LookUpTable:
        """Return the table that vectors of one name make up; the last of a line told twice."""
        by_line = {self.number(vector, "line"): vector for vector in self.root.iter(vector)}
        lines = np.array(sorted(by_line))
        if len(lines) < 2:
            raise SourceError(
                f"{self.name} holds {vector}s of {len(lines)} lines; needed are two or more. "
                "Choose another scene."
            )
        pairs = [self.pair(vector, "pixel", what) for vector in map(by_line.__getitem__, lines)]
        return LookUpTable(
            lines, tuple(pixels for pixels, _ in pairs), tuple(values for _, values in pairs)
        )
