"""The ground of every place: two glaciers, rock, meadow and sea, known by formula at every metre.

Simulated, and simple on purpose: because any product samples the same function of metres east and
north of the place, what a client reads can be compared with it exactly, on any grid.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray

from .places import WGS84, Place, Raster, local_metres, to_degrees, transformer

Array = NDArray[np.floating]

DIVIDE = 520.0  # metres east: where the two glaciers meet

# TOA reflectance of Sentinel-2's bands B01 to B12 in the order of SENTINEL_BANDS.
SENTINEL_BANDS = (
    "B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12",
)  # fmt: skip
SPECTRA = {
    "rock": (0.13, 0.12, 0.13, 0.15, 0.16, 0.17, 0.18, 0.20, 0.20, 0.15, 0.003, 0.24, 0.20),
    "meadow": (0.11, 0.08, 0.09, 0.07, 0.12, 0.24, 0.28, 0.30, 0.31, 0.20, 0.002, 0.18, 0.09),
    "snow": (0.86, 0.85, 0.84, 0.83, 0.82, 0.80, 0.78, 0.74, 0.72, 0.50, 0.006, 0.10, 0.08),
    "ice": (0.56, 0.55, 0.54, 0.50, 0.48, 0.45, 0.43, 0.40, 0.38, 0.26, 0.004, 0.05, 0.04),
    "debris": (0.15, 0.14, 0.15, 0.16, 0.17, 0.18, 0.19, 0.19, 0.20, 0.14, 0.003, 0.21, 0.18),
    "sea": (0.12, 0.10, 0.08, 0.05, 0.05, 0.04, 0.04, 0.03, 0.03, 0.02, 0.001, 0.01, 0.01),
    "cloud": (0.62, 0.60, 0.60, 0.62, 0.63, 0.64, 0.64, 0.65, 0.65, 0.52, 0.060, 0.45, 0.36),
}
CLASSES = tuple(SPECTRA)
TEMPERATURE = (289.0, 287.0, 270.5, 272.5, 281.0, 279.0, 255.0)  # K, in the order of CLASSES
BACKSCATTER = (0.10, 0.08, 0.02, 0.06, 0.12, 0.01)  # gamma nought, VV, in the order of CLASSES


@dataclass(frozen=True)
class Sight:
    """What differs from one acquisition to the next.

    `clouds` are circles: metres east, metres north, radius; each throws a shadow 600 m to the
    north-west. Below `snow_line` metres the glacier shows ice, and above it everything is snow.
    """

    sun_elevation: float = 45.0
    sun_azimuth: float = 150.0
    clouds: tuple[tuple[float, float, float], ...] = ()
    snow_line: float = 2350.0
    melted: float = 0.0

    def is_cloud(self, east: Array, north: Array) -> NDArray[np.bool_]:
        return self._within(east, north)

    def is_cloud_shadow(self, east: Array, north: Array) -> NDArray[np.bool_]:
        return self._within(east + 600, north - 600) & ~self._within(east, north)

    def _within(self, east: Array, north: Array) -> NDArray[np.bool_]:
        inside = np.zeros(np.shape(east), dtype=bool)
        for x, y, radius in self.clouds:
            inside |= np.hypot(east - x, north - y) < radius
        return inside


def middle(north: Array) -> Array:
    """Return the easting of the main glacier's centre line."""
    return 150.0 * np.sin(north / 700.0)


def half_width(north: Array, melted: float = 0.0) -> Array:
    """Return half the main glacier's width; 0 beyond its ends."""
    tongue = -1000.0 + melted
    along = np.clip((north - tongue) / (1500.0 - tongue), 0, 1)
    return (260.0 + 420.0 * along) * np.clip(1 - (2 * along - 1) ** 6, 0, 1) ** 0.5


def neighbour_half_width(north: Array) -> Array:
    """Return half the width of the small glacier to the east, about 950 m east."""
    along = np.clip((north - 250.0) / 1150.0, 0, 1)
    return 450.0 * np.clip(1 - (2 * along - 1) ** 4, 0, 1) ** 0.5


def main_glacier(melted: float = 0.0) -> shapely.Polygon:
    """Return the main glacier's outline in local metres."""
    north = np.arange(-1000.0 + melted, 1500.1, 10.0)
    return _between(middle(north), half_width(north, melted), north) & shapely.box(
        -5000, -5000, DIVIDE, 5000
    )


def neighbour_glacier() -> shapely.Polygon:
    """Return the small glacier's outline in local metres; the divide is its western side."""
    north = np.arange(250.0, 1400.1, 10.0)
    return _between(np.full_like(north, 950.0), neighbour_half_width(north), north) & shapely.box(
        DIVIDE, -5000, 5000, 5000
    )


def _between(centre: Array, half: Array, north: Array) -> shapely.Polygon:
    left, right = np.column_stack([centre - half, north]), np.column_stack([centre + half, north])
    return shapely.make_valid(shapely.Polygon(np.concatenate([left, right[::-1]])))


def elevation(east: Array, north: Array) -> Array:
    """Return metres above sea: two valleys between ridges, falling to the south."""
    fall = 1500.0 + 1400.0 / (1 + np.exp(-north / 1100.0))
    main = ((east - middle(north)) / 800.0) ** 2
    side = ((east - 950.0) / 600.0) ** 2 + np.clip(250.0 - north, 0, None) / 300.0
    valleys = 420.0 * (1 - np.exp(-np.minimum(main, side)))
    rough = 8.0 * np.sin(east / 45.0) * np.sin(north / 37.0)
    return fall + valleys + rough * (1 - np.exp(-np.minimum(main, side)))


def is_glacier(east: Array, north: Array, melted: float = 0.0) -> NDArray[np.bool_]:
    main = (np.abs(east - middle(north)) < half_width(north, melted)) & (east < DIVIDE)
    side = (np.abs(east - 950.0) < neighbour_half_width(north)) & (east >= DIVIDE)
    return main | side


def classes(place: Place, east: Array, north: Array, sight: Sight) -> NDArray[np.int64]:
    """Return the index in CLASSES of what is seen at each position, under clouds too."""
    height = elevation(east, north)
    glacier = is_glacier(east, north, sight.melted)
    debris = glacier & (north < -700.0 + sight.melted)
    bare = np.where(height < 1900.0, CLASSES.index("meadow"), CLASSES.index("rock"))
    ice = np.where(debris, CLASSES.index("debris"), CLASSES.index("ice"))
    snowy = np.where(glacier, height > sight.snow_line, height > sight.snow_line + 1200.0)
    found = np.where(snowy, CLASSES.index("snow"), np.where(glacier, ice, bare))
    if place.sea_west_of is not None:
        found = np.where(_longitude(place, east, north) < place.sea_west_of, 5, found)
    return np.where(sight.is_cloud(east, north), CLASSES.index("cloud"), found)


def _longitude(place: Place, east: Array, north: Array) -> Array:
    return transformer(place.local, WGS84).transform(east, north)[0]


def land_elevation(place: Place, east: Array, north: Array) -> Array:
    """Return metres above sea, 0 at sea."""
    height = elevation(east, north)
    if place.sea_west_of is None:
        return height
    return np.where(_longitude(place, east, north) < place.sea_west_of, 0.0, height)


def light(east: Array, north: Array, sight: Sight) -> Array:
    """Return the cosine of incidence over that of flat ground, bounded."""
    step = 10.0
    slope_east = (elevation(east + step, north) - elevation(east - step, north)) / (2 * step)
    slope_north = (elevation(east, north + step) - elevation(east, north - step)) / (2 * step)
    zenith, azimuth = np.radians(90 - sight.sun_elevation), np.radians(sight.sun_azimuth)
    towards = slope_east * np.sin(azimuth) + slope_north * np.cos(azimuth)
    cosine = (np.cos(zenith) - np.sin(zenith) * towards) / np.hypot(
        1, np.hypot(slope_east, slope_north)
    )
    return np.clip(cosine / max(np.cos(zenith), 0.1), 0.35, 1.25)


def reflectance(place: Place, east: Array, north: Array, band: str, sight: Sight) -> Array:
    """Return TOA reflectance in a band of Sentinel-2."""
    return _coloured(*_lit(place, east, north, sight), band)


def _lit(place: Place, east: Array, north: Array, sight: Sight) -> tuple[Array, Array]:
    """Return what is seen, and by how much its reflectance differs from its spectrum."""
    seen = classes(place, east, north, sight)
    lit = np.where(seen == CLASSES.index("cloud"), 1.0, light(east, north, sight))
    lit = np.where(sight.is_cloud_shadow(east, north), 0.4 * lit, lit)
    return seen, lit * (1 + 0.03 * np.sin(east / 31.0) * np.cos(north / 29.0))


def _coloured(seen: Array, lit: Array, band: str) -> Array:
    return _spectrum(band)[seen] * lit


def _spectrum(band: str) -> Array:
    return np.array([SPECTRA[name][SENTINEL_BANDS.index(band)] for name in CLASSES])


@lru_cache(maxsize=6)
def _lit_raster(place: Place, raster: Raster, sight: Sight) -> tuple[Array, Array]:
    return _lit(place, *local_metres(place, raster), sight)


def temperature(place: Place, east: Array, north: Array, sight: Sight) -> Array:
    """Return brightness temperature in kelvin, falling 6 K a kilometre."""
    seen = np.array(TEMPERATURE)[classes(place, east, north, sight)]
    return seen - 0.006 * (land_elevation(place, east, north) - 2200.0)


def sample(place: Place, raster: Raster, band: str, sight: Sight) -> Array:
    """Return TOA reflectance at the pixel centres of a grid."""
    return _coloured(*_lit_raster(place, raster, sight), band)


def outlines_in_degrees(place: Place, melted: float = 0.0) -> list[shapely.Geometry]:
    """Return both glaciers' outlines in EPSG:4326, cut at the antimeridian."""
    shapes = [main_glacier(melted), neighbour_glacier()]
    return [to_degrees(shape, place.local) for shape in shapes]
