"""What fetching will take, before anything is fetched."""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import shapely

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.catalogue import Archive, archive_named
from glacier_core.archives.found_items import coverage_percent
from glacier_core.archives.plan import FetchPlan
from glacier_core.errors import SourceError
from glacier_core.network.access import authorise
from glacier_core.network.services import service
from glacier_core.pace import pace
from glacier_core.settings import settings

ALL_OF_IT: Final = 99.5
"""Percent of the area from which on it counts as covered: footprints are drawn coarsely."""

WORTH_SAYING: Final = 1.0
"""Percent of cloud over the area from which on it is named."""


@dataclass(frozen=True)
class Cost:
    """What a plan takes.

    Attributes
    ----------
    pixels : int
        Of the scene.
    bytes : int
        To fetch, estimated from the size of the area and of whole products.
    seconds : float or None
        To fetch, at the pace of the last fetches on this device; None before the first.
    mapping_seconds : float or None
        To map, at the pace of the last maps on this device; None before the first.
    missing : tuple of str
        What will not be in the scene, or stands in the way of fetching it, a sentence each.
    """

    pixels: int
    bytes: int
    seconds: float | None
    mapping_seconds: float | None
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Layers:
    """Rasters of one kind that are read of a product.

    Attributes
    ----------
    count : int
    pixel_m : float
        Side of a pixel in metres.
    bytes_a_pixel : float
        As packed in the file.
    block : int
        Pixels a side of what is read at once.
    """

    count: int
    pixel_m: float
    bytes_a_pixel: float
    block: int


_SENTINEL_2: Final = (Layers(4, 10.0, 0.9, 1024), Layers(2, 20.0, 0.9, 1024))
_LANDSAT: Final = (Layers(10, 30.0, 1.1, 256),)

LAYERS: Final = MappingProxyType(
    {
        "sentinel-2-l1c": _SENTINEL_2,
        "sentinel-2-l2a": _SENTINEL_2,
        "landsat-c2-l1": _LANDSAT,
        "landsat-c2-l2": _LANDSAT,
        "sentinel-1-rtc": (Layers(2, 10.0, 4.0, 512),),
        "sentinel-1-grd": (Layers(2, 10.0, 2.0, 512),),
    }
)
"""What is read of a product of each archive.

Bytes a pixel: a Level-1C tile of 673 million pixels takes some 600 MB (ESA, Sentinel-2 User
Handbook, 2015), a Landsat 8 product of about 900 million some 1 GB (U.S. Geological Survey); the
noise of radar in 32 bits hardly packs.
"""

ELEVATION: Final = Layers(1, 30.0, 3.0, 1024)
"""The Copernicus elevation model in 32 bits, packed."""


def estimate(plan: FetchPlan) -> Cost:
    """Estimate what a plan takes.

    Raises
    ------
    SourceError
        When it is more than the settings allow.
    """
    grid = plan.grid
    pixels = grid.shape[0] * grid.shape[1]
    count = _bytes(plan, grid)
    _check_bytes(count, plan)
    fetching, mapping = pace("fetching"), pace("mapping")
    return Cost(
        pixels=pixels,
        bytes=count,
        seconds=None if fetching is None else count / fetching,
        mapping_seconds=None if mapping is None else pixels / mapping,
        missing=tuple(_missing(plan)),
    )


def _bytes(plan: FetchPlan, grid: AreaGrid) -> int:
    layers = [ELEVATION]
    for scene in (*plan.scenes, *plan.radar):
        layers += LAYERS[scene.archive]
    return round(sum(_layer_bytes(each, grid) for each in layers))


def _layer_bytes(layers: Layers, grid: AreaGrid) -> float:
    """Bytes under a grid: whole blocks, on average one more a side than would cover it.

    Files keep copies of half, a quarter... of their resolution, which coarser grids are read of.
    """
    halvings = max(0, math.floor(math.log2(grid.resolution / layers.pixel_m)))
    pixel_m = layers.pixel_m * 2**halvings
    rows, columns = (side * grid.resolution / pixel_m + layers.block for side in grid.shape)
    return float(layers.count * layers.bytes_a_pixel * rows * columns)


def _check_bytes(count: int, plan: FetchPlan) -> None:
    most = settings().max_fetch_megabytes * 1_000_000
    if count > most:
        raise SourceError(
            f"{len(plan.scenes) + len(plan.radar)} scenes of this area are about "
            f"{count / 1e6:,.0f} MB; the limit is {most / 1e6:,.0f} MB "
            "(GLACIER_MAX_FETCH_MEGABYTES). Choose fewer scenes, a smaller area or larger pixels."
        )


def _missing(plan: FetchPlan) -> list[str]:
    """Return what will be missing, the gravest first."""
    archives = {each.archive: archive_named(each.archive) for each in (*plan.scenes, *plan.radar)}
    return [
        sentence
        for sentence in (
            *(_refused(archive, plan) for archive in archives.values()),
            *(_without_account(archive) for archive in archives.values()),
            _uncovered(plan),
            _clouded(plan),
            "" if plan.radar else "No radar: networks that need backscatter cannot map the scene.",
        )
        if sentence
    ]


def _refused(archive: Archive, plan: FetchPlan) -> str:
    if archive.reflectance != "surface" or plan.allow_surface:
        return ""
    return (
        f"{archive.title} will be refused, as the networks were made for reflectance at the top "
        "of the atmosphere. Accept surface reflectance, or choose another archive."
    )


def _without_account(archive: Archive) -> str:
    if not archive.account:
        return ""
    try:
        authorise(service(archive.files), archive.files)
    except SourceError as problem:
        return str(problem)
    return ""


def _uncovered(plan: FetchPlan) -> str:
    together = shapely.union_all([shapely.make_valid(each.footprint) for each in plan.scenes])
    covered = coverage_percent(plan.area, together)
    if covered >= ALL_OF_IT:
        return ""
    return f"The scenes cover {covered:.0f} % of the area; the rest stays unmapped."


def _clouded(plan: FetchPlan) -> str:
    if plan.composite:
        return ""
    known = [
        cloud for cloud in (each.area_cloud_percent for each in plan.scenes) if cloud is not None
    ]
    if len(known) < len(plan.scenes):
        return "How much of the area clouds hide is not known before it is fetched."
    worst = max(known)
    if worst < WORTH_SAYING:
        return ""
    return f"Clouds hide {worst:.0f} % of the area, which stays unmapped."
