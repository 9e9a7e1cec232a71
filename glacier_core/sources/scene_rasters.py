"""The rasters of a scene as cloud-optimised GeoTIFFs, all of them in memory or strip by strip."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, Literal

import rasterio
import rioxarray
import xarray as xr
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from glacier_core.errors import StorageError
from glacier_core.scene import BANDS, ORBITS, Scene
from glacier_core.strips import WriteRows, cog_in_strips, is_large, strips_of

RasterName = Literal[
    "optical",
    "elevation",
    "slope",
    "valid",
    "co_pol_sar",
    "cross_pol_sar",
    "in_sar",
    "thermal",
    "observed",
]

RADAR: Final = ("co_pol_sar", "cross_pol_sar", "in_sar")
"""Rasters with a layer for each orbit."""

_UNITS: Final = {
    "optical": "reflectance",
    "elevation": "metre",
    "slope": "degree",
    "co_pol_sar": "sigma nought, linear",
    "cross_pol_sar": "sigma nought, linear",
    "in_sar": "coherence",
    "thermal": "kelvin",
    "valid": "1 = usable",
    "observed": "date as YYYYMMDD, 0 = none",
}
_WHOLE: Final = {"valid": "uint8", "observed": "int32"}
"""Rasters of whole numbers, and how they are stored; all others are float32."""
_NO_DATA: Final = {"valid": None, "observed": 0}


def write_raster(path: Path, scene: Scene, name: str) -> None:
    """Write a raster of a scene, a large one strip by strip.

    Raises
    ------
    StorageError, OSError
        When the disk refuses.
    """
    if is_large(scene.shape):
        with raster_in_strips(path, name, scene.shape, scene.transform, scene.crs) as write:
            for first, end in strips_of(scene.shape[0]):
                rows = scene.data[name].isel(y=slice(first, end)).to_numpy()
                write(first, rows.reshape(-1, end - first, scene.shape[1]))
        return
    layers = scene.data[name].to_numpy().reshape(-1, *scene.shape)
    profile = {
        "driver": "COG",
        "dtype": _WHOLE.get(name, "float32"),
        "count": layers.shape[0],
        "height": scene.shape[0],
        "width": scene.shape[1],
        "crs": scene.crs,
        "transform": scene.transform,
        "nodata": _NO_DATA.get(name, float("nan")),
    }
    # GDAL does not always tell when the disk is full, least of all at the end of a file; Python
    # does. So the file is made in memory, and written by Python.
    with MemoryFile() as memory:
        with memory.open(**profile, **_creation(name)) as raster:
            raster.write(layers.astype(profile["dtype"], copy=False))
            raster.descriptions = _band_names(name)
            raster.units = (_UNITS[name],) * layers.shape[0]
        path.write_bytes(memory.getbuffer())


def raster_in_strips(
    path: Path, name: str, shape: tuple[int, int], transform: Affine, crs: CRS
) -> AbstractContextManager[WriteRows]:
    """Write a raster as :func:`write_raster` does, without ever holding the whole of it.

    See :func:`glacier_core.strips.cog_in_strips` for what is given, and for what GDAL may not
    tell.
    """
    bands = _band_names(name)
    return cog_in_strips(
        path,
        shape=shape,
        transform=transform,
        crs=crs,
        dtype=_WHOLE.get(name, "float32"),
        nodata=_NO_DATA.get(name, float("nan")),
        bands=bands,
        units=(_UNITS[name],) * len(bands),
        **_creation(name),
    )


def _creation(name: str) -> dict[str, Any]:
    whole = name in _WHOLE
    return {
        "blocksize": 256,
        "compress": "DEFLATE",
        "predictor": "STANDARD" if whole else "FLOATING_POINT",
        "overview_resampling": "NEAREST" if whole else "AVERAGE",
    }


def _band_names(name: str) -> tuple[str, ...]:
    if name == "optical":
        return BANDS
    return tuple(f"{name} {orbit}" for orbit in ORBITS) if name in RADAR else (name,)


def read_raster(path: Path, shape: tuple[int, int]) -> NDArray[Any]:
    """Read a raster of a scene, (bands, rows, columns).

    Raises
    ------
    StorageError
        When it is missing, damaged, or of another shape.
    """
    if not path.is_file():
        raise StorageError(f"{path} is missing from the scene. Make the scene again.")
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            if raster.shape != shape:
                raise StorageError(
                    f"{path} has {raster.shape} pixels, the scene {shape}. Make the scene again."
                )
            layers: NDArray[Any] = raster.read()
    except RasterioError as problem:
        raise StorageError(f"{path} is damaged. Make the scene again.") from problem
    return layers


def lazy_raster(path: Path, shape: tuple[int, int], name: str) -> xr.Variable:
    """Open a raster of a scene; its pixels are read whenever they are asked for.

    Raises
    ------
    StorageError
        When it is of another shape.
    rasterio.errors.RasterioError, OSError
        When it is missing or damaged.
    """
    opened = rioxarray.open_rasterio(path, cache=False, driver="GTiff")
    if not isinstance(opened, xr.DataArray) or opened.shape[1:] != shape:
        raise StorageError(f"{path.name} has other pixels than the scene.")
    layers = opened.drop_vars(opened.coords).drop_attrs()
    if name == "optical":
        return layers.variable
    return (layers.rename(band="orbit") if name in RADAR else layers.isel(band=0)).variable
