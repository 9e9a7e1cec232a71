"""Sentinel-2 on the grid of an area: reflectance, and what stays unmapped."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from rasterio.enums import Resampling

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import MANY_SATURATED, Imagery, Why
from glacier_core.archives.reading import read_many, read_onto
from glacier_core.archives.sentinel2_bucket import FoundProduct, find_product
from glacier_core.archives.sentinel2_catalogue import told_scaling
from glacier_core.archives.sentinel2_masks import Sentinel2Masks, read_masks, why_unmapped
from glacier_core.archives.sentinel2_metadata import (
    BAND_OF,
    MOST_BYTES,
    Sentinel2Product,
    Sentinel2Tile,
    parse_product,
    parse_tile,
)
from glacier_core.archives.sentinel2_radiometry import Reflectances, Scaling, reflectances
from glacier_core.archives.sentinel2_surface import read_surface
from glacier_core.errors import SourceError
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, Report, never, unreported

RESAMPLING: Final = "bilinear; masks nearest"
"""Bands of 20 m are brought onto a grid of 10 m bilinearly: the rule by which GlaViTU's own tools
bring rasters of other sizes onto the optical one; how its training tiles were made is not told."""

_COARSE_BAND: Final = "B11"
"""Band of 20 m, whose pixels are a quarter of the bytes of one of 10 m."""

_USUAL_QUANTIFICATION: Final = 10_000.0


def read_sentinel2(
    found: FoundScene,
    grid: AreaGrid,
    *,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Imagery:
    """Read a Sentinel-2 product onto a grid.

    Parameters
    ----------
    found : FoundScene
        Of a Level-1C or a Level-2A archive.
    grid : AreaGrid
    report, cancelled : optional
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Imagery
        Level 1C: top-of-atmosphere reflectance, ``(DN + RADIO_ADD_OFFSET) / QUANTIFICATION_VALUE``
        by the product's own metadata, near infrared from B08 (see
        :data:`~glacier_core.archives.sentinel2_metadata.BAND_OF`). Level 2A: surface reflectance,
        which ``facts`` and ``notes`` say. Bands are resampled bilinearly, masks to the nearest
        pixel. ``facts["cloud mask"]`` is ``none`` where the product has no mask of clouds.

    Raises
    ------
    SourceError
        When something could not be fetched, or is not what it should be.
    JobCancelled
        When somebody stopped it.
    """
    if found.reflectance == "surface":
        return read_surface(found, grid, report=report, cancelled=cancelled)
    opened = _open(found, cancelled)
    bands = opened.read(grid, report, cancelled)
    masks = opened.masks(grid, report, cancelled)
    masks = replace(masks, defective=masks.defective | bands.saturated)
    why = why_unmapped(bands.no_data, masks)
    return Imagery(
        optical=bands.optical,
        why=why,
        facts=_facts(opened, masks, why),
        notes=_notes(opened, found, masks, bands),
    )


def sentinel2_why(
    found: FoundScene, grid: AreaGrid, *, cancelled: IsCancelled = never
) -> NDArray[np.uint8]:
    """Return why each pixel of a coarse grid would not be mapped, from masks and one band only.

    Parameters
    ----------
    found : FoundScene
        Of the Level-1C archive.
    grid : AreaGrid
    cancelled : callable, optional

    Returns
    -------
    ndarray of uint8, (rows, columns)
        A :class:`~glacier_core.archives.imagery.Why` a pixel, defects left out.

    Raises
    ------
    SourceError
        Also when the product has no mask of clouds.
    JobCancelled
    """
    opened = _open(found, cancelled)
    masks = read_masks(opened.at.folder, opened.tile, (), grid, unreported, cancelled)
    if not masks.clouds_told_by:
        raise SourceError(f"{opened.product.name.text} has no mask of clouds.")
    numbers = read_onto(
        grid,
        opened.address(_COARSE_BAND),
        resampling=Resampling.nearest,
        no_data=(opened.product.no_data,),
        cancelled=cancelled,
    )
    return why_unmapped(np.ma.getmaskarray(numbers), masks)


@dataclass(frozen=True)
class _Opened:
    """A Level-1C product that was found, and what it says of itself."""

    at: FoundProduct
    product: Sentinel2Product
    tile: Sentinel2Tile

    @property
    def scaling(self) -> Scaling:
        return Scaling(
            self.product.quantification,
            {band: self.product.offset(band) for band in BAND_OF.values()},
        )

    def address(self, band: str) -> str:
        if band not in self.product.images:
            raise SourceError(
                f"{self.product.name.text} names no file of {band}. Choose another scene."
            )
        return f"{self.at.folder}/{self.product.images[band]}.jp2"

    def read(self, grid: AreaGrid, report: Report, cancelled: IsCancelled) -> Reflectances:
        scaling = self.scaling
        numbers = read_many(
            grid,
            {band: self.address(band) for band in BAND_OF.values()},
            no_data=(self.product.no_data, self.product.saturated),
            report=report,
            cancelled=cancelled,
        )
        return reflectances(numbers, tuple(BAND_OF.values()), scaling, self.product.saturated)

    def masks(self, grid: AreaGrid, report: Report, cancelled: IsCancelled) -> Sentinel2Masks:
        return read_masks(
            self.at.folder, self.tile, tuple(BAND_OF.values()), grid, report, cancelled
        )


def _open(found: FoundScene, cancelled: IsCancelled) -> _Opened:
    at = find_product(found, cancelled=cancelled)
    product = parse_product(at.metadata, f"MTD_MSIL1C.xml of {at.name.text}")
    if product.name != at.name:
        raise SourceError(
            f"The folder {at.name.text} holds the metadata of another product, "
            f"{product.name.text}. Choose another scene."
        )
    where = f"{at.folder}/{product.granule}/MTD_TL.xml"
    tile = get_bytes(where, most_bytes=MOST_BYTES, cancelled=cancelled)
    opened = _Opened(at, product, parse_tile(tile, f"MTD_TL.xml of {at.name.text}"))
    _check_quantification(opened, found.item)
    return opened


def _check_quantification(opened: _Opened, item: Mapping[str, Any]) -> None:
    """Refuse an unusual quantification unless the catalogue knows of it too.

    Products until early 2016 had 1000, so it need not be wrong; but were it, all reflectance
    would be ten times what it is.
    """
    value = opened.scaling.quantification
    if value == _USUAL_QUANTIFICATION:
        return
    for band in BAND_OF.values():
        told = told_scaling(item, band)
        if told is not None and not np.isclose(told[0] * value, 1.0, rtol=1e-6):
            raise SourceError(
                f"The metadata of {opened.product.name.text} take a number of {value:g} for a "
                f"reflectance of 1, the catalogue {1 / told[0]:g}. Which of them is right cannot "
                "be known; choose another scene."
            )


def _facts(opened: _Opened, masks: Sentinel2Masks, why: NDArray[np.uint8]) -> dict[str, str]:
    """Return what provenance keeps of a product."""
    product = opened.product
    shares = ", ".join(
        f"{reason.name.lower().replace('_', ' ')} {100 * (why == reason).mean():.1f} %"
        for reason in (Why.NO_DATA, Why.CLOUD, Why.DEFECTIVE)
    )
    return {
        "product": product.name.text,
        "level": "Level-1C",
        "processing baseline": product.name.baseline,
        "sensor": product.name.spacecraft,
        "reflectance": product.reflectance,
        "rescaling": str(opened.scaling),
        "bands": " ".join(BAND_OF.values()),
        "sun elevation": f"{opened.tile.sun_elevation:.2f} degrees, mean of the tile",
        "resampling": RESAMPLING,
        "cloud mask": masks.clouds_told_by or "none",
        "defect mask": masks.defects_told_by or "none",
        "masked": shares,
        "metadata SHA-256": hashlib.sha256(opened.at.metadata).hexdigest(),
    }


def _notes(
    opened: _Opened, found: FoundScene, masks: Sentinel2Masks, bands: Reflectances
) -> tuple[str, ...]:
    """Return what a reader of any number made from a product must know."""
    notes = []
    if opened.at.asked_for:
        notes.append(
            f"Another processing of the same datatake than the catalogue names "
            f"({opened.at.asked_for}), which the bucket does not hold."
        )
    if masks.clouds_told_by:
        notes.append(
            "Sentinel-2 Level 1C has a mask of clouds, which takes some bright snow for cloud, "
            "and none of their shadows, which are mapped as if they were none."
        )
    if not masks.defects_told_by:
        notes.append("The archive hands out no mask of defective pixels.")
    saturated = 100 * float(bands.saturated.mean())
    if saturated >= MANY_SATURATED:
        notes.append(f"Brighter than the sensor can tell, and not mapped: {saturated:.0f} %.")
    return (*notes, *_contradictions(opened, found.item))


def _contradictions(opened: _Opened, item: Mapping[str, Any]) -> list[str]:
    """Say where catalogue and product disagree; the product's own metadata are what was used."""
    scaling, notes = opened.scaling, []
    if scaling.quantification != _USUAL_QUANTIFICATION:
        notes.append(
            f"The product takes a number of {scaling.quantification:g} for a reflectance of 1; "
            "since early 2016 it is 10000."
        )
    for band, offset in scaling.offsets.items():
        told = told_scaling(item, band)
        if told is None:
            continue
        own = 1 / scaling.quantification, offset / scaling.quantification
        if not np.allclose(told, own, rtol=1e-6, atol=1e-9):
            notes.append(
                f"The catalogue scales {band} by {told[0]:g} and {told[1]:+g}, the product's own "
                f"metadata by {own[0]:g} and {own[1]:+g}; the product's were used."
            )
    return notes
