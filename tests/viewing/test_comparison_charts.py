import numpy as np
import pandas as pd
import pytest

from glacier_core.viewing import palettes
from glacier_core.viewing.comparison_charts import (
    AREA_COLUMNS,
    area_scatter,
    error_share_chart,
    hypsometry_chart,
)


@pytest.fixture
def glaciers():
    table = pd.DataFrame(
        {
            "glacier_id": ["g-0", "g-1", "g-2", "g-3"],
            "name": ["Upper", "", "<b>Loud</b>", "Lost"],
            "expert_area_km2": [0.1, 1.0, 20.0, 2.0],
            "predicted_area_km2": [0.12, 0.9, 21.0, 0.0],
            "simulated": False,
        }
    )
    ratio = table["predicted_area_km2"] / table["expert_area_km2"]
    return table.assign(area_deviation_percent=100 * (ratio - 1))[list(AREA_COLUMNS)]


@pytest.fixture
def heights():
    rows = [
        {"of": of, "lower_m": low, "upper_m": low + 100.0, "area_km2": area}
        for of, areas in {"predicted": (1.0, 2.0, 0.5), "expert": (1.5, 2.0, 1.0)}.items()
        for low, area in zip((1000.0, 1100.0, 1200.0), areas, strict=True)
    ]
    table = pd.DataFrame(rows).assign(simulated=False)
    return table.assign(median_elevation_m=np.where(table["of"] == "expert", 1140.0, 1130.0))


@pytest.fixture
def strata():
    rows = [
        ("surface", "clean ice", 30.0, 40, 10, ""),
        ("surface", "debris-covered ice", 10.0, 20, 130, ""),
        ("surface", "<i>rock</i>", 60.0, 0, 0, ""),
        ("shadow", "", np.nan, 0, 0, "Nobody tells where the sun stood."),
    ]
    names = ("share_of_pixels_percent", "false_positives", "false_negatives", "missing_because")
    return pd.DataFrame(rows, columns=["stratum", "class", *names])


def named(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_areas_are_those_of_the_table(glaciers):
    marks = named(area_scatter(glaciers, simulated=False))
    assert list(marks["Glaciers"].x) == [0.1, 1.0, 20.0]
    assert list(marks["Glaciers"].y) == [0.12, 0.9, 21.0]
    assert marks["Glaciers"].marker.color == palettes.PREDICTED
    assert [told[0] for told in marks["Glaciers"].customdata] == ["g-0", "g-1", "g-2"]
    assert marks["Glaciers"].customdata[1][1] == "g-1"


def test_a_glacier_without_mapped_ice_stands_at_the_foot(glaciers):
    figure = area_scatter(glaciers, simulated=False)
    lost = named(figure)["Nothing mapped"]
    assert list(lost.x) == [2.0]
    assert list(lost.y) == [pytest.approx(10 ** figure.layout.yaxis.range[0])]
    assert lost.customdata[0][2] == 0
    fewer = area_scatter(glaciers[:3], simulated=False)
    assert "Nothing mapped" not in named(fewer)


def test_the_band_has_the_width_that_the_literature_says(glaciers):
    figure = area_scatter(glaciers, simulated=False)
    wedges = [trace for trace in figure.data if trace.fill == "toself"]
    ratios = [[y / x for x, y in zip(one.x, one.y, strict=True)] for one in wedges]
    assert ratios[0] == pytest.approx([0.7, 0.7, 1.3, 1.3])
    assert ratios[1] == pytest.approx([0.95, 0.95, 1.05, 1.05])
    assert "±5 % experts, clean ice, Paul et al. (2013)" in named(figure)
    assert named(figure)["Equal"].x == named(figure)["Equal"].y


def test_both_axes_are_alike_and_hold_every_area(glaciers):
    layout = area_scatter(glaciers, simulated=False).layout
    assert layout.xaxis.type == layout.yaxis.type == "log"
    assert layout.xaxis.range == layout.yaxis.range
    low, high = (10**limit for limit in layout.xaxis.range)
    assert low < 0.1
    assert high > 21
    assert all(low <= tick <= high for tick in layout.xaxis.tickvals)
    assert 1.0 in layout.xaxis.tickvals


def test_one_glacier_has_axes_to_read_it_by(glaciers):
    axis = area_scatter(glaciers[1:2], simulated=False).layout.xaxis
    assert axis.range[1] - axis.range[0] >= 1 - 1e-12
    assert len(axis.tickvals) >= 3


def test_the_selected_glacier_is_marked(glaciers):
    figure = area_scatter(glaciers, simulated=False, selected="g-1")
    (mark,) = [one for one in figure.data if one.marker.color == palettes.SELECTED]
    assert (list(mark.x), list(mark.y)) == ([1.0], [0.9])
    assert mark.customdata[0][0] == "g-1"
    nobody = area_scatter(glaciers, simulated=False, selected="g-9")
    assert not [one for one in nobody.data if one.marker.color == palettes.SELECTED]


def test_names_out_of_files_are_text(glaciers, strata):
    assert "<b>Loud" not in area_scatter(glaciers, simulated=False, selected="g-2").to_json()
    assert "<i>rock" not in error_share_chart(strata, "surface", simulated=False).to_json()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_without_areas_there_is_a_sentence(glaciers, value):
    figure = area_scatter(glaciers.assign(expert_area_km2=value), simulated=False)
    assert "No glacier" in figure.layout.annotations[0].text
    assert not figure.data


def test_steps_follow_the_bands(heights):
    expert, predicted = (
        next(one for one in hypsometry_chart(heights, simulated=False).data if key in str(one.name))
        for key in ("Expert", "Map")
    )
    assert list(expert.x) == [0, 1.5, 1.5, 2, 2, 1, 1, 0]
    assert list(expert.y) == [1000, 1000, 1100, 1100, 1200, 1200, 1300, 1300]
    assert list(predicted.x) == [0, 1, 1, 2, 2, 0.5, 0.5, 0]
    assert (expert.line.color, predicted.line.color) == (palettes.EXPERT, palettes.PREDICTED)
    assert expert.name == "Expert, half above 1,140 m"


def test_the_median_is_marked(heights):
    figure = hypsometry_chart(heights, simulated=False)
    medians = {one.marker.color: list(one.y) for one in figure.data if one.mode == "markers"}
    assert medians == {palettes.EXPERT: [1140], palettes.PREDICTED: [1130]}


def test_a_map_without_ice_has_no_median(heights):
    predicted = heights["of"] == "predicted"
    heights.loc[predicted, ["area_km2", "median_elevation_m"]] = [0.0, np.nan]
    figure = hypsometry_chart(heights, simulated=False)
    assert "Map: no ice" in named(figure)
    assert len([one for one in figure.data if one.mode == "markers"]) == 1


def test_without_heights_there_is_a_sentence(heights):
    for table in (heights[:0], heights.assign(lower_m=np.nan)):
        figure = hypsometry_chart(table, simulated=False)
        assert "no ice with a known elevation" in figure.layout.annotations[0].text.replace(
            "<br>", " "
        )


def test_errors_are_shares_of_all_errors(strata):
    bars = named(error_share_chart(strata, "surface", simulated=False))
    assert list(bars["Only the map"].x) == [20, 10, 0]
    assert list(bars["Only the expert"].x) == [5, 65, 0]
    assert bars["Only the map"].marker.color == palettes.PREDICTED
    assert bars["Only the expert"].marker.color == palettes.EXPERT
    assert list(bars["Share of all pixels compared"].x) == [30, 10, 60]


def test_classes_stand_in_their_order_from_the_top(strata):
    axis = error_share_chart(strata, "surface", simulated=False).layout.yaxis
    assert [name.replace("<br>", " ") for name in axis.categoryarray][::-1][:2] == [
        "clean ice",
        "debris-covered ice",
    ]


def test_a_faultless_map_has_bars_of_nothing(strata):
    faultless = strata.assign(false_positives=0, false_negatives=0)
    bars = named(error_share_chart(faultless, "surface", simulated=False))
    assert list(bars["Only the map"].x) == [0, 0, 0]


@pytest.mark.parametrize(
    ("stratum", "words"), [("shadow", "where the sun stood"), ("weather", "divided by weather")]
)
def test_a_missing_stratum_says_why(strata, stratum, words):
    figure = error_share_chart(strata, stratum, simulated=False)
    assert words in figure.layout.annotations[0].text.replace("<br>", " ")


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_figures_say_so(glaciers, heights, strata, simulated):
    figures = [
        area_scatter(glaciers, simulated=simulated),
        hypsometry_chart(heights, simulated=simulated),
        error_share_chart(strata, "surface", simulated=simulated),
        error_share_chart(strata, "shadow", simulated=simulated),
    ]
    assert {one.layout.title.text.endswith(" (simulated)") for one in figures} == {simulated}
