"""Copernicus elevation tiles of one degree, as they lie on the two public buckets."""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from pyproj import CRS

from .ground import land_elevation
from .places import PLACES, WGS84, Place, Raster, transformer
from .rasters import cog

REACH = 9000.0  # m around the place that the tiles tell of; beyond, they say 0

# Columns of a tile become fewer towards the poles: bounds of latitude and the divisor.
NARROWING = ((50, 1.0), (60, 1.5), (70, 2.0), (80, 3.0), (85, 5.0), (90, 10.0))


@dataclass(frozen=True)
class Tile:
    """One tile; `arc` is the pixel's side in tenths of arc seconds: 10 for 30 m, 30 for 90 m."""

    place: Place
    south: int
    west: int
    arc: int

    @property
    def name(self) -> str:
        lat = f"{'S' if self.south < 0 else 'N'}{abs(self.south):02d}_00"
        lon = f"{'W' if self.west < 0 else 'E'}{abs(self.west):03d}_00"
        return f"Copernicus_DSM_COG_{self.arc}_{lat}_{lon}_DEM"

    @property
    def path(self) -> str:
        return f"{self.name}/{self.name}.tif"

    @property
    def raster(self) -> Raster:
        """The grid: pixel centres, not edges, lie on whole degrees."""
        rows = 36000 // self.arc
        nearer = min(abs(self.south), abs(self.south + 1))
        divisor = next(by for limit, by in NARROWING if nearer < limit)
        columns = round(rows / divisor)
        wide, high = 1 / columns, 1 / rows
        return Raster(
            4326,
            Affine(wide, 0, self.west - wide / 2, 0, -high, self.south + 1 + high / 2),
            (rows, columns),
        )

    def file(self) -> bytes:
        raster = self.raster
        heights = np.zeros(raster.shape, dtype=np.float32)
        rows, columns = self._reach(raster)
        x, y = np.meshgrid(
            np.arange(columns.start, columns.stop) + 0.5, np.arange(rows.start, rows.stop) + 0.5
        )
        longitude, latitude = raster.transform @ (x, y)
        local = transformer(CRS.from_user_input(WGS84), self.place.local)
        heights[rows, columns] = land_elevation(self.place, *local.transform(longitude, latitude))
        return cog(heights, raster, BLOCKSIZE=512, SPARSE_OK=True, OVERVIEWS="NONE")

    def _reach(self, raster: Raster) -> tuple[slice, slice]:
        """Return the rows and columns near the place."""
        lon = self.place.longitude
        if abs(lon - self.west) > 180:
            lon -= math.copysign(360, lon)
        column, row = ~raster.transform @ (lon, self.place.latitude)
        tall = REACH / 111_200 / -raster.transform.e
        wide = REACH / 111_200 / math.cos(math.radians(self.place.latitude)) / raster.transform.a
        return _slice(row, tall, raster.shape[0]), _slice(column, wide, raster.shape[1])


def _slice(middle: float, reach: float, size: int) -> slice:
    start, stop = int(middle - reach), int(middle + reach) + 1
    return slice(min(max(start, 0), size), min(max(stop, 0), size))


def tiles(arc: int) -> list[Tile]:
    """Return the tiles of a bucket: those whose edges come near a place, sea left out."""
    return [tile for place in PLACES.values() for tile in _tiles_of(place, arc)]


def _tiles_of(place: Place, arc: int) -> list[Tile]:
    if arc == 10 and not place.in_glo30:
        return []
    reach_north = REACH / 111_200
    reach_east = reach_north / math.cos(math.radians(place.latitude))
    souths = _degrees(place.latitude, reach_north)
    wests = _degrees(place.longitude, reach_east)
    found = [
        Tile(place, south, (west + 180) % 360 - 180, arc) for south in souths for west in wests
    ]
    return [tile for tile in found if place.sea_west_of is None or tile.west >= place.sea_west_of]


def _degrees(middle: float, reach: float) -> range:
    return range(math.floor(middle - reach), math.floor(middle + reach) + 1)


def bucket(arc: int):
    """Yield path and maker of each file of a bucket, the list of tiles first."""
    held = tiles(arc)
    listing = "".join(f"{tile.name}\n" for tile in held)
    yield "tileList.txt", listing.encode
    for tile in held:
        yield tile.path, tile.file
