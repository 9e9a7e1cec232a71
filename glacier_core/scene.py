"""A scene: named features with units on one north-up, square-pixel, metric grid."""

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Literal, Self

import geopandas as gpd
import numpy as np
import rioxarray  # noqa: F401  (registers the .rio accessor)
import xarray as xr
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field
from rasterio.crs import CRS

from glacier_core.errors import SceneError
from glacier_core.grid import check_grid
from glacier_core.plausible import check_elevation, check_range, check_reflectance, check_usable
from glacier_core.slope import horn_slope
from glacier_core.strips import strips_of

BANDS = ("blue", "green", "red", "nir", "swir1", "swir2")
"""The six optical bands, in the one order used everywhere."""

ORBITS = ("ascending", "descending")
"""The two orbit directions of every radar feature, in order."""

Reflectance = Literal["toa", "surface"]
FloatArray = NDArray[np.float32]


class SceneAttributes(BaseModel):
    """What is known about a scene besides its pixels.

    Attributes
    ----------
    id : str
        Short name of lower-case letters, digits and hyphens.
    title : str
        What people read. The title of a simulated scene says so.
    acquired : datetime.date or None
        Date of the imagery; None where a file does not tell.
    sensor, source, licence : str
        Which instrument, where it came from, on which terms.
    reflectance : {"toa", "surface"}
        Top-of-atmosphere (what GlaViTU was made for) or surface reflectance.
    simulated : bool
        Whether the scene was simulated rather than observed.
    outlines_complete : bool
        Whether the outlines that come with the scene hold *every* glacier in it.
    notes : tuple of str
        What a reader of any number made from this scene must know.
    facts : mapping of str to str
        What its pixels were made from, for provenance: products, coefficients, tiles.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")
    title: str = Field(min_length=1)
    acquired: date | None = None
    sensor: str = "unknown"
    source: str = "unknown"
    licence: str = "unknown"
    reflectance: Reflectance = "toa"
    simulated: bool = False
    outlines_complete: bool = False
    notes: tuple[str, ...] = ()
    facts: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Scene:
    """Imagery and terrain of one place and date, ready for a network.

    Make one with :func:`build_scene`, which validates; do not call this class directly.

    Attributes
    ----------
    data : xarray.Dataset
        Carried by rioxarray. ``optical`` (band, y, x) reflectance; ``elevation`` (y, x) m;
        ``slope`` (y, x) degrees; ``valid`` (y, x) bool, True where the optical bands, the
        elevation and the slope are all there. Optional ``co_pol_sar`` and ``cross_pol_sar``
        (orbit, y, x) sigma nought, linear; ``in_sar`` (orbit, y, x) coherence; ``thermal``
        (y, x) kelvin; ``observed`` (y, x) int32, the date of each pixel as YYYYMMDD, 0 for none.
        NaN means no data.
    attributes : SceneAttributes
    outlines : geopandas.GeoDataFrame or None
        Expert outlines that came with the scene, in the schema of ``outlines.schema``.
    """

    data: xr.Dataset
    attributes: SceneAttributes
    outlines: gpd.GeoDataFrame | None = None

    @property
    def id(self) -> str:
        """Short name of the scene."""
        return self.attributes.id

    @property
    def title(self) -> str:
        """What people read."""
        return self.attributes.title

    @property
    def simulated(self) -> bool:
        """Whether the scene was simulated rather than observed."""
        return self.attributes.simulated

    @property
    def crs(self) -> CRS:
        """Projected, metric coordinate system of the grid."""
        return self.data.rio.crs

    @property
    def transform(self) -> Affine:
        """Affine transform from pixel corners to coordinates, in metres."""
        return Affine.from_gdal(*map(float, self.data.spatial_ref.attrs["GeoTransform"].split()))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.data.sizes["y"], self.data.sizes["x"]

    @property
    def resolution(self) -> float:
        """Side of a pixel, in metres of the coordinate system."""
        return float(self.transform.a)

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge, in metres of the coordinate system."""
        rows, columns = self.shape
        west, north, side = self.transform.c, self.transform.f, self.resolution
        return west, north - rows * side, west + columns * side, north

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Where the network has what it needs, (rows, columns)."""
        return self.data["valid"].to_numpy()

    def with_outlines(self, outlines: gpd.GeoDataFrame | None) -> Self:
        """Return the same scene with other expert outlines."""
        return type(self)(self.data, self.attributes, outlines)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the pixels, the grid and the kind of reflectance, as hex.

        Pixels of a scene cannot be written to, so it is computed once.
        """
        return self._fingerprint

    @cached_property
    def _fingerprint(self) -> str:
        digest = hashlib.sha256()
        header = (self.crs.to_wkt(), tuple(self.transform)[:6], self.attributes.reflectance)
        digest.update(repr(header).encode())
        for name in sorted(str(name) for name in self.data.data_vars):
            layers = self.data[name]
            digest.update(f"{name}{layers.shape}{layers.dtype}".encode())
            for layer in layers if layers.ndim == 3 else [layers]:
                for first, end in strips_of(len(layer)):
                    rows = layer.isel(y=slice(first, end)).to_numpy()
                    digest.update(np.ascontiguousarray(rows).data)
        return digest.hexdigest()


def build_scene(
    optical: ArrayLike,
    elevation: ArrayLike,
    *,
    transform: Affine,
    crs: Any,
    attributes: SceneAttributes,
    slope: ArrayLike | None = None,
    valid: ArrayLike | None = None,
    radar: dict[str, ArrayLike] | None = None,
    thermal: ArrayLike | None = None,
    observed: ArrayLike | None = None,
    outlines: gpd.GeoDataFrame | None = None,
) -> Scene:
    """Make a validated scene from arrays that already share one grid.

    Parameters
    ----------
    optical : array_like, (6, rows, columns)
        Reflectance, 0 to about 1, in the order of :data:`BANDS`; NaN where there is none.
    elevation : array_like, (rows, columns)
        Metres; NaN where there is none.
    transform : affine.Affine
        North-up with square pixels.
    crs : anything rasterio understands
        Projected, in metres.
    attributes : SceneAttributes
        Title, date, sensor, reflectance and the like.
    slope : array_like, (rows, columns), optional
        Degrees; computed by :func:`horn_slope` when left out.
    valid : array_like of bool, (rows, columns), optional
        False where a pixel must not be used (cloud, say) although it has values.
    radar : dict, optional
        ``co_pol_sar``, ``cross_pol_sar`` (sigma nought, linear) and ``in_sar`` (coherence),
        each (2, rows, columns), ascending before descending.
    thermal : array_like, (rows, columns), optional
        Brightness temperature in kelvin.
    observed : array_like of int, (rows, columns), optional
        Date of each pixel as YYYYMMDD where imagery of several dates was put together; 0 for none.
    outlines : geopandas.GeoDataFrame, optional
        Expert outlines in the agreed schema.

    Returns
    -------
    Scene

    Raises
    ------
    SceneError
        When anything does not fit; the message says what, where and what to do.
    """
    bands = _float32(optical)
    if bands.ndim != 3 or bands.shape[0] != len(BANDS):
        raise SceneError(
            f"The imagery has shape {bands.shape}; needed are six bands "
            f"({', '.join(BANDS)}) as (6, rows, columns)."
        )
    shape = bands.shape[1:]
    crs = check_grid(transform, shape, crs)
    heights = _layer("elevation", elevation, shape)
    check_reflectance(bands, BANDS)
    check_elevation(heights)
    slopes = horn_slope(heights, transform.a) if slope is None else _layer("slope", slope, shape)
    check_range("slope", slopes)
    usable = np.isfinite(bands).all(axis=0) & np.isfinite(heights) & np.isfinite(slopes)
    if valid is not None:
        usable &= np.asarray(valid, dtype=bool)
    check_usable(bool(usable.any()))
    variables: dict[str, Any] = {
        "optical": (("band", "y", "x"), bands),
        "elevation": (("y", "x"), heights),
        "slope": (("y", "x"), slopes),
        "valid": (("y", "x"), usable),
    }
    variables |= _optional_features(radar or {}, thermal, shape)
    if observed is not None:
        variables["observed"] = (("y", "x"), _dates(observed, shape))
    return Scene(scene_dataset(variables, transform, crs), attributes, outlines)


def _float32(values: ArrayLike) -> FloatArray:
    """Return a copy of its own, NaN wherever there is no finite number."""
    layer = np.array(values, dtype=np.float32)
    layer[~np.isfinite(layer)] = np.nan
    return layer


def _layer(name: str, values: ArrayLike, shape: tuple[int, ...]) -> FloatArray:
    layer = _float32(values)
    if layer.shape != shape:
        raise SceneError(
            f"The {name} has shape {layer.shape}, the imagery {shape}: "
            "bring them onto one grid first (scene_from_files does)."
        )
    return layer


def _optional_features(
    radar: dict[str, ArrayLike], thermal: ArrayLike | None, shape: tuple[int, ...]
) -> dict[str, Any]:
    variables: dict[str, Any] = {}
    for name, values in radar.items():
        if name not in ("co_pol_sar", "cross_pol_sar", "in_sar"):
            raise SceneError(f"{name} is no radar feature: co_pol_sar, cross_pol_sar or in_sar.")
        layers = _layer(name, values, (len(ORBITS), *shape))
        check_range(name, layers)
        variables[name] = (("orbit", "y", "x"), layers)
    if thermal is not None:
        kelvin = _layer("thermal", thermal, shape)
        check_range("thermal", kelvin)
        variables["thermal"] = (("y", "x"), kelvin)
    return variables


def _dates(observed: ArrayLike, shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return a copy of its own, every number of it a date or 0."""
    days = np.array(observed, dtype=np.int32)
    if days.shape != shape:
        raise SceneError(f"The dates have shape {days.shape}, the imagery {shape}.")
    for day in np.unique(days[days != 0]):
        try:
            date.fromisoformat(f"{day:08d}")
        except ValueError as problem:
            raise SceneError(
                f"{day} is no date: the dates of the pixels are written as YYYYMMDD, 0 for none."
            ) from problem
    return days


def scene_dataset(variables: dict[str, Any], transform: Affine, crs: CRS) -> xr.Dataset:
    """Return the dataset of a scene from checked variables: (dimensions, array), or lazy ones."""
    rows, columns = variables["valid"][1].shape
    for variable in variables.values():
        if isinstance(variable, tuple):
            variable[1].setflags(write=False)
    coordinates: dict[str, Any] = {
        "band": list(BANDS),
        "y": transform.f + (np.arange(rows) + 0.5) * transform.e,
        "x": transform.c + (np.arange(columns) + 0.5) * transform.a,
    }
    data = xr.Dataset(variables, coords=coordinates)
    if "orbit" in data.dims:
        data = data.assign_coords(orbit=list(ORBITS))
    # In place, or rioxarray would copy every array, into memory that can be written to.
    data.rio.write_crs(crs, inplace=True).rio.write_transform(transform, inplace=True)
    return data
