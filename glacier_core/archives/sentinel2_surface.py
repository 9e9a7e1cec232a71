"""Sentinel-2 Level 2A: surface reflectance, for those who insist on it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from rasterio.enums import Resampling

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Imagery, Why
from glacier_core.archives.reading import read_many, read_onto
from glacier_core.archives.sentinel2_catalogue import NAMES, told_scaling
from glacier_core.archives.sentinel2_masks import why_by_classification
from glacier_core.archives.sentinel2_metadata import (
    BAND_OF,
    MOST_BYTES,
    Sentinel2Product,
    parse_product,
)
from glacier_core.archives.sentinel2_radiometry import Scaling, reflectances
from glacier_core.errors import SourceError
from glacier_core.network.access import authorise
from glacier_core.network.services import reached_at
from glacier_core.network.session import get_bytes
from glacier_core.network.transfer import IsCancelled, Report
from glacier_core.scene import FloatArray

_SATURATED: Final = 65_535
_METADATA: Final = ("product_metadata", "product-metadata")
_APPLIED: Final = "earthsearch:boa_offset_applied"
"""Whether Earth Search took the offset off before it wrote its files. Known to be wrong for some
(Element84/earth-search issues 9, 24, 66, 71), which is why the pixels are asked too."""

_TOO_DARK: Final = -0.05
"""Reflectance that nothing has, noise and overcorrected shadow apart."""

_TOO_MANY: Final = 0.01
"""Share of pixels that may be too dark."""


@dataclass(frozen=True)
class _Source:
    """How the numbers of a product are scaled, and who says so."""

    scaling: Scaling
    told_by: str
    product: Sentinel2Product | None = None
    digest: str = ""


def read_surface(
    found: FoundScene, grid: AreaGrid, *, report: Report, cancelled: IsCancelled
) -> Imagery:
    """Read a Level-2A product onto a grid.

    Parameters
    ----------
    found : FoundScene
    grid : AreaGrid
    report, cancelled
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Imagery
        Surface reflectance; ``facts["reflectance"]`` says so.

    Raises
    ------
    SourceError
        Also when metadata, catalogue and pixels disagree about the offset.
    JobCancelled
    """
    source = _source(found, cancelled)
    urls = {band: _address(found, NAMES[band], band) for band in BAND_OF.values()}
    numbers = read_many(grid, urls, no_data=(0, _SATURATED), report=report, cancelled=cancelled)
    bands = reflectances(numbers, tuple(BAND_OF.values()), source.scaling, _SATURATED)
    doubts = _doubts(found, bands.optical, source)
    classes = read_onto(
        grid,
        _address(found, ("scl", "SCL"), "the scene classification"),
        resampling=Resampling.nearest,
        report=report,
        cancelled=cancelled,
    )
    why = why_by_classification(classes)
    why[bands.saturated] = Why.DEFECTIVE
    why[bands.no_data] = Why.NO_DATA
    return Imagery(bands.optical, why, facts=_facts(found, source), notes=_NOTES + doubts)


_NOTES: Final = (
    "Surface reflectance: models made for top-of-atmosphere reflectance see other numbers than "
    "they learned from.",
    "Level 2A was corrected for the slope of the ground by an older elevation model, which leaves "
    "traces on steep ground.",
)


def _source(found: FoundScene, cancelled: IsCancelled) -> _Source:
    """Return how the numbers of a product are scaled, by whatever can be trusted most.

    Earth Search's older collection changed the numbers of its files, so there its flag goes
    before the product's metadata; elsewhere metadata and catalogue have to agree.
    """
    claims = {band: told_scaling(found.item, band) for band in BAND_OF.values()}
    applied = found.item.get("properties", {}).get(_APPLIED)
    if isinstance(applied, bool):
        return _Source(_claimed(found, claims, applied), "the catalogue and its flag")
    address = next((found.assets[key] for key in _METADATA if key in found.assets), None)
    if address is None:
        return _Source(_claimed(found, claims, False), "the catalogue")
    address, headers = authorise(reached_at(address))
    content = get_bytes(address, most_bytes=MOST_BYTES, headers=headers, cancelled=cancelled)
    product = parse_product(content, f"The product metadata of {found.id}")
    _check_same(found, product)
    scaling = Scaling(
        product.quantification, {band: product.offset(band) for band in BAND_OF.values()}
    )
    _check_agreement(found, claims, scaling)
    return _Source(scaling, "product", product, hashlib.sha256(content).hexdigest())


def _claimed(
    found: FoundScene, claims: Mapping[str, tuple[float, float] | None], applied: bool
) -> Scaling:
    known = {band: claim for band, claim in claims.items() if claim is not None}
    scales = {scale for scale, _ in known.values()}
    if len(known) < len(claims) or len(scales) != 1 or min(scales) <= 0:
        raise SourceError(
            f"Neither metadata nor catalogue say how the numbers of {found.id} become "
            "reflectance. Choose another scene, of Level 1C above all."
        )
    quantification = 1 / scales.pop()
    return Scaling(
        quantification,
        {band: 0.0 if applied else offset * quantification for band, (_, offset) in known.items()},
    )


def _check_same(found: FoundScene, product: Sentinel2Product) -> None:
    if product.reflectance != "surface":
        raise SourceError(
            f"The archive offers {found.id} as surface reflectance, but its metadata tell of "
            f"{product.name.text}. Choose another scene."
        )


def _check_agreement(
    found: FoundScene, claims: Mapping[str, tuple[float, float] | None], scaling: Scaling
) -> None:
    for band, claim in claims.items():
        own = 1 / scaling.quantification, scaling.offsets[band] / scaling.quantification
        if claim is not None and not np.allclose(claim, own, rtol=1e-6, atol=1e-9):
            raise SourceError(
                f"Catalogue and metadata of {found.id} disagree about {band}: DN x {claim[0]:g} "
                f"{claim[1]:+g} against DN x {own[0]:g} {own[1]:+g}. Which of them the files "
                "follow cannot be known; choose another scene, of Level 1C above all."
            )


def _doubts(found: FoundScene, optical: FloatArray, source: _Source) -> tuple[str, ...]:
    """Compare the offset with the pixels.

    Where an offset that was said to be there had been taken off already, dark ground comes out far
    below zero, which nothing can be. Where one is still there that was said to be gone, nothing is
    dark; but so it is over bright ground, hence that is a doubt and no contradiction.

    Raises
    ------
    SourceError
        When too much is below zero.
    """
    darkest = np.fmin.reduce(optical, axis=0)
    darkest = darkest[np.isfinite(darkest)]
    if darkest.size == 0:
        return ()
    low = float(np.quantile(darkest, _TOO_MANY))
    if low < _TOO_DARK:
        raise SourceError(
            f"The pixels of {found.id} contradict what {source.told_by} says of its offset: the "
            f"darkest come out as {low:.2f}. Choose another scene, of Level 1C above all."
        )
    claim = told_scaling(found.item, "B02")
    if claim is None or any(source.scaling.offsets.values()) or low < -claim[1] or claim[1] == 0:
        return ()
    return (
        f"Nothing in the area is darker than {low:.2f}, so an offset of {claim[1]:+g} may still be "
        "in the numbers although the catalogue's flag says it is not.",
    )


def _address(found: FoundScene, names: tuple[str, ...], what: str) -> str:
    for name in names:
        if name in found.assets:
            return found.assets[name]
    raise SourceError(f"The archive names no file of {what} of {found.id}. Choose another scene.")


def _facts(found: FoundScene, source: _Source) -> dict[str, str]:
    product = source.product
    properties: Mapping[str, Any] = found.item.get("properties", {})
    name = product.name.text if product else str(properties.get("s2:product_uri") or found.id)
    facts = {
        "product": name.removesuffix(".SAFE"),
        "level": "Level-2A",
        "sensor": found.sensor,
        "reflectance": "surface",
        "rescaling": f"{source.scaling}, told by {source.told_by}",
        "bands": " ".join(BAND_OF.values()),
        "resampling": "bilinear; masks nearest",
        "cloud mask": "SCL",
    }
    if product:
        facts["processing baseline"] = product.name.baseline
        facts["metadata SHA-256"] = source.digest
    return facts
