"""Mending geometries: valid, flat polygons and nothing else."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray


def polygons_only(geometries: Sequence[Any]) -> NDArray[np.object_]:
    """Return the valid, two-dimensional area of each geometry.

    Parameters
    ----------
    geometries : sequence of shapely geometries or None
        Self-crossing polygons are repaired: rings are untangled, and what lies inside an outer
        ring stays inside. Lines and points are dropped, also from collections; a geometry with a
        coordinate that is no number is dropped as a whole.

    Returns
    -------
    ndarray of shapely geometries
        A Polygon, a MultiPolygon of at least two parts, or an empty polygon where no area is
        left; as many as were given.
    """
    flat = shapely.force_2d(np.asarray(list(geometries), dtype=object))
    coordinates, owners = shapely.get_coordinates(flat, return_index=True)
    flat[owners[~np.isfinite(coordinates).all(axis=1)]] = None
    wrong = ~shapely.is_valid(flat) & ~shapely.is_missing(flat)
    flat[wrong] = shapely.make_valid(flat[wrong], method="structure", keep_collapsed=False)
    areas = np.empty(len(flat), dtype=object)
    areas[:] = [_area_of(geometry) for geometry in flat]
    return areas


def _area_of(geometry: Any) -> Any:
    """Return the polygonal part of one valid geometry, simple where it has one part."""
    if geometry is None:
        return shapely.Polygon()
    parts = [part for part in _parts(geometry) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        return shapely.Polygon()
    joined = shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0]
    # Parts of a collection may overlap; and GEOS 3.14 mends a ring that runs twice along one of
    # its edges into two polygons that share it.
    return joined if joined.is_valid else shapely.union_all(parts)


def _parts(geometry: Any) -> list[Any]:
    """Return the single parts of a geometry, however deeply nested."""
    parts = list(shapely.get_parts(geometry))
    if parts == [geometry]:
        return parts
    return [single for part in parts for single in _parts(part)]
