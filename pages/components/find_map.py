"""The map that glaciers are found on."""

from typing import TYPE_CHECKING

import streamlit as st

from glacier_core.viewing.find_layers import dots_layer, tiles_layer
from glacier_core.viewing.layers import Bounds, Layer
from pages.components import find_sources
from pages.components.find_area import area_tools, choose_glacier
from pages.components.map import MapEvent, MapView, ZoomTo
from pages.components.state import choose

if TYPE_CHECKING:
    import geopandas as gpd

    from glacier_core.archives.areas import Area

WORLD: Bounds = (-170.0, -60.0, 190.0, 78.0)


def find_view(area: "Area | None", hits: "gpd.GeoDataFrame | None") -> MapView:
    """Return the map of the Earth with the glaciers that can be clicked and the chosen area."""
    layers: list[Layer] = [_tiles()] if _tiles().geojson["features"] else []
    layers.append(_well_known() if hits is None else dots_layer(hits))
    return MapView(
        layers=layers,
        bounds=WORLD,
        title="Map of the Earth, to choose an area on",
        world=True,
        choosing_area=area_tools(area),
        zoom_to=None if area is None else ZoomTo(_around(area), token=area.to_text()),
    )


def take_click(event: MapEvent) -> None:
    """Look around a clicked glacier, or open a clicked tile of a dataset."""
    clicked = (event.lon, event.lat, event.glacier_id)
    if not event.glacier_id or st.session_state.get("find-clicked") == clicked:
        return
    st.session_state["find-clicked"] = clicked
    if event.layer == "tiles":
        choose(scene=event.glacier_id)
        st.switch_page("explore.py")
    found = find_sources.glaciers_called(event.glacier_id)
    if not found.empty:
        choose_glacier(found.iloc[0])
        st.rerun()


def _around(area: "Area") -> Bounds:
    """Return the extent of an area with as much again around it."""
    west, south, east, north = area.extent
    aside, up = (east - west) / 2, (north - south) / 2
    return west - aside, max(south - up, -85.0), east + aside, min(north + up, 85.0)


@st.cache_resource(show_spinner=False)
def _well_known() -> Layer:
    from glacier_core.inventories.well_known import well_known_glaciers

    return dots_layer(well_known_glaciers())


def _tiles() -> Layer:
    from glacier_core.sources.tile_datasets import tile_datasets

    return tiles_layer(
        [
            (tile.scene, f"{tile.name} ({dataset.path.name})", tile.bounds)
            for dataset in tile_datasets()
            for tile in dataset.tiles
        ]
    )
