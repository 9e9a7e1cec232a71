"""What a scene, its map and its comparison look like on the map of every page."""

from typing import TYPE_CHECKING

import geopandas as gpd

from glacier_core.viewing.layers import (
    Layer,
    agreement_layer,
    geographic_bounds,
    map_layers,
    scene_layers,
)
from glacier_core.viewing.outline_layers import expert_layer, predicted_layer
from glacier_core.viewing.previews import preview_layer
from pages.components.map import MapView, ZoomTo
from pages.components.remembering import remembered
from pages.components.state import (
    AppState,
    app_state,
    compare,
    current_outlines,
    open_outlines,
    shown_outlines,
)

if TYPE_CHECKING:
    import glacier_core as gc


def scene_view(
    state: AppState,
    scene: "gc.Scene",
    result: "gc.GlacierMap | None" = None,
    comparison: "gc.Comparison | None" = None,
    *,
    values: str = "",
    under_way: str = "",
    **options: object,
) -> MapView:
    """Return the map of a scene with whatever is known of it.

    Parameters
    ----------
    values : {"", "probability", "confidence", "agreement"}
        The layer of values that is on when the map opens.
    under_way : str
        Key of the map that is being made, to show what is found so far; empty for none.
    **options
        Further fields of :class:`~pages.components.map.MapView`.
    """
    layers = scene_layers(scene, composite=state.composite)
    if result is not None:
        layers += map_layers(scene, result.key, visible=values)
    elif under_way:
        layers.append(preview_layer(scene, under_way))
    if comparison is not None:
        layers.append(_agreement(scene, comparison, visible=values == "agreement"))
    layers += _outlines(scene, result, comparison)
    return MapView(
        layers=layers,
        bounds=geographic_bounds(scene),
        title=f"Map of {scene.title}",
        badge="Simulated" if scene.simulated else "",
        point=f"point/{scene.id}" + (f"?map={result.key}" if result is not None else ""),
        selected=state.glacier,
        **options,  # type: ignore[arg-type]
    )


def _agreement(scene: "gc.Scene", comparison: "gc.Comparison", *, visible: bool) -> Layer:
    from glacier_core.viewing.agreement import write_agreement

    return agreement_layer(scene, write_agreement(comparison), visible=visible)


def _outlines(
    scene: "gc.Scene",
    result: "gc.GlacierMap | None",
    comparison: "gc.Comparison | None",
) -> list[Layer]:
    """Return the outlines, the expert's on top: a click tells their deviations first."""
    layers: list[Layer] = []
    if result is not None:
        asked = (result.key, app_state().ice, app_state().experts)
        layers.append(_predicted(asked, scene.resolution / 6, shown_outlines(result)))
    if current_outlines() is not None:
        compared = "" if comparison is None or result is None else result.key
        layers.append(_expert(scene.id, app_state().experts, compared, scene.resolution / 6))
    return layers


@remembered()
def _predicted(
    asked: tuple[str, ...],  # noqa: ARG001  (what the layer depends on)
    tolerance_m: float,
    _outlines: gpd.GeoDataFrame,
) -> Layer:
    return predicted_layer(_outlines, tolerance_m=tolerance_m)


@remembered()
def _expert(scene_id: str, experts: str, map_key: str, tolerance_m: float) -> Layer:
    from glacier_core.viewing.readings import deviation_rows

    outlines = open_outlines(scene_id, experts)
    rows = deviation_rows(compare(map_key, scene_id, experts)) if map_key else None
    return expert_layer(outlines, rows=rows, tolerance_m=tolerance_m)


def zoom_to_glacier(outlines: gpd.GeoDataFrame, glacier_id: str) -> ZoomTo | None:
    """Return a wish to move the map to a glacier, None where there is no such outline."""
    found = outlines[outlines["glacier_id"] == glacier_id]
    if found.empty or found.geometry.is_empty.all():
        return None
    west, south, east, north = map(float, found.to_crs("EPSG:4326").total_bounds)
    return ZoomTo((west, south, east, north), token=glacier_id)


def zoom_to_place(lon: float, lat: float, around_m: float) -> ZoomTo:
    """Return a wish to move the map to a place in degrees, with so many metres around it."""
    place = gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326")
    around = place.to_crs(place.estimate_utm_crs()).buffer(around_m).to_crs("EPSG:4326")
    west, south, east, north = map(float, around.total_bounds)
    return ZoomTo((west, south, east, north), token=f"{lon:.6f},{lat:.6f}")
