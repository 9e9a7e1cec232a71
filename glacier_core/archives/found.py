"""A scene that an archive holds: what a search tells of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely

from glacier_core.scene import Reflectance


@dataclass(frozen=True)
class FoundScene:
    """What a search tells of one scene of an archive.

    Attributes
    ----------
    id : str
        The archive's own name of it.
    archive : str
        Name in :data:`glacier_core.archives.catalogue.ARCHIVES`.
    sensor : str
        As people write it: ``Sentinel-2A``, ``Landsat 8``.
    acquired : datetime
        In UTC.
    footprint : shapely geometry
        EPSG:4326; two parts where it crosses the antimeridian.
    coverage_percent : float
        Share of the area asked for that the footprint covers, 0 to 100.
    scene_cloud_percent : float, optional
        Over the whole scene, as the archive tells it.
    area_cloud_percent : float, optional
        Over the area asked for, where it could be measured.
    reflectance : {"toa", "surface"}
    thumbnail : str
        Address of a small picture; empty for none.
    assets : mapping of str to str
        Addresses of the files, by the archive's own keys.
    item : mapping
        The STAC item as it came.
    replaces : tuple of str
        Older processings of the very same acquisition, left out of what was found.
    """

    id: str
    archive: str
    sensor: str
    acquired: datetime
    footprint: shapely.Geometry
    coverage_percent: float
    scene_cloud_percent: float | None = None
    area_cloud_percent: float | None = None
    reflectance: Reflectance = "toa"
    thumbnail: str = ""
    assets: Mapping[str, str] = field(default_factory=dict)
    item: Mapping[str, Any] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
