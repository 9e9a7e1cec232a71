"""Charts are drawn once for the same data, and the map's outlines are not copied."""

from functools import partial

import pandas as pd
import plotly.graph_objects as go

from glacier_core.viewing.layers import OutlineLayer

DRAWN = []


def chart(table, *, title="", regions=()):
    DRAWN.append(title)
    return go.Figure(go.Scatter(x=table["x"], y=table["x"], name=f"{title}{len(regions)}"))


def other_chart(table):
    return go.Figure(go.Bar(x=table["x"]))


def numbers(*values):
    return pd.DataFrame({"x": values})


def test_a_chart_of_the_same_data_is_drawn_once():
    from pages.components.figures import drawn

    DRAWN.clear()
    first = drawn(chart, numbers(1, 2), title="one")
    assert drawn(chart, numbers(1, 2), title="one") is first
    assert DRAWN == ["one"]


def test_other_data_options_or_charts_are_drawn_anew():
    from pages.components.figures import drawn

    first = drawn(chart, numbers(1, 2), title="one")
    assert list(drawn(chart, numbers(1, 3), title="one").data[0].x) == [1, 3]
    assert drawn(chart, numbers(1, 2), title="two").data[0].name == "two0"
    assert drawn(partial(chart, regions=(1, 2)), numbers(1, 2), title="one").data[0].name == "one2"
    assert isinstance(drawn(other_chart, numbers(1, 2)).data[0], go.Bar)
    assert first.data[0].name == "one0"


def test_the_message_to_the_map_holds_the_outlines_themselves():
    from pages.components.map import MapView, ZoomTo, _message

    outlines = {"type": "FeatureCollection", "features": []}
    layer = OutlineLayer("a", "A", outlines, "#000000")
    view = MapView([layer], (0, 0, 1, 1), "A map", zoom_to=ZoomTo((0, 0, 1, 1), "here"))
    message = _message(view, 100)
    assert message["layers"][0]["geojson"] is outlines
    assert message["layers"][0]["kind"] == "outlines"
    assert message["zoom_to"] == {"bounds": (0, 0, 1, 1), "token": "here"}
