"""What the masks of a Sentinel-2 product say of each pixel: polygons of old, images since 2022."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.features import rasterize

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.documents import parse_xml
from glacier_core.archives.imagery import Why
from glacier_core.archives.reading import MaskedArray, read_many
from glacier_core.archives.sentinel2_metadata import Sentinel2Tile
from glacier_core.errors import MissingError, SourceError
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, Report

Mask = NDArray[np.bool_]

_MOST_BYTES: Final = 50_000_000
"""Largest mask of polygons; those of broken clouds have some ten million bytes."""

_ELSE: Final = "The archive's copy is damaged; choose another scene."

_CLASSES: Final = {"opaque cloud": 1, "cirrus": 2}
"""Layers of MSK_CLASSI that are not mapped; the third is snow (Sentinel-2 Products Specification
Document, issue 14.9)."""

_QUALITIES: Final = {"lost": 3, "degraded": 4, "defective": 5}
"""Layers of MSK_QUALIT that are not mapped, of the instrument's own data. Others tell of the orbit,
of no data, of corrected cross-talk, and of saturation, which snow often is (the same)."""

_CLOUD_TYPES: Final = ("OPAQUE", "CIRRUS")
_DEFECT_TYPES: Final = {"MSK_DEFECT": (), "MSK_TECQUA": ("MSI_LOST", "MSI_DEG")}
"""Types of polygons that are not mapped, by kind of mask; all types where none is named."""

_SCENE_CLASSES: Final = {1: Why.DEFECTIVE, 3: Why.CLOUD_SHADOW, 8: Why.CLOUD, 9: Why.CLOUD,
                         10: Why.CLOUD}  # fmt: skip
"""Classes of the scene classification of Level 2A that are not mapped: saturated or defective,
cloud shadow, cloud of medium and of high probability, cirrus."""

_STRAIGHT: Final = 1000.0
"""Metres of an edge that another projection would bend by far less than a pixel."""


@dataclass(frozen=True, eq=False)
class Sentinel2Masks:
    """What is not to be mapped, and who said so.

    Attributes
    ----------
    cloud, defective : ndarray of bool, (rows, columns)
    clouds_told_by, defects_told_by : str
        Kind of the mask; empty where the product has none.
    """

    cloud: Mask
    defective: Mask
    clouds_told_by: str
    defects_told_by: str


def read_masks(
    folder: str,
    tile: Sentinel2Tile,
    bands: Collection[str],
    grid: AreaGrid,
    report: Report,
    cancelled: IsCancelled,
) -> Sentinel2Masks:
    """Read the masks of a Level-1C product onto a grid.

    Parameters
    ----------
    folder : str
        Address of the product.
    tile : Sentinel2Tile
    bands : collection of str
        Those whose defects count.
    grid : AreaGrid
    report, cancelled
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Sentinel2Masks
        Level 1C has no mask of the shadows of clouds.

    Raises
    ------
    SourceError, JobCancelled
        A mask that the archive lost is no error: see ``clouds_told_by``.
    """
    reader = _Reader(folder, tile, grid, report, cancelled)
    clouds = reader.clouds()
    defects = reader.defects(bands)
    nothing = np.zeros(grid.shape, dtype=bool)
    return Sentinel2Masks(
        cloud=nothing if clouds is None else clouds[1],
        defective=nothing if defects is None else defects[1],
        clouds_told_by="" if clouds is None else clouds[0],
        defects_told_by="" if defects is None else defects[0],
    )


def why_unmapped(no_data: Mask, masks: Sentinel2Masks) -> NDArray[np.uint8]:
    """Return why each pixel is not mapped: no data before a defect before a cloud."""
    why = np.full(no_data.shape, Why.CLEAR, dtype=np.uint8)
    why[masks.cloud] = Why.CLOUD
    why[masks.defective] = Why.DEFECTIVE
    why[no_data] = Why.NO_DATA
    return why


def why_by_classification(classes: MaskedArray) -> NDArray[np.uint8]:
    """Return why each pixel is not mapped, from the scene classification of Level 2A.

    Parameters
    ----------
    classes : masked array of uint8, (rows, columns)
        Band SCL.
    """
    why = np.full(classes.shape, Why.CLEAR, dtype=np.uint8)
    for number, reason in _SCENE_CLASSES.items():
        why[classes.filled(0) == number] = reason
    why[classes.filled(0) == 0] = Why.NO_DATA
    return why


@dataclass(frozen=True)
class _Reader:
    """Reads the masks of one product onto one grid."""

    folder: str
    tile: Sentinel2Tile
    grid: AreaGrid
    report: Report
    cancelled: IsCancelled

    def clouds(self) -> tuple[str, Mask] | None:
        """Return the kind of the cloud mask and what it covers, None where there is none."""
        if ("MSK_CLASSI", "") in self.tile.masks:
            return self._layers("MSK_CLASSI", [""], tuple(_CLASSES.values()))
        return self._polygons("MSK_CLOUDS", [""], _CLOUD_TYPES)

    def defects(self, bands: Collection[str]) -> tuple[str, Mask] | None:
        """Return the kind of the defect masks and what they cover, None where there are none."""
        if ("MSK_QUALIT", "B02") in self.tile.masks:
            return self._layers("MSK_QUALIT", bands, tuple(_QUALITIES.values()))
        found = [self._polygons(kind, bands, types) for kind, types in _DEFECT_TYPES.items()]
        told = [kind_and_mask for kind_and_mask in found if kind_and_mask is not None]
        if not told:
            return None
        kinds, masks = zip(*told, strict=True)
        return " and ".join(kinds), np.logical_or.reduce(masks)

    def _layers(
        self, kind: str, bands: Collection[str], layers: tuple[int, ...]
    ) -> tuple[str, Mask] | None:
        try:
            found = read_many(
                self.grid,
                {f"{kind} {band}".strip(): self._address(kind, band) for band in bands},
                band=layers,
                resampling=Resampling.nearest,
                report=self.report,
                cancelled=self.cancelled,
            )
        except MissingError:
            return None
        covered = np.zeros(self.grid.shape, dtype=bool)
        for mask in found.values():
            covered |= (mask.filled(0) != 0).any(axis=0)
        return kind, covered

    def _polygons(
        self, kind: str, bands: Collection[str], types: Collection[str]
    ) -> tuple[str, Mask] | None:
        covered = np.zeros(self.grid.shape, dtype=bool)
        for band in bands:
            try:
                address = self._address(kind, band)
                content = get_bytes(address, most_bytes=_MOST_BYTES, cancelled=self.cancelled)
            except MissingError:
                return None
            name = address.rpartition("/")[2]
            covered |= covered_by_polygons(content, name, types, self.tile.epsg, self.grid)
        return kind, covered

    def _address(self, kind: str, band: str) -> str:
        path = self.tile.masks.get((kind, band), "")
        if not re.fullmatch(r"GRANULE/\w+/QI_DATA/\w+\.(?:gml|jp2)", path):
            raise MissingError(f"The product has no {kind} of {band or 'all bands'}.")
        return f"{self.folder}/{path}"


def covered_by_polygons(
    content: bytes, name: str, types: Collection[str], epsg: int, grid: AreaGrid
) -> Mask:
    """Return which pixels of a grid have their centre in a polygon of a GML mask.

    Parameters
    ----------
    content : bytes
    name : str
        What the document is called in messages.
    types : collection of str
        Types of polygons that count; all where empty.
    epsg : int
        Coordinate system, where the mask does not tell.
    grid : AreaGrid

    Returns
    -------
    ndarray of bool, (rows, columns)

    Raises
    ------
    SourceError
        When it is damaged.
    """
    root = parse_xml(content, name)
    shapes = [shape for shape in _shapes(root, types, name) if not shape.is_empty]
    if not shapes:
        return np.zeros(grid.shape, dtype=bool)
    crs = CRS.from_epsg(_epsg(root, epsg))
    to_grid = Transformer.from_crs(crs.to_wkt(), grid.crs.to_wkt(), always_xy=True)
    moved = shapely.transform(
        shapely.segmentize(shapes, _STRAIGHT),
        lambda places: np.column_stack(to_grid.transform(places[:, 0], places[:, 1])),
    )
    burnt = rasterize(moved, out_shape=grid.shape, transform=grid.transform, dtype="uint8")
    return np.asarray(burnt, dtype=bool)


def _shapes(root: Element, types: Collection[str], name: str) -> Iterator[shapely.Polygon]:
    for feature in root.iter("MaskFeature"):
        if types and (feature.findtext("maskType") or "").strip() not in types:
            continue
        polygons = list(feature.iter("Polygon"))
        if not polygons:
            raise SourceError(f"{name} has a mask without a polygon. {_ELSE}")
        for polygon in polygons:
            outer = _ring(polygon.find("exterior//posList"), name)
            yield shapely.Polygon(
                outer, [_ring(hole, name) for hole in polygon.findall("interior//posList")]
            )


def _ring(ring: Element | None, name: str) -> NDArray[np.float64]:
    text = "" if ring is None else (ring.text or "")
    try:
        size = int("2" if ring is None else ring.get("srsDimension", "2"))
        places = np.array(text.split(), dtype=float).reshape(-1, size)[:, :2]
        if len(places) < 4 or not np.isfinite(places).all():
            raise ValueError("no ring")
    except ValueError as problem:
        raise SourceError(
            f"{name} has a polygon that is none ({text[:40]!r}). {_ELSE}"
        ) from problem
    return places


def _epsg(root: Element, usual: int) -> int:
    """Return the code at the end of ``urn:ogc:def:crs:EPSG:8.7.1:32631``."""
    envelope = next(root.iter("Envelope"), None)
    told = "" if envelope is None else envelope.get("srsName", "").rpartition(":")[2]
    return int(told) if re.fullmatch(r"32[67]\d\d", told) else usual
