from math import cos, radians

import pytest

from glacier_core.viewing import layers, palettes

from .conftest import ramp_scene
from .places import degrees_of


def test_bounds_hold_every_corner(scene):
    west, south, east, north = layers.geographic_bounds(scene)
    for row, column in [(-0.5, -0.5), (-0.5, 79.5), (59.5, -0.5), (59.5, 79.5)]:
        lon, lat = degrees_of(scene, row, column)
        assert west - 1e-9 <= lon <= east + 1e-9
        assert south - 1e-9 <= lat <= north + 1e-9


@pytest.mark.parametrize("pixels", [layers.FINEST_CODES, layers.FINEST_IMAGERY])
@pytest.mark.parametrize("north", [10_000.0, 5_200_000.0, 8_900_000.0])
def test_pixels_of_the_finest_tiles_are_at_most_as_large_as_wanted(north, pixels):
    scene = ramp_scene(north=north)
    _, south, _, top = layers.geographic_bounds(scene)
    zoom = layers.finest_zoom(scene, pixels)
    ground = 40_075_016.7 * cos(radians((south + top) / 2)) / 512 / 2**zoom
    assert pixels / 2 < ground / scene.resolution <= pixels


def test_one_composite_is_on_and_the_address_carries_the_content(scene):
    made = layers.scene_layers(scene, composite="swir")
    assert [layer.id for layer in made if layer.visible] == ["swir"]
    assert {layer.id for layer in made} == {"natural", "swir", "ndsi", "hillshade", "slope"}
    assert all(f"v={scene.fingerprint()[:12]}" in layer.tiles for layer in made)


def test_values_of_a_map_go_as_data_with_their_ramps(scene, result):
    made = {layer.id: layer for layer in layers.map_layers(scene, result.key, visible="confidence")}
    assert made["confidence"].visible
    assert not made["probability"].visible
    assert made["confidence"].ramp is palettes.CONFIDENCE
    assert result.key in made["probability"].tiles


def test_the_code_that_draws_is_part_of_every_tiles_address(scene, monkeypatch):
    """Browsers keep a tile for a year: one drawn by other code must have another address."""

    def addresses():
        layers.drawing_version.cache_clear()
        drawn = [
            *layers.scene_layers(scene),
            *layers.map_layers(scene, "ab" * 32),
            layers.agreement_layer(scene, "ab" * 32),
        ]
        return {layer.tiles for layer in drawn}

    before = addresses()
    assert addresses() == before
    monkeypatch.setattr(layers, "DRAWING", layers.DRAWING[:-1])  # as if its source were another
    assert not addresses() & before
    layers.drawing_version.cache_clear()
