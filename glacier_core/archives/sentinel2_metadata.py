"""What a Sentinel-2 product says about itself: scaling, files, masks."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element

from glacier_core.archives.documents import parse_xml
from glacier_core.errors import SourceError
from glacier_core.scene import Reflectance

MOST_BYTES: Final = 5_000_000
"""Largest metadata document: those of a tile have half a million bytes."""

BAND_OF: Final[Mapping[str, str]] = {
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "nir": "B08",
    "swir1": "B11",
    "swir2": "B12",
}
"""Bands of Sentinel-2 that stand for those of a scene.

Near infrared is B08 and not B8A: GlaViTU's training tiles are on a 10 m grid to which every band
was brought, and B08 is the near-infrared band that has 10 m pixels. Which of the two its authors
took is not published. B8A (865 nm, 20 m) is nearer to the band of Landsat 8 and 9.
"""

_NUMBERED: Final = (
    "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12".split()  # noqa: SIM905
)
"""Bands by ``band_id``, for products that do not tell: Spectral_Information came with baseline
02.02, and says the same in every product that has it."""

_OFFSET_LISTS: Final = ("Radiometric_Offset_List", "BOA_ADD_OFFSET_VALUES_LIST")

_LEAST_QUANTIFICATION: Final = 1_000.0
_MOST_QUANTIFICATION: Final = 100_000.0
"""Numbers have 15 bits: beyond these bounds, snow would not be bright, or darkness not dark."""

_ELSE: Final = "The archive's copy is damaged or of a layout not known here; choose another scene."

_NAME: Final = re.compile(
    r"(S2[A-D])_MSI(L1C|L2A)_(\d{8}T\d{6})_N(\d{2})(\d{2})_R\d{3}_T(\d{2}[C-X][A-Z]{2})_(\d{8}T\d{6})"
)


@dataclass(frozen=True)
class ProductName:
    """What the name of a product tells, as all have it since December 2016.

    Attributes
    ----------
    text : str
        Without ``.SAFE``.
    satellite : str
        ``S2A`` to ``S2D``.
    level : {"L1C", "L2A"}
    started, made : str
        When the sensing of its datatake began, and when it was processed, ``20250731T130249``.
    baseline : str
        ``05.11``; as a number it would lose digits.
    tile : str
        Square of the military grid, ``32TMS``.
    """

    text: str
    satellite: str
    level: str
    started: str
    baseline: str
    tile: str
    made: str

    @property
    def spacecraft(self) -> str:
        """As people write it: ``Sentinel-2A``."""
        return f"Sentinel-{self.satellite[1:]}"


@dataclass(frozen=True)
class Sentinel2Product:
    """What a product's own metadata say.

    Attributes
    ----------
    name : ProductName
    acquired : datetime
        In UTC.
    reflectance : {"toa", "surface"}
    quantification : float
        Number of a reflectance of 1, before the offset.
    offsets : mapping of str to float, or None
        What is added to the numbers of a band first, by band; None where the product knows none.
    no_data, saturated : int
        Numbers that are none.
    images : mapping of str to str
        Files below the product's folder, without their ending, by ``B02`` or ``B02_10m``; the
        copies of others than the European Space Agency may name none.
    """

    name: ProductName
    acquired: datetime
    reflectance: Reflectance
    quantification: float
    offsets: Mapping[str, float] | None
    no_data: int
    saturated: int
    images: Mapping[str, str]

    def offset(self, band: str) -> float:
        """Return what is added to the numbers of a band before they are divided.

        Raises
        ------
        SourceError
            When the product has offsets, but none for this band.
        """
        if self.offsets is None:
            return 0.0
        if band not in self.offsets:
            raise SourceError(
                f"The metadata of {self.name.text} list offsets, but none for {band}, so its "
                "reflectance cannot be known. Choose another scene."
            )
        return self.offsets[band]

    @property
    def granule(self) -> str:
        """Folder of the tile below the product's folder."""
        if not self.images:
            raise SourceError(f"The metadata of {self.name.text} name no files of bands. {_ELSE}")
        return next(iter(self.images.values())).partition("/IMG_DATA/")[0]


@dataclass(frozen=True)
class Sentinel2Tile:
    """What the metadata of a tile say.

    Attributes
    ----------
    epsg : int
    sun_elevation : float
        Degrees, mean over the tile.
    masks : mapping of (str, str) to str
        Files below the product's folder by kind and band: ``("MSK_QUALIT", "B02")``; the band is
        empty for what goes for all of them.
    """

    epsg: int
    sun_elevation: float
    masks: Mapping[tuple[str, str], str]


def parse_name(text: str) -> ProductName | None:
    """Return what a product's name tells, None for names of the old kind and for none."""
    found = _NAME.match(text)
    if found is None:
        return None
    satellite, level, started, version, revision, tile, made = found.groups()
    return ProductName(
        found.group(), satellite, level, started, f"{version}.{revision}", tile, made
    )


def parse_product(content: bytes, name: str) -> Sentinel2Product:
    """Read ``MTD_MSIL1C.xml`` or ``MTD_MSIL2A.xml`` of any layout.

    Parameters
    ----------
    content : bytes
    name : str
        What the document is called in messages.

    Returns
    -------
    Sentinel2Product

    Raises
    ------
    SourceError
        When it is damaged, of something else, or says what cannot be.

    Notes
    -----
    Whether a product has offsets is decided by their elements alone (``RADIO_ADD_OFFSET`` of
    Level 1C, ``BOA_ADD_OFFSET`` of Level 2A): neither by its date, as the archive is processed
    anew, nor by the number of its baseline, as test products have high ones. Elements are known
    by their local names, as the namespace changes with every version of the format.
    """
    root = parse_xml(content, name)
    known = parse_name(_text(root, "PRODUCT_URI", name))
    if known is None:
        raise SourceError(
            f"{name} is of a product with a name of the kind given until December 2016, which "
            "holds many tiles in one. Choose a scene of 2017 or later, or Landsat."
        )
    surface = known.level == "L2A"
    quantified = _number(
        root, "BOA_QUANTIFICATION_VALUE" if surface else "QUANTIFICATION_VALUE", name
    )
    _check_quantification(quantified, name)
    return Sentinel2Product(
        name=known,
        acquired=_time(_text(root, "PRODUCT_START_TIME", name), name),
        reflectance="surface" if surface else "toa",
        quantification=quantified,
        offsets=_offsets(root, "BOA_ADD_OFFSET" if surface else "RADIO_ADD_OFFSET", name),
        no_data=_special_value(root, "NODATA", 0),
        saturated=_special_value(root, "SATURATED", 65_535),
        images=_images(root, name),
    )


def parse_tile(content: bytes, name: str) -> Sentinel2Tile:
    """Read ``MTD_TL.xml``.

    Parameters
    ----------
    content : bytes
    name : str
        What the document is called in messages.

    Raises
    ------
    SourceError
        When it is damaged or of something else.
    """
    root = parse_xml(content, name)
    code = _text(root, "HORIZONTAL_CS_CODE", name)
    if not re.fullmatch(r"EPSG:\d{4,5}", code):
        raise SourceError(f"{name} names no coordinate system ({code[:40]!r}). {_ELSE}")
    masks: dict[tuple[str, str], str] = {}
    for element in root.iter("MASK_FILENAME"):
        number = element.get("bandId")
        band = "" if number is None else _band(number, dict(enumerate(_NUMBERED)), name)
        masks.setdefault((element.get("type", ""), band), (element.text or "").strip())
    return Sentinel2Tile(int(code[5:]), 90.0 - _mean_zenith(root, name), masks)


def _offsets(root: Element, element: str, name: str) -> dict[str, float] | None:
    """Return offsets by band; None where the product has no list of them at all."""
    given = list(root.iter(element))
    if not given and not any(found.tag in _OFFSET_LISTS for found in root.iter()):
        return None
    bands = _bands(root)
    offsets: dict[str, float] = {}
    for found in given:
        band = _band(found.get("band_id") or found.get("bandId") or "", bands, name)
        offset = _as_number(found.text, element, name)
        if offsets.setdefault(band, offset) != offset:
            raise SourceError(f"{name} has two offsets for {band}. {_ELSE}")
    return offsets


def _bands(root: Element) -> dict[int, str]:
    """Return the names of the bands by number, from the product where it tells."""
    told = {
        int(found.get("bandId", "-1")): found.get("physicalBand", "")
        for found in root.iter("Spectral_Information")
        if found.get("bandId", "").isdecimal()
    }
    return {number: f"B{band[1:]:0>2}" for number, band in told.items()} or dict(
        enumerate(_NUMBERED)
    )


def _band(number: str, bands: Mapping[int, str], name: str) -> str:
    if not number.isdecimal() or int(number) not in bands:
        raise SourceError(f"{name} tells of a band number {number[:20]!r}, which is none. {_ELSE}")
    return bands[int(number)]


def _images(root: Element, name: str) -> dict[str, str]:
    """Return the files of the bands, none that would lead out of the product's folder."""
    images: dict[str, str] = {}
    for path in _paths(root.iter("IMAGE_FILE")):
        found = re.search(r"_(B\d[\dA](?:_\d\dm)?|SCL_\d\dm)$", path)
        if not re.fullmatch(r"GRANULE/\w+/IMG_DATA/(?:R\d\dm/)?\w+", path):
            raise SourceError(f"{name} names a file at {path[:80]!r}, which is no place. {_ELSE}")
        if found:
            images[found.group(1)] = path
    if len({path.split("/")[1] for path in images.values()}) > 1:
        raise SourceError(
            f"{name} is of a product with many tiles in one, as made until December 2016. Choose "
            "a scene of 2017 or later, or Landsat."
        )
    return images


def _paths(elements: Iterable[Element]) -> list[str]:
    return [(element.text or "").strip().removesuffix(".jp2") for element in elements]


def _check_quantification(value: float, name: str) -> None:
    if not _LEAST_QUANTIFICATION <= value <= _MOST_QUANTIFICATION:
        raise SourceError(
            f"{name} says that a number of {value:g} is a reflectance of 1, which cannot be: "
            f"10,000 is. {_ELSE}"
        )


def _mean_zenith(root: Element, name: str) -> float:
    mean = root.find(".//Mean_Sun_Angle/ZENITH_ANGLE")
    return _as_number(None if mean is None else mean.text, "Mean_Sun_Angle", name)


def _special_value(root: Element, text: str, usual: int) -> int:
    for found in root.iter("Special_Values"):
        index = (found.findtext("SPECIAL_VALUE_INDEX") or "").strip()
        if found.findtext("SPECIAL_VALUE_TEXT") == text and index.isdecimal():
            return int(index)
    return usual


def _text(root: Element, element: str, name: str) -> str:
    found = next(root.iter(element), None)
    text = "" if found is None else (found.text or "").strip()
    if not text:
        raise SourceError(f"{name} has no {element}. {_ELSE}")
    return text


def _number(root: Element, element: str, name: str) -> float:
    return _as_number(_text(root, element, name), element, name)


def _as_number(text: str | None, element: str, name: str) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise SourceError(f"{name} has no number in {element} ({str(text)[:40]!r}). {_ELSE}")
    return number


def _time(text: str, name: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise SourceError(f"{name} has no date in {text[:40]!r}. {_ELSE}") from problem
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
