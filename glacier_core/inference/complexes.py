"""A map's ice complexes, divided into glaciers."""

import geopandas as gpd
import numpy as np
from numpy.typing import ArrayLike

from glacier_core.errors import OutlineError
from glacier_core.inference.result import GlacierMap
from glacier_core.outlines.divides import split_by_inventory
from glacier_core.outlines.flowsheds import split_by_flow
from glacier_core.outlines.labels import labelled_outlines


def divided_outlines(
    result: GlacierMap,
    elevation: ArrayLike,
    *,
    inventory: gpd.GeoDataFrame | None = None,
    min_area_km2: float = 0.01,
) -> gpd.GeoDataFrame:
    """Return the outlines of the mapped ice, one a glacier instead of one a complex.

    Parameters
    ----------
    result : GlacierMap
    elevation : array_like, (rows, columns)
        Metres, on the grid of the map: ``scene.data["elevation"]``.
    inventory : geopandas.GeoDataFrame, optional
        Outlines of experts in the schema of ``outlines.schema``: their divides, ids and names are
        carried onto the map. Without them, ice is divided by how its surface drains, and so is
        what they do not have.
    min_area_km2 : float
        Smaller glaciers are left out.

    Returns
    -------
    geopandas.GeoDataFrame
        In the schema of ``outlines.schema``, as of :meth:`GlacierMap.outlines`; the source tells
        where the divides are from.

    Raises
    ------
    OutlineError
        When the elevation is not on the grid of the map, or there is none.
    """
    ice, heights = result.glacier.to_numpy(), _on_the_grid(result, elevation)
    if inventory is not None and len(inventory):
        labels = split_by_inventory(ice, heights, result.transform, result.crs, inventory)
        unknown = labels > len(inventory)
        apart = split_by_flow(unknown, heights, result.resolution)
        labels = np.where(unknown, len(inventory) + apart, labels).astype(np.int32)
        divides = "divides of " + (", ".join(sorted(set(inventory["source"]) - {""})) or "experts")
    else:
        labels, inventory = split_by_flow(ice, heights, result.resolution), None
        divides = "divides by flowsheds"
    acquired = result.attributes.acquired
    return labelled_outlines(
        labels,
        result.transform,
        result.crs,
        inventory=inventory,
        source=", ".join(
            [result.model_name, *(["simulated scene"] if result.simulated else []), divides]
        ),
        date="" if acquired is None else acquired.isoformat(),
        min_area_km2=min_area_km2,
    )


def _on_the_grid(result: GlacierMap, elevation: ArrayLike) -> ArrayLike:
    shape = getattr(elevation, "shape", None)
    if shape != result.shape:
        raise OutlineError(
            f"The elevation has {shape} pixels and the map {result.shape}. Take that of the scene "
            "the map was made of: scene.data['elevation']."
        )
    return elevation
