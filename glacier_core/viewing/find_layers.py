"""Layers of the map that glaciers are found on: dots of glaciers, tiles of datasets."""

import json
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import shapely

from glacier_core.viewing import palettes
from glacier_core.viewing.layers import OutlineLayer

Row = tuple[str, str]


def dots_layer(glaciers: gpd.GeoDataFrame) -> OutlineLayer:
    """Return glaciers as dots that can be clicked.

    Parameters
    ----------
    glaciers : geopandas.GeoDataFrame
        Rows of the index of glaciers: ``glacier_id``, ``name``, ``longitude``, ``latitude``,
        ``area_km2``, ``region_name``.
    """
    features = [
        _feature(
            number,
            shapely.Point(glacier.longitude, glacier.latitude),
            glacier.glacier_id,
            glacier.name or glacier.glacier_id,
            _glacier_rows(glacier),
        )
        for number, glacier in enumerate(glaciers.drop(columns="geometry").itertuples(index=False))
    ]
    return _layer("glaciers", "Glaciers", features, palettes.EXPERT)


def tiles_layer(
    tiles: Sequence[tuple[str, str, tuple[float, float, float, float]]],
) -> OutlineLayer:
    """Return the tiles of datasets as squares that can be clicked.

    Parameters
    ----------
    tiles : sequence of (scene id, title, bounds)
        West, south, east and north in degrees.
    """
    features = [
        _feature(number, shapely.box(*bounds), name, title, [("Scene", name)])
        for number, (name, title, bounds) in enumerate(tiles)
    ]
    return _layer("tiles", "Tiles of datasets", features, palettes.BASELINE, width=1.5)


def _glacier_rows(glacier: Any) -> list[Row]:
    area = f"{glacier.area_km2:.2f} km²" if glacier.area_km2 > 0 else ""
    told = (("Region", glacier.region_name), ("Area", area), ("Id", glacier.glacier_id))
    return [(label, str(text)) for label, text in told if text]


def _feature(
    number: int, geometry: shapely.Geometry, name: str, title: str, rows: list[Row]
) -> dict[str, Any]:
    rounded = shapely.set_precision(geometry, 1e-5, mode="pointwise")
    return {
        "type": "Feature",
        "id": number,
        "geometry": json.loads(shapely.to_geojson(rounded)),
        "properties": {"glacier_id": name, "name": title, "rows": rows},
    }


def _layer(
    name: str, title: str, features: list[dict[str, Any]], color: str, **style: Any
) -> OutlineLayer:
    collection = {"type": "FeatureCollection", "features": features}
    return OutlineLayer(name, title, collection, color, **style)
