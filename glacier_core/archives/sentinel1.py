"""Sentinel-1 backscatter on the grid of an area, linear: terrain-corrected or ground-range."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.found import FoundScene
from glacier_core.archives.imagery import Radar
from glacier_core.archives.reading import read_many
from glacier_core.archives.sentinel1_geometry import RadarImage, incidence_near
from glacier_core.archives.sentinel1_ground_range import GroundRangeImage, find_image, onto_grid
from glacier_core.errors import SourceError
from glacier_core.network.transfer import IsCancelled, Report, never, unreported
from glacier_core.scene import ORBITS, FloatArray

_POLARISATIONS: Final = (("vv", "vh"), ("hh", "hv"))
"""Co-polarised and cross-polarised; VV where a product has both (over land it mostly has)."""

_NO_DATA: Final = (0.0, -32768.0)
"""Of the terrain-corrected archives; no echo has a power of exactly nothing."""

_MOST_NEGATIVE: Final = 0.01
"""Share of negative power from which on numbers are taken for decibels."""

_SPECKLE: Final = "No speckle filter was applied; the recipe of GlaViTU's authors has one."


def read_sentinel1(
    found: FoundScene,
    grid: AreaGrid,
    *,
    elevation: FloatArray | None = None,
    report: Report = unreported,
    cancelled: IsCancelled = never,
) -> Radar:
    """Read a Sentinel-1 product onto a grid, as linear backscatter.

    Parameters
    ----------
    found : FoundScene
        Of an archive of radiometrically terrain-corrected (RTC) or of ground-range products (GRD).
    grid : AreaGrid
    elevation : ndarray, (rows, columns), optional
        Metres above sea level, for ground-range products: what places their pixels, with the
        height of the geoid added. Without it they are placed by the coarse heights that come with
        the product, and mountains are displaced, which ``notes`` say. Products that are corrected
        for terrain need none.
    report, cancelled : optional
        See :mod:`glacier_core.network.transfer`.

    Returns
    -------
    Radar
        Gamma nought of terrain-corrected products, sigma nought of ground-range products. NaN
        in a polarisation that the product lacks.

    Raises
    ------
    SourceError
        When something could not be fetched, or is not what it should be.
    JobCancelled
        When somebody stopped it.
    """
    keys = {key.lower(): key for key in found.assets}
    if any(key.startswith("schema-calibration-") for key in keys):
        return _read_ground_range(found, keys, grid, elevation, report, cancelled)
    return _read_corrected(found, keys, grid, report, cancelled)


def _read_corrected(
    found: FoundScene,
    keys: Mapping[str, str],
    grid: AreaGrid,
    report: Report,
    cancelled: IsCancelled,
) -> Radar:
    """Read gamma nought that the archive has corrected for terrain."""
    if not _is_corrected(found, keys):
        raise SourceError(
            f"{found.id} is neither a terrain-corrected nor a ground-range product that tells its "
            "calibration. Choose another scene."
        )
    bare = {key.removeprefix("gamma0_"): name for key, name in keys.items()}
    names = _chosen(found, bare)
    addresses = {name.upper(): found.assets[bare[name]] for name in names}
    layers = read_many(grid, addresses, no_data=_NO_DATA, report=report, cancelled=cancelled)
    power = {name: _linear(layers[name.upper()].filled(np.nan), found) for name in names}
    return Radar(
        **_by_role(power, grid),
        orbit=_orbit(found),
        quantity="gamma nought",
        facts=_facts(found, names) | {"corrected for terrain by": _processor(found)},
        notes=(
            "Gamma nought, where GlaViTU learned sigma nought: over flat ground it is the larger "
            "by 1 / cos(incidence angle), 0.6 to 1.6 dB in interferometric wide swaths, and "
            "slopes are evened out.",
            _SPECKLE,
            *_missing_notes(names),
        ),
    )


def _read_ground_range(
    found: FoundScene,
    keys: Mapping[str, str],
    grid: AreaGrid,
    elevation: FloatArray | None,
    report: Report,
    cancelled: IsCancelled,
) -> Radar:
    """Make sigma nought of amplitudes, and place it by range and Doppler."""
    images: dict[str, GroundRangeImage] = {}
    for name in _chosen(found, keys):
        pixels, calibration, noise = (
            _address(found, keys, key)
            for key in (name, f"schema-calibration-{name}", f"schema-noise-{name}")
        )
        images[name] = find_image(pixels, calibration, noise, name.upper(), cancelled)
    geometry = next(iter(images.values())).geometry
    power = onto_grid(images, grid, elevation, report, cancelled)
    removed = "by the processor" if geometry.noise_removed else "by the product's own tables"
    return Radar(
        **_by_role(power, grid),
        orbit=geometry.orbit,
        quantity="sigma nought",
        facts=_facts(found, images)
        | {
            "first line": str(geometry.first_line),
            "thermal noise": f"taken off {removed}",
            "placed by": "own mesh" if elevation is None else "elevation and EGM96 geoid",
        },
        notes=(
            _placement_note(geometry, grid, by_elevation=elevation is not None),
            _SPECKLE,
            *_missing_notes(images),
        ),
    )


def _is_corrected(found: FoundScene, keys: Iterable[str]) -> bool:
    """Tell whether an archive says that a product is corrected for terrain.

    The Planetary Computer calls the product type GRD even so, but names its collection.
    """
    properties = found.item.get("properties", {})
    said = (found.archive, found.item.get("collection", ""), properties.get("sar:product_type", ""))
    return any("rtc" in str(name).lower() for name in said) or any(
        key.startswith("gamma0_") for key in keys
    )


def _chosen(found: FoundScene, keys: Mapping[str, str]) -> tuple[str, ...]:
    """Return the polarisations to be read: one that is sent and received alike comes first."""
    for pair in _POLARISATIONS:
        if pair[0] in keys:
            return tuple(name for name in pair if name in keys)
    raise SourceError(f"{found.id} has no image in VV or HH polarisation. Choose another scene.")


def _address(found: FoundScene, keys: Mapping[str, str], key: str) -> str:
    if key not in keys:
        raise SourceError(f"The archive names no {key} of {found.id}. Choose another scene.")
    return found.assets[keys[key]]


def _linear(power: NDArray[np.floating[Any]], found: FoundScene) -> FloatArray:
    """Return power without negatives, refusing what must be decibels."""
    there = np.isfinite(power)
    negative = there & (power < 0)
    if negative.sum() > _MOST_NEGATIVE * max(int(there.sum()), 1):
        raise SourceError(
            f"{found.id} holds negative power, as if in decibels, where the archive promises "
            "linear numbers. Choose another scene."
        )
    return np.where(negative, 0, power).astype(np.float32)


def _by_role(power: Mapping[str, FloatArray], grid: AreaGrid) -> dict[str, FloatArray]:
    """Return the polarisations as co- and cross-polarised, NaN for one that is missing."""
    nothing = np.full(grid.shape, np.nan, dtype=np.float32)
    co_pol, *cross_pol = power.values()
    return {"co_pol": co_pol, "cross_pol": cross_pol[0] if cross_pol else nothing}


def _orbit(found: FoundScene) -> str:
    said = str(found.item.get("properties", {}).get("sat:orbit_state", "")).lower()
    if said not in ORBITS:
        raise SourceError(
            f"The archive does not say whether {found.id} was seen on an ascending or a descending "
            "orbit, which the network tells apart. Choose another scene."
        )
    return said


def _processor(found: FoundScene) -> str:
    """Return who made a product, as its archive tells."""
    providers = found.item.get("properties", {}).get("providers", [])
    names = [
        str(provider.get("name", ""))
        for provider in providers
        if "processor" in provider.get("roles", [])
    ]
    return ", ".join(names) or "the archive"


def _facts(found: FoundScene, names: Iterable[str]) -> dict[str, str]:
    properties = found.item.get("properties", {})
    told = {
        "product": found.id,
        "platform": str(properties.get("platform", found.sensor)),
        "polarisations": ", ".join(name.upper() for name in names),
        "relative orbit": str(properties.get("sat:relative_orbit", "untold")),
        "resampling": "bilinear",
    }
    sources = properties.get("sentinel:product_ids")
    return told | ({"made from": ", ".join(map(str, sources))} if sources else {})


def _placement_note(geometry: RadarImage, grid: AreaGrid, *, by_elevation: bool) -> str:
    """Return what is, and what is not, corrected for terrain."""
    if by_elevation:
        return (
            "Placed by elevation; slopes facing the radar stay brighter, and layover and shadow "
            "stay in, as in the recipe of GlaViTU's authors."
        )
    shift = 1000 / math.tan(math.radians(incidence_near(geometry, grid)))
    return (
        "Not corrected for terrain: placed by heights told every 20 km or so. Ground 1000 m above "
        f"these lies about {shift:,.0f} m nearer to the radar than it should."
    )


def _missing_notes(names: Iterable[str]) -> tuple[str, ...]:
    co_pol, *cross_pol = names
    return () if cross_pol else (f"Only {co_pol.upper()}: there is no cross-polarised image.",)
