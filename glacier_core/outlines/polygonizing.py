"""From a glacier mask to outlines."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from rasterio import features

from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import empty_outlines, equal_area_km2, to_schema

# GDAL registers its drivers inside the first call of a process; where two threads make that
# call at once they can wait for each other for ever (rasterio issue 3611). Importing is done by
# one thread at a time, so the first call is made here.
list(features.shapes(np.zeros((1, 1), dtype=np.uint8)))


def polygonize(
    mask: ArrayLike,
    transform: Affine,
    crs: Any,
    *,
    min_area_km2: float = 0.01,
    id_prefix: str = "predicted",
    source: str = "",
    analyst: str = "",
    date: str = "",
) -> gpd.GeoDataFrame:
    """Draw the outline of every connected piece of a mask, along its pixel edges.

    Parameters
    ----------
    mask : array_like of bool, (rows, columns)
        True on glacier. Pixels hang together by their sides, not by their corners.
    transform : affine.Affine
        From pixel corners to coordinates.
    crs : anything pyproj understands
        Coordinate system of the grid and of the outlines.
    min_area_km2 : float
        Smaller pieces are left out. The default is the smallest glacier most inventories
        record (Paul et al. 2009, Annals of Glaciology 50(53)); 0 keeps every piece.
    id_prefix : str
        Ids are this and a running number, the largest piece first.
    source, analyst, date : str
        Written into every row.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``; holes (nunataks) are kept. Rasterised on the same
        grid by the cell-centre rule it gives the mask again, where ``min_area_km2`` is 0.
    """
    geometry = gpd.GeoSeries(_pieces(np.asarray(mask, dtype=bool), transform), crs=crs)
    areas = equal_area_km2(geometry)
    order = np.argsort(-areas, kind="stable")
    kept = order[areas[order] >= min_area_km2]
    if kept.size == 0:
        return empty_outlines(crs)
    digits = max(4, len(str(kept.size)))
    return to_schema(
        list(geometry.iloc[kept]),
        crs,
        glacier_id=[f"{id_prefix}-{number:0{digits}d}" for number in range(1, kept.size + 1)],
        source=source,
        analyst=analyst,
        date=date,
    )


def _pieces(mask: NDArray[np.bool_], transform: Affine) -> list[Any]:
    if not mask.any():
        return []
    pieces = features.shapes(mask.astype(np.uint8), mask=mask, connectivity=4, transform=transform)
    return list(polygons_only([shapely.geometry.shape(outline) for outline, _ in pieces]))
