"""The strata of a comparison as layers: which class every pixel belongs to, and how that is known.

The classes of terrain, size, distance and confidence are this project's own; the size classes
follow the decades and half decades in which inventories list their glaciers.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod
from rasterio.warp import transform as transform_points
from scipy import ndimage

from glacier_core.deviations.experts import PlacedExperts
from glacier_core.deviations.matching import Zones
from glacier_core.deviations.surfaces import Surfaces
from glacier_core.scene import Scene
from glacier_core.slope import horn_aspect

if TYPE_CHECKING:
    from glacier_core.inference.result import GlacierMap

BoolArray = NDArray[np.bool_]
Codes = NDArray[np.int16]

SIZE_EDGES: Final = (0.1, 0.5, 1.0, 5.0, 10.0, 50.0, 100.0)
"""Square kilometres between the size classes of glaciers."""

SLOPE_EDGES: Final = (5.0, 15.0, 30.0, 45.0)
"""Degrees between the slope classes."""

EDGE_DISTANCES: Final = (500.0, 1000.0, 2000.0, 5000.0)
"""Metres from the edge of the image between its classes."""

CONFIDENCE_EDGES: Final = (0.6, 0.8, 0.9, 0.95, 0.99)
"""Calibrated confidence between its classes."""

OCTANTS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
LEVEL_DEGREES: Final = 1.0
"""Slope below which ground faces nowhere in particular."""

FRONT_M: Final = 300.0
"""Metres around the place where ice meets water that count as its front."""

MOST_BANDS: Final = 10
_BAND_STEPS: Final = (50.0, 100.0, 200.0, 500.0, 1000.0)
_TOUCHING: Final = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True, eq=False)
class Stratum:
    """One way to divide the pixels of a scene.

    Attributes
    ----------
    name : str
        What divides them.
    classes : tuple of str
        In order.
    codes : ndarray of int16, (rows, columns), or None
        Place in ``classes``, -1 where not known; None where nothing is known anywhere.
    basis : str
        How the classes are known, in words; without codes why they are not.
    """

    name: str
    classes: tuple[str, ...]
    codes: Codes | None
    basis: str


def strata(
    result: "GlacierMap",
    scene: Scene,
    experts: PlacedExperts,
    zones: Zones,
    surfaces: Surfaces,
) -> list[Stratum]:
    """Return every stratum of a comparison, those that cannot be known with the reason.

    Parameters
    ----------
    result : GlacierMap
    scene : Scene
        On the same grid.
    experts : PlacedExperts
    zones : Zones
    surfaces : Surfaces
    """
    mapped = ~result.unmapped.to_numpy()
    return [
        Stratum("surface", surfaces.names, surfaces.codes, surfaces.basis),
        _shadow(surfaces),
        _glacier_size(experts, zones),
        _elevation(scene, mapped & (zones.nearest > 0)),
        _slope(scene),
        _aspect(scene),
        _front(surfaces, zones, scene.resolution),
        _distance_to_edge(mapped, scene.resolution),
        _confidence(result),
    ]


def intervals(edges: tuple[float, ...], unit: str) -> tuple[str, ...]:
    """Name the classes between edges, the first below all and the last above.

    Parameters
    ----------
    edges : tuple of float
        Rising.
    unit : str
        Written behind the numbers, with its blank.
    """
    between = [f"{low:g} to {high:g}{unit}" for low, high in pairwise(edges)]
    return (f"under {edges[0]:g}{unit}", *between, f"{edges[-1]:g}{unit} and more")


def _binned(
    name: str, values: NDArray[np.floating], edges: tuple[float, ...], unit: str, basis: str
) -> Stratum:
    """Divide pixels by a number; without any number there is no such stratum."""
    known = np.isfinite(values)
    if not known.any():
        return Stratum(name, (), None, f"The scene holds no {name} where it was compared.")
    codes = np.where(known, np.digitize(values, edges), -1).astype(np.int16)
    return Stratum(name, intervals(edges, unit), codes, basis)


def _shadow(surfaces: Surfaces) -> Stratum:
    codes = None if surfaces.shadow is None else surfaces.shadow.astype(np.int16)
    return Stratum("shadow", ("lit", "in shadow"), codes, surfaces.shadow_basis)


def _glacier_size(experts: PlacedExperts, zones: Zones) -> Stratum:
    sizes = np.digitize(experts.outlines["area_km2"], SIZE_EDGES).astype(np.int16)
    codes = np.concatenate([np.array([-1], dtype=np.int16), sizes])[zones.nearest]
    basis = "area of the whole outline of the nearest expert glacier"
    return Stratum("glacier size", intervals(SIZE_EDGES, " km²"), codes, basis)


def _elevation(scene: Scene, compared: BoolArray) -> Stratum:
    """Bands of a round height, the narrowest that makes at most ten of them."""
    heights = _layer(scene, "elevation")
    seen = heights[compared & np.isfinite(heights)]
    if seen.size == 0:
        return _binned("elevation", np.full((1, 1), np.nan), (), "", "")
    low, high = float(seen.min()), float(seen.max())
    step = next(
        (step for step in _BAND_STEPS if high // step - low // step < MOST_BANDS), _BAND_STEPS[-1]
    )
    edges = step * np.arange(low // step, high // step + 2)
    codes = np.where(np.isfinite(heights), (heights // step) - low // step, -1)
    codes = np.where((codes >= 0) & (codes < len(edges) - 1), codes, -1).astype(np.int16)
    classes = tuple(f"{a:g} to {b:g} m" for a, b in pairwise(edges))
    return Stratum("elevation", classes, codes, "elevation model of the scene")


def _slope(scene: Scene) -> Stratum:
    basis = "slope of the elevation model (Horn 1981)"
    return _binned("slope", _layer(scene, "slope"), SLOPE_EDGES, "°", basis)


def _aspect(scene: Scene) -> Stratum:
    heights = _layer(scene, "elevation")
    facing = horn_aspect(heights, scene.resolution)
    if not np.isfinite(heights).any():
        return Stratum("aspect", (), None, "The scene holds no elevation where it was compared.")
    turned = (facing + grid_north(scene)) % 360
    octant = np.floor((turned + 22.5) / 45) % 8
    level = np.isnan(octant) | (_layer(scene, "slope") < LEVEL_DEGREES)
    codes = np.where(level, len(OCTANTS), octant)
    codes = np.where(np.isfinite(heights), codes, -1).astype(np.int16)
    basis = (
        "direction in which the elevation model falls (Horn 1981), from true north in the middle "
        f"of the scene; level below {LEVEL_DEGREES:g}°"
    )
    return Stratum("aspect", (*OCTANTS, "level"), codes, basis)


def grid_north(scene: Scene) -> float:
    """Return in which direction the north of the grid lies, in degrees clockwise from true north.

    In the middle of the scene, on the WGS 84 ellipsoid.
    """
    west, south, east, north = scene.bounds
    x, y = (west + east) / 2, (south + north) / 2
    longitudes, latitudes = transform_points(scene.crs, "EPSG:4326", [x, x], [y, y + 1000])
    azimuth, _, _ = Geod(ellps="WGS84").inv(
        longitudes[0], latitudes[0], longitudes[1], latitudes[1]
    )
    return float(azimuth)


def _front(surfaces: Surfaces, zones: Zones, resolution: float) -> Stratum:
    name = "front in water"
    if surfaces.water is None:
        return Stratum(name, (), None, surfaces.water_basis)
    shore = (zones.inside > 0) & ndimage.binary_dilation(surfaces.water, _TOUCHING)
    near = np.zeros(shore.shape, dtype=bool)
    if shore.any():
        near = ndimage.distance_transform_edt(~shore, sampling=resolution) <= FRONT_M
    classes = (f"within {FRONT_M:g} m of ice that meets water", "elsewhere")
    basis = f"lakes and sea: {surfaces.water_basis}"
    return Stratum(name, classes, np.where(near, 0, 1).astype(np.int16), basis)


def _distance_to_edge(mapped: BoolArray, resolution: float) -> Stratum:
    framed = np.pad(mapped, 1)
    pixels = ndimage.distance_transform_edt(framed)[1:-1, 1:-1] - 0.5
    basis = "distance from the pixel's centre to the edge of the image or to where it has no data"
    return _binned("distance to the edge", resolution * pixels, EDGE_DISTANCES, " m", basis)


def _confidence(result: "GlacierMap") -> Stratum:
    basis = "calibrated confidence of the map"
    return _binned("confidence", result.confidence.to_numpy(), CONFIDENCE_EDGES, "", basis)


def _layer(scene: Scene, name: str) -> NDArray[np.floating]:
    if name not in scene.data:
        return np.full(scene.shape, np.nan)
    return np.asarray(scene.data[name].to_numpy())
