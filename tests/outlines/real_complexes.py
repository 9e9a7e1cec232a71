"""Real glaciers that share divides, with the terrain they lie on, at 30 m."""

from dataclasses import dataclass
from functools import cache

import geopandas as gpd
import numpy as np
import rasterio
from affine import Affine
from rasterio.warp import Resampling, reproject

from glacier_core.outlines.rasterizing import label_glaciers

RESOLUTION = 30.0


@dataclass(frozen=True)
class Complex:
    """Outlines, their numbers on a grid, and the elevation."""

    outlines: gpd.GeoDataFrame
    transform: Affine
    labels: np.ndarray
    elevation: np.ndarray

    @property
    def crs(self):
        return self.outlines.crs

    @property
    def ice(self):
        return self.labels > 0


@cache
def oetztal(mirror):
    """Return the complex of Hintereisferner and Gepatschferner: 23 glaciers of RGI 7.0, SRTM."""
    folder = mirror / "oetztal_srtm_rgi"
    return _on_grid(folder / "rgi7g_hef_complex.shp", folder / "srtm_oetztal.tif", 32632)


@cache
def mount_baker(mirror):
    """Return seven glaciers around a cone: GLIMS, Copernicus DEM."""
    folder = mirror / "baker_cop30"
    return _on_grid(folder / "baker_glims.geojson", folder / "cop30_baker.tif", 32610)


def _on_grid(outline_file, elevation_file, epsg):
    outlines = gpd.read_file(outline_file).to_crs(epsg)
    west, south, east, north = (
        round(side / RESOLUTION) * RESOLUTION
        for side in np.add(outlines.total_bounds, [-600, -600, 600, 600])
    )
    transform = Affine(RESOLUTION, 0, west, 0, -RESOLUTION, north)
    shape = (round((north - south) / RESOLUTION), round((east - west) / RESOLUTION))
    elevation = np.full(shape, np.nan, dtype=np.float32)
    with rasterio.open(elevation_file) as raster:
        reproject(
            rasterio.band(raster, 1),
            elevation,
            dst_transform=transform,
            dst_crs=f"EPSG:{epsg}",
            dst_nodata=np.nan,
            resampling=Resampling.cubic,
        )
    labels = label_glaciers(outlines, transform, shape, outlines.crs)
    return Complex(outlines, transform, labels, elevation)


def best_ious(truth, labels):
    """Return, for every true glacier, its IoU with the label that fits it best."""
    ious = []
    for number in np.unique(truth[truth > 0]):
        glacier = truth == number
        candidates = np.unique(labels[glacier])
        ious.append(max(iou(glacier, labels == each) for each in candidates if each))
    return np.array(ious)


def iou(one, other):
    return (one & other).sum() / max(1, (one | other).sum())
