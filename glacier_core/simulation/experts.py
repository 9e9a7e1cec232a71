"""What an expert would have drawn: the true outlines by an unsteady hand."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio import features
from scipy import ndimage

from glacier_core.outlines.geometry import polygons_only
from glacier_core.outlines.schema import empty_outlines, equal_area_km2, to_schema
from glacier_core.simulation.fields import fractal_field

WOBBLE = 0.7  # px, standard deviation along each axis, so about a pixel in all (Paul et al. 2013,
# Annals of Glaciology 54(63): repeated digitisations of clean ice differ by about a pixel)
WOBBLE_LENGTH = 25.0  # px over which the hand errs in one direction
VERTEX_SPACING = 2.0  # px
SMOOTHING = 1.0  # px; how far a drawn line strays from the pixel edges
SMALLEST_PART = 0.01  # km²; smaller islands and nunataks are not drawn


def true_outlines(labels: NDArray[np.int32], transform: Affine) -> list[Any]:
    """Polygons of glaciers 1, 2, ... along the pixel edges; empty where a number is missing."""
    found: dict[int, list[Any]] = {}
    shapes = features.shapes(labels, mask=labels > 0, connectivity=4, transform=transform)
    for outline, number in shapes:
        found.setdefault(int(number), []).append(shapely.geometry.shape(outline))
    count = int(labels.max(initial=0))
    return [shapely.union_all(found.get(number, [])) for number in range(1, count + 1)]


def expert_outlines(
    labels: NDArray[np.int32],
    transform: Affine,
    crs: Any,
    *,
    seed: int,
    source: str = "simulated",
) -> gpd.GeoDataFrame:
    """Outlines of simulated glaciers as a person would have digitised them.

    Lines are smoothed, the hand strays by about a pixel, islands and nunataks under
    `SMALLEST_PART` are left out. Neighbours keep their common divide.

    Parameters
    ----------
    labels : ndarray of int32, (rows, columns)
        Glacier number from 1, 0 off the ice.
    transform : affine.Affine
        From pixel corners to metres.
    crs : anything pyproj understands
    seed : int
        Decides the wobble.
    source : str
        Written into every row.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, the largest glacier first.
    """
    if not (labels > 0).any():
        return empty_outlines(crs)
    pixel = float(transform.a)
    numbers = [number for number in range(1, int(labels.max()) + 1) if (labels == number).any()]
    exact = true_outlines(labels, transform)
    drawn = shapely.coverage_simplify([exact[number - 1] for number in numbers], SMOOTHING * pixel)
    drawn = shapely.segmentize(drawn, VERTEX_SPACING * pixel)
    drawn = _displace(drawn, transform, labels.shape, seed)
    parts = [_without_small_parts(shape) for shape in polygons_only(list(drawn))]
    return _named(parts, crs, source)


def _displace(
    outlines: NDArray[np.object_], transform: Affine, shape: tuple[int, ...], seed: int
) -> NDArray[np.object_]:
    """Move every vertex by a smooth random field, the same for all outlines."""
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 5])))
    size = (shape[0], shape[1])
    fields = [fractal_field(generator, size, exponent=2.0, longest=WOBBLE_LENGTH) for _ in range(2)]
    pixel = float(transform.a)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        columns = (points[:, 0] - transform.c) / pixel - 0.5
        rows = (points[:, 1] - transform.f) / -pixel - 0.5
        shifts = [
            ndimage.map_coordinates(field, [rows, columns], order=1, mode="nearest")
            for field in fields
        ]
        return points + WOBBLE * pixel * np.stack(shifts, axis=1)

    return np.asarray(shapely.make_valid(shapely.transform(outlines, move)), dtype=np.object_)


def _without_small_parts(outline: Any) -> Any:
    kept = []
    for part in shapely.get_parts(outline):
        if part.area < SMALLEST_PART * 1e6:
            continue
        holes = [
            ring for ring in part.interiors if shapely.Polygon(ring).area >= SMALLEST_PART * 1e6
        ]
        kept.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(kept)


def _named(parts: Sequence[Any], crs: Any, source: str) -> gpd.GeoDataFrame:
    geometry = gpd.GeoSeries([part for part in parts if not part.is_empty], crs=crs)
    order = np.argsort(-equal_area_km2(geometry), kind="stable")
    numbers = range(1, len(order) + 1)
    return to_schema(
        list(geometry.iloc[order]),
        crs,
        glacier_id=[f"simulated-{number:03d}" for number in numbers],
        name=[f"Simulated glacier {number}" for number in numbers],
        source=source,
        analyst="simulated expert",
    )
