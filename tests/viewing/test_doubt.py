"""Layers, tables and charts of the band and the hints."""

import json

import pandas as pd
import pytest

from glacier_core.confidence.band import outline_band
from glacier_core.confidence.hints import look_here_first
from glacier_core.viewing import doubt, palettes


@pytest.fixture
def band(result):
    return outline_band(result, 0.9)


@pytest.fixture
def hints(result):
    return look_here_first(result, count=3, side_m=300.0)


@pytest.fixture
def sources():
    rows = {
        "source": ["the map as it is", "turned and relit views"],
        "opinions": [1, 8],
        "iou": [0.73, 0.75],
        "ece": [0.03, 0.02],
        "auroc_confidence": [0.80, 0.83],
        "auroc_spread": [0.5, 0.7],
        "auroc_both": [0.80, 0.84],
        "seconds_per_scene": [1.4, 11.0],
        "cost_ratio": [1.0, 7.9],
        "scenes": [16, 16],
        "simulated": [True, True],
    }
    return pd.DataFrame(rows)


def test_the_band_is_drawn_with_what_a_click_tells(band):
    layer = doubt.band_layer(band, visible=True)
    assert (layer.id, layer.title, layer.color) == ("band", "90% confidence band", palettes.BAND)
    assert layer.visible
    features = layer.geojson["features"]
    assert len(features) == len(band.outlines) > 0
    told = dict(features[0]["properties"]["rows"])
    assert told["Doubtful"] == "confidence below 90%"
    assert told["Area"] == f"{band.outlines['area_km2'][0]:.3f} km²"
    assert told["Place"] == "at the mapped outline"


def test_hints_are_squares_of_the_table(hints):
    features = doubt.hints_layer(hints).geojson["features"]
    assert [feature["properties"]["glacier_id"] for feature in features] == [
        "hint-1",
        "hint-2",
        "hint-3",
    ]
    corners = features[0]["geometry"]["coordinates"][0]
    west, south, east, north = doubt.zoom_bounds(hints, 0)
    assert {round(x, 5) for x, _ in corners} == {round(west, 5), round(east, 5)}
    assert {round(y, 5) for _, y in corners} == {round(south, 5), round(north, 5)}
    (told,) = features[0]["properties"]["rows"]
    assert tuple(told) == ("Why", hints["sentence"][0])


def test_nothing_doubtful_draws_nothing(hints):
    assert doubt.hints_layer(hints.iloc[:0]).geojson["features"] == []


def test_the_band_chart_draws_the_areas(band):
    figure = doubt.band_chart(band)
    (bar,) = (trace for trace in figure.data if trace.type == "bar")
    assert bar.base[0] == pytest.approx(band.low_km2)
    assert bar.base[0] + bar.x[0] == pytest.approx(band.high_km2)
    assert figure.data[1].x[0] == pytest.approx(band.central_km2)
    assert "(simulated)" in figure.layout.title.text


def test_the_band_chart_has_a_row_a_glacier(result):
    outlines = result.outlines()
    band = outline_band(result, 0.9, outlines)
    assert list(doubt.band_table(band)["name"]) == list(outlines["glacier_id"])
    assert len(doubt.band_chart(band).data[0].y) == len(outlines)


def test_the_sources_chart_shows_just_its_table(sources):
    figure = doubt.sources_chart(sources)
    assert [list(trace.x) for trace in figure.data] == [
        list(sources[column]) for column in doubt.FIGURES
    ]
    assert [line.x0 for line in figure.layout.shapes] == [
        sources[column][0] for column in doubt.FIGURES
    ]
    assert "(simulated)" in figure.layout.title.text
    json.loads(figure.to_json())
