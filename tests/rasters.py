"""Small rasters and scenes for tests: plausible numbers, any grid, any fault."""

import numpy as np
import rasterio
from affine import Affine

from glacier_core.scene import BANDS, SceneAttributes, build_scene

GRID = Affine(30, 0, 477870, 0, -30, 5784480)  # at Athabasca Glacier
CRS = "EPSG:32611"

SNOW = (0.85, 0.82, 0.80, 0.70, 0.10, 0.08)
ROCK = (0.10, 0.12, 0.14, 0.20, 0.25, 0.22)


def reflectances(shape, seed=0):
    """Return six bands of snow in the upper half and rock below, with a little noise."""
    random = np.random.default_rng(seed)
    snow = np.arange(shape[0])[:, None] < shape[0] / 2
    bands = np.where(snow, np.reshape(SNOW, (6, 1, 1)), np.reshape(ROCK, (6, 1, 1)))
    return (bands + random.normal(0, 0.01, (6, *shape))).astype(np.float32)


def plane(shape, transform=GRID, east=0.2, north=0.1, base=2000.0):
    """Return a tilted plane in metres: the pixel centres of a grid on base + east x + north y."""
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    x, y = transform @ (columns, rows)
    return (base + east * (x - GRID.c) + north * (y - GRID.f)).astype(np.float32)


def make_scene(shape=(24, 20), *, seed=0, transform=GRID, crs=CRS, scene_id="tiny", **more):
    attributes = more.pop("attributes", None) or SceneAttributes(id=scene_id, title="A tiny scene")
    return build_scene(
        more.pop("optical", reflectances(shape, seed)),
        more.pop("elevation", plane(shape, transform)),
        transform=transform,
        crs=crs,
        attributes=attributes,
        **more,
    )


def write_geotiff(path, layers, *, transform=GRID, crs=CRS, names=None, scale=None, **profile):
    """Write (rows, columns) or (bands, rows, columns) as GeoTIFF and return its path."""
    layers = np.asarray(layers)
    layers = layers[None] if layers.ndim == 2 else layers
    count, height, width = layers.shape
    grid = {"count": count, "height": height, "width": width, "transform": transform, "crs": crs}
    with rasterio.open(path, "w", driver="GTiff", dtype=layers.dtype, **grid, **profile) as raster:
        raster.write(layers)
        if names:
            raster.descriptions = names
        if scale:
            raster.scales, raster.offsets = [scale[0]] * count, [scale[1]] * count
    return path


def write_pair(folder, shape=(24, 20), **more):
    """Write imagery and elevation on one grid and return both paths."""
    optical = write_geotiff(folder / "optical.tif", reflectances(shape), **more)
    return optical, write_geotiff(folder / "elevation.tif", plane(shape), **more)


__all__ = ["BANDS", "CRS", "GRID", "make_scene", "plane", "reflectances", "write_geotiff"]
