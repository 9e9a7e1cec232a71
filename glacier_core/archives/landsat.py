"""Landsat 4 to 9 on the grid of an area: reflectance, temperature and what stays unmapped."""

import hashlib
import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np
from rasterio.enums import Resampling

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.documents import fetch_document
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import MANY_SATURATED, Imagery, Why
from glacier_core.archives.landsat_masks import (
    cloud_percent,
    landsat_why,
    saturated_percent,
)
from glacier_core.archives.landsat_metadata import (
    MOST_BYTES,
    LandsatProduct,
    Rescaling,
    ThermalBand,
    parse_mtl,
)
from glacier_core.archives.reading import read_many
from glacier_core.errors import SourceError
from glacier_core.network.services import reached_at
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.scene import BANDS, FloatArray

MaskedArray = np.ma.MaskedArray[tuple[int, int], np.dtype[Any]]

_FORMATS: Final = ("_MTL.json", "_MTL.xml", "_MTL.txt")
_HUNDREDTHS: Final = 0.01
"""Degrees a number of the angle bands (LSDS-1822)."""

_LOW_SUN: Final = 14.0
"""Degrees below which the Geological Survey makes no surface reflectance (zenith above 76)."""

_HALF_A_SCENE: Final = 0.8
"""Degrees of latitude from the centre of a scene (185 km) to its northern or southern edge."""


def read_landsat(
    found: FoundScene,
    grid: AreaGrid,
    *,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Imagery:
    """Read a Landsat Collection 2 product onto a grid.

    Parameters
    ----------
    found : FoundScene
        Of a Level-1 or a Level-2 archive.
    grid : AreaGrid
    report, cancelled : optional
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Imagery
        Level 1: top-of-atmosphere reflectance, ``(M DN + A) / sin(sun elevation)``, pixel by
        pixel where the archive hands out the sun's zenith angles, and brightness temperature.
        Level 2: surface reflectance, which ``facts`` and ``notes`` say, and no temperature. Bands
        are resampled bilinearly, flags to the nearest pixel.

    Raises
    ------
    SourceError
        When something could not be fetched, or the product does not fit: see
        :func:`~glacier_core.archives.landsat_metadata.parse_mtl`.
    JobCancelled
        When somebody stopped it.
    """
    files = _files(found)
    content, name = _metadata(files, cancelled)
    product = parse_mtl(content, name)
    _check_same(product, found)
    measured, flags = _addresses(product, files)
    layers = read_many(grid, measured, no_data=(0,), report=report, cancelled=cancelled)
    masks = read_many(
        grid, flags, resampling=Resampling.nearest, report=report, cancelled=cancelled
    )
    optical = _reflectance(product, layers)
    saturation = masks.get("saturation")
    why = landsat_why(masks["quality"], saturation, product.sensor)
    why[np.isnan(optical).any(axis=0)] = Why.NO_DATA
    thermal = product.thermal if "thermal" in layers else None
    return Imagery(
        optical=optical,
        why=why,
        thermal=brightness_temperature(layers["thermal"], thermal) if thermal else None,
        facts=_facts(product, content, masks["quality"], "sun_zenith" in layers, thermal),
        notes=_notes(product, saturation, "sun_zenith" in layers, thermal),
    )


def toa_reflectance(
    numbers: MaskedArray, rescaling: Rescaling, sine_of_elevation: FloatArray | float
) -> FloatArray:
    """Return top-of-atmosphere reflectance; NaN where there are no numbers, or no sun.

    Parameters
    ----------
    numbers : masked array, (rows, columns)
    rescaling : Rescaling
    sine_of_elevation : float or ndarray, (rows, columns)
        1 for what needs no division.

    Notes
    -----
    Landsat 8-9 Data Users Handbooks of the U.S. Geological Survey (LSDS-1574 and LSDS-2082).
    """
    scaled = numbers.astype(np.float32) * rescaling.multiplier + rescaling.addend
    lit = np.ma.masked_less_equal(sine_of_elevation, 0)
    return np.ma.filled((scaled / lit).astype(np.float32), np.nan)


def brightness_temperature(numbers: MaskedArray, band: ThermalBand) -> FloatArray:
    """Return brightness temperature in kelvin, ``K2 / ln(K1 / L + 1)``; NaN without radiance L.

    Masked division and logarithm mask what they are not defined for.
    """
    radiance = numbers.astype(np.float64) * band.radiance.multiplier + band.radiance.addend
    return np.ma.filled((band.k2 / np.ma.log(band.k1 / radiance + 1)).astype(np.float32), np.nan)


def _files(found: FoundScene) -> dict[str, str]:
    """Return the addresses of a scene by file name, those in the bucket before those of a page."""
    described: Mapping[str, Any] = found.item.get("assets", {})
    files: dict[str, str] = {}
    for key, address in found.assets.items():
        bucket = described.get(key, {}).get("alternate", {}).get("s3", {}).get("href", address)
        reached = reached_at(str(bucket))
        files[PurePosixPath(urlsplit(reached).path).name] = reached
    return files


def _metadata(files: Mapping[str, str], cancelled: IsCancelled) -> tuple[bytes, str]:
    """Return the MTL file of a scene and its name."""
    for ending in _FORMATS:
        for name, address in files.items():
            if name.endswith(ending):
                return fetch_document(address, most_bytes=MOST_BYTES, cancelled=cancelled), name
    raise SourceError(
        "The archive names no metadata (MTL file) of this Landsat scene, without which its "
        "numbers mean nothing. Choose another scene."
    )


def _check_same(product: LandsatProduct, found: FoundScene) -> None:
    """Compare what was found with what its metadata says it is."""
    if product.collection != 2:
        raise SourceError(
            f"{product.product_id} is of Collection {product.collection}, whose quality bands "
            "have another meaning. Choose the same scene of Collection 2."
        )
    if product.reflectance != found.reflectance:
        raise SourceError(
            f"The archive offers {found.id} as {found.reflectance} reflectance, but its metadata "
            f"say {product.level}, which is {product.reflectance}. Choose another scene."
        )
    asked, told = (_acquisition(name) for name in (found.id, product.product_id))
    if asked and asked != told:
        raise SourceError(
            f"The metadata of {found.id} tell of another scene, {product.product_id}. "
            "Choose another scene."
        )


def _acquisition(name: str) -> tuple[str, ...] | None:
    """Return sensor, path and row, and date of a product's name."""
    found = re.match(r"(L[A-Z]\d\d)_[A-Z0-9]{4}_(\d{6})_(\d{8})_", name)
    return found and found.groups()


def _addresses(
    product: LandsatProduct, files: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the addresses of the measured layers and of the flags, by use."""
    at = {use: files[name] for use, name in product.files.items() if name in files}
    missing = [use for use in (*BANDS, "quality") if use not in at]
    if missing:
        raise SourceError(
            f"The archive names no file for {', '.join(missing)} of {product.product_id}. "
            "Choose another scene."
        )
    wanted = [*BANDS]
    if product.thermal and "thermal" in at:
        wanted.append("thermal")
    if product.reflectance == "toa" and "sun_zenith" in at:
        wanted.append("sun_zenith")
    flags = [use for use in ("quality", "saturation") if use in at]
    return {use: at[use] for use in wanted}, {use: at[use] for use in flags}


def _reflectance(product: LandsatProduct, layers: Mapping[str, MaskedArray]) -> FloatArray:
    """Return the six bands of a product as reflectance, (6, rows, columns)."""
    sine: FloatArray | float
    if product.reflectance == "surface":
        sine = 1.0
    elif "sun_zenith" in layers:
        zenith = layers["sun_zenith"].astype(np.float32) * _HUNDREDTHS
        lit = np.ma.masked_where((zenith <= 0) | (zenith >= 90), zenith)
        sine = np.ma.cos(np.radians(lit))
    else:
        sine = math.sin(math.radians(product.sun_elevation))
    return np.stack(
        [toa_reflectance(layers[band], product.rescaling[band], sine) for band in BANDS]
    )


def _facts(
    product: LandsatProduct,
    content: bytes,
    quality: MaskedArray,
    per_pixel: bool,
    thermal: ThermalBand | None,
) -> dict[str, str]:
    """Return what provenance keeps of a product."""
    rescaling = "; ".join(
        f"{band} {scale.multiplier:g} DN {scale.addend:+g}"
        for band, scale in product.rescaling.items()
    )
    facts = {
        "product": product.product_id,
        "level": product.level,
        "collection": f"{product.collection}, {product.tier}",
        "sensor": f"Landsat {product.spacecraft} {product.sensor}",
        "reflectance": product.reflectance,
        "rescaling": rescaling,
        "sun elevation": _sun(product, per_pixel),
        "resampling": "bilinear; flags nearest",
        "cloud mask": "QA_PIXEL",
        "metadata SHA-256": hashlib.sha256(content).hexdigest(),
    }
    if thermal:
        source = "published" if thermal.published else "from the metadata"
        facts["thermal band"] = f"{thermal.number}, K1 {thermal.k1:g}, K2 {thermal.k2:g}, {source}"
    shares = cloud_percent(quality)
    facts["masked"] = ", ".join(f"{kind} {share:.1f} %" for kind, share in shares.items())
    return facts


def _sun(product: LandsatProduct, per_pixel: bool) -> str:
    elevation = f"{product.sun_elevation:.2f} degrees at the centre of the scene"
    if product.reflectance == "surface":
        return f"{elevation}; not divided by, as the archive did"
    return f"pixel by pixel; {elevation}" if per_pixel else f"{elevation}, used for every pixel"


def _notes(
    product: LandsatProduct,
    saturation: MaskedArray | None,
    per_pixel: bool,
    thermal: ThermalBand | None,
) -> tuple[str, ...]:
    """Return what a reader of any number made from a product must know."""
    notes = []
    if product.reflectance == "surface":
        notes.append(
            "Surface reflectance: models made for top-of-atmosphere reflectance see other numbers "
            "than they learned from."
        )
    elif not per_pixel:
        error = 100 * math.radians(_HALF_A_SCENE) / math.tan(math.radians(product.sun_elevation))
        notes.append(
            "The archive hands out no sun angles for each pixel: the sun's elevation at the centre "
            f"of the scene was used, so reflectance is off by up to about {error:.0f} % at its rim."
        )
    if product.slc_off:
        notes.append(
            "Landsat 7 without its scan line corrector: stripes without data, which stay unmapped."
        )
    if product.sun_elevation < _LOW_SUN:
        notes.append(
            f"The sun stood only {product.sun_elevation:.1f} degrees high: long shadows, and "
            "reflectance of slopes far from that of flat ground."
        )
    if thermal and thermal.published:
        notes.append("Temperature by the sensor's published constants: the metadata tell none.")
    return (*notes, *_placement_notes(product), *_saturation_notes(product, saturation))


def _placement_notes(product: LandsatProduct) -> list[str]:
    if product.tier == "RT":
        return ["A real-time product: the archive will replace it by a better calibrated one."]
    if product.level == "L1GS":
        return ["Not corrected for terrain: mountains are displaced, so outlines will not fit."]
    if product.tier == "T2":
        return ["Tier 2: it may lie more than 12 m off, which is the bound of Tier 1."]
    return []


def _saturation_notes(product: LandsatProduct, saturation: MaskedArray | None) -> list[str]:
    if saturation is None:
        return ["The archive hands out no flags of saturated and hidden pixels."]
    shares = saturated_percent(saturation, product.sensor)
    many = [f"{band} {share:.0f} %" for band, share in shares.items() if share >= MANY_SATURATED]
    return [f"Saturated, so darker than in truth: {', '.join(many)} of the area."] if many else []
