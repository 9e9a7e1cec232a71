"""What the metadata of a Landsat product (its MTL file) says, in any of its three formats."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from glacier_core.archives.documents import leaves, parse_xml
from glacier_core.errors import SourceError
from glacier_core.scene import BANDS, Reflectance

MOST_BYTES: Final = 1_000_000
"""No MTL file is larger (the largest known has 23 KB)."""

_OLI: Final = dict(zip(BANDS, ("2", "3", "4", "5", "6", "7"), strict=True))
_TM: Final = dict(zip(BANDS, ("1", "2", "3", "4", "5", "7"), strict=True))
_BAND_NUMBERS: Final = {"OLI_TIRS": _OLI, "OLI": _OLI, "TM": _TM, "ETM": _TM}
_THERMAL_BANDS: Final = {"OLI_TIRS": "10", "TM": "6", "ETM": "6_VCID_1"}
"""Band 6 of ETM+ comes in two gains; the low one (1) does not saturate over warm ground."""

_THERMAL_CONSTANTS: Final = {
    4: (671.62, 1284.30),
    5: (607.76, 1260.56),
    7: (666.09, 1282.71),
    8: (774.8853, 1321.0789),
    9: (799.0284, 1329.2405),
}
"""K1 in W m-2 sr-1 um-1 and K2 in kelvin by spacecraft: Chander, Markham and Helder (2009),
Remote Sensing of Environment 113, for 4 to 7; the products' own metadata for 8 and 9."""

_MOST_DISAGREEMENT: Final = 0.01
"""Share by which a rescaling may miss the largest reflectance told beside it (it is rounded)."""

Groups = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Rescaling:
    """How stored numbers become a physical quantity: ``multiplier * number + addend``."""

    multiplier: float
    addend: float


@dataclass(frozen=True)
class ThermalBand:
    """How a thermal band becomes brightness temperature.

    Attributes
    ----------
    number : str
        As the metadata writes it: ``10``, ``6``, ``6_VCID_1``.
    radiance : Rescaling
        To W m-2 sr-1 um-1.
    k1, k2 : float
        Constants of ``K2 / ln(K1 / radiance + 1)``, in W m-2 sr-1 um-1 and kelvin.
    published : bool
        True where the constants are the published ones, as the metadata tells none.
    """

    number: str
    radiance: Rescaling
    k1: float
    k2: float
    published: bool


@dataclass(frozen=True)
class LandsatProduct:
    """What an MTL file says of one product.

    Attributes
    ----------
    product_id, level, tier : str
        ``LC08_L1TP_…``, ``L1TP``, ``T1``.
    collection, spacecraft : int
    sensor : str
        ``OLI_TIRS``, ``OLI``, ``ETM`` or ``TM``.
    acquired : datetime.date
    sun_elevation : float
        Degrees above the horizon at the centre of the scene.
    reflectance : {"toa", "surface"}
        What the numbers become by the rescaling; top-of-atmosphere reflectance has yet to be
        divided by the sine of the sun's elevation.
    rescaling : mapping of str to Rescaling
        By band of :data:`glacier_core.scene.BANDS`.
    thermal : ThermalBand, optional
        None where there is no brightness temperature to be had.
    slc_off : bool
        Whether the scan line corrector of Landsat 7 was off: stripes without data.
    files : mapping of str to str
        File names by band, ``thermal``, ``quality``, ``saturation`` and ``sun_zenith``.
    """

    product_id: str
    level: str
    tier: str
    collection: int
    spacecraft: int
    sensor: str
    acquired: date
    sun_elevation: float
    reflectance: Reflectance
    rescaling: Mapping[str, Rescaling]
    thermal: ThermalBand | None
    slc_off: bool
    files: Mapping[str, str]


def parse_mtl(content: bytes, name: str = "MTL") -> LandsatProduct:
    """Return what an MTL file says, be it text, JSON or XML.

    Parameters
    ----------
    content : bytes
    name : str
        What the file is called in messages.

    Returns
    -------
    LandsatProduct

    Raises
    ------
    SourceError
        When it is no MTL file, contradicts itself, lacks what is needed, or tells of a sensor
        without the six bands (MSS) or of the night.
    """
    reader = _Reader(read_groups(content, name), name)
    sensor = reader.text("SENSOR_ID", "IMAGE_ATTRIBUTES", "PRODUCT_METADATA")
    if sensor not in _BAND_NUMBERS:
        raise SourceError(
            f"{name} tells of the sensor {sensor[:20]!r}, which lacks some of the six bands "
            f"({', '.join(BANDS)}). Choose a scene of Landsat 4 or 5 TM, 7, 8 or 9."
        )
    level = reader.text("PROCESSING_LEVEL", "PRODUCT_CONTENTS", otherwise="")
    level = level or reader.text("DATA_TYPE", "PRODUCT_METADATA")
    surface = level.startswith("L2")
    spacecraft = reader.spacecraft()
    return LandsatProduct(
        product_id=reader.text("LANDSAT_PRODUCT_ID", "PRODUCT_CONTENTS", "METADATA_FILE_INFO"),
        level=level,
        tier=reader.text("COLLECTION_CATEGORY", "PRODUCT_CONTENTS", "PRODUCT_METADATA"),
        collection=int(
            reader.number("COLLECTION_NUMBER", "PRODUCT_CONTENTS", "METADATA_FILE_INFO")
        ),
        spacecraft=spacecraft,
        sensor=sensor,
        acquired=reader.acquired(),
        sun_elevation=reader.sun_elevation(),
        reflectance="surface" if surface else "toa",
        rescaling=reader.rescalings(_BAND_NUMBERS[sensor], surface=surface),
        thermal=None if surface else reader.thermal(_THERMAL_BANDS.get(sensor), spacecraft),
        slc_off=reader.text("SENSOR_MODE_SLC", "IMAGE_ATTRIBUTES", otherwise="ON") == "OFF",
        files=reader.files(_BAND_NUMBERS[sensor], _THERMAL_BANDS.get(sensor)),
    )


def read_groups(content: bytes, name: str = "MTL") -> dict[str, dict[str, str]]:
    """Return the texts of an MTL file by group and key; groups stay apart.

    Level-2 products tell the rescaling of both levels under the same keys, in two groups.

    Raises
    ------
    SourceError
        When the file is none, or says two things under one key of one group.
    """
    groups: dict[str, dict[str, str]] = {}
    for group, key, value in _entries(content, name):
        if groups.setdefault(group, {}).setdefault(key, value) != value:
            raise SourceError(
                f"{name} says two things of {key} in {group}: {groups[group][key][:40]!r} and "
                f"{value[:40]!r}. Choose another scene."
            )
    if not {"LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING"} & groups.keys():
        raise SourceError(
            f"{name} is no metadata of a Landsat Collection 1 or 2 product, or only a part of it: "
            "it tells no radiometric rescaling. Fetch it again, or choose another scene."
        )
    return groups


def _entries(content: bytes, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield (group, key, text) of an MTL file in any format."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start == b"<":
        return leaves(parse_xml(content.lstrip(), name))
    try:
        text = content.decode("utf-8-sig")
        return _json_entries(json.loads(text)) if start == b"{" else _odl_entries(text)
    except ValueError as problem:  # neither UTF-8 nor JSON
        raise SourceError(
            f"{name} is damaged ({problem}). Fetch it again, or choose another scene."
        ) from problem


def _json_entries(document: Any, group: str = "") -> Iterator[tuple[str, str, str]]:
    if isinstance(document, dict):
        for key, value in document.items():
            if isinstance(value, dict):
                yield from _json_entries(value, key)
            else:
                yield group, key, str(value).strip()


def _odl_entries(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield the entries of Object Description Language: GROUP = …, KEY = …, END_GROUP = … lines."""
    open_groups: list[str] = []
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals:
            continue
        if key == "GROUP":
            open_groups.append(value)
        elif key == "END_GROUP":
            del open_groups[-1:]
        elif open_groups:
            yield open_groups[-1], key, value.strip('"')


class _Reader:
    """Takes typed values out of the groups of one file, with messages that name it."""

    def __init__(self, groups: Groups, name: str) -> None:
        self._groups = groups
        self._name = name

    def text(self, key: str, *groups: str, otherwise: str | None = None) -> str:
        """Return the text of a key in the first of the groups that has it."""
        for group in groups:
            value = self._groups.get(group, {}).get(key, "")
            if value:
                return value
        if otherwise is not None:
            return otherwise
        raise SourceError(
            f"{self._name} tells no {key} (looked for in {' and '.join(groups)}), without which "
            "the pixels mean nothing. Choose another scene."
        )

    def number(self, key: str, *groups: str) -> float:
        """Return the finite number of a key."""
        value = self.text(key, *groups)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            raise SourceError(
                f"{self._name} says {key} = {value[:40]!r}, which is no number. "
                "Choose another scene."
            )
        return number

    def spacecraft(self) -> int:
        """Return which Landsat it was."""
        value = self.text("SPACECRAFT_ID", "IMAGE_ATTRIBUTES", "PRODUCT_METADATA")
        found = re.fullmatch(r"LANDSAT_([45789])", value)
        if not found:
            raise SourceError(
                f"{self._name} tells of the spacecraft {value[:20]!r}; Landsat 4, 5, 7, 8 and 9 "
                "are known. Choose another scene."
            )
        return int(found[1])

    def acquired(self) -> date:
        """Return the day of the imagery."""
        value = self.text("DATE_ACQUIRED", "IMAGE_ATTRIBUTES", "PRODUCT_METADATA")
        try:
            return date.fromisoformat(value)
        except ValueError as problem:
            raise SourceError(
                f"{self._name} says DATE_ACQUIRED = {value[:40]!r}, which is no date. "
                "Choose another scene."
            ) from problem

    def sun_elevation(self) -> float:
        """Return the sun's elevation in degrees, refusing the night."""
        elevation = self.number("SUN_ELEVATION", "IMAGE_ATTRIBUTES")
        if elevation > 90:
            raise SourceError(
                f"{self._name} says SUN_ELEVATION = {elevation:g} degrees, which cannot be. "
                "Choose another scene."
            )
        if elevation <= 0:
            raise SourceError(
                f"The scene was taken at night: the sun stood {-elevation:.1f} degrees below the "
                "horizon, so it shows no reflected light. Choose a scene taken by day."
            )
        return elevation

    def rescalings(self, numbers: Mapping[str, str], *, surface: bool) -> dict[str, Rescaling]:
        """Return the rescaling of each of the six bands to reflectance."""
        groups = (
            ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)
            if surface
            else ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
        )
        return {
            band: self._checked(self._rescaling("REFLECTANCE", number, *groups), number, surface)
            for band, number in numbers.items()
        }

    def _rescaling(self, quantity: str, number: str, *groups: str) -> Rescaling:
        multiplier = self.number(f"{quantity}_MULT_BAND_{number}", *groups)
        if multiplier <= 0:
            raise SourceError(
                f"{self._name} says {quantity}_MULT_BAND_{number} = {multiplier:g}, by which more "
                "light would be less. Choose another scene."
            )
        return Rescaling(multiplier, self.number(f"{quantity}_ADD_BAND_{number}", *groups))

    def _checked(self, rescaling: Rescaling, number: str, surface: bool) -> Rescaling:
        """Compare a rescaling with the range of reflectance told elsewhere in the file."""
        kinds = ("REFLECTANCE", "PIXEL_VALUE")
        ranges, numbers = (
            ("LEVEL2_SURFACE_REFLECTANCE_PARAMETERS",)
            if surface
            else (f"LEVEL1_MIN_MAX_{kind}", f"MIN_MAX_{kind}")
            for kind in kinds
        )
        brightest, largest = f"REFLECTANCE_MAXIMUM_BAND_{number}", f"QUANTIZE_CAL_MAX_BAND_{number}"
        told = self.text(brightest, *ranges, otherwise="") and self.text(
            largest, *numbers, otherwise=""
        )
        if told:
            expected = self.number(brightest, *ranges)
            reached = rescaling.multiplier * self.number(largest, *numbers) + rescaling.addend
            if abs(reached - expected) > _MOST_DISAGREEMENT * abs(expected):
                raise SourceError(
                    f"{self._name} contradicts itself: band {number} reaches a reflectance of "
                    f"{expected:g}, but {reached:g} by its own rescaling. Choose another scene."
                )
        return rescaling

    def thermal(self, number: str | None, spacecraft: int) -> ThermalBand | None:
        """Return how the thermal band becomes kelvin; None without its radiance."""
        groups = ("LEVEL1_RADIOMETRIC_RESCALING", "RADIOMETRIC_RESCALING")
        if number is None or not self.text(f"RADIANCE_MULT_BAND_{number}", *groups, otherwise=""):
            return None
        k1, k2 = f"K1_CONSTANT_BAND_{number}", f"K2_CONSTANT_BAND_{number}"
        constants = [group for group in self._groups if group.endswith("THERMAL_CONSTANTS")]
        told = self.text(k1, *constants, otherwise="") and self.text(k2, *constants, otherwise="")
        values = (
            (self.number(k1, *constants), self.number(k2, *constants))
            if told
            else _THERMAL_CONSTANTS[spacecraft]
        )
        radiance = self._rescaling("RADIANCE", number, *groups)
        return ThermalBand(number, radiance, *values, published=not told)

    def files(self, numbers: Mapping[str, str], thermal: str | None) -> dict[str, str]:
        """Return the names of the files, as far as they are told and plain."""
        keys = {band: f"FILE_NAME_BAND_{number}" for band, number in numbers.items()} | {
            "thermal": f"FILE_NAME_BAND_{thermal}",
            "quality": "FILE_NAME_QUALITY_L1_PIXEL",
            "saturation": "FILE_NAME_QUALITY_L1_RADIOMETRIC_SATURATION",
            "sun_zenith": "FILE_NAME_ANGLE_SOLAR_ZENITH_BAND_4",
        }
        groups = ("PRODUCT_CONTENTS", "PRODUCT_METADATA")
        names = {use: self.text(key, *groups, otherwise="") for use, key in keys.items()}
        return {use: name for use, name in names.items() if re.fullmatch(r"\w+\.TIF", name)}
