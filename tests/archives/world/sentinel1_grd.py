"""Sentinel-1 ground-range detected: numbers in the radar's geometry, with its annotations."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from rasterio.control import GroundControlPoint
from rasterio.io import MemoryFile
from scipy import ndimage

from .ground import land_elevation
from .orbit import SPEED, Track, on_ground, to_degrees
from .sentinel1 import RadarTake, backscatter

SHAPE = (480, 480)  # lines and samples
SPACING = 10.0  # m
LINE_SECONDS = SPACING * 7_071_000.0 / 6_371_000.0 / SPEED
LIGHT = 299_792_458.0
FINE = 6.0  # m between the points that make the image
MESH = 5  # points a side of the geolocation grid
MESH_HEIGHT = 2000.0
STATES = np.arange(-60.0, 61.0, 10.0)


@dataclass(frozen=True)
class GroundRange:
    """The ground-range product of a pass."""

    take: RadarTake

    @property
    def id(self) -> str:
        return self.take.scene

    @cached_property
    def track(self) -> Track:
        return Track(self.take.place, self.take.orbit)

    @cached_property
    def range_origin(self) -> float:
        """Slant range of the first sample, of ground at 2000 m a half image before the place."""
        across = -SPACING * SHAPE[1] / 2
        east, north = on_ground(self.take.place, across, 0.0, self.take.orbit)
        return float(self.track.seen_locally(east, north, MESH_HEIGHT)[1])

    @cached_property
    def conversion(self) -> tuple[np.ndarray, np.ndarray]:
        """Ground range by slant range less its origin, and back; lowest power first."""
        across = np.linspace(-1500.0, SPACING * SHAPE[1] + 1500.0, 200)
        offset = across - SPACING * SHAPE[1] / 2
        east, north = on_ground(self.take.place, offset, 0.0 * offset, self.take.orbit)
        slant = self.track.seen_locally(east, north, MESH_HEIGHT)[1] - self.range_origin
        forward = np.polynomial.Polynomial.fit(slant, across, 4).convert().coef
        back = np.polynomial.Polynomial.fit(across, slant + self.range_origin, 4).convert().coef
        return forward, back

    def line_and_sample(self, east, north, height) -> tuple[np.ndarray, np.ndarray]:
        """Return where points lie in the image, from 0 at the middle of the first pixel."""
        seconds, slant = self.track.seen_locally(east, north, height)
        lines = seconds / LINE_SECONDS + (SHAPE[0] - 1) / 2
        across = np.polynomial.polynomial.polyval(slant - self.range_origin, self.conversion[0])
        return lines, across / SPACING

    @cached_property
    def _lit(self):
        """Points on the ground, east and north, and the number of the pixel that sees each."""
        half = 1.15 * SPACING * SHAPE[0] / 2
        steps = np.arange(-half, half, FINE)
        across, along = np.meshgrid(steps, steps)
        east, north = on_ground(self.take.place, across.ravel(), along.ravel(), self.take.orbit)
        height = land_elevation(self.take.place, east, north)
        lines, samples = (np.round(v) for v in self.line_and_sample(east, north, height))
        inside = (lines >= 0) & (lines < SHAPE[0]) & (samples >= 0) & (samples < SHAPE[1])
        bins = (lines[inside] * SHAPE[1] + samples[inside]).astype(int)
        return east[inside], north[inside], bins

    def sigma_nought(self, cross: bool) -> np.ndarray:
        """Return the mean backscatter of the ground seen in each pixel."""
        east, north, bins = self._lit
        power = backscatter(self.take.place, east, north, cross)
        size = SHAPE[0] * SHAPE[1]
        count = np.bincount(bins, minlength=size).reshape(SHAPE)
        total = np.bincount(bins, power, minlength=size).reshape(SHAPE)
        nearest = ndimage.distance_transform_edt(
            count == 0, return_distances=False, return_indices=True
        )
        return (total / np.maximum(count, 1))[tuple(nearest)]

    @cached_property
    def calibration(self) -> np.ndarray:
        """The sigma nought table at each pixel: linear along both axes."""
        lines, samples = np.indices(SHAPE)
        return 900.0 - 0.15 * samples + 0.02 * lines

    @cached_property
    def noise(self) -> np.ndarray:
        """Thermal noise in squared numbers at each pixel."""
        lines, samples = np.indices(SHAPE)
        return (300.0 + 0.5 * samples) * (1.0 + 0.0005 * lines)

    def numbers(self, cross: bool) -> np.ndarray:
        """Return the digital numbers; the first four lines hold no data."""
        power = self.sigma_nought(cross) * self.calibration**2 + self.noise
        found = np.round(np.sqrt(power)).astype(np.uint16)
        found[:4] = 0
        return found

    def mesh(self) -> list[tuple[int, int, float, float, float]]:
        """Return line, sample, longitude, latitude and incidence of the geolocation grid."""
        found = []
        for line in np.linspace(0, SHAPE[0] - 1, MESH).astype(int):
            for sample in np.linspace(0, SHAPE[1] - 1, MESH).astype(int):
                along = (line - (SHAPE[0] - 1) / 2) * SPACING
                across = (sample - SHAPE[1] / 2) * SPACING
                place = self.take.place
                lon, lat = to_degrees(place, *on_ground(place, across, along, self.take.orbit))
                angle = float(self.track.incidence(lon, lat, MESH_HEIGHT))
                found.append((int(line), int(sample), lon, lat, angle))
        return found

    def image(self, cross: bool) -> bytes:
        """Return the measurement: a plain GeoTIFF with ground control points."""
        points = [
            GroundControlPoint(row=line, col=sample, x=lon, y=lat, z=MESH_HEIGHT)
            for line, sample, lon, lat, _ in self.mesh()
        ]
        pixels = self.numbers(cross)
        with MemoryFile(ext="tiff") as file:
            with file.open(
                driver="GTiff", dtype="uint16", count=1, height=SHAPE[0], width=SHAPE[1],
                tiled=True, blockxsize=128, blockysize=128, compress="deflate",
                gcps=points, crs="EPSG:4326",
            ) as target:  # fmt: skip
                target.write(pixels, 1)
            return file.read()

    def files(self):
        """Yield path and maker of the files below the container."""
        from . import sentinel1_xml as xml

        folder = self.take.folder
        for cross, name in enumerate(self.take.polarisations):
            low = name.lower()
            annotation = f"{folder}/annotation"
            yield f"{folder}/measurement/iw-{low}.tiff", lambda c=bool(cross): self.image(c)
            yield f"{annotation}/iw-{low}.xml", lambda n=name: xml.annotation(self, n).encode()
            yield (
                f"{annotation}/calibration/calibration-iw-{low}.xml",
                lambda n=name: xml.calibration(self, n).encode(),
            )
            yield (
                f"{annotation}/calibration/noise-iw-{low}.xml",
                lambda n=name: xml.noise(self, n).encode(),
            )
            yield f"{annotation}/rfi/rfi-iw-{low}.xml", lambda: b"<rfi/>"
        yield f"{folder}/manifest.safe", lambda: b"<?xml version='1.0'?><xfdu/>"

    def first_line(self):
        middle = self.take.sensed + timedelta(seconds=12)
        return middle - timedelta(seconds=LINE_SECONDS * (SHAPE[0] - 1) / 2)

    def item(self, address: str) -> dict:
        """Return the STAC item; "schema-product" names the file on interference, as the real do."""
        container = "https://sentinel1euwest.blob.core.windows.net/s1-grd"
        home = f"{container}/{self.take.folder}"
        assets = {"safe-manifest": {"href": f"{home}/manifest.safe", "type": "application/xml"}}
        for name in self.take.polarisations:
            low = name.lower()
            assets[low] = {
                "href": f"{home}/measurement/iw-{low}.tiff",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data"],
            }
            for key, path in (
                ("schema-product", f"rfi/rfi-iw-{low}.xml"),
                ("schema-calibration", f"calibration/calibration-iw-{low}.xml"),
                ("schema-noise", f"calibration/noise-iw-{low}.xml"),
            ):
                href = f"{home}/annotation/{path}"
                assets[f"{key}-{low}"] = {"href": href, "type": "application/xml"}
        plain = self.take.item(address)
        collection = f"{address}/planetary-computer/collections/sentinel-1-grd"
        properties = self.take.properties() | {"s1:shape": list(SHAPE)}
        return plain | {
            "id": self.id,
            "collection": "sentinel-1-grd",
            "properties": properties,
            "assets": assets,
            "links": [{"rel": "self", "href": f"{collection}/items/{self.id}"}],
        }
