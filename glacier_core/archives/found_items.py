"""From the items of STAC catalogues to scenes that were found."""

import logging
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from glacier_core.archives.antimeridian import Polygons, cut, unwrapped
from glacier_core.archives.areas import Area
from glacier_core.archives.catalogue import Archive
from glacier_core.archives.found import FoundScene
from glacier_core.archives.stac import Item
from glacier_core.errors import SourceError

_PICTURES: Final = ("thumbnail", "reduced_resolution_browse", "rendered_preview")
"""Keys of small pictures among the files of an item, the best first."""

_PLATFORM: Final = re.compile(r"(sentinel|landsat)[ _-]?(\d\w?)", re.IGNORECASE)

_log = logging.getLogger(__name__)


def found_scene(item: Item, archive: Archive, area: Area) -> FoundScene | None:
    """Return what an item tells of a scene, or None when nobody could map the area with it.

    Left out are scenes of the night, scenes beside the area, the old scanner of Landsat that has
    no shortwave infrared (MSS), and items without a date or a place.

    Parameters
    ----------
    item : mapping
        As it came from the catalogue.
    archive : Archive
    area : Area
    """
    try:
        return _described(item, archive, area) if _is_usable(item, archive) else None
    except (KeyError, TypeError, ValueError, AttributeError, SourceError, shapely.GEOSException):
        _log.warning("%.80r of %s is no scene of a date and place", item.get("id"), archive.name)
        return None


def _described(item: Item, archive: Archive, area: Area) -> FoundScene | None:
    footprint = footprint_of(item["geometry"])
    coverage = coverage_percent(area, footprint)
    if not coverage:
        return None
    return FoundScene(
        id=item["id"],
        archive=archive.name,
        sensor=_sensor(item, archive),
        acquired=_instant(item["properties"]),
        footprint=footprint,
        coverage_percent=coverage,
        scene_cloud_percent=_percent(item["properties"].get("eo:cloud_cover")),
        reflectance=archive.reflectance or "toa",
        thumbnail=_thumbnail(item),
        assets=_assets(item),
        item=item,
    )


def footprint_of(geometry: Any) -> Polygons:
    """Return a GeoJSON geometry as polygons, cut at the antimeridian wherever it was not.

    Raises
    ------
    SourceError, ValueError, KeyError, TypeError, AttributeError or shapely.GEOSException
        When it is none.
    """
    return cut(unwrapped(shapely.geometry.shape(geometry)))


def coverage_percent(area: Area, footprint: shapely.Geometry) -> float:
    """Return the share of an area that a footprint covers, 0 to 100, in true areas."""
    wanted, seen = (shapely.transform(each, _equal_area) for each in (area.geometry, footprint))
    covered = shapely.intersection(wanted, shapely.make_valid(seen))
    return round(min(100.0, 100 * float(shapely.area(covered) / shapely.area(wanted))), 3)


def _equal_area(degrees: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lambert's cylindrical projection: areas on the sphere are areas on the plane."""
    return np.column_stack([np.radians(degrees[:, 0]), np.sin(np.radians(degrees[:, 1]))])


def _instant(properties: Mapping[str, Any]) -> datetime:
    text = properties.get("datetime") or properties["start_datetime"]
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _is_usable(item: Item, archive: Archive) -> bool:
    properties = item["properties"]
    sun = properties.get("view:sun_elevation", properties.get("eo:sun_elevation"))
    night = isinstance(sun, int | float) and sun <= 0
    return archive.is_radar or not (night or item["id"].startswith("LM"))


def _sensor(item: Item, archive: Archive) -> str:
    properties = item["properties"]
    told = str(properties.get("platform") or properties.get("eo:platform") or "")
    found = _PLATFORM.search(told)
    if not found:
        return archive.title
    mission, number = found[1].capitalize(), found[2].upper()
    return f"{mission}-{number}" if mission == "Sentinel" else f"{mission} {number}"


def _percent(value: Any) -> float | None:
    """Return a percentage; Landsat writes -1 where it does not know."""
    known = isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 100
    return float(value) if known else None


def _assets(item: Item) -> dict[str, str]:
    return {
        key: asset["href"]
        for key, asset in item.get("assets", {}).items()
        if isinstance(asset.get("href"), str)
    }


def _thumbnail(item: Item) -> str:
    """Return the address of a small picture that anybody may fetch."""
    assets = _assets(item)
    linked = [link.get("href") for link in item.get("links", []) if link.get("rel") == "thumbnail"]
    candidates = [*(assets.get(key) for key in _PICTURES), *linked]
    return next((each for each in candidates if each and each.startswith("http")), "")
