"""From a glacier mask to outlines."""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from rasterio import features

from glacier_core.outlines.schema import empty_outlines, equal_area_km2, to_schema

_Ring = list[tuple[float, float]]

_CORNERS_AT_ONCE: Final = 100_000
"""Corners of pieces that become polygons together: small pieces are left out batch by batch, so
that the noise of a large map never lies in memory as a whole."""

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
    geometry, areas = _pieces(np.asarray(mask, dtype=bool), transform, crs, min_area_km2)
    if areas.size == 0:
        return empty_outlines(crs)
    order = np.argsort(-areas, kind="stable")
    digits = max(4, len(str(order.size)))
    return to_schema(
        list(geometry[order]),
        crs,
        glacier_id=[f"{id_prefix}-{number:0{digits}d}" for number in range(1, order.size + 1)],
        source=source,
        analyst=analyst,
        date=date,
    )


def _pieces(
    mask: NDArray[np.bool_], transform: Affine, crs: Any, least_km2: float
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return the pieces of at least some area, in the order GDAL finds them, and their areas."""
    pieces, areas = [np.empty(0, dtype=object)], [np.empty(0)]
    # GDAL and NumPy hold a truth value in a byte each, so the mask need not be copied.
    found = (
        features.shapes(mask.view(np.uint8), mask=mask, connectivity=4, transform=transform)
        if mask.any()
        else iter(())
    )
    for rings in _batches(outline["coordinates"] for outline, _ in found):
        polygons = _polygons(rings)
        sizes = equal_area_km2(gpd.GeoSeries(polygons, crs=crs))
        large = sizes >= least_km2
        pieces.append(polygons[large])
        areas.append(sizes[large])
    return np.concatenate(pieces), np.concatenate(areas)


def _batches(pieces: Iterable[list[_Ring]]) -> Iterator[list[list[_Ring]]]:
    """Gather pieces, each a list of rings, until together they have many corners."""
    batch: list[list[_Ring]] = []
    corners = 0
    for rings in pieces:
        batch.append(rings)
        corners += sum(map(len, rings))
        if corners >= _CORNERS_AT_ONCE:
            yield batch
            batch, corners = [], 0
    if batch:
        yield batch


def _polygons(pieces: list[list[_Ring]]) -> NDArray[np.object_]:
    """Build a polygon of each list of rings, the outer ring first.

    They are valid as they are. A ring is the edge between a piece, joined by the sides of its
    pixels, and one part of what it leaves, joined by sides too; so no ring meets itself. Two of
    them meet at corners only, and at no more than one, as the piece would be in two otherwise.
    """
    rings = list(chain.from_iterable(pieces))
    corners = np.array(list(chain.from_iterable(rings)), dtype=np.float64)
    of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    of_piece = np.repeat(np.arange(len(pieces)), [len(some) for some in pieces])
    closed = np.asarray(shapely.linearrings(corners, indices=of_ring))
    return np.asarray(shapely.polygons(closed, indices=of_piece), dtype=object)
