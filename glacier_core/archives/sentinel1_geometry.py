"""Where ground lies in a Sentinel-1 ground-range image: range and Doppler, from its annotation."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.interpolate import CubicHermiteSpline, LinearNDInterpolator
from scipy.ndimage import map_coordinates

from glacier_core.archives.area_grid import AreaGrid
from glacier_core.archives.sentinel1_metadata import AnnotationReader
from glacier_core.errors import SourceError

LIGHT: Final = 299_792_458.0
"""Metres a second (exact, by the definition of the metre)."""

_CLOSE_ENOUGH: Final = 1e-7
"""Seconds: the satellite moves less than a millimetre in that time."""

_MOST_STEPS: Final = 20
_LATTICE: Final = 16
"""Pixels between two for which range and Doppler are solved; in between they are interpolated."""

_LEVEL: Final = 500.0
"""Metres of height between two for which they are solved: half a decimetre of range at most."""

_AT: Final = "azimuthTime"
_IMAGE: Final = "imageAnnotation/imageInformation"
_NOISE_REMOVED: Final = "imageAnnotation/processingInformation/thermalNoiseCorrectionPerformed"
_PASSES: Final = {"Ascending": "ascending", "Descending": "descending"}
_MESH: Final = ("longitude", "latitude", "height", "incidenceAngle")

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RadarImage:
    """Geometry and state of one ground-range image, from its annotation.

    Attributes
    ----------
    orbit : {"ascending", "descending"}
    polarisation : {"VV", "VH", "HH", "HV"}
    first_line : numpy.datetime64
        When the first line was seen.
    noise_removed : bool
        Whether the processor took the thermal noise off already.
    shape : (lines, samples)
    spacing : float
        Metres of ground a sample, across the track.
    line_seconds : float
        Seconds between two lines.
    state_times : ndarray, (n,)
        Seconds since the first line.
    positions, velocities : ndarray, (n, 3)
        Of the satellite, Earth-centred and Earth-fixed, in metres (a second).
    conversion_times, range_origins : ndarray, (k,)
    conversions : tuple of ndarray
        Coefficients of ground range by slant range less its origin, lowest power first.
    mesh : ndarray, (m, 4)
        Longitude, latitude (degrees), height above the ellipsoid (metres) and incidence angle
        (degrees), every 20 km or so.
    """

    orbit: str
    polarisation: str
    first_line: np.datetime64
    noise_removed: bool
    shape: tuple[int, int]
    spacing: float
    line_seconds: float
    state_times: Numbers
    positions: Numbers
    velocities: Numbers
    conversion_times: Numbers
    range_origins: Numbers
    conversions: tuple[Numbers, ...]
    mesh: Numbers

    def locate(
        self, longitude: Numbers, latitude: Numbers, height: Numbers
    ) -> tuple[Numbers, Numbers]:
        """Return line and sample of places on the ground, from 0 at the middle of the first.

        Parameters
        ----------
        longitude, latitude : ndarray
            Degrees, WGS 84.
        height : ndarray
            Metres above the ellipsoid.

        Returns
        -------
        lines, samples : ndarray
            Beyond the image where the place is.

        Notes
        -----
        The moment at which a place lies square to the flight, the distance at that moment, and
        the ground range that the annotation gives for it: the range-Doppler equations as in
        Small and Schubert (2008), "Guide to ASAR Geocoding", for an image in zero-Doppler
        geometry.
        """
        earth = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
        east, north, up = (
            np.array(along) for along in np.broadcast_arrays(longitude, latitude, height)
        )
        places = np.stack(earth.transform(east, north, up), -1)
        track = CubicHermiteSpline(self.state_times, self.positions, self.velocities)
        times = self._abeam(places, track)
        distance = np.linalg.norm(places - track(times), axis=-1)
        return times / self.line_seconds, self._ground_range(times, distance) / self.spacing

    def _abeam(self, places: Numbers, track: CubicHermiteSpline) -> Numbers:
        """Return the seconds at which places lie square to the flight, by Newton's method."""
        velocity, acceleration = track.derivative(1), track.derivative(2)
        times = np.full(places.shape[:-1], self.state_times.mean())
        for _ in range(_MOST_STEPS):
            apart, moving = places - track(times), velocity(times)
            along = (apart * moving).sum(-1)
            slope = (apart * acceleration(times)).sum(-1) - (moving * moving).sum(-1)
            step = along / slope
            times = np.clip(times - step, self.state_times[0], self.state_times[-1])
            if np.abs(step).max(initial=0) < _CLOSE_ENOUGH:
                break
        return times

    def _ground_range(self, times: Numbers, distance: Numbers) -> Numbers:
        """Return metres across the track, between the conversions before and after."""
        places = np.interp(times, self.conversion_times, np.arange(len(self.conversions)))
        before = np.floor(places).astype(int)
        ranges = np.zeros_like(distance)
        for number, coefficients in enumerate(self.conversions):
            weight = np.where(before == number, 1 - (places - before), 0.0)
            weight += np.where(before + 1 == number, places - before, 0.0)
            used = weight > 0
            beyond = distance[used] - self.range_origins[number]
            ranges[used] += weight[used] * np.polynomial.polynomial.polyval(beyond, coefficients)
        return ranges


def parse_annotation(content: bytes, name: str) -> RadarImage:
    """Return the geometry and state of an image.

    Parameters
    ----------
    content : bytes
        ``annotation/….xml``, not those in the folders below it.
    name : str
        What the file is called in messages.

    Raises
    ------
    SourceError
        When it is no annotation of a detected ground-range image, or damaged.
    """
    reader = AnnotationReader(content, name, "product")
    _check_projection(reader)
    first = reader.moment(reader.root, f"{_IMAGE}/productFirstLineUtcTime")
    states = _rising(reader, "generalAnnotation/orbitList/orbit", "time", first)
    conversions = _rising(
        reader, "coordinateConversion/coordinateConversionList/coordinateConversion", _AT, first
    )
    points = reader.root.findall("geolocationGrid/geolocationGridPointList/geolocationGridPoint")
    if len(states) < 2 or not conversions or not points:
        raise SourceError(
            f"{name} tells {len(states)} positions of the satellite, {len(conversions)} "
            f"conversions of range and {len(points)} places, too few to find ground in it. "
            "Choose another scene."
        )
    return RadarImage(
        orbit=reader.choice("generalAnnotation/productInformation/pass", _PASSES),
        polarisation=reader.text(reader.root, "adsHeader/polarisation"),
        first_line=first,
        noise_removed=reader.choice(_NOISE_REMOVED, {"true": True, "false": False}),
        shape=(_image(reader, "numberOfLines"), _image(reader, "numberOfSamples")),
        spacing=reader.number(reader.root, f"{_IMAGE}/rangePixelSpacing"),
        line_seconds=reader.number(reader.root, f"{_IMAGE}/azimuthTimeInterval"),
        state_times=np.array([reader.seconds(state, "time", first) for state in states]),
        positions=_vectors(reader, states, "position"),
        velocities=_vectors(reader, states, "velocity"),
        conversion_times=np.array([reader.seconds(found, _AT, first) for found in conversions]),
        range_origins=np.array([reader.number(found, "sr0") for found in conversions]),
        conversions=tuple(reader.numbers(found, "srgrCoefficients") for found in conversions),
        mesh=np.array([[reader.number(point, key) for key in _MESH] for point in points]),
    )


def image_positions(
    image: RadarImage, grid: AreaGrid, elevation: Numbers
) -> tuple[Numbers, Numbers]:
    """Return line and sample of every pixel of a grid; NaN where it has no elevation.

    Parameters
    ----------
    image : RadarImage
    grid : AreaGrid
    elevation : ndarray, (rows, columns)
        Metres above the ellipsoid.

    Returns
    -------
    lines, samples : ndarray, (rows, columns)
    """
    if not np.isfinite(elevation).any():
        return np.full(grid.shape, np.nan), np.full(grid.shape, np.nan)
    rows, columns = (np.arange(0, size + _LATTICE, _LATTICE) for size in grid.shape)
    lowest = np.nanmin(elevation)
    levels = lowest + _LEVEL * np.arange(2 + (np.nanmax(elevation) - lowest) // _LEVEL)
    to_degrees = Transformer.from_crs(grid.crs.to_wkt(), "EPSG:4326", always_xy=True)
    places = to_degrees.transform(*_centres(grid, rows, columns))
    longitude, latitude = (np.asarray(along)[:, :, None] for along in places)
    solved = image.locate(longitude, latitude, levels[None, None, :])
    row, column = np.indices(grid.shape, dtype=np.float32) / _LATTICE
    between = np.stack([row, column, np.nan_to_num((elevation - lowest) / _LEVEL, nan=-1.0)])
    lines, samples = (map_coordinates(along, between, order=1, cval=np.nan) for along in solved)
    return lines, samples


def mesh_heights(image: RadarImage, grid: AreaGrid) -> Numbers:
    """Return height above the ellipsoid on a grid, from the image's own mesh; NaN beyond it."""
    x, y = _mesh_places(image, grid)
    there = np.isfinite(x) & np.isfinite(y)
    between = LinearNDInterpolator(np.stack([x, y], -1)[there], image.mesh[there, 2])
    rows, columns = (np.arange(size) for size in grid.shape)
    return np.asarray(between(np.stack(_centres(grid, rows, columns), -1)))


def incidence_near(image: RadarImage, grid: AreaGrid) -> float:
    """Return the incidence angle in degrees at the point of the image's mesh nearest to a grid."""
    x, y = _mesh_places(image, grid)
    west, south, east, north = grid.bounds
    away = np.hypot(x - (west + east) / 2, y - (south + north) / 2)
    return float(image.mesh[int(np.argmin(away)), 3])


def _mesh_places(image: RadarImage, grid: AreaGrid) -> tuple[Numbers, Numbers]:
    """Return the mesh of an image in the coordinate system of a grid."""
    to_grid = Transformer.from_crs("EPSG:4326", grid.crs.to_wkt(), always_xy=True)
    x, y = to_grid.transform(image.mesh[:, 0], image.mesh[:, 1])
    return np.asarray(x), np.asarray(y)


def _centres(
    grid: AreaGrid, rows: NDArray[np.int_], columns: NDArray[np.int_]
) -> tuple[Numbers, Numbers]:
    """Return x and y of the centres of pixels, (rows, columns) each."""
    x, y = np.meshgrid(grid.transform.c + grid.resolution * (columns + 0.5), rows + 0.5)
    return x, grid.transform.f - grid.resolution * y


def _check_projection(reader: AnnotationReader) -> None:
    projection = reader.text(reader.root, "generalAnnotation/productInformation/projection")
    if projection != "Ground Range":
        raise SourceError(
            f"{reader.name} tells of an image in {projection[:30]!r} geometry; ground-range images "
            "(GRD) can be read. Choose another scene."
        )


def _rising(reader: AnnotationReader, path: str, when: str, first: np.datetime64) -> list[Element]:
    found = reader.root.findall(path)
    return sorted(found, key=lambda element: reader.seconds(element, when, first))


def _image(reader: AnnotationReader, key: str) -> int:
    return reader.whole(reader.root, f"{_IMAGE}/{key}")


def _vectors(reader: AnnotationReader, states: list[Element], what: str) -> Numbers:
    return np.array(
        [[reader.number(state, f"{what}/{axis}") for axis in "xyz"] for state in states]
    )
