"""Where the test archive has glaciers: one ground, laid at places awkward each in its way."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS, Transformer

WGS84 = CRS.from_epsg(4326)


@dataclass(frozen=True)
class Place:
    """A place with the two glaciers of the test archive.

    `utm` lists the EPSG codes of the zones with the Sentinel-2 tiles that cover it; `sea_west_of`
    is the longitude west of which there is open sea; `in_glo30` is False where the 30 m elevation
    is held back, as over two countries of the Caucasus.
    """

    key: str
    name: str
    longitude: float
    latitude: float
    utm: tuple[tuple[int, str], ...]
    region: str
    rgi7: str
    rgi6: str
    summer: str
    sea_west_of: float | None = None
    in_glo30: bool = True

    @property
    def local(self) -> CRS:
        """Metres east and north of the place."""
        return local_crs(self.longitude, self.latitude)

    @property
    def is_southern(self) -> bool:
        return self.latitude < 0

    @property
    def landsat_epsg(self) -> int:
        """Landsat counts metres from the equator in the south too, and turns polar at 63° S."""
        if self.latitude < -63:
            return 3031
        return 32600 + self.utm[0][0] % 100


@lru_cache
def local_crs(longitude: float, latitude: float) -> CRS:
    return CRS.from_proj4(
        f"+proj=aeqd +lon_0={longitude} +lat_0={latitude} +datum=WGS84 +units=m +no_defs"
    )


PLACES = {
    place.key: place
    for place in (
        Place(
            "alps",
            "Testgletscher",
            8.0,
            46.5,
            ((32632, "32TMS"),),
            "11",
            "RGI2000-v7.0-G-11-00001",
            "RGI60-11.00001",
            "08-20",
        ),
        Place(
            "border",
            "Grenzgletscher",
            12.0,
            47.0,
            ((32632, "32TQT"), (32633, "33TTN")),
            "11",
            "RGI2000-v7.0-G-11-00003",
            "RGI60-11.00003",
            "08-20",
        ),
        Place(
            "caucasus",
            "Şahdağ Sınaq Buzlağı",
            47.9,
            41.25,
            ((32638, "38TQL"),),
            "12",
            "RGI2000-v7.0-G-12-00001",
            "RGI60-12.00001",
            "08-25",
            in_glo30=False,
        ),
        Place(
            "antimeridian",
            "Dateline Glacier",
            180.0,
            68.5,
            ((32660, "60WWB"), (32601, "01WDS")),
            "10",
            "RGI2000-v7.0-G-10-00001",
            "RGI60-10.00001",
            "08-10",
        ),
        Place(
            "north",
            "Nordgletscher",
            -40.0,
            82.0,
            ((32624, "24XVR"),),
            "05",
            "RGI2000-v7.0-G-05-00001",
            "RGI60-05.00001",
            "08-05",
        ),
        Place(
            "south",
            "Glaciar de Prueba",
            -73.975,
            -49.0,
            ((32718, "18FXL"),),
            "17",
            "RGI2000-v7.0-G-17-00001",
            "RGI60-17.00001",
            "02-20",
            sea_west_of=-74.0,
        ),
        Place(
            "antarctica",
            "Polar Test Glacier",
            -160.0,
            -81.5,
            ((32704, "04CEV"),),
            "19",
            "RGI2000-v7.0-G-19-00001",
            "RGI60-19.00001",
            "01-15",
        ),
    )
}


@dataclass(frozen=True)
class Raster:
    """A north-up grid of a product."""

    epsg: int
    transform: Affine
    shape: tuple[int, int]

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        west, north = self.transform @ (0, 0)
        east, south = self.transform @ (self.shape[1], self.shape[0])
        return west, south, east, north

    def coarser(self, factor: int) -> "Raster":
        rows, columns = self.shape
        return Raster(
            self.epsg,
            self.transform @ Affine.scale(factor),
            (rows // factor, columns // factor),
        )


def raster_around(
    place: Place, epsg: int, resolution: float, pixels: int, snap: float = 60.0, shift: float = 0.0
) -> Raster:
    """Return a square grid centred on a place, its corner on multiples of `snap` plus `shift`."""
    x, y = transformer(WGS84, CRS.from_epsg(epsg)).transform(place.longitude, place.latitude)
    half = resolution * pixels / 2
    west = round((x - half) / snap) * snap + shift
    north = round((y + half) / snap) * snap + shift
    transform = Affine(resolution, 0, west, 0, -resolution, north)
    return Raster(epsg, transform, (pixels, pixels))


@lru_cache(maxsize=64)
def transformer(source: CRS, target: CRS) -> Transformer:
    return Transformer.from_crs(source, target, always_xy=True)


@lru_cache(maxsize=16)
def local_metres(place: Place, raster: Raster) -> tuple[np.ndarray, np.ndarray]:
    """Return metres east and north of a place at the pixel centres of a grid."""
    columns, rows = np.meshgrid(np.arange(raster.shape[1]) + 0.5, np.arange(raster.shape[0]) + 0.5)
    x, y = raster.transform @ (columns, rows)
    return transformer(CRS.from_epsg(raster.epsg), place.local).transform(x, y)


def to_degrees(shape: shapely.Geometry, crs: CRS) -> shapely.Geometry:
    """Return a shape in EPSG:4326, cut in two where it crosses the antimeridian."""
    degrees = shapely.transform(
        shape, lambda xy: np.column_stack(transformer(crs, WGS84).transform(xy[:, 0], xy[:, 1]))
    )
    west, _, east, _ = degrees.bounds
    if east - west < 180:
        return degrees
    unrolled = shapely.transform(degrees, _unroll)
    parts = [
        unrolled & shapely.box(0, -90, 180, 90),
        shapely.transform(unrolled & shapely.box(180, -90, 360, 90), lambda xy: xy - [360, 0]),
    ]
    return shapely.MultiPolygon([piece for part in parts for piece in polygons(part)])


def polygons(shape: shapely.Geometry) -> list[shapely.Polygon]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _unroll(xy: np.ndarray) -> np.ndarray:
    return np.column_stack([xy[:, 0] % 360, xy[:, 1]])


def footprint(raster: Raster) -> shapely.Geometry:
    """Return the outline of a grid in EPSG:4326."""
    outline = shapely.segmentize(shapely.box(*raster.bounds), max(raster.shape) * 2.0)
    return to_degrees(outline, CRS.from_epsg(raster.epsg))


def bounding_box(shape: shapely.Geometry) -> list[float]:
    """Return west, south, east and north; west exceeds east across the antimeridian."""
    west, south, east, north = shape.bounds
    if east - west < 180:
        return [west, south, east, north]
    parts = [part.bounds for part in shapely.get_parts(shape)]
    return [
        min(part[0] for part in parts if part[0] > 0),
        south,
        max(part[2] for part in parts if part[2] < 0),
        north,
    ]
