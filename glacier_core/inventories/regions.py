"""The nineteen glacier regions of the world that inventories come in."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import shapely

from glacier_core.errors import OutlineError


@dataclass(frozen=True)
class Region:
    """A first-order region of the RGI.

    Attributes
    ----------
    number : str
        ``01`` to ``19``.
    name : str
        As in the RGI 7.0 user guide (table of regions).
    code : str
        As in the file names of RGI 7.0: ``11_central_europe``.
    rgi6_code : str
        As in the file names of RGI 6.2: ``11_rgi62_CentralEurope``.
    ground : shapely.MultiPolygon
        Generous rectangles in EPSG:4326 that hold all glaciers of the region; those of
        neighbours overlap.
    """

    number: str
    name: str
    code: str
    rgi6_code: str
    ground: shapely.MultiPolygon


@cache
def regions() -> dict[str, Region]:
    """Return the regions by their number."""
    known = json.loads(Path(__file__).with_name("regions.json").read_text(encoding="utf-8"))
    return {
        number: Region(
            number=number,
            name=entry["name"],
            code=entry["code"],
            rgi6_code=entry["rgi6_code"],
            ground=shapely.MultiPolygon([shapely.box(*box) for box in entry["boxes"]]),
        )
        for number, entry in known.items()
    }


def region(number: str | int) -> Region:
    """Return a region by its number: ``11``, ``"11"``, ``"1"``.

    Raises
    ------
    OutlineError
        When there is no such region.
    """
    text = f"{number:0>2}"
    if text not in regions():
        raise OutlineError(f"There is no glacier region {number!s:.20}. They are 01 to 19.")
    return regions()[text]


def regions_of(area: shapely.Geometry) -> list[Region]:
    """Return the regions that may hold glaciers of an area (EPSG:4326), by number."""
    return [known for known in regions().values() if known.ground.intersects(area)]
