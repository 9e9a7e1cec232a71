"""A satellite on a great circle beside a place, and where ground lies in its image.

The circle is fixed to the Earth, so that zero Doppler has a closed form: a point is square to the
flight when its angle along the circle is the satellite's. Heights count from the ellipsoid; the
test archive's sea level is the ellipsoid.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pyproj import CRS
from pyproj.enums import TransformDirection
from pyproj.transformer import Transformer

from .places import WGS84, Place, transformer

EARTH_FIXED = CRS.from_epsg(4978)
WGS84_WITH_HEIGHT = CRS.from_epsg(4979)
RADIUS = 7_071_000.0  # m from the Earth's centre
SPEED = 7_600.0  # m/s
LOOK = np.radians(4.27)  # angle at the Earth's centre between place and track: incidence of 38°
HEADING = {"ascending": np.radians(-12.0), "descending": np.radians(192.0)}


def earth_fixed(longitude, latitude, height) -> np.ndarray:
    """Return Earth-centred, Earth-fixed metres, (..., 3)."""
    found: Transformer = transformer(WGS84_WITH_HEIGHT, EARTH_FIXED)
    parts = np.broadcast_arrays(longitude, latitude, height)
    return np.stack(found.transform(*parts), axis=-1)


@dataclass(frozen=True)
class Track:
    """The satellite's way past a place, which it sees to its right at time 0."""

    place: Place
    orbit: str

    @cached_property
    def axes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Unit vectors at time 0: up to the satellite, along its flight, and to the right."""
        place = earth_fixed(self.place.longitude, self.place.latitude, 0.0)
        up = place / np.linalg.norm(place)
        east = np.cross([0.0, 0.0, 1.0], up)
        east /= np.linalg.norm(east)
        north = np.cross(up, east)
        heading = HEADING[self.orbit]
        along = np.cos(heading) * north + np.sin(heading) * east
        right = np.cross(along, up)
        above = np.cos(LOOK) * up - np.sin(LOOK) * right
        return above, along, np.cross(along, above)

    def position(self, seconds: np.ndarray) -> np.ndarray:
        above, along, _ = self.axes
        angle = np.asarray(seconds)[..., None] * SPEED / RADIUS
        return RADIUS * (np.cos(angle) * above + np.sin(angle) * along)

    def velocity(self, seconds: np.ndarray) -> np.ndarray:
        above, along, _ = self.axes
        angle = np.asarray(seconds)[..., None] * SPEED / RADIUS
        return SPEED * (np.cos(angle) * along - np.sin(angle) * above)

    def seen(self, ground: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return seconds and slant range of points on the ground, (..., 3)."""
        above, along, _ = self.axes
        seconds = np.arctan2(ground @ along, ground @ above) * RADIUS / SPEED
        return seconds, np.linalg.norm(ground - self.position(seconds), axis=-1)

    def seen_locally(self, east, north, height) -> tuple[np.ndarray, np.ndarray]:
        """Return seconds and slant range of points in local metres."""
        to_wgs84 = transformer(self.place.local, WGS84)
        longitude, latitude = to_wgs84.transform(east, north)
        return self.seen(earth_fixed(longitude, latitude, height))

    def incidence(self, longitude, latitude, height) -> np.ndarray:
        """Return degrees between the look and the ellipsoid's normal."""
        ground = earth_fixed(longitude, latitude, height)
        seconds, slant = self.seen(ground)
        look = (self.position(seconds) - ground) / slant[..., None]
        lon, lat = np.radians(longitude), np.radians(latitude)
        normal = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], -1)
        return np.degrees(np.arccos(np.sum(look * normal, axis=-1)))


def on_ground(place: Place, cross_track, along_track, orbit: str):
    """Return local metres east and north of positions to the right of and along the flight."""
    heading = HEADING[orbit]
    east = along_track * np.sin(heading) + cross_track * np.cos(heading)
    north = along_track * np.cos(heading) - cross_track * np.sin(heading)
    return east, north


def to_degrees(place: Place, east, north):
    found = transformer(place.local, WGS84)
    return found.transform(east, north, direction=TransformDirection.FORWARD)
