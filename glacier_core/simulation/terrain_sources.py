"""Real ground with real outlines, read from a folder of public samples."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import Affine
from rasterio.warp import Resampling, calculate_default_transform, reproject

from glacier_core.errors import SourceError
from glacier_core.simulation.terrain import TerrainSource


@dataclass(frozen=True)
class SampleTerrain:
    """One pair of elevation and outlines in the samples folder.

    Attributes
    ----------
    name : str
    elevation, outlines : str
        Paths within the folder.
    complete : bool
        Whether the outlines hold every glacier of the elevation model.
    held_out : bool
        Whether it is kept from training.
    weight : int
        How often training draws it.
    sea_level : float
        Elevation below which cells are sea bed, m, or minus infinity.
    region : str
        Code of the region of `regions` that it lies in or next to.
    """

    name: str
    elevation: str
    outlines: str
    complete: bool = False
    held_out: bool = False
    weight: int = 1
    sea_level: float = -np.inf
    region: str = "AWA"


SAMPLES = (
    SampleTerrain(
        "rainier",
        "rainier_1970/19700901_ned1_2003_adj_warp.tif",
        "rainier_1970/rgi60_glacierpoly_rainier.shp",
        complete=True,
        weight=4,
    ),
    SampleTerrain(
        "columbia",
        "columbia_alaska/dem_Columbia.tif",
        "columbia_alaska/RGI60-01.10689.shp",
        sea_level=0.0,
    ),
    SampleTerrain(
        "baltoro",
        "baltoro_srtm_rgi/baltoro_srtm_clip.tif",
        "baltoro_srtm_rgi/baltoro_wgs84.shp",
        region="HMA",
    ),
    SampleTerrain("baker", "baker_cop30/cop30_baker.tif", "baker_cop30/baker_glims.geojson"),
    SampleTerrain(
        "grindelwald",
        "small_dems_oggm/dem_RGI50-11.01270_grindelwald.tif",
        "small_dems_oggm/outline_RGI50-11.01270.shp",
        region="ALP",
    ),
    SampleTerrain(
        "chhota-shigri",
        "small_dems_oggm/dem_chhota_shigri.tif",
        "small_dems_oggm/RGI50-14.15990.shp",
        region="HMA",
    ),
    SampleTerrain(
        "coxe",
        "small_dems_oggm/dem_RGI50-01.10299.tif",
        "small_dems_oggm/rgi_RGI50-01.10299.shp",
        sea_level=0.0,
    ),
    SampleTerrain(
        "ellesmere",
        "small_dems_oggm/dem_RGI50-05.08389.tif",
        "small_dems_oggm/RGI50-05.08389.shp",
        region="GR",
    ),
    SampleTerrain(
        "south-glacier",
        "south_glacier_yukon/dem_SouthGlacier.tif",
        "south_glacier_yukon/SouthGlacier.shp",
        held_out=True,
    ),
    SampleTerrain(
        "oetztal",
        "oetztal_srtm_rgi/hef_srtm.tif",
        "oetztal_srtm_rgi/rgi7g_hef_complex.shp",
        region="ALP",
        complete=True,
        held_out=True,
    ),
)


def real_terrain(root: Path, *, held_out: bool) -> Iterator[tuple[TerrainSource, int]]:
    """Real terrain of one side of the split, each with how often to draw it.

    Parameters
    ----------
    root : Path
        Folder of samples.
    held_out : bool
        Which side.

    Raises
    ------
    SourceError
        If a file is missing.
    """
    for sample in SAMPLES:
        if sample.held_out == held_out:
            yield load_terrain(root, sample), sample.weight


def load_terrain(root: Path, sample: SampleTerrain) -> TerrainSource:
    """Read one sample on a metric, north-up grid with square cells.

    Geographic elevation models are brought to the UTM zone of their centre (bilinear, at the
    spacing of their rows); projected ones stay as they are.

    Raises
    ------
    SourceError
        If a file is missing.
    """
    for path in (root / sample.elevation, root / sample.outlines):
        if not path.exists():
            raise SourceError(
                f"Terrain '{sample.name}' needs {sample.elevation} and {sample.outlines} in the "
                f"samples folder, but '{path.name}' is not there. Point GLACIER_SAMPLES_MIRROR "
                "at a complete folder, or train on procedural terrain only."
            )
    elevation, transform, crs = _metric_elevation(root / sample.elevation)
    elevation = np.where(elevation < sample.sea_level, sample.sea_level, elevation)
    outlines = gpd.read_file(root / sample.outlines).to_crs(crs)
    shapes = zip(outlines.geometry, range(1, len(outlines) + 1), strict=True)
    labels = rasterize(shapes, elevation.shape, transform=transform, dtype="int32")
    labels[~np.isfinite(elevation)] = 0
    return TerrainSource(
        name=sample.name,
        elevation=elevation.astype(np.float32),
        labels=labels,
        resolution=float(transform.a),
        complete=sample.complete,
        procedural=False,
        region=sample.region,
    )


def _metric_elevation(path: Path) -> tuple[NDArray[np.float32], Affine, CRS]:
    with rasterio.open(path) as dataset:
        elevation = dataset.read(1, masked=True).astype(np.float32).filled(np.nan)
        if not dataset.crs.is_geographic:
            return elevation, dataset.transform, dataset.crs
        left, bottom, right, top = dataset.bounds
        crs = _utm((left + right) / 2, (bottom + top) / 2)
        spacing = abs(dataset.transform.e) * 111_320.0
        transform, columns, rows = calculate_default_transform(
            dataset.crs, crs, dataset.width, dataset.height, *dataset.bounds, resolution=spacing
        )
        metric = np.full((rows, columns), np.nan, dtype=np.float32)
        reproject(
            elevation,
            metric,
            src_transform=dataset.transform,
            src_crs=dataset.crs,
            src_nodata=np.nan,
            dst_transform=transform,
            dst_crs=crs,
            dst_nodata=np.nan,
            resampling=Resampling.bilinear,
        )
        return metric, transform, crs


def _utm(longitude: float, latitude: float) -> CRS:
    zone = int((longitude + 180.0) // 6.0) + 1
    return CRS.from_epsg((32600 if latitude >= 0 else 32700) + zone)
