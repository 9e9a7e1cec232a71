"""Outlines as layers of a map: simplified for display, coloured by who drew them."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import shapely

from glacier_core.viewing import palettes
from glacier_core.viewing.layers import OutlineLayer

MAX_VERTICES: Final = 200_000
"""Most vertices of one layer of outlines sent to a browser (about 5 MB)."""


def predicted_layer(outlines: gpd.GeoDataFrame, **options: Any) -> OutlineLayer:
    """Return the network's outlines in their colour; options as of :func:`outline_layer`."""
    options = {"id": "predicted", "title": "Network's outline"} | options
    return outline_layer(outlines, color=palettes.PREDICTED, **options)


def expert_layer(outlines: gpd.GeoDataFrame, **options: Any) -> OutlineLayer:
    """Return the expert's outlines in their colour; options as of :func:`outline_layer`."""
    options = {"id": "expert", "title": "Expert's outline"} | options
    return outline_layer(outlines, color=palettes.EXPERT, **options)


def corrected_layer(outlines: gpd.GeoDataFrame, **options: Any) -> OutlineLayer:
    """Return outlines corrected by hand; options as of :func:`outline_layer`."""
    options = {"id": "corrected", "title": "Corrected outline", "dash": (2.0, 1.5)} | options
    return outline_layer(outlines, color=palettes.CORRECTED, **options)


def outline_layer(
    frame: gpd.GeoDataFrame,
    *,
    id: str,  # noqa: A002  (the field's name)
    title: str,
    color: str,
    rows: Mapping[str, list[tuple[str, str]]] | None = None,
    tolerance_m: float = 5.0,
    **style: Any,
) -> OutlineLayer:
    """Make a layer of outlines.

    Parameters
    ----------
    frame : geopandas.GeoDataFrame
        In the schema of :mod:`glacier_core.outlines.schema`, in any coordinate system.
    rows : mapping, optional
        What a click on a glacier shows, (label, text) by ``glacier_id``; the area, the
        source and the date when left out.
    tolerance_m : float
        Simplification for display only, in metres; doubled until the layer has no more than
        :data:`MAX_VERTICES`. Numbers are never computed from what it returns.
    **style
        Further fields of :class:`OutlineLayer`.
    """
    drawn = simplified(frame, tolerance_m).to_crs("EPSG:4326")
    drawn.geometry = shapely.set_precision(drawn.geometry.array, 1e-6, mode="pointwise")
    features = [
        {
            "type": "Feature",
            "id": number,
            # In tuples: lists of a million vertices would be looked through at every collection
            # of garbage.
            "geometry": shapely.geometry.mapping(glacier.geometry),
            "properties": {
                "glacier_id": glacier.glacier_id,
                "name": glacier.name or glacier.glacier_id,
                "rows": (rows or {}).get(glacier.glacier_id) or _plain_rows(glacier),
            },
        }
        for number, glacier in enumerate(drawn.itertuples(index=False))
    ]
    collection = {"type": "FeatureCollection", "features": features}
    return OutlineLayer(id, title, collection, color, **style)


def simplified(frame: gpd.GeoDataFrame, tolerance_m: float) -> gpd.GeoDataFrame:
    """Return outlines simplified for display, with no more than :data:`MAX_VERTICES`.

    Works in metres: outlines in degrees are taken to their UTM zone first.
    """
    if frame.empty:
        return frame
    metric = frame if frame.crs.is_projected else frame.to_crs(frame.estimate_utm_crs())
    shapes = metric.geometry
    drawn = shapes.simplify(tolerance_m)
    # Beyond a kilometre no outline is left to see; very many glaciers then stay too many.
    while shapely.get_num_coordinates(drawn.array).sum() > MAX_VERTICES and tolerance_m < 1000:
        tolerance_m *= 2
        drawn = shapes.simplify(tolerance_m)
    return metric.set_geometry(drawn)


def _plain_rows(glacier: Any) -> list[tuple[str, str]]:
    told = (("Source", glacier.source), ("Analyst", glacier.analyst), ("Date", glacier.date))
    area = ("Area", f"{glacier.area_km2:.2f} km²")
    return [area, *((label, str(text)) for label, text in told if text)]
