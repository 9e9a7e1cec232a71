"""Charts of the benchmark: every mark knows its row, nothing published looks like ours."""

import numpy as np
import pytest

from glacier_core.benchmark import views
from glacier_core.benchmark.published import published_figures
from glacier_core.benchmark.table import merge
from glacier_core.viewing import benchmark_charts as charts
from glacier_core.viewing import palettes
from tests.benchmark.rows import demonstration

REGIONS = {"ALP": "European <Alps>", "NZ": "New Zealand"}
CHARTS = {
    "strategies": (views.strategies_by_region, lambda t: charts.strategy_chart(t, REGIONS)),
    "networks": (views.architectures, charts.architecture_chart),
    "data": (views.track_gains, lambda t: charts.gain_chart(t, REGIONS)),
    "places": (views.generalisation, charts.generalisation_chart),
    "strata": (views.strata, charts.strata_chart),
}


def drawn(name, benchmark=None):
    parts = [published_figures(), benchmark or demonstration()]
    view, chart = CHARTS[name]
    table = view(merge(parts).figures)
    return table, chart(table)


def marks(figure):
    return [
        trace for trace in figure.data if trace.type == "scatter" and trace.customdata is not None
    ]


@pytest.mark.parametrize("name", CHARTS)
def test_every_row_can_be_picked(name):
    table, figure = drawn(name)
    picked = {int(datum[0]) for trace in marks(figure) for datum in trace.customdata}
    assert picked == set(table.index)


@pytest.mark.parametrize("name", ["networks", "data", "places"])
def test_marks_stand_where_their_rows_say(name):
    table, figure = drawn(name)
    axis = "y" if name == "places" else "x"
    for trace in marks(figure):
        if trace.xaxis in (None, "x"):
            rows = table.loc[[int(datum[0]) for datum in trace.customdata], "value"]
            np.testing.assert_allclose(np.asarray(trace[axis], float), rows.to_numpy(float))


def test_published_marks_are_hollow_and_blue():
    _, figure = drawn("networks")
    theirs = [trace for trace in marks(figure) if "Published" in trace.name]
    assert theirs
    assert all(trace.marker.symbol == "diamond-open" for trace in theirs)
    assert all(trace.marker.color == palettes.EXPERT for trace in theirs)
    ours = [trace for trace in marks(figure) if trace.name == "Ours"]
    assert all("open" not in trace.marker.symbol for trace in ours)


def test_the_heat_map_keeps_published_cells_in_a_dashed_panel_of_their_own():
    table, figure = drawn("strategies")
    heat = [trace for trace in figure.data if trace.type == "heatmap"]
    assert [trace.xaxis for trace in heat] == ["x", "x2"]
    assert set(heat[1].x) == {"GlaViTU (authors)"}
    assert len(heat[0].z) + len(heat[1].z) == len(table)
    (frame,) = figure.layout.shapes
    assert (frame.xref, frame.line.dash) == ("x2 domain", "dash")


def test_simulated_tiles_are_named_in_the_title_and_names_are_no_markup():
    _, figure = drawn("strategies")
    assert figure.layout.title.text.endswith("(ours: simulated tiles)")
    assert "European &lt;Alps&gt;" in figure.data[0].y


def test_no_title_of_the_strategies_leaves_a_phone():
    """The one over the narrow column on the right is wider than its column."""
    _, figure = drawn("strategies")
    ours, published = figure.layout.annotations
    assert "Published" in published.text
    assert (published.x, published.xanchor) == (1, "right")
    assert (ours.x, ours.xanchor) == (pytest.approx(np.mean(figure.layout.xaxis.domain)), "center")
