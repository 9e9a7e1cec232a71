"""Regional files of the RGI, fetched once and kept where a part of them is found at once."""

import re
from pathlib import Path
from typing import Any, Final, Literal

from filelock import FileLock

from glacier_core.errors import SourceError
from glacier_core.inventories.packages import inner_archive, inner_archives, keep_package, opened
from glacier_core.inventories.regions import Region, region, regions
from glacier_core.network.downloads import download
from glacier_core.network.services import service
from glacier_core.network.session import get_json
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.settings import settings

Inventory = Literal["rgi7", "rgi6"]

_RGI7_PACKAGE: Final = "randolph-glacier-inventory-rgi-7-0-glacier-product"
"""The glacier product of RGI 7.0 in the CKAN catalogue of UNESCO's water information network."""

_RGI7_NAME: Final = re.compile(r"rgi2000-v7\.0-g-(\d{2})_[a-z_]+\.zip", re.IGNORECASE)
_RGI6_ARCHIVE: Final = "rgi62.zip"


def region_file(
    inventory: Inventory,
    number: str,
    *,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Path:
    """Return the outlines of one region, fetched where they are not here yet.

    Parameters
    ----------
    inventory : {"rgi7", "rgi6"}
        RGI 6.2 comes in one piece: all of its regions are kept at once.
    number : str
        ``01`` to ``19``.
    report, cancelled : callable, optional

    Returns
    -------
    Path
        GeoPackage, EPSG:4326, with the inventory's own attributes; its tables lie beside it.

    Raises
    ------
    SourceError
        When it cannot be fetched, or the archive has no such region.
    JobCancelled
    """
    known = region(number)
    kept = _kept(inventory, known)
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(kept.parent / ".fetching"):
        if not kept.is_file():
            fetch = _fetch_rgi7 if inventory == "rgi7" else _fetch_rgi6
            fetch(known, report, cancelled)
    return kept


def _kept(inventory: str, known: Region) -> Path:
    name = {
        "rgi7": f"RGI2000-v7.0-G-{known.code}.gpkg",
        "rgi6": f"{known.rgi6_code}.gpkg",
    }[inventory]
    return settings().data_dir / "inventories" / inventory / name


def _fetch_rgi7(known: Region, report: Report, cancelled: IsCancelled) -> None:
    kept = _kept("rgi7", known)
    archive = download(
        _rgi7_address(known, cancelled),
        kept.with_suffix(".zip"),
        report=report,
        cancelled=cancelled,
    )
    with opened(archive) as package:
        keep_package(package, kept)
    archive.unlink()


def _rgi7_address(known: Region, cancelled: IsCancelled) -> str:
    """Ask the catalogue for the address of a region: file names stay, addresses may not."""
    answer = get_json(
        f"{service('rgi7')}/api/3/action/package_show",
        params={"id": _RGI7_PACKAGE},
        cancelled=cancelled,
    )
    for address in _addresses(answer):
        found = _RGI7_NAME.search(address)
        if found and found[1] == known.number:
            return address
    raise SourceError(
        f"The public mirror of RGI 7.0 has no file of region {known.number} ({known.name}). "
        "Fetch it from nsidc.org/data/nsidc-0770 (free account) and name the file: "
        "glacier-core glaciers index FILE."
    )


def _addresses(answer: Any) -> list[str]:
    try:
        return [str(resource["url"]) for resource in answer["result"]["resources"]]
    except (KeyError, TypeError) as problem:
        raise SourceError(
            "The public mirror of RGI 7.0 answered without a list of files. Try again later."
        ) from problem


def _fetch_rgi6(known: Region, report: Report, cancelled: IsCancelled) -> None:
    folder = _kept("rgi6", known).parent
    archive = download(
        f"{service('rgi6')}/{_RGI6_ARCHIVE}",
        folder / _RGI6_ARCHIVE,
        report=report,
        cancelled=cancelled,
    )
    for name in inner_archives(archive):
        found = next((one for one in regions().values() if one.rgi6_code in name), None)
        if found is not None:
            with inner_archive(archive, name) as inner, opened(inner) as package:
                keep_package(package, _kept("rgi6", found))
    if not _kept("rgi6", known).is_file():
        raise SourceError(
            f"{_RGI6_ARCHIVE} of RGI 6.2 holds no region {known.number} ({known.name})."
        )
    archive.unlink()
