"""The archives of imagery: what each holds, where, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from glacier_core.errors import SourceError
from glacier_core.scene import Reflectance


@dataclass(frozen=True)
class Archive:
    """One archive of imagery.

    Attributes
    ----------
    name : str
        Short, as in links and on the command line.
    title : str
        What people read.
    sensors : tuple of str
    years : (int, int or None)
        First and last year of imagery; None while it goes on.
    reflectance : {"toa", "surface"} or None
        None for radar.
    resolution : float
        Side of the finest pixels taken from it, in metres.
    service : str
        Where it is searched: a name in `glacier_core.network.services`.
    collection : str
        Its STAC collection there.
    files : str
        Where its pixels are read: a name in `glacier_core.network.services`.
    account : str
        What a person needs to read it, in one sentence; empty where nothing.
    licence : str
    caveat : str
        What is wrong with it, in one sentence.
    """

    name: str
    title: str
    sensors: tuple[str, ...]
    years: tuple[int, int | None]
    reflectance: Reflectance | None
    resolution: float
    service: str
    collection: str
    files: str
    account: str
    licence: str
    caveat: str

    @property
    def is_radar(self) -> bool:
        """Whether it holds backscatter rather than reflectance."""
        return self.reflectance is None


_COPERNICUS: Final = "Copernicus Sentinel data, free, full and open (Sentinel legal notice)"
_USGS: Final = "Public domain (U.S. Geological Survey)"

ARCHIVES: Final[Mapping[str, Archive]] = MappingProxyType(
    {
        archive.name: archive
        for archive in (
            Archive(
                "sentinel-2-l1c",
                "Sentinel-2, top of the atmosphere",
                ("Sentinel-2A", "Sentinel-2B", "Sentinel-2C"),
                (2015, None),
                "toa",
                10.0,
                "earth-search",
                "sentinel-2-l1c",
                "sentinel-2-google",
                "",
                _COPERNICUS,
                "Some scenes are missing in the catalogue, and its cloud masks take bright snow "
                "for cloud and thin cloud over ice for none.",
            ),
            Archive(
                "landsat-c2-l1",
                "Landsat 4 to 9, top of the atmosphere",
                ("Landsat 4", "Landsat 5", "Landsat 7", "Landsat 8", "Landsat 9"),
                (1982, None),
                "toa",
                30.0,
                "landsatlook",
                "landsat-c2l1",
                "landsat-s3",
                "Reading needs an AWS account of your own, which pays for the transfer: set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
                _USGS,
                "Landsat 7 has stripes without data since 2003, and Landsat 4 to 7 saturate over "
                "bright snow.",
            ),
            Archive(
                "landsat-c2-l2",
                "Landsat 4 to 9, surface reflectance",
                ("Landsat 4", "Landsat 5", "Landsat 7", "Landsat 8", "Landsat 9"),
                (1982, None),
                "surface",
                30.0,
                "planetary-computer",
                "landsat-c2-l2",
                "planetary-computer-landsat",
                "",
                _USGS,
                "Surface reflectance: the networks were made for the top of the atmosphere, and "
                "the correction fails over snow and where the sun stands low.",
            ),
            Archive(
                "sentinel-2-l2a",
                "Sentinel-2, surface reflectance",
                ("Sentinel-2A", "Sentinel-2B", "Sentinel-2C"),
                (2015, None),
                "surface",
                10.0,
                "earth-search",
                "sentinel-2-c1-l2a",
                "earth-search-data",
                "",
                _COPERNICUS,
                "Surface reflectance: the networks were made for the top of the atmosphere, and "
                "its terrain correction leaves traces of an older elevation model; some years are "
                "not complete.",
            ),
            Archive(
                "sentinel-1-rtc",
                "Sentinel-1 radar, terrain corrected",
                ("Sentinel-1A", "Sentinel-1B", "Sentinel-1C"),
                (2014, None),
                None,
                10.0,
                "planetary-computer",
                "sentinel-1-rtc",
                "planetary-computer-sentinel-1-rtc",
                "",
                "CC-BY-4.0 (contains modified Copernicus Sentinel data)",
                "Gamma nought, while the networks were made for sigma nought: the two differ "
                "with the steepness of the ground.",
            ),
            Archive(
                "sentinel-1-grd",
                "Sentinel-1 radar, calibrated and placed by this app",
                ("Sentinel-1A", "Sentinel-1B", "Sentinel-1C"),
                (2014, None),
                None,
                10.0,
                "planetary-computer",
                "sentinel-1-grd",
                "planetary-computer-sentinel-1-grd",
                "",
                _COPERNICUS,
                "Sigma nought, as the networks were made for, but without a speckle filter, and "
                "layover and radar shadow stay in it.",
            ),
        )
    }
)
"""Every archive by its name, in the order they are offered."""

USUAL_ARCHIVES: Final = tuple(
    archive.name for archive in ARCHIVES.values() if archive.reflectance == "toa"
)
"""Those searched when nobody says which: reflectance at the top of the atmosphere."""


def archive_named(name: str) -> Archive:
    """Return the archive of a name.

    Raises
    ------
    SourceError
        When there is none.
    """
    if name not in ARCHIVES:
        raise SourceError(f"{name!r} is no archive. There are {', '.join(ARCHIVES)}.")
    return ARCHIVES[name]
