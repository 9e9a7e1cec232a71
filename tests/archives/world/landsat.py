"""Landsat Collection 2 Level-1 products as they lie in the bucket where the requester pays."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
from rasterio.crs import CRS

from .ground import CLASSES, Sight, classes, sample, temperature
from .landsat_mtl import as_text, as_xml, metadata
from .landsat_sensors import SENSORS, Sensor
from .places import Place, Raster, bounding_box, footprint, local_metres, raster_around
from .rasters import cog, jpeg

PIXELS = 300  # of 30 m
TILT = 0.2  # degrees that the sun's zenith grows from the first row to the last
ANGLES = ("SAA", "SZA", "VAA", "VZA")


@dataclass(frozen=True)
class LandsatProduct:
    """One Level-1 product; `has_gaps` since the scan line corrector failed."""

    place: Place
    code: str
    sensed: datetime
    processed: datetime
    sight: Sight
    scene_cloud: float
    path: int = 195
    row: int = 28
    tier: str = "T1"
    has_gaps: bool = False
    raster: Raster = field(init=False)

    def __post_init__(self) -> None:
        epsg = self.place.landsat_epsg
        grid = raster_around(self.place, epsg, 30.0, PIXELS, snap=30.0, shift=15.0)
        object.__setattr__(self, "raster", grid)

    @property
    def sensor(self) -> Sensor:
        return SENSORS[self.code]

    @property
    def id(self) -> str:
        return (
            f"{self.code}_L1TP_{self.path:03d}{self.row:03d}_{self.sensed:%Y%m%d}"
            f"_{self.processed:%Y%m%d}_02_{self.tier}"
        )

    @property
    def folder(self) -> str:
        return (
            f"collection02/level-1/standard/{self.sensor.folder}/{self.sensed.year}"
            f"/{self.path:03d}/{self.row:03d}/{self.id}"
        )

    def path_of(self, name: str) -> str:
        return f"{self.folder}/{self.id}_{name}"

    @property
    def is_night(self) -> bool:
        return self.sight.sun_elevation < 0

    @cached_property
    def has_data(self) -> np.ndarray:
        """Where there is data: all but wedges of every 30th row where lines were not scanned."""
        seen = np.ones(self.raster.shape, dtype=bool)
        if self.has_gaps:
            rows, columns = np.indices(self.raster.shape)
            wide = np.abs(columns - PIXELS / 2) / PIXELS * 14
            seen = (rows % 30) >= wide
        return seen

    @property
    def solar_zenith(self) -> np.ndarray:
        """Hundredths of degrees at each pixel."""
        rows = np.linspace(-0.5, 0.5, self.raster.shape[0])[:, None]
        degrees = 90 - self.sight.sun_elevation + TILT * rows
        return np.round(np.broadcast_to(degrees, self.raster.shape) * 100).astype(np.int16)

    def reflectance(self, band: str) -> np.ndarray:
        """Return the TOA reflectance that a band was made from."""
        return sample(self.place, self.raster, self.sensor.bands[band], self.sight)

    def kelvin(self) -> np.ndarray:
        return temperature(self.place, *local_metres(self.place, self.raster), self.sight)

    def numbers(self, band: str) -> np.ndarray:
        """Return the digital numbers of a band; 0 where there is no data."""
        sensor = self.sensor
        if band in sensor.thermal:
            k1, k2 = sensor.thermal[band]
            signal = k1 / np.expm1(k2 / self.kelvin())
            gain, offset = sensor.radiance[band]
        else:
            gain, offset = sensor.reflectance[band]
            signal = self.reflectance(band) * np.cos(np.radians(self.solar_zenith / 100))
        most = np.iinfo(sensor.dtype).max
        numbers = np.clip(np.round((signal - offset) / gain), 1, most)
        return np.where(self.has_data, numbers, 0).astype(sensor.dtype)

    def quality(self) -> np.ndarray:
        """Return QA_PIXEL: flags from bit 0, confidences in pairs of bits from bit 8."""
        east, north = local_metres(self.place, self.raster)
        cloud = self.sight.is_cloud(east, north)
        wider = replace(self.sight, clouds=tuple((x, y, r + 90) for x, y, r in self.sight.clouds))
        dilated = wider.is_cloud(east, north) & ~cloud
        shadow = self.sight.is_cloud_shadow(east, north)
        seen = classes(self.place, east, north, replace(self.sight, clouds=()))
        white = (seen == CLASSES.index("snow")) | (seen == CLASSES.index("ice"))
        flags = np.full(cloud.shape, self.sensor.low_confidence, dtype=np.uint16)
        for bit, confidence, where in (
            (1, None, dilated),
            (3, 8, cloud),
            (4, 10, shadow),
            (5, 12, white & ~cloud & ~shadow),
            (7, None, seen == CLASSES.index("sea")),
        ):
            flags[where] |= 1 << bit
            if confidence:
                flags[where] |= 3 << confidence
        flags[~(cloud | shadow | dilated)] |= 1 << 6
        return np.where(self.has_data, flags, 1).astype(np.uint16)

    def saturation(self) -> np.ndarray:
        """Return QA_RADSAT: a bit for each band that is full."""
        flags = np.zeros(self.raster.shape, dtype=np.uint16)
        for band in self.sensor.bands:
            if band.isdigit() and int(band) < 8:
                full = self.numbers(band) == np.iinfo(self.sensor.dtype).max
                flags |= (full.astype(np.uint16) << (int(band) - 1)).astype(np.uint16)
        return flags

    def files(self):
        """Yield path and maker of each file."""
        for band in (*self.sensor.bands, *self.sensor.thermal):
            yield (
                self.path_of(f"B{band}.TIF"),
                lambda band=band: cog(self.numbers(band), self.raster, nodata=0),
            )
        for name, pixels in (
            ("QA_PIXEL", self.quality),
            ("QA_RADSAT", self.saturation),
            ("SZA", lambda: self.solar_zenith),
            ("SAA", lambda: self._constant(self.sight.sun_azimuth)),
            ("VZA", lambda: self._constant(3.0)),
            ("VAA", lambda: self._constant(98.0)),
        ):
            nodata = 1 if name == "QA_PIXEL" else None
            yield (
                self.path_of(f"{name}.TIF"),
                lambda pixels=pixels, nodata=nodata: cog(
                    pixels(), self.raster, nodata=nodata, OVERVIEW_RESAMPLING="NEAREST"
                ),
            )
        yield self.path_of("MTL.txt"), lambda: as_text(self.metadata).encode()
        yield self.path_of("MTL.xml"), lambda: as_xml(self.metadata).encode()
        yield self.path_of("MTL.json"), lambda: json.dumps(self.metadata, indent=2).encode()
        yield self.path_of("thumb_small.jpeg"), self.thumbnail
        yield self.path_of("thumb_large.jpeg"), self.thumbnail

    def _constant(self, degrees: float) -> np.ndarray:
        return np.full(self.raster.shape, round(degrees * 100), dtype=np.int16)

    @property
    def metadata(self) -> dict:
        return metadata(self)

    def thumbnail(self) -> bytes:
        names = [band for band, like in self.sensor.bands.items() if like in ("B04", "B03", "B02")]
        seen = [self.reflectance(band) for band in sorted(names[:3], reverse=True)]
        light = np.clip(np.stack(seen), 0, 1) * (self.has_data & (not self.is_night))
        return jpeg((light * 255).astype(np.uint8), self.raster)

    def item(self, address: str) -> dict:
        """Return the STAC item of LandsatLook; its files also have addresses in the bucket."""
        home = f"{address}/landsatlook"
        outline = footprint(self.raster)
        return {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": self.id,
            "description": "Landsat Collection 2 Level-1 Product",
            "collection": "landsat-c2l1",
            "geometry": outline.__geo_interface__,
            "bbox": bounding_box(outline),
            "properties": self._properties(),
            "links": [
                {"rel": "self", "href": f"{home}/collections/landsat-c2l1/items/{self.id}"},
                {"rel": "collection", "href": f"{home}/collections/landsat-c2l1"},
                {"rel": "root", "href": home},
            ],
            "assets": self._assets("https://landsatlook.usgs.gov/data"),
            "stac_extensions": [
                "https://landsat.usgs.gov/stac/landsat-extension/v1.1.1/schema.json",
                "https://stac-extensions.github.io/alternate-assets/v1.1.0/schema.json",
                "https://stac-extensions.github.io/storage/v1.0.0/schema.json",
            ],
        }

    def _properties(self) -> dict:
        transform = self.raster.transform
        properties = {
            "datetime": f"{self.sensed:%Y-%m-%dT%H:%M:%S}.285133Z",
            "eo:cloud_cover": self.scene_cloud,
            "view:sun_azimuth": self.sight.sun_azimuth,
            "view:sun_elevation": self.sight.sun_elevation,
            "platform": self.sensor.platform,
            "instruments": list(self.sensor.instruments),
            "view:off_nadir": 0,
            "landsat:cloud_cover_land": self.scene_cloud,
            "landsat:wrs_type": "2",
            "landsat:wrs_path": f"{self.path:03d}",
            "landsat:wrs_row": f"{self.row:03d}",
            "landsat:scene_id": self.scene_id,
            "landsat:collection_category": self.tier,
            "landsat:collection_number": "02",
            "landsat:correction": "L1TP",
            "proj:epsg": self.raster.epsg,
            "proj:shape": list(self.raster.shape),
            "proj:transform": list(transform)[:6],
        }
        if self.raster.epsg == 3031:  # polar scenes tell their projection in words only
            properties["proj:epsg"] = None
            properties["proj:wkt2"] = CRS.from_epsg(3031).to_wkt()
        return properties

    @property
    def scene_id(self) -> str:
        return (
            f"{self.code[0]}{self.code[1]}{int(self.code[2:])}{self.path:03d}{self.row:03d}"
            f"{self.sensed:%Y%j}LGN00"
        )

    def _assets(self, data: str) -> dict:
        named = {
            **{key: f"B{band}.TIF" for key, band in self.sensor.keys.items()},
            "qa_pixel": "QA_PIXEL.TIF",
            "qa_radsat": "QA_RADSAT.TIF",
            **{name: f"{name}.TIF" for name in ANGLES},
            "MTL.txt": "MTL.txt",
            "MTL.xml": "MTL.xml",
            "MTL.json": "MTL.json",
            "thumbnail": "thumb_small.jpeg",
            "reduced_resolution_browse": "thumb_large.jpeg",
        }
        return {key: self._asset(data, key, name) for key, name in named.items()}

    def _asset(self, data: str, key: str, name: str) -> dict:
        kind, roles = _KINDS[name.rpartition(".")[2]]
        s3 = {
            "storage:platform": "AWS",
            "storage:requester_pays": True,
            "href": f"s3://usgs-landsat/{self.path_of(name)}",
        }
        return {
            "title": key,
            "type": kind,
            "roles": roles,
            "href": f"{data}/{self.path_of(name)}",
            "alternate": {"s3": s3},
        }


_KINDS = {
    "TIF": ("image/vnd.stac.geotiff; cloud-optimized=true", ["data"]),
    "txt": ("text/plain", ["metadata"]),
    "xml": ("application/xml", ["metadata"]),
    "json": ("application/json", ["metadata"]),
    "jpeg": ("image/jpeg", ["thumbnail"]),
}
