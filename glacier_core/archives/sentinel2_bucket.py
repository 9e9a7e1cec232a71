"""Where a Sentinel-2 Level-1C product lies on Google's public bucket."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from glacier_core.archives.documents import parse_xml
from glacier_core.archives.found import FoundScene
from glacier_core.archives.sentinel2_metadata import MOST_BYTES, ProductName, parse_name
from glacier_core.errors import MissingError, SourceError
from glacier_core.network.services import service
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, never

BUCKET: Final = "sentinel-2-google"
METADATA: Final = "MTD_MSIL1C.xml"

_SAME_PASS: Final = 600.0
"""Seconds by which the start of sensing may differ between two accounts of one datatake; the next
pass over the same ground comes 100 minutes later."""

_TIME: Final = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class FoundProduct:
    """A product on the bucket.

    Attributes
    ----------
    name : ProductName
    folder : str
        Its address.
    metadata : bytes
        ``MTD_MSIL1C.xml``.
    asked_for : str
        Name of the product that was found in the catalogue, where the bucket holds another
        processing of the same datatake; else empty.
    """

    name: ProductName
    folder: str
    metadata: bytes
    asked_for: str = ""


def find_product(found: FoundScene, *, cancelled: IsCancelled = never) -> FoundProduct:
    """Find the folder of a product, and what it says about itself.

    Products lie at ``tiles/{zone}/{latitude band}/{square}/{name}.SAFE``; the catalogue tells the
    name. Where the bucket does not hold that very product, its listing is asked for another
    processing of the same datatake.

    Parameters
    ----------
    found : FoundScene
    cancelled : callable, optional

    Raises
    ------
    SourceError
        When the bucket has no processing of it that is kept tile by tile.
    JobCancelled
    """
    told = str(_property(found, "s2:product_uri") or found.id)
    name = parse_name(told)
    if name is not None:
        try:
            return _product(name, cancelled)
        except MissingError:
            pass
    other = _another(found, name, told, cancelled)
    return _product(other, cancelled, asked_for=told.removesuffix(".SAFE"))


def _product(name: ProductName, cancelled: IsCancelled, asked_for: str = "") -> FoundProduct:
    folder = f"{service(BUCKET)}/{_square(name.tile)}/{name.text}.SAFE"
    metadata = get_bytes(f"{folder}/{METADATA}", most_bytes=MOST_BYTES, cancelled=cancelled)
    return FoundProduct(name, folder, metadata, asked_for)


def _square(tile: str) -> str:
    return f"tiles/{tile[:2]}/{tile[2]}/{tile[3:]}"


def _another(
    found: FoundScene, name: ProductName | None, told: str, cancelled: IsCancelled
) -> ProductName:
    """Return the newest processing of the same datatake that the bucket lists."""
    tile = _tile(found) if name is None else name.tile
    started = _started(found) if name is None else datetime.strptime(name.started, _TIME)
    others = [
        other
        for other in _listed(tile, found, started, told, cancelled)
        if abs((datetime.strptime(other.started, _TIME) - started).total_seconds()) <= _SAME_PASS
    ]
    if not others:
        raise SourceError(
            f"Google's bucket holds no product of {told[:80]} by tile. Products of the time "
            "before December 2016 are kept there only where they were processed anew. Choose "
            "another date, or Landsat."
        )
    return max(others, key=lambda other: other.made)


def _listed(
    tile: str, found: FoundScene, started: datetime, told: str, cancelled: IsCancelled
) -> list[ProductName]:
    """Return the products of a satellite, tile and day that the bucket lists."""
    satellite = "S2" + found.sensor.strip()[-1:].upper()
    prefix = f"{_square(tile)}/{satellite}_MSIL1C_{started:%Y%m%d}"
    address = f"{service(BUCKET)}?prefix={prefix}&delimiter=/"
    try:
        listing = get_bytes(address, most_bytes=MOST_BYTES, cancelled=cancelled)
    except SourceError as problem:
        raise SourceError(
            f"Google's bucket does not hold {told[:80]} under its own name, and could not be "
            f"asked for another processing of it ({problem}) Choose another scene."
        ) from problem
    folders = parse_xml(listing, "The listing of Google's bucket").iter("Prefix")
    names = [parse_name((folder.text or "").rstrip("/").rpartition("/")[2]) for folder in folders]
    return [name for name in names if name is not None and name.level == "L1C"]


def _tile(found: FoundScene) -> str:
    """Return the tile of a scene, ``01CCV``, from any of the ways catalogues tell it."""
    code = str(_property(found, "grid:code") or "").removeprefix("MGRS-")
    apart = "".join(
        str(_property(found, f"mgrs:{part}") or "")
        for part in ("utm_zone", "latitude_band", "grid_square")
    )
    inside = re.search(r"_T?(\d{1,2}[C-X][A-Z]{2})_", found.id)
    for told in (code, apart, inside.group(1) if inside else ""):
        if re.fullmatch(r"\d{1,2}[C-X][A-Z]{2}", told):
            return told.zfill(5)
    raise SourceError(
        f"The catalogue does not say in which tile {found.id[:80]} lies. Choose another scene."
    )


def _started(found: FoundScene) -> datetime:
    """Return when the sensing of a scene's datatake began, else when the scene was sensed."""
    datatake = re.search(r"_(\d{8}T\d{6})_", str(_property(found, "s2:datatake_id") or ""))
    if datatake:
        return datetime.strptime(datatake.group(1), _TIME)
    return found.acquired.replace(tzinfo=None)


def _property(found: FoundScene, name: str) -> object:
    properties = found.item.get("properties", {})
    return properties.get(name) if isinstance(properties, dict) else None
