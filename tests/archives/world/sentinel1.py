"""Sentinel-1 of the Planetary Computer: terrain-corrected backscatter, gamma nought, linear."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np

from .ground import BACKSCATTER, Sight, classes
from .places import PLACES, Place, Raster, bounding_box, footprint, local_metres, raster_around
from .rasters import cog

PIXELS = 480  # of 10 m
NODATA = -32768.0
RIM = 12  # columns in the west without data
CROSS = 0.18  # of the co-polarised backscatter
DRY = Sight()

Orbit = Literal["ascending", "descending"]


def backscatter(place: Place, east: np.ndarray, north: np.ndarray, cross: bool) -> np.ndarray:
    """Return backscatter at positions in local metres: that of what lies there, with texture."""
    seen = classes(place, east, north, DRY)
    texture = 1 + 0.1 * np.sin(east / 41.0) * np.sin(north / 53.0)
    return np.array(BACKSCATTER)[seen] * texture * (CROSS if cross else 1.0)


@dataclass(frozen=True)
class RadarTake:
    """One pass; both of its products, terrain-corrected and not, are named after it."""

    place: Place
    sensed: datetime
    orbit: Orbit
    absolute_orbit: int
    raster: Raster = field(init=False)

    def __post_init__(self) -> None:
        grid = raster_around(self.place, self.place.utm[0][0], 10.0, PIXELS, snap=10.0)
        object.__setattr__(self, "raster", grid)

    @property
    def polarisations(self) -> tuple[str, str]:
        """Co-polarised and cross-polarised: horizontal over the ice of the poles."""
        return ("HH", "HV") if abs(self.place.latitude) > 75 else ("VV", "VH")

    @property
    def scene(self) -> str:
        kind = "DH" if self.polarisations[0] == "HH" else "DV"
        ends = self.sensed + timedelta(seconds=25)
        return (
            f"S1A_IW_GRDH_1S{kind}_{self.sensed:%Y%m%dT%H%M%S}_{ends:%Y%m%dT%H%M%S}"
            f"_{self.absolute_orbit:06d}_06018F"
        )

    @property
    def folder(self) -> str:
        day = self.sensed
        kind = self.scene.split("_")[3][2:]
        return f"GRD/{day.year}/{day.month}/{day.day}/IW/{kind}/{self.scene}_6A1D"

    @property
    def id(self) -> str:
        return f"{self.scene}_rtc"

    def gamma_nought(self, polarisation: str) -> np.ndarray:
        """Return linear gamma nought; NODATA in the western rim."""
        cross = polarisation == self.polarisations[1]
        found = backscatter(self.place, *local_metres(self.place, self.raster), cross)
        found[:, :RIM] = NODATA
        return found.astype(np.float32)

    def path(self, polarisation: str) -> str:
        return f"{self.folder}/measurement/iw-{polarisation.lower()}.rtc.tiff"

    def files(self):
        """Yield path and maker of the files below the container."""
        for name in self.polarisations:
            yield (
                self.path(name),
                lambda name=name: cog(self.gamma_nought(name), self.raster, nodata=NODATA),
            )

    def item(self, address: str) -> dict:
        """Return the STAC item of sentinel-1-rtc."""
        collection = f"{address}/planetary-computer/collections/sentinel-1-rtc"
        outline = footprint(self.raster)
        container = "https://sentinel1euwestrtc.blob.core.windows.net/sentinel1-grd-rtc"
        return {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": self.id,
            "collection": "sentinel-1-rtc",
            "geometry": outline.__geo_interface__,
            "bbox": bounding_box(outline),
            "properties": self.properties()
            | {"proj:epsg": self.raster.epsg, "proj:transform": list(self.raster.transform)[:6]},
            "links": [
                {"rel": "self", "href": f"{collection}/items/{self.id}"},
                {"rel": "collection", "href": collection},
            ],
            "assets": {
                name.lower(): {
                    "href": f"{container}/{self.path(name)}",
                    "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                    "roles": ["data"],
                    "title": f"{name}: terrain-corrected gamma nought",
                    "raster:bands": [
                        {"nodata": NODATA, "data_type": "float32", "spatial_resolution": 10}
                    ],
                }
                for name in self.polarisations
            },
            "stac_extensions": [
                "https://stac-extensions.github.io/sar/v1.0.0/schema.json",
                "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
            ],
        }

    def properties(self) -> dict:
        """Return what STAC tells of the pass."""
        ends = self.sensed + timedelta(seconds=25)
        return {
            "datetime": f"{self.sensed + timedelta(seconds=12):%Y-%m-%dT%H:%M:%S}.500000Z",
            "start_datetime": f"{self.sensed:%Y-%m-%dT%H:%M:%S}.000000Z",
            "end_datetime": f"{ends:%Y-%m-%dT%H:%M:%S}.000000Z",
            "platform": "SENTINEL-1A",
            "constellation": "Sentinel-1",
            "sar:instrument_mode": "IW",
            "sar:product_type": "GRD",
            "sar:polarizations": list(self.polarisations),
            "sar:frequency_band": "C",
            "sat:orbit_state": self.orbit,
            "sat:absolute_orbit": self.absolute_orbit,
            "sat:relative_orbit": (self.absolute_orbit - 73) % 175 + 1,
            "s1:processing_level": "1",
        }


def radar_takes() -> dict[tuple[str, str], RadarTake]:
    """Return the passes by place, and orbit with year."""
    found = {}
    for number, (key, place) in enumerate(PLACES.items()):
        month, day = (int(part) for part in place.summer.split("-"))
        for year in (2020, 2022, 2023) if key == "alps" else (2023,):
            for orbit, hour, shift in (("ascending", 17, -2), ("descending", 5, 3)):
                sensed = datetime(year, month, day, hour, 14, 58, tzinfo=UTC)
                sensed += timedelta(days=shift, minutes=number)
                absolute = 33900 + 5325 * (year - 2020) + 87 * (shift + 2)
                found[key, f"{orbit} {year}"] = RadarTake(place, sensed, orbit, absolute)
    return found
