"""The app's layers on a map for notebooks (leafmap).

Pictures and outlines are held in the map itself. Leaflet, which draws them, is loaded from the
internet by leafmap: without network such a map stays blank, unlike the app's and ``map_page``.
"""

import base64
from collections.abc import Callable
from html import escape
from typing import Any, Final

import folium
import numpy as np
from numpy.typing import NDArray
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import array_bounds
from rasterio.warp import calculate_default_transform, reproject, transform_bounds

from glacier_core.deviations.comparison import Comparison
from glacier_core.inference.result import GlacierMap
from glacier_core.scene import BANDS, Scene
from glacier_core.viewing import palettes, rendering
from glacier_core.viewing.layers import COMPOSITES, OutlineLayer, geographic_bounds
from glacier_core.viewing.outline_layers import expert_layer, predicted_layer
from glacier_core.viewing.readings import deviation_rows

MAX_SIDE: Final = 1400
"""Longest side of a picture in pixels; about two megapixels, kept in the page itself."""

_MERCATOR: Final = CRS.from_epsg(3857)
_Drawing = tuple[NDArray[np.uint8], NDArray[np.uint8]]
_Painter = Callable[[NDArray[np.float32]], _Drawing]


def notebook_map(
    scene: Scene,
    result: GlacierMap | None = None,
    comparison: Comparison | None = None,
    *,
    basemap: bool = False,
) -> Any:
    """Return a leafmap map with the app's layers, to show in a notebook.

    Parameters
    ----------
    scene : Scene
    result : GlacierMap, optional
        Adds probability, confidence and the network's outlines.
    comparison : Comparison, optional
        Adds the agreement, and the deviations to the expert's outlines.
    basemap : bool
        Whether to lay OpenStreetMap below (asks its servers).

    Returns
    -------
    leafmap.foliumap.Map
    """
    from leafmap.foliumap import Map  # takes seconds to import

    drawn = Map(tiles=None, draw_control=False)
    add_layers(drawn, scene, result, comparison, basemap=basemap)
    return drawn


def add_layers(
    drawn: Any,
    scene: Scene,
    result: GlacierMap | None,
    comparison: Comparison | None,
    *,
    basemap: bool,
) -> None:
    """Add the app's layers to a folium map; parameters as of :func:`notebook_map`."""
    if basemap:
        folium.TileLayer("OpenStreetMap", control=True).add_to(drawn)
    for overlay in _pictures(scene, result, comparison):
        overlay.add_to(drawn)
    if result is not None:
        _outlines(predicted_layer(result.outlines())).add_to(drawn)
    experts = scene.outlines if comparison is None else comparison.expert
    if experts is not None:
        rows = None if comparison is None else deviation_rows(comparison)
        _outlines(expert_layer(experts, rows=rows)).add_to(drawn)
    folium.LayerControl(collapsed=False).add_to(drawn)
    west, south, east, north = geographic_bounds(scene)
    drawn.fit_bounds([[south, west], [north, east]])


def _pictures(
    scene: Scene, result: GlacierMap | None, comparison: Comparison | None
) -> list[folium.raster_layers.ImageOverlay]:
    prefix = "Simulated: " if scene.simulated else ""
    place = (scene.transform, scene.crs)
    optical = scene.data["optical"].to_numpy()
    overlays = [
        _overlay(
            optical[_indexes(name)],
            *place,
            _painter(name, optical),
            prefix + title,
            name == "natural",
        )
        for name, title in COMPOSITES.items()
    ]
    if result is not None:
        for values, ramp, title in (
            (result.probability, palettes.PROBABILITY, "Probability of glacier"),
            (result.confidence, palettes.CONFIDENCE, "Calibrated confidence"),
        ):
            band = values.to_numpy()[np.newaxis]
            overlays.append(_overlay(band, *place, _ramp_painter(ramp), prefix + title, False))
    if comparison is not None:
        codes = comparison.agreement.to_numpy()[np.newaxis].astype(np.float32)
        title = f"{prefix}Agreement with the expert"
        overlays.append(_overlay(codes, *place, _paint_agreement, title, False, exact=True))
    return overlays


def _indexes(composite: str) -> list[int]:
    return [BANDS.index(band) for band in rendering.COMPOSITE_BANDS[composite]]


def _painter(composite: str, optical: NDArray[np.float32]) -> _Painter:
    if composite == "ndsi":
        return lambda bands: _painted(
            rendering.ramp_picture(rendering.ndsi(bands[0], bands[1]), palettes.NDSI), bands
        )
    limits = rendering.stretch_limits(optical[_indexes(composite)])
    return lambda bands: _painted(rendering.composite_picture(bands, limits), bands)


def _ramp_painter(ramp: palettes.Ramp) -> _Painter:
    return lambda bands: _painted(rendering.ramp_picture(bands[0], ramp), bands)


def _painted(picture: NDArray[np.uint8], bands: NDArray[np.float32]) -> _Drawing:
    return picture, np.where(np.isfinite(bands).all(axis=0), 255, 0).astype(np.uint8)


def _paint_agreement(bands: NDArray[np.float32]) -> _Drawing:
    return rendering.agreement_picture(np.nan_to_num(bands[0]).astype(np.uint8))


def _overlay(
    bands: NDArray[np.float32],
    transform: Any,
    crs: CRS,
    paint: _Painter,
    title: str,
    visible: bool,
    *,
    exact: bool = False,
) -> folium.raster_layers.ImageOverlay:
    """Warp to web Mercator first: a picture stretched by the browser lies wrong in the north."""
    warped, (west, south, east, north) = to_mercator(bands, transform, crs, exact=exact)
    picture, mask = paint(warped)
    png = base64.b64encode(rendering.png(picture, mask)).decode()
    return folium.raster_layers.ImageOverlay(
        f"data:image/png;base64,{png}",
        bounds=[[south, west], [north, east]],
        name=title,
        show=visible,
    )


def to_mercator(
    bands: NDArray[np.float32], transform: Any, crs: CRS, *, exact: bool = False
) -> tuple[NDArray[np.float32], tuple[float, float, float, float]]:
    """Return bands in web Mercator, at most :data:`MAX_SIDE` a side, and their bounds in degrees.

    Parameters
    ----------
    bands : ndarray, (bands, rows, columns)
        NaN where there is no data.
    exact : bool
        Nearest neighbour, for codes; bilinear otherwise.
    """
    _, rows, columns = bands.shape
    bounds = array_bounds(rows, columns, transform)
    grid, width, height = calculate_default_transform(crs, _MERCATOR, columns, rows, *bounds)
    shrink = max(width, height) / MAX_SIDE
    if shrink > 1:
        grid, width, height = grid @ grid.scale(shrink), int(width / shrink), int(height / shrink)
    warped = np.full((len(bands), height, width), np.nan, dtype=np.float32)
    reproject(
        bands,
        warped,
        src_transform=transform,
        src_crs=crs,
        src_nodata=np.nan,
        dst_transform=grid,
        dst_crs=_MERCATOR,
        dst_nodata=np.nan,
        resampling=Resampling.nearest if exact else Resampling.bilinear,
    )
    return warped, transform_bounds(_MERCATOR, "EPSG:4326", *array_bounds(height, width, grid))


def _outlines(layer: OutlineLayer) -> folium.GeoJson:
    """Draw outlines; texts are escaped, as folium writes them into the page as they are."""
    features = [
        {
            "type": "Feature",
            "geometry": feature["geometry"],
            "properties": {
                "Glacier": escape(feature["properties"]["name"]),
                **{escape(label): escape(text) for label, text in feature["properties"]["rows"]},
            },
        }
        for feature in layer.geojson["features"]
    ]
    fields = list(dict.fromkeys(name for one in features for name in one["properties"]))
    for one in features:
        one["properties"] = dict.fromkeys(fields, "") | one["properties"]
    style = {"color": layer.color, "weight": layer.width, "fillOpacity": 0}
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=layer.title,
        style_function=lambda _: style,
        tooltip=folium.GeoJsonTooltip(fields) if features else None,
    )
