import base64
import html

import folium
import numpy as np
import pytest

from glacier_core.viewing import palettes
from glacier_core.viewing.map_page import page_map
from glacier_core.viewing.notebook_map import notebook_map, to_mercator

from .conftest import NASTY, ramp_scene
from .places import decoded, degrees_of


@pytest.fixture
def drawn(scene, result, comparison):
    return page_map(scene, result, comparison)


def overlays(drawn):
    return {
        layer.layer_name: layer
        for layer in drawn._children.values()
        if isinstance(layer, folium.raster_layers.ImageOverlay)
    }


def test_map_has_the_layers_of_the_app(drawn):
    assert list(overlays(drawn)) == [
        "Simulated: Natural colours",
        "Simulated: SWIR–NIR–red",
        "Simulated: Snow index (NDSI)",
        "Simulated: Probability of glacier",
        "Simulated: Calibrated confidence",
        "Simulated: Agreement with the expert",
    ]
    outlines = {
        layer.layer_name
        for layer in drawn._children.values()
        if isinstance(layer, folium.features.GeoJson)
    }
    assert outlines == {"Network's outline", "Expert's outline"}


def test_picture_lies_where_the_scene_does(scene, drawn):
    """In web Mercator a picture is stretched by Leaflet between its corners, truly."""
    layer = overlays(drawn)["Simulated: Agreement with the expert"]
    picture = decoded(base64.b64decode(layer.url.split(",")[1]))
    (south, west), (north, east) = layer.bounds

    def mercator(lat):
        return np.arcsinh(np.tan(np.radians(lat)))

    for (row, column), color in {(30, 45): "AGREEMENT", (30, 70): "PREDICTED"}.items():
        lon, lat = degrees_of(scene, row, column)
        across = (lon - west) / (east - west) * picture.shape[1]
        down = (mercator(north) - mercator(lat)) / (mercator(north) - mercator(south))
        shown = picture[int(down * picture.shape[0]), int(across)]
        assert tuple(shown[:3]) == palettes.rgb(getattr(palettes, color))


def test_hostile_name_stays_text(drawn):
    """Folium lays the values of a tooltip into the page as markup: they must be escaped before."""
    experts = next(
        layer
        for layer in drawn._children.values()
        if isinstance(layer, folium.features.GeoJson) and layer.layer_name == "Expert's outline"
    )
    (feature,) = experts.data["features"]
    assert feature["properties"]["Glacier"] == html.escape(NASTY)
    page = drawn.get_root().render()
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_no_basemap_unless_asked_for(scene, drawn):
    assert "tile.openstreetmap.org" not in drawn.get_root().render()
    assert "tile.openstreetmap.org" in page_map(scene, basemap=True).get_root().render()


def test_scene_alone_is_drawn_with_its_expert(scene):
    assert len(overlays(page_map(scene))) == 3


def test_notebook_map_is_leafmaps_and_has_the_same_layers(scene, result, comparison, drawn):
    import leafmap.foliumap

    shown = notebook_map(scene, result, comparison)
    assert isinstance(shown, leafmap.foliumap.Map)
    assert list(overlays(shown)) == list(overlays(drawn))


def test_large_scenes_are_shrunk_and_stay_in_place():
    scene = ramp_scene()
    wide = np.repeat(np.repeat(scene.data["elevation"].to_numpy(), 40, 0), 40, 1)[None]
    fine = scene.transform @ scene.transform.scale(1 / 40)
    picture, bounds = to_mercator(wide, fine, scene.crs)
    _, expected = to_mercator(scene.data["elevation"].to_numpy()[None], scene.transform, scene.crs)
    assert max(picture.shape) == 1400
    np.testing.assert_allclose(bounds, expected, atol=1e-3)
