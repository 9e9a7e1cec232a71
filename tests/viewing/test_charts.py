import numpy as np
import pandas as pd
import pytest

from glacier_core.confidence.reliability import (
    expected_calibration_error,
    reliability,
    reliability_bins,
)
from glacier_core.models.card import Reliability
from glacier_core.viewing import charts, palettes


@pytest.fixture
def glaciers():
    deviations = [2.0, -4.0, 45.0, 11.0, -7.5, 0.5]
    return pd.DataFrame(
        {
            "glacier_id": [f"g-{number}" for number in range(6)],
            "name": ["Upper", "", "<b>Loud</b>", "Lower", "Left", "Right"],
            "area_deviation_percent": deviations,
            "median_m": [10.0, 12, 80, 30, 20, 9],
            "mean_m": [12.0, 14, 90, 33, 24, 10],
            "polis_m": [13.0, 15, 95, 34, 25, 11],
            "p95_m": [40.0, 44, 300, 99, 70, 31],
            "hausdorff_m": [90.0, 120, 700, 200, 140, 80],
        }
    )


@pytest.fixture
def found():
    random = np.random.default_rng(4)
    raw = random.random(2000)
    right = random.random(2000) < 0.5 + raw / 2
    calibrated = 0.5 + raw / 2
    return Reliability(
        dataset="two thousand pixels",
        simulated=True,
        raw=reliability_bins(reliability(raw, right)),
        calibrated=reliability_bins(reliability(calibrated, right)),
        raw_error=expected_calibration_error(raw, right),
        calibrated_error=expected_calibration_error(calibrated, right),
    )


def boxes(figure):
    return [trace for trace in figure.data if trace.type == "box"]


def test_area_deviations_are_those_of_the_table(glaciers):
    (strip,) = boxes(charts.area_deviation_chart(glaciers, simulated=False))
    assert list(strip.x) == list(glaciers["area_deviation_percent"])
    assert strip.marker.color == palettes.PREDICTED


def test_the_expert_band_is_drawn_where_the_literature_puts_it(glaciers):
    figure = charts.area_deviation_chart(glaciers, simulated=False)
    bands = [(shape.x0, shape.x1) for shape in figure.layout.shapes if shape.type == "rect"]
    assert bands == [(-30, 30), (-5, 5)]
    assert [trace.name for trace in figure.data if trace.name] == [
        "±30 % experts, debris-covered",
        "±5 % experts, clean ice",
    ]


@pytest.mark.parametrize("largest", [4.0, -250.0])
def test_every_deviation_and_the_whole_band_are_in_view(glaciers, largest):
    glaciers.loc[0, "area_deviation_percent"] = largest
    low, high = charts.area_deviation_chart(glaciers, simulated=False).layout.xaxis.range
    assert low < min(-30, glaciers["area_deviation_percent"].min())
    assert high > max(30, glaciers["area_deviation_percent"].max())


def test_names_out_of_files_are_text(glaciers):
    for figure in (
        charts.area_deviation_chart(glaciers, simulated=False, selected="g-2"),
        charts.distance_chart(glaciers, resolution=30, simulated=False, selected="g-2"),
    ):
        assert "<b>Loud" not in figure.to_json()
        assert boxes(figure)[0].customdata[2][1] == "&lt;b&gt;Loud&lt;/b&gt;"


def test_a_glacier_without_a_name_goes_by_its_id(glaciers):
    (strip,) = boxes(charts.area_deviation_chart(glaciers, simulated=False))
    assert list(strip.customdata[1]) == ["g-1", "g-1"]


def test_distances_are_those_of_the_table_each_in_its_row(glaciers):
    figure = charts.distance_chart(glaciers, resolution=30, simulated=False)
    rows = {trace.y[0]: list(trace.x) for trace in boxes(figure)}
    assert rows == {
        "Median": list(glaciers["median_m"]),
        "Mean": list(glaciers["mean_m"]),
        "PoLiS": list(glaciers["polis_m"]),
        "95th percentile": list(glaciers["p95_m"]),
        "Hausdorff": list(glaciers["hausdorff_m"]),
    }
    (pixel,) = [shape for shape in figure.layout.shapes if shape.type == "line"]
    assert pixel.x0 == pixel.x1 == 30


def test_the_selected_glacier_is_marked_in_every_row(glaciers):
    figure = charts.distance_chart(glaciers, resolution=30, simulated=False, selected="g-3")
    (mark,) = [trace for trace in figure.data if trace.type == "scatter"]
    assert list(mark.x) == [30, 33, 34, 99, 200]
    assert mark.marker.color == palettes.SELECTED


def test_nobody_is_marked_when_nobody_is_selected(glaciers):
    figure = charts.distance_chart(glaciers, resolution=30, simulated=False)
    assert not [trace for trace in figure.data if trace.type == "scatter"]


@pytest.mark.parametrize(("count", "drawn"), [(4, False), (5, True)])
def test_quartiles_need_enough_glaciers(glaciers, count, drawn):
    (strip,) = boxes(charts.area_deviation_chart(glaciers[:count], simulated=False))
    assert (strip.line.color == palettes.INK) is drawn


def test_the_share_of_both_is_the_iou():
    pixels = pd.DataFrame(
        {"true_positives": [60, 50], "false_positives": [30, 0], "false_negatives": [10, 0]},
        index=["whole scene", "within 300 m of the expert outlines"],
    )
    figure = charts.agreement_chart(pixels, simulated=False)
    shares = {trace.name: list(trace.x) for trace in figure.data}
    assert shares == {
        "Both (the IoU)": [0.6, 1.0],
        "Only the network": [0.3, 0.0],
        "Only the expert": [0.1, 0.0],
    }
    colors = [trace.marker.color for trace in figure.data]
    assert colors == [palettes.AGREEMENT, palettes.PREDICTED, palettes.EXPERT]
    assert figure.layout.barmode == "stack"


def test_a_reliability_table_holds_every_bin(found):
    table = charts.reliability_table(found)
    after = table[table["stage"] == charts.AFTER]
    assert len(table) == len(found.raw) + len(found.calibrated)
    assert list(after["accuracy"]) == [bin_.accuracy for bin_ in found.calibrated]
    assert table["simulated"].all()
    assert after["count"].sum() == 2000


def test_a_reliability_chart_shows_every_bin_and_both_errors(found):
    figure = charts.reliability_chart(found, "Held-out data")
    lines = {trace.name: trace for trace in figure.data if trace.type == "scatter"}
    before = lines[f"Before calibration: ECE {found.raw_error:.3f}"]
    after = lines[f"After calibration: ECE {found.calibrated_error:.3f}"]
    assert list(before.x) == [bin_.confidence for bin_ in found.raw]
    assert list(after.y) == [bin_.accuracy for bin_ in found.calibrated]
    counts = [list(trace.y) for trace in figure.data if trace.type == "bar"]
    assert counts[1] == [bin_.count for bin_ in found.calibrated]


def test_shares_below_are_those_of_the_table():
    table = charts.share_below_table(
        [0, 0.5, 1], of_glacier=[0, 0.1, 0.4], of_mapped_area=[0, 0, 1]
    )
    figure = charts.share_below_chart(table, simulated=False)
    glacier, mapped = figure.data
    assert list(glacier.x) == [0, 0.5, 1]
    assert list(glacier.y) == [0, 0.1, 0.4]
    assert list(mapped.y) == [0, 0, 1]


@pytest.mark.parametrize("simulated", [True, False])
def test_a_simulated_scene_is_called_so_in_every_title(glaciers, found, simulated):
    pixels = pd.DataFrame(
        {"true_positives": [1], "false_positives": [1], "false_negatives": [1]}, index=["all"]
    )
    shares = charts.share_below_table([0.5], of_glacier=[0.1], of_mapped_area=[0.1])
    figures = [
        charts.area_deviation_chart(glaciers, simulated=simulated),
        charts.distance_chart(glaciers, resolution=30, simulated=simulated),
        charts.agreement_chart(pixels, simulated=simulated),
        charts.share_below_chart(shares, simulated=simulated),
        charts.reliability_chart(
            found.model_copy(update={"simulated": simulated}), "Held-out data"
        ),
    ]
    assert {figure.layout.title.text.endswith(" (simulated)") for figure in figures} == {simulated}


def test_an_empty_deviation_leaves_a_chart(glaciers):
    glaciers["area_deviation_percent"] = np.nan
    low, high = charts.area_deviation_chart(glaciers, simulated=False).layout.xaxis.range
    assert low < -30
    assert high > 30
